/** The commands `moldau mirror failover` and `moldau mirror failback` and their flags. */
import type { Command } from 'commander';
import type { FailbackFlags, FailoverFlags } from './mirror-drill';

/** What is done when a cluster that is mirrored offset by offset has to be left, and when it is back. */
export function addDrill(mirror: Command): void {
  mirror
    .command('failover')
    .description('make the target of a mirror the cluster that is written to')
    .argument('<mm2.properties>', 'the property file of the mirror')
    .requiredOption('--from <alias>', 'the cluster that is left')
    .requiredOption('--to <alias>', 'the cluster that takes over')
    .option('--source-lost', 'do not ask the source: what it has beyond the copies is found by the failback')
    .option('--producers-stopped', 'the source cannot be frozen (Apache Kafka), and nobody writes to it any more')
    .option('--dry-run', 'tell the lag and what would be done')
    .option('--timeout <seconds>', 'how long to wait for copies and leaders, each time')
    .action(async (file: string, flags: FailoverFlags) => {
      const { runFailover } = await import('./mirror-drill');
      await runFailover(file, flags);
    });
  mirror
    .command('failback')
    .description('bring an old primary up to date with the cluster that took over, and give a receipt')
    .argument('<mm2.properties>', 'the property file of the mirror')
    .requiredOption('--from <alias>', 'the cluster that took over')
    .requiredOption('--to <alias>', 'the old primary')
    .option('--dry-run', 'compare the clusters and print the receipt; nothing is changed')
    .option('--execute', 'end writes to the old primary, export what only it has, cut that off, and copy the rest')
    .option('--receipt <directory>', 'where the receipt and the exported records go', './failback')
    .option('--timeout <seconds>', 'how long to wait for copies and leaders, each time')
    .action(async (file: string, flags: FailbackFlags) => {
      const { runFailback } = await import('./mirror-drill');
      await runFailback(file, flags);
    });
}

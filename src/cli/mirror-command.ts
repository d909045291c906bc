/** The command `moldau mirror` and its flags: MirrorMaker 2's, and those of MirrorMaker 1 that old runbooks have. */
import type { Command } from 'commander';
import type { OldMirrorFlags } from './mirror-old-config';
import type { MirrorStatusFlags } from './mirror-status';

interface MirrorFlags extends OldMirrorFlags {
  readonly clusters?: readonly string[];
}

/** The command, for those that have commands below it. */
export function addMirror(program: Command): Command {
  const mirror = program
    .command('mirror')
    .description('copy topics, configs and group offsets between clusters, as MirrorMaker does')
    .argument('[mm2.properties]', "a property file with MirrorMaker 2's keys")
    .option('--clusters <target...>', 'only flows to these clusters')
    .option('--consumer.config <file>', 'as MirrorMaker 1: the source, and group.id')
    .option('--producer.config <file>', 'as MirrorMaker 1: the target')
    .option('--include <pattern>', 'as MirrorMaker 1: the topics, a regular expression')
    .option('--whitelist <pattern>', 'the old name of --include')
    .option('--num.streams <count>', 'as MirrorMaker 1: no effect')
    .option('--offset.commit.interval.ms <ms>', 'as MirrorMaker 1: how often positions are stored (default: 60000)')
    .option('--abort.on.send.failure <bool>', 'as MirrorMaker 1: no effect, nothing is ever dropped')
    .option('--new.consumer', 'as MirrorMaker 1: no effect')
    .option('--consumer.rebalance.listener <class>', 'as MirrorMaker 1: refused')
    .option('--rebalance.listener.args <text>', 'as MirrorMaker 1: refused')
    .option('--message.handler <class>', 'as MirrorMaker 1: refused')
    .option('--message.handler.args <text>', 'as MirrorMaker 1: refused')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, flags: MirrorFlags) => {
      const { runMirror, runOldMirror } = await import('./mirror');
      const { clusters, ...oldFlags } = flags;
      await (file === undefined ? runOldMirror(oldFlags, clusters ?? []) : runMirror(file, clusters ?? [], oldFlags));
    });
  mirror
    .command('status')
    .description('tell how far each partition is behind, in records, bytes and seconds; live in a terminal')
    .argument('<mm2.properties>', 'the property file that the mirror runs with')
    .option('--clusters <target...>', 'only flows to these clusters')
    .option('--json', 'one JSON object a line for each partition, once')
    .option('--once', 'print one table, in a terminal too')
    .action(async (file: string, flags: MirrorStatusFlags) => {
      const { mirrorStatus } = await import('./mirror-status');
      await mirrorStatus(file, flags);
    });
  return mirror;
}

const HELP = `
Several processes with the same file share the work, and take over from one that ends.
MOLDAU_LOG_FORMAT (text or json) and MOLDAU_LOG_LEVEL (debug, info, warn, error)
shape what is logged on standard error.

Examples:
  moldau mirror mm2.properties
  moldau mirror mm2.properties --clusters backup
  moldau mirror status mm2.properties
  moldau mirror --consumer.config source.properties --producer.config target.properties --include 'orders|bills'`;

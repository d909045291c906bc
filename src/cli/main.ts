/**
 * The command `moldau`. It only knows the names of commands and their flags; each command's code is loaded when it runs,
 * so that a plain command does not pay for the broker.
 */
import './thread-pool';
import { Command } from 'commander';
import { version } from '../version';
import { addDrill } from './drill-commands';
import type { UpgradeFlags } from './features';
import { addMirror } from './mirror-command';
import type { RebalanceFlags } from './rebalance';
import type { FormatFlags } from './storage-options';

export function commandLine(): Command {
  const program = new Command('moldau');
  program
    .description("A streaming broker that speaks Apache Kafka's protocol.")
    .version(version, '-V, --version', 'print the version')
    .showHelpAfterError('(moldau help shows what there is)')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'moldau: ')) });
  program
    .command('server')
    .description('run a broker; without a file it is a single node on localhost:9092 with its data in ./data')
    .argument('[server.properties]', "a property file with Kafka's keys")
    .option('--override <key=value>', 'set a key, over the file and the environment; may be repeated', collect)
    .option('--processes <count>', 'so many brokers on this host, each a process on its core', Number)
    .addHelpText('after', SERVER_HELP)
    .action(async (file: string | undefined, { override: overrides = [], processes }: ServerOptions) => {
      if (processes === undefined) {
        const { serve } = await import('./server');
        return serve({ file, overrides });
      }
      const { serveProcesses } = await import('./server-processes');
      await serveProcesses({ file, overrides }, processes);
    });
  addStorage(program);
  program
    .command('cluster')
    .description('run a local cluster: each node a process, broker and controller; Ctrl-C stops all in order')
    .option('--nodes <count>', 'how many nodes', Number, 3)
    .option('--base-port <port>', "the first node's port for clients; controllers listen 100 above", Number, 9092)
    .option('--dir <directory>', 'where the nodes keep their data and their property files', './data-cluster')
    .option('--override <key=value>', 'set a key of every node; may be repeated', collect)
    .action(async (flags: ClusterOptions) => {
      const { runCluster } = await import('./cluster');
      await runCluster({ ...flags, overrides: flags.override ?? [] });
    });
  program
    .command('rebalance')
    .description('make replicas and leaders even over all live brokers')
    .requiredOption('--bootstrap-server <host:port,...>', 'brokers of the cluster')
    .option('--dry-run', 'print what would be moved, how much and how long it takes')
    .option('--execute', 'move it, a few partitions at a time')
    .option('--cancel', 'take back every move that is under way, in the whole cluster')
    .option(
      '--throttle <bytes>',
      'bytes a second on average; a partition or two at a time go at full speed, with pauses between',
    )
    .option('--drain <id>', 'leave nothing on this broker; needed for one that is gone; may be repeated', collect)
    .action(async (flags: RebalanceFlags) => {
      const { runRebalance } = await import('./rebalance');
      await runRebalance(flags);
    });
  addDrill(addMirror(program));
  addFeatures(program);
  return program;
}

interface ServerOptions {
  readonly override?: readonly string[];
  readonly processes?: number;
}

interface ClusterOptions {
  readonly nodes: number;
  readonly basePort: number;
  readonly dir: string;
  readonly override?: readonly string[];
}

interface FormatOptions extends Omit<FormatFlags, 'noInitialControllers' | 'initialControllers'> {
  readonly config: string;
  /** False for --no-initial-controllers. */
  readonly initialControllers?: string | boolean;
}

/** As Apache Kafka's kafka-features.sh. */
function addFeatures(program: Command): void {
  const features = program.command('features').description('tell and raise the levels that a cluster runs at');
  features
    .command('describe')
    .description('tell what is supported and what is finalized')
    .requiredOption('--bootstrap-server <host:port,...>', 'brokers of the cluster')
    .action(async (flags: { readonly bootstrapServer: string }) => {
      const { describeFeatures } = await import('./features');
      await describeFeatures(flags);
    });
  features
    .command('upgrade')
    .description('raise levels, for good, when all nodes run a version that can')
    .requiredOption('--bootstrap-server <host:port,...>', 'brokers of the cluster')
    .option('--feature <name=level>', 'a feature and its level; may be repeated', collect)
    .option('--release-version <version>', 'the metadata.version of a release, like 4.3')
    .option('--dry-run', 'only tell whether it can be done')
    .action(async (flags: UpgradeFlags) => {
      const { upgradeFeatures } = await import('./features');
      await upgradeFeatures(flags);
    });
}

/** As Apache Kafka's kafka-storage.sh. */
function addStorage(program: Command): void {
  const storage = program.command('storage').description("format a node's directories, and tell what they hold");
  storage
    .command('format')
    .description('format the log directories of a node')
    .requiredOption('-c, --config <server.properties>', 'the configuration of the node')
    .requiredOption('-t, --cluster-id <id>', 'the id of the cluster, the same for all its nodes')
    .option('-s, --standalone', 'this node alone is the quorum')
    .option('-I, --initial-controllers <voters>', 'id@host:port:directory-id,..., the same for all nodes of the quorum')
    .option('-N, --no-initial-controllers', 'this node joins a quorum later')
    .option('-g, --ignore-formatted', 'leave directories alone that are formatted')
    .option('-r, --release-version <version>', 'the first metadata.version, like 4.3')
    .option('-f, --feature <name=level>', 'the first level of a feature; may be repeated', collect)
    .action(async ({ config, initialControllers, ...flags }: FormatOptions) => {
      const { configFrom, format, storagePorts } = await import('./storage');
      const voters = typeof initialControllers === 'string' ? { initialControllers } : {};
      const noInitialControllers = initialControllers === false;
      format(configFrom(config), { ...flags, ...voters, noInitialControllers }, storagePorts());
    });
  storage
    .command('info')
    .description('tell what the log directories of a node hold')
    .requiredOption('-c, --config <server.properties>', 'the configuration of the node')
    .action(async ({ config }: { readonly config: string }) => {
      const { configFrom, info, storagePorts } = await import('./storage');
      if (!info(configFrom(config), storagePorts())) process.exitCode = 1;
    });
  storage
    .command('random-uuid')
    .description('print a random id, for a cluster or a directory')
    .action(async () => {
      const { printRandomUuid, storagePorts } = await import('./storage');
      printRandomUuid(storagePorts());
    });
}

const SERVER_HELP = `
Environment variables set keys too, over the file, by the rules of Apache Kafka's
container image: KAFKA_NUM_PARTITIONS=3 is num.partitions=3.
MOLDAU_LOG_FORMAT (text or json) and MOLDAU_LOG_LEVEL (debug, info, warn, error)
shape what is logged on standard error.

Examples:
  moldau server
  moldau server --override log.dirs=/var/lib/moldau
  moldau server --override listeners=PLAINTEXT://:9092 \\
    --override advertised.listeners=PLAINTEXT://kafka.example:9092
  moldau server my.properties --override num.partitions=3
  moldau server my.properties --processes 4`;

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** The flags of `moldau mirror failover` and `moldau mirror failback`, and their real ports. */
import type { DrillParts } from '../../mirror/drill/drill-parts';
import { aliasesOf } from '../../mirror/config/mirror-settings';
import { Failback } from '../../mirror/drill/failback';
import { Failover } from '../../mirror/drill/failover';
import type { FlowSettings } from '../../mirror/flow/settings';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { ClusterClient } from '../../wire/cluster-client';
import { silentLogger } from '../observe/silent-logger';
import { FlagError } from './client-flags';
import { DirectoryFiles } from './drill-files';
import { readMirrorConfig, readProperties } from './mirror';
import { messageOf } from './process-setup';

interface DrillFlags {
  readonly from: string;
  readonly to: string;
  readonly dryRun?: boolean;
  /** Seconds. */
  readonly timeout?: string;
}

export interface FailoverFlags extends DrillFlags {
  readonly sourceLost?: boolean;
  readonly producersStopped?: boolean;
}

export interface FailbackFlags extends DrillFlags {
  readonly execute?: boolean;
  readonly receipt: string;
}

const DEFAULT_TIMEOUT_S = 300;

export async function runFailover(file: string, flags: FailoverFlags): Promise<void> {
  await withFlow(file, flags, async (parts) => {
    const isSourceLost = flags.sourceLost === true;
    const areProducersStopped = flags.producersStopped === true;
    if (isSourceLost && areProducersStopped) throw new FlagError('Give --source-lost or --producers-stopped, not both.');
    await new Failover(parts, { isSourceLost, areProducersStopped, isDryRun: flags.dryRun === true }).run();
  });
}

export async function runFailback(file: string, flags: FailbackFlags): Promise<void> {
  if ((flags.dryRun === true) === (flags.execute === true)) throw new FlagError('Give one of --dry-run and --execute.');
  await withFlow(file, flags, async (parts) => {
    const files = new DirectoryFiles(flags.receipt);
    await new Failback(parts, files, { isDryRun: flags.dryRun === true, cuts: true }).run();
  });
}

/** Says on standard error what went wrong, and leaves exit code 1. */
async function withFlow(file: string, flags: DrillFlags, use: (parts: DrillParts) => Promise<void>): Promise<void> {
  try {
    const timeoutMs = timeoutOf(flags);
    const flow = flowOf(file, flags);
    const env = createNodeBaseEnv({ logger: silentLogger });
    const clientOf = ({ bootstrap, requestTimeoutMs }: FlowSettings['source']): ClusterClient =>
      new ClusterClient(env, { bootstrap, clientId: 'moldau-mirror-drill', requestTimeoutMs });
    const [source, target] = [clientOf(flow.source), clientOf(flow.target)];
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    try {
      await use({ propertiesFile: file, env, logger: silentLogger, flow, source, target, say, timeoutMs });
    } finally {
      source.close();
      target.close();
    }
  } catch (error) {
    process.stderr.write(`moldau: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

function timeoutOf({ timeout = String(DEFAULT_TIMEOUT_S) }: DrillFlags): number {
  if (!/^[1-9]\d{0,5}$/.test(timeout)) throw new FlagError(`--timeout takes whole seconds above 0, and got ${timeout}.`);
  return Number(timeout) * 1000;
}

/** Of the flags; whether the file has such clusters is looked at before anything that is said of its flows. */
function flowOf(file: string, { from, to }: DrillFlags): FlowSettings {
  if (from === to) throw new FlagError(`--from and --to both name ${from}: they take two clusters of ${file}.`);
  const aliases = aliasesOf(readProperties(file));
  const unknown = [`--from names ${from}`, `--to names ${to}`].filter((_, index) => !aliases.includes([from, to][index]!));
  if (aliases.length > 0 && unknown.length > 0)
    throw new FlagError(`${unknown.join(' and ')}, and ${file} has the clusters ${aliases.join(', ')}.`);
  const config = readMirrorConfig(file, [to], { [`${from}->${to}.enabled`]: 'true' });
  if (!config.ok) throw new FlagError(config.problems.join('\nmoldau: '));
  const flow = config.settings.flows.find(({ source, target }) => source.alias === from && target.alias === to);
  if (flow === undefined) throw new FlagError(`${file} has no clusters ${from} and ${to}.`);
  return flow;
}

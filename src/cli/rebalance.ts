/** The flags of `moldau rebalance`, and its real ports. */
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { type BrokerAddress, ClusterClient } from '../../wire/cluster-client';
import { silentLogger } from '../observe/silent-logger';
import { Rebalance, type RebalanceAction, RebalanceError, type RebalanceOptions } from '../rebalance/rebalance';

export interface RebalanceFlags {
  readonly bootstrapServer: string;
  readonly dryRun?: boolean;
  readonly execute?: boolean;
  readonly cancel?: boolean;
  readonly throttle?: string;
  readonly drain?: readonly string[];
}

export async function runRebalance(flags: RebalanceFlags): Promise<void> {
  try {
    const options = optionsOf(flags);
    const env = createNodeBaseEnv({ logger: silentLogger });
    const client = new ClusterClient(env, { bootstrap: addressesOf(flags.bootstrapServer), clientId: 'moldau-rebalance' });
    const ports = {
      client,
      sleep: (ms: number) => new Promise<void>((resolve) => void env.timers.set(ms, resolve)),
      monotonicMs: () => env.clock.monotonicMs(),
      print: (line: string) => void process.stdout.write(`${line}\n`),
    };
    try {
      await new Rebalance(options, ports).run();
    } finally {
      client.close();
    }
  } catch (error) {
    const message = error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
    process.stderr.write(`moldau: ${message}\n`);
    process.exitCode = 1;
  }
}

/** Throws RebalanceError. */
export function optionsOf(flags: RebalanceFlags): RebalanceOptions {
  const actions: RebalanceAction[] = [];
  if (flags.dryRun === true) actions.push('dry-run');
  if (flags.execute === true) actions.push('execute');
  if (flags.cancel === true) actions.push('cancel');
  const [action, ...others] = actions;
  if (action === undefined || others.length > 0) throw new RebalanceError('Give one of --dry-run, --execute and --cancel.');
  const throttle = flags.throttle === undefined ? null : Number(flags.throttle);
  if (throttle !== null && !(Number.isSafeInteger(throttle) && throttle > 0)) {
    throw new RebalanceError('--throttle takes bytes a second, a number above 0.');
  }
  const drained = (flags.drain ?? []).map((text) => {
    if (!/^\d+$/.test(text)) throw new RebalanceError(`--drain takes the id of a broker, and got ${text}.`);
    return Number(text);
  });
  return { action, throttle, drained };
}

/** Throws RebalanceError. */
export function addressesOf(text: string): readonly BrokerAddress[] {
  const entries = text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  const addresses = entries.map((entry) => {
    const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(entry);
    const host = match?.[1] ?? match?.[2];
    if (host === undefined) throw new RebalanceError(`--bootstrap-server takes host:port,..., and got ${entry}.`);
    return { host, port: Number(match?.[3]) };
  });
  if (addresses.length === 0) throw new RebalanceError('--bootstrap-server names no broker.');
  return addresses;
}

/** The flags of `moldau rebalance`, and its real ports. */
import { Rebalance, type RebalanceAction, type RebalanceOptions } from '../rebalance/rebalance';
import { FlagError, withCluster } from './client-flags';

export interface RebalanceFlags {
  readonly bootstrapServer: string;
  readonly dryRun?: boolean;
  readonly execute?: boolean;
  readonly cancel?: boolean;
  readonly throttle?: string;
  readonly drain?: readonly string[];
}

export async function runRebalance(flags: RebalanceFlags): Promise<void> {
  await withCluster(flags.bootstrapServer, 'moldau-rebalance', async (client, env) => {
    const ports = {
      client,
      sleep: (ms: number) => new Promise<void>((resolve) => void env.timers.set(ms, resolve)),
      monotonicMs: () => env.clock.monotonicMs(),
      print: (line: string) => void process.stdout.write(`${line}\n`),
    };
    await new Rebalance(optionsOf(flags), ports).run();
  });
}

/** Throws FlagError. */
export function optionsOf(flags: RebalanceFlags): RebalanceOptions {
  const actions: RebalanceAction[] = [];
  if (flags.dryRun === true) actions.push('dry-run');
  if (flags.execute === true) actions.push('execute');
  if (flags.cancel === true) actions.push('cancel');
  const [action, ...others] = actions;
  if (action === undefined || others.length > 0) throw new FlagError('Give one of --dry-run, --execute and --cancel.');
  const throttle = flags.throttle === undefined ? null : Number(flags.throttle);
  if (throttle !== null && !(Number.isSafeInteger(throttle) && throttle > 0)) {
    throw new FlagError('--throttle takes bytes a second, a number above 0.');
  }
  const drained = (flags.drain ?? []).map((text) => {
    if (!/^\d+$/.test(text)) throw new FlagError(`--drain takes the id of a broker, and got ${text}.`);
    return Number(text);
  });
  return { action, throttle, drained };
}

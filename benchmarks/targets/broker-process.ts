/** Starts a broker's process and waits for its first ack. */
import { spawn } from 'node:child_process';
import { firstAck } from '../client/first-ack';
import { ended, type Resources } from '../resources';
import { HOST, type RunningTarget } from './target';

export interface BrokerCommand {
  readonly title: string;
  readonly command: readonly string[];
  readonly dir: string;
  readonly port: number;
  /** SIGTERM when the end of the process matters (it writes its profile), else SIGKILL: its data is thrown away. */
  readonly stopSignal: NodeJS.Signals;
}

const START_TIMEOUT_MS = 60_000;
const KEPT_CHARS = 8000;

export async function startBrokerProcess(resources: Resources, options: BrokerCommand): Promise<RunningTarget> {
  const [command = '', ...args] = options.command;
  const env = { ...process.env };
  delete env['NODE_ENV'];
  const startMs = performance.now();
  const child = spawn(command, args, { cwd: options.dir, env, stdio: ['ignore', 'ignore', 'pipe'] });
  resources.track(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-KEPT_CHARS);
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const stop = async (): Promise<void> => {
    await ended(child, options.stopSignal);
    resources.removeDir(options.dir);
  };
  try {
    const { atMs, removed } = await firstAck(HOST, options.port, START_TIMEOUT_MS, isRunning);
    await removed;
    const startToAckMs = atMs - startMs;
    return {
      pid: child.pid ?? -1,
      host: HOST,
      port: options.port,
      startToAckMs,
      isRunning,
      errors: () => errors,
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`${options.title} does not start: ${String(error)}\n${errors}`);
  }
}

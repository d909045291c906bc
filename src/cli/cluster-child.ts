/** One of several nodes under one command: a process that runs `moldau server`, told by messages what a signal could not say. */
import { fork, type ChildProcess } from 'node:child_process';
import { CHILD_VARIABLE, type FromChild, type ToChild } from './parent';
import type { ServerFlags } from './server-config';

export class ClusterChild {
  /** True when it serves; false when it has ended before. */
  readonly ready: Promise<boolean>;
  /** How it ended: a code or a signal. */
  readonly exited: Promise<string>;
  isRunning = true;
  private isReady = false;
  private readonly child: ChildProcess;
  private left: () => void = () => undefined;

  constructor(
    readonly id: number,
    flags: ServerFlags,
    log: (text: string) => void,
  ) {
    const file = flags.file === undefined ? [] : [flags.file];
    const overrides = flags.overrides.flatMap((override) => ['--override', override]);
    this.child = fork(process.argv[1] ?? '', ['server', ...file, ...overrides], {
      // A group of its own: Ctrl-C reaches this process alone, which then ends the nodes in order.
      detached: true,
      env: { MOLDAU_LOG_FORMAT: 'text', MOLDAU_LOG_LEVEL: 'warn', ...process.env, [CHILD_VARIABLE]: '1' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    prefixLines(this.child, `[${id}] `, log);
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.isRunning = false;
        this.left();
        resolve(signal ?? `exit code ${code}`);
      });
    });
    this.ready = new Promise((resolve) => {
      this.child.on('message', (message: FromChild) => {
        if (message.moldau === 'ready') {
          this.isReady = true;
          resolve(true);
        }
        if (message.moldau === 'left') this.left();
      });
      void this.exited.then(() => resolve(false));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Resolves when its broker has left the cluster, or when it has ended. */
  leave(): Promise<void> {
    if (!this.isRunning || !this.isReady) return Promise.resolve();
    return new Promise((resolve) => {
      this.left = resolve;
      this.tell({ moldau: 'leave' });
    });
  }

  /** In order: a node whose parent is gone stops. One that still starts does not listen yet. */
  end(): void {
    if (!this.isRunning) return;
    if (this.isReady && this.child.connected) this.child.disconnect();
    else this.child.kill('SIGTERM');
  }

  kill(): void {
    if (this.isRunning) this.child.kill('SIGKILL');
  }

  private tell(message: ToChild): void {
    // A child that is ending cannot be told any more, and need not.
    this.child.send(message, () => undefined);
  }
}

function prefixLines({ stderr }: ChildProcess, prefix: string, log: (text: string) => void): void {
  let rest = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) log(`${prefix}${line}\n`);
  });
}

/**
 * A child process of a test: its output collected, waited for by condition instead of by time, ended by its own pid.
 * Its environment is ours without NODE_ENV, which changes how some clients behave.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each whole line of standard output; the line is then not kept, so that long outputs cost no memory. */
  readonly onLine?: (line: string) => void;
  /** The child gets descriptor 3 to speak with us. */
  readonly hasChannel?: boolean;
}

interface Waiter {
  readonly check: () => void;
  readonly fail: (reason: Error) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The most of a child's output that is kept for error messages and conditions. */
const KEPT_CHARS = 4_000_000;

export class Child {
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiters = new Set<Waiter>();
  private exit: Exit | null = null;
  private partialLine = '';

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: ChildOptions = {},
  ) {
    const env = { ...process.env, ...options.env };
    delete env['NODE_ENV'];
    const stdio = options.hasChannel === true ? (['pipe', 'pipe', 'pipe', 'pipe'] as const) : (['pipe', 'pipe', 'pipe'] as const);
    this.process = spawn(command, args, { cwd: options.cwd, env, stdio: [...stdio] }) as ChildProcessWithoutNullStreams;
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (options.onLine === undefined) this.stdout = keep(this.stdout, text);
      else this.splitLines(text, options.onLine);
      this.checkAll();
    });
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = keep(this.stderr, text);
      this.checkAll();
    });
    this.process.stdin.on('error', () => {
      // The child has ended: `exited` tells, and what was still to be written is of no use.
    });
    this.exited = new Promise((resolve) => {
      this.process.on('error', (reason) => {
        this.stderr += String(reason);
        this.ended({ code: 127, signal: null }, resolve);
      });
      this.process.on('close', (code, signal) => this.ended({ code, signal }, resolve));
    });
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.exit === null;
  }

  /** Our end of its descriptor 3; null when it has none. */
  get channel(): Duplex | null {
    return (this.process.stdio[3] as Duplex | undefined) ?? null;
  }

  get stdin(): NodeJS.WritableStream {
    return this.process.stdin;
  }

  /** Nobody reads what it prints from here on: its next write fails. */
  closeOutput(): void {
    this.process.stdout.destroy();
    this.process.stderr.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Resolves once `condition` holds, looked at whenever output arrives; rejects when the child ends or time is up. */
  async until(what: string, condition: () => boolean, timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        then();
      };
      const fail = (reason: Error): void => settle(() => reject(reason));
      const timer = setTimeout(() => fail(this.failure(`${what}: not within ${timeoutMs} ms`)), timeoutMs);
      const waiter: Waiter = {
        check: () => {
          if (condition()) settle(resolve);
        },
        fail,
      };
      this.waiters.add(waiter);
      waiter.check();
      if (this.exit !== null && this.waiters.has(waiter)) fail(this.failure(`${what}: it has ended`));
    });
  }

  /** SIGTERM, then SIGKILL when it has not ended in time. */
  async stop(timeoutMs = 20_000): Promise<Exit> {
    if (this.exit !== null) return this.exit;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), timeoutMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  failure(what: string): Error {
    const tail = (text: string): string => text.slice(-4000);
    const exit = this.exit === null ? 'running' : `ended with ${this.exit.signal ?? this.exit.code}`;
    return new Error(`${this.name} (${exit}): ${what}\nstdout: ${tail(this.stdout)}\nstderr: ${tail(this.stderr)}`);
  }

  private ended(exit: Exit, resolve: (exit: Exit) => void): void {
    if (this.exit !== null) return;
    this.exit = exit;
    this.checkAll();
    for (const waiter of [...this.waiters]) waiter.fail(this.failure('it has ended'));
    resolve(exit);
  }

  private checkAll(): void {
    for (const waiter of [...this.waiters]) waiter.check();
  }

  private splitLines(text: string, onLine: (line: string) => void): void {
    const lines = (this.partialLine + text).split('\n');
    this.partialLine = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  }
}

function keep(text: string, more: string): string {
  const all = text + more;
  return all.length > KEPT_CHARS ? all.slice(-KEPT_CHARS) : all;
}

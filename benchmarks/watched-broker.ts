/** Moldau's process with a look at its event loop and its memory (`loop-watch.cjs`). */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { processMemory } from './process-stat';
import { ended } from './resources';

export interface LoopDelays {
  readonly p99Ms: number;
  readonly maxMs: number;
  /** What the process has worked in the longest gap; less than that when it had to wait for a core or a disk. */
  readonly maxBusyMs: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

export interface WatchedOptions {
  /** Where the process runs; its log directory is `logs` below it. */
  readonly dir: string;
  readonly port: number;
  readonly properties: Readonly<Record<string, string>>;
  /** In front of the command, such as taskset and its arguments. */
  readonly prefix?: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly track: (child: ChildProcess) => void;
}

export const HOST = '127.0.0.1';
const COMMAND = join(process.env['MOLDAU_DIST'] ?? join(__dirname, '..', 'dist'), 'moldau.cjs');
/** Preloaded, it answers on descriptor 3. */
export const LOOP_WATCH = join(__dirname, 'loop-watch.cjs');
const START_TIMEOUT_MS = 60_000;
const KEPT_CHARS = 8000;
const SAMPLE_MS = 50;

export class WatchedBroker {
  /** From the start of the process until it said that it is ready. */
  startMs = 0;
  private errorText = '';
  private peakRss = 0;
  private sampler: NodeJS.Timeout | null = null;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errorText = (this.errorText + text).slice(-KEPT_CHARS);
    });
    this.sampler = setInterval(() => this.sample(), SAMPLE_MS);
  }

  /** Resolves when it is ready for clients. */
  static async start(options: WatchedOptions): Promise<WatchedBroker> {
    if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: npm run build`);
    const { dir, port, prefix = [], nodeFlags = [], properties } = options;
    const all = {
      'node.id': '1',
      listeners: `PLAINTEXT://${HOST}:${port}`,
      'log.dirs': join(dir, 'logs'),
      ...properties,
    };
    const overrides = Object.entries(all).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
    const node = [process.execPath, ...nodeFlags, '--require', LOOP_WATCH, COMMAND, 'server', ...overrides];
    const [command = '', ...args] = [...prefix, ...node];
    const env = { ...process.env };
    delete env['NODE_ENV'];
    const startedMs = performance.now();
    const child = spawn(command, args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    options.track(child);
    const broker = new WatchedBroker(child, port);
    await broker.ready();
    broker.startMs = performance.now() - startedMs;
    return broker;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The end of what it wrote to standard error. */
  get errors(): string {
    return this.errorText;
  }

  /** The event loop since the last time this was asked, and the memory now. */
  look(): Promise<LoopDelays> {
    return lookThrough(this.child.stdio[3] as Duplex);
  }

  /** Resident memory now. */
  rss(): number {
    return processMemory(this.pid)?.rssBytes ?? 0;
  }

  /** The most resident memory since the last time this was asked. */
  takePeakRss(): number {
    this.sample();
    const peak = this.peakRss;
    this.peakRss = 0;
    return peak;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.sampler !== null) clearInterval(this.sampler);
    this.sampler = null;
    await ended(this.child, signal);
  }

  private sample(): void {
    this.peakRss = Math.max(this.peakRss, this.rss());
  }

  private ready(): Promise<void> {
    let text = '';
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready within ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
      this.child.stdout?.setEncoding('utf8').on('data', (more: string) => {
        text = (text + more).slice(-KEPT_CHARS);
        if (!/\bready\b/i.test(text)) return;
        clearTimeout(timer);
        resolve();
      });
      this.child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the broker ended with ${code}\n${this.errorText}`));
      });
    });
  }
}

/** Asks a process with the loop watch: its event loop since the last time, and its memory now. */
export function lookThrough(channel: Duplex): Promise<LoopDelays> {
  return new Promise((resolve, reject) => {
    let text = '';
    const received = (bytes: Buffer): void => {
      text += bytes.toString();
      if (!text.endsWith('\n')) return;
      channel.off('data', received);
      resolve(JSON.parse(text) as LoopDelays);
    };
    channel.on('data', received);
    channel.write('?', (error) => {
      if (error) reject(error);
    });
  });
}

/** Ports that a test moves by hand: a clock and timers that stand still, and a connection that remembers. */
import type { BaseEnv, Connection, Logger, Timers } from '../../../../wire/base/env';
import { crc32cPortable } from '../../../../wire/record/crc32c';

interface Planned {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualTime implements Timers {
  nowMs = 1000;
  #planned: Planned[] = [];
  #soon: (() => void)[] = [];

  set(delayMs: number, run: () => void): { cancel(): void } {
    const planned = { atMs: this.nowMs + delayMs, run };
    this.#planned.push(planned);
    return { cancel: () => void (this.#planned = this.#planned.filter((each) => each !== planned)) };
  }

  soon(run: () => void): void {
    this.#soon.push(run);
  }

  get timers(): number {
    return this.#planned.length;
  }

  /** Runs what is due soon, until nothing is. */
  settle(): void {
    for (let turns = 0; this.#soon.length > 0; turns++) {
      if (turns > 10_000) throw new Error('never settles');
      for (const run of this.#soon.splice(0)) run();
    }
  }

  /** One turn of the loop only. */
  turn(): void {
    for (const run of this.#soon.splice(0)) run();
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    this.settle();
    for (;;) {
      const next = this.#planned.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#planned = this.#planned.filter((each) => each !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      this.settle();
    }
    this.nowMs = untilMs;
  }
}

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: unknown;
}

export function manualEnv(time: ManualTime, lines: LoggedLine[] = []): BaseEnv {
  const at = (level: string) => (message: string, fields?: unknown) => void lines.push({ level, message, fields });
  const logger: Logger = {
    child: () => logger,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  return {
    clock: { wallMs: () => time.nowMs, monotonicMs: () => time.nowMs },
    timers: time,
    random: () => ({ below: () => 0, bytes: () => undefined }),
    network: { listen: () => Promise.reject(new Error('no network')), connect: () => undefined },
    process: {
      pid: 1,
      exit: () => {
        throw new Error('exit');
      },
    },
    logger,
    crc32c: crc32cPortable,
  };
}

/** Keeps what is written until the test takes it, as the socket of a slow reader does. */
export class ManualConnection implements Connection {
  readonly remoteHost = '192.0.2.1';
  readonly remotePort = 4000;
  readonly localHost = '192.0.2.2';
  readonly localPort = 9092;
  isReading = true;
  isEnded = false;
  isDestroyed = false;
  readonly writes: Buffer[] = [];
  #releases: (() => void)[] = [];
  /** Takes writes at once. */
  takesAll = false;

  write(chunks: readonly Uint8Array[], released?: () => void): boolean {
    this.writes.push(Buffer.concat(chunks));
    this.#releases.push(() => released?.());
    if (this.takesAll) this.take();
    return false;
  }

  /** The system has taken what was written so far. */
  take(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  get sent(): Buffer {
    return Buffer.concat(this.writes);
  }

  get bufferedBytes(): number {
    return this.#releases.length;
  }

  pauseReading(): void {
    this.isReading = false;
  }
  resumeReading(): void {
    this.isReading = true;
  }
  end(): void {
    this.isEnded = true;
  }
  destroy(): void {
    this.isDestroyed = true;
  }
}

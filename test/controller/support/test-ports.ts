/** Ports for tests of the controller: time that stands still until it is moved, chance from a seed, CRC from a table. */
import type { Clock, Logger, Random, TimerHandle, Timers } from '../../../wire/base/env';
import { crc32cPortable } from '../../../wire/record/crc32c';

export const crc32c = (bytes: Uint8Array): number => crc32cPortable(bytes);

export class TestClock implements Clock, Timers {
  nowMs = 1000;
  private readonly timers: { readonly atMs: number; readonly run: () => void; readonly order: number }[] = [];
  private soonQueue: (() => void)[] = [];
  private order = 0;

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  set(delayMs: number, run: () => void): TimerHandle {
    const timer = { atMs: this.nowMs + delayMs, run, order: this.order++ };
    this.timers.push(timer);
    return {
      cancel: () => {
        const index = this.timers.indexOf(timer);
        if (index >= 0) this.timers.splice(index, 1);
      },
    };
  }

  soon(run: () => void): void {
    this.soonQueue.push(run);
  }

  /** Runs what was put off to a later turn, until nothing is left. */
  settle(): void {
    for (let turns = 0; this.soonQueue.length > 0; turns++) {
      if (turns > 100_000) throw new Error('the loop never ends');
      this.soonQueue.shift()?.();
    }
  }

  /** Moves time on, running timers as they come due. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    this.settle();
    for (;;) {
      const due = this.timers
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (due === undefined) break;
      this.timers.splice(this.timers.indexOf(due), 1);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.run();
      this.settle();
    }
    this.nowMs = endMs;
  }
}

export function testRandom(seed = 1): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    below: (exclusive) => Math.floor(next() * exclusive),
    bytes: (into) => {
      for (let i = 0; i < into.length; i++) into[i] = Math.floor(next() * 256);
    },
  };
}

/** Keeps what is said, for tests that ask. */
export class TestLogger implements Logger {
  readonly lines: string[] = [];
  child(): Logger {
    return this;
  }
  debug(): void {}
  info(message: string, fields?: object): void {
    this.lines.push(`info ${message} ${JSON.stringify(fields ?? {})}`);
  }
  warn(message: string, fields?: object): void {
    this.lines.push(`warn ${message} ${JSON.stringify(fields ?? {})}`);
  }
  error(message: string, fields?: object): void {
    this.lines.push(`error ${message} ${JSON.stringify(fields ?? {})}`);
  }
}

/**
 * Part of the binding (`node-env.ts`): real time, timers, chance and the process.
 *
 * A test of a user may install fake timers in the process in which a broker runs. Therefore every function is taken
 * from Node's own modules once, when this file loads, and the wall clock is the Date of a realm of its own: fakes that
 * replace globals (or the exports of `node:timers`) later do not reach it. `performance.timeOrigin` plus `now()` would
 * not do as a wall clock, since it does not follow a step of the system's clock.
 */
import * as crypto from 'node:crypto';
import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';
import * as vm from 'node:vm';
import type { Clock, ProcessControl, Random, TimerHandle, Timers } from './env';

const realSetTimeout = timers.setTimeout;
const realClearTimeout = timers.clearTimeout;
const realSetImmediate = timers.setImmediate;
const monotonicNow = performance.now.bind(performance);

/** Node turns a longer delay into one of a millisecond; here it is waited out in several parts. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** A realm costs a millisecond and some memory: one for all brokers of the process, made at first use. */
let wallNow: (() => number) | undefined;

class NodeClock implements Clock {
  readonly #wallNow: () => number;

  constructor() {
    this.#wallNow = wallNow ??= vm.runInNewContext('Date.now') as () => number;
  }

  wallMs(): number {
    return this.#wallNow();
  }

  monotonicMs(): number {
    return monotonicNow();
  }
}

class NodeTimer implements TimerHandle {
  #timeout: NodeJS.Timeout;
  #remainingMs: number;

  constructor(
    delayMs: number,
    readonly run: () => void,
  ) {
    this.#remainingMs = Math.max(0, delayMs);
    this.#timeout = this.#arm();
  }

  cancel(): void {
    realClearTimeout(this.#timeout);
  }

  #arm(): NodeJS.Timeout {
    const partMs = Math.min(this.#remainingMs, LONGEST_TIMEOUT_MS);
    this.#remainingMs -= partMs;
    return realSetTimeout(() => this.#fired(), partMs);
  }

  #fired(): void {
    if (this.#remainingMs > 0) this.#timeout = this.#arm();
    else this.run();
  }
}

class NodeTimers implements Timers {
  set(delayMs: number, run: () => void): TimerHandle {
    return new NodeTimer(delayMs, run);
  }

  soon(run: () => void): void {
    realSetImmediate(run);
  }
}

class NodeRandom implements Random {
  below(exclusive: number): number {
    return crypto.randomInt(exclusive);
  }

  bytes(into: Uint8Array): void {
    crypto.randomFillSync(into);
  }
}

export function nodeClock(): Clock {
  return new NodeClock();
}

export function nodeTimers(): Timers {
  return new NodeTimers();
}

export function nodeRandom(): Random {
  return new NodeRandom();
}

/** The real end of the process. `why` goes to standard error: no logger may be left to tell it. */
export function nodeProcess(): ProcessControl {
  return {
    pid: process.pid,
    exit(code: number, why: string): never {
      if (why !== '') process.stderr.write(`${why}\n`);
      process.exit(code);
    },
  };
}

/** Time that tests move by hand: nothing runs but in `turn` and `pass`. */
import type { Clock, TimerHandle, Timers } from '../../../wire/base/env';
import { crc32cPortable } from '../../../wire/record/crc32c';
import type { ShardEnv } from '../../../src/coordinator/coordinator-shard';
import { silentLogger } from '../../../src/observe/silent-logger';

interface Due {
  readonly atMs: number;
  readonly sequence: number;
  readonly run: () => void;
}

export const WALL_START_MS = 1_700_000_000_000;

export class ManualEnv implements ShardEnv {
  private nowMs = 0;
  private sequence = 0;
  private timersDue: Due[] = [];
  private soonDue: (() => void)[] = [];
  readonly logger = silentLogger;
  readonly crc32c = (bytes: Uint8Array): number => crc32cPortable(bytes);

  readonly clock: Clock = {
    wallMs: () => WALL_START_MS + this.nowMs,
    monotonicMs: () => this.nowMs,
  };

  readonly timers: Timers = {
    set: (delayMs, run): TimerHandle => {
      const due = { atMs: this.nowMs + delayMs, sequence: this.sequence++, run };
      this.timersDue.push(due);
      return { cancel: () => void (this.timersDue = this.timersDue.filter((other) => other !== due)) };
    },
    soon: (run) => void this.soonDue.push(run),
  };

  get elapsedMs(): number {
    return this.nowMs;
  }

  get timersSet(): number {
    return this.timersDue.length;
  }

  /** One turn of the loop, and those that it brings about. */
  turn(): void {
    for (let turns = 0; this.soonDue.length > 0; turns++) {
      if (turns > 100_000) throw new Error('the turns do not come to an end');
      const due = this.soonDue;
      this.soonDue = [];
      for (const run of due) run();
    }
  }

  /** Lets time go by, timer after timer, each with the turns that follow it. */
  pass(delayMs: number): void {
    const untilMs = this.nowMs + delayMs;
    this.turn();
    for (;;) {
      const next = this.timersDue
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.sequence - b.sequence)[0];
      if (next === undefined) break;
      this.timersDue = this.timersDue.filter((other) => other !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      this.turn();
    }
    this.nowMs = untilMs;
  }
}

/**
 * Time as one simulated process sees it. Its monotonic clock has an origin of its own; its wall clock can be stepped and can
 * drift, without moving anything else.
 */

import type { Clock, TimerHandle, Timers } from '../../wire/base/env';
import type { SimProcess } from './process';
import type { Scheduler } from './scheduler';

/** Where virtual wall time begins: some day long enough after the epoch. */
export const WALL_START_MS = 1_700_000_000_000;

/** A host's wall clock, shared by its processes. */
export interface WallClock {
  /** Added to the world's time; a step of the clock is a change of this. */
  offsetMs: number;
  /** Milliseconds gained per millisecond. */
  drift: number;
}

export class SimClock implements Clock {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly process: SimProcess,
    private readonly wall: WallClock,
    private readonly monotonicOriginMs: number,
  ) {}

  wallMs(): number {
    const nowMs = this.scheduler.timeOf(this.process.owner);
    return Math.floor(WALL_START_MS + nowMs * (1 + this.wall.drift) + this.wall.offsetMs);
  }

  monotonicMs(): number {
    return this.monotonicOriginMs + this.scheduler.timeOf(this.process.owner);
  }
}

export class SimTimers implements Timers {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly process: SimProcess,
  ) {}

  set(delayMs: number, run: () => void): TimerHandle {
    this.process.observe();
    const id = this.scheduler.timer(Math.max(0, delayMs), this.process.owner, run);
    return { cancel: () => void this.scheduler.cancel(id) };
  }

  soon(run: () => void): void {
    this.process.observe();
    this.scheduler.at(0, this.process.owner, run);
  }
}

/**
 * What drives a passive scheduler in this process: the microtask drain, and loops that stop.
 *
 * A drain works only when called from a macrotask whose microtask queue is not already being run: after an `await`, or at
 * the top of an ES module, it silently does nothing. So a run starts from an immediate and checks with a probe that a
 * microtask really ran. No flags of V8 are needed: Node's own tick callback runs the microtasks (and next ticks), 20 ns
 * when there are none.
 */

import { invariant } from '../../wire/base/invariant';
import type { Scheduler } from './scheduler';

/** Runs all microtasks and next ticks, when called from a macrotask. */
export function createDrain(): () => void {
  const tick = (process as unknown as { _tickCallback?: () => void })._tickCallback;
  invariant(typeof tick === 'function', 'this Node has no tick callback: run the world with runAwaiting');
  return tick;
}

/** Calls `body` from a macrotask in which `drain` works; for many runs in a row without a turn of the loop in between. */
export function inMacrotask<T>(body: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(body());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Throws unless `drain`, called here and now, runs a microtask. */
export function assertDrains(drain: () => void): void {
  let ran = false;
  void Promise.resolve().then(() => {
    ran = true;
  });
  drain();
  invariant(ran, 'the microtask drain did nothing: start the simulation from a macrotask');
}

export interface RunLimits {
  /** Stop when this holds; asked after every event. */
  readonly until?: () => boolean;
  /** Stop when the clock reaches this time; it stands there afterwards. */
  readonly untilMs?: number;
  /** A world that needs more events than this is taken for one that never settles. Default 10 million. */
  readonly maxEvents?: number;
  /** Called after every event: belief checks and other invariants. */
  readonly afterEvent?: () => void;
}

/** 'met': `until` holds. 'time': the clock reached `untilMs`. 'idle': nothing is left to happen. 'held': somebody holds the clock. */
export type RunEnd = 'met' | 'time' | 'idle' | 'held';

/** Runs events until a limit is met. The scheduler drains itself. */
export function run(scheduler: Scheduler, limits: RunLimits): RunEnd {
  const untilMs = limits.untilMs ?? Infinity;
  const maxEvents = limits.maxEvents ?? 10_000_000;
  for (let events = 0; ; events++) {
    if (limits.until?.() === true) return 'met';
    const nextMs = scheduler.nextAt();
    if (nextMs > untilMs || nextMs === Infinity) return finish(scheduler, limits.untilMs);
    if (!scheduler.step()) return 'held';
    limits.afterEvent?.();
    invariant(events < maxEvents, `the world did not settle in ${maxEvents} events`);
  }
}

function finish(scheduler: Scheduler, untilMs: number | undefined): RunEnd {
  if (untilMs === undefined) return scheduler.isHeld ? 'held' : 'idle';
  if (scheduler.nowMs >= untilMs) return 'time';
  return scheduler.advanceTo(untilMs) ? 'time' : 'held';
}

/** As `run`, giving way to real asynchronous work whenever the clock is held. */
export async function runAwaiting(scheduler: Scheduler, limits: RunLimits): Promise<RunEnd> {
  for (;;) {
    const end = await inMacrotask(() => run(scheduler, limits));
    if (end !== 'held') return end;
  }
}

/**
 * The heart of the simulator: a virtual clock and a queue of owned events. It is passive; somebody else calls `step`.
 *
 * Invariants: time never goes back; events run in the order (time, sequence); while the clock is held it does not move,
 * though events that are due now still run; a dead owner's events never run, a paused owner's wait until it resumes, and
 * then its timers run before the input that had arrived, as in Node's loop.
 *
 * The host supplies `drain`, which must run all microtasks before it returns (see runner.ts), or drains itself between
 * steps. Virtual times are in milliseconds and may have fractions.
 */

import { invariant } from '../../wire/base/invariant';
import { EventQueue } from './event-queue';
import type { Owner } from './owner';
import type { Trace } from './trace';

export interface SchedulerOptions {
  /** Runs all microtasks. Called after every event. */
  readonly drain?: () => void;
  readonly trace?: Trace;
  /** A live owner's callback threw. Default: the error leaves `step`. */
  readonly threw?: (owner: Owner, error: unknown) => void;
}

export class Scheduler {
  private readonly queue = new EventQueue();
  private readonly drain: (() => void) | null;
  private readonly trace: Trace | null;
  private readonly threw: ((owner: Owner, error: unknown) => void) | null;
  private clockMs = 0;
  private sequence = 0;
  private holds = 0;
  private ownerCount = 0;
  private running: Owner | null = null;
  /** Events run so far. */
  executed = 0;

  constructor(options: SchedulerOptions = {}) {
    this.drain = options.drain ?? null;
    this.trace = options.trace ?? null;
    this.threw = options.threw ?? null;
  }

  /** The virtual clock. */
  get nowMs(): number {
    return this.clockMs;
  }

  /** The owner whose event is running, its microtasks included. */
  get current(): Owner | null {
    return this.running;
  }

  get isHeld(): boolean {
    return this.holds > 0;
  }

  get pending(): number {
    return this.queue.size;
  }

  createOwner(name: string): Owner {
    return { id: this.ownerCount++, name, isDead: false, isPaused: false, busyUntilMs: 0, parked: [] };
  }

  /** When the next event is due (it may belong to a paused owner); Infinity when there is none. */
  nextAt(): number {
    return this.queue.nextAtMs;
  }

  /** Queues `run`, `delayMs` from now. Returns an id for `cancel`; 0, which cancels nothing, when the owner is dead. */
  at(delayMs: number, owner: Owner, run: () => void): number {
    return this.add(delayMs, owner, run, false);
  }

  /** As `at`, for a timer of the owner's: after a pause, timers run first. */
  timer(delayMs: number, owner: Owner, run: () => void): number {
    return this.add(delayMs, owner, run, true);
  }

  cancel(id: number): boolean {
    return this.queue.cancel(id);
  }

  /** Runs one event. False when there is none, or none that is due while the clock is held. */
  step(): boolean {
    if (this.queue.size === 0) return false;
    const atMs = this.queue.nextAtMs;
    if (atMs > this.clockMs) {
      if (this.holds > 0) return false;
      this.clockMs = atMs;
    }
    const slot = this.queue.takeFirst();
    const owner = this.queue.ownerOf(slot);
    if (owner.isPaused) owner.parked.push(slot);
    else if (owner.busyUntilMs > this.clockMs) this.queue.requeue(slot, owner.busyUntilMs, this.queue.sequenceOf(slot));
    else this.execute(slot, owner);
    return true;
  }

  /** Moves the clock forward to `atMs`, when no event is due before and nobody holds it. */
  advanceTo(atMs: number): boolean {
    if (this.holds > 0 || this.queue.nextAtMs < atMs) return false;
    if (atMs > this.clockMs) this.clockMs = atMs;
    return true;
  }

  /** Keeps the clock where it is, for real asynchronous work, until the returned function is called (once counts). */
  holdClock(): () => void {
    this.holds++;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.holds--;
    };
  }

  /** The owner is gone: its events are dropped, and later ones are not queued. */
  kill(owner: Owner): void {
    if (owner.isDead) return;
    owner.isDead = true;
    this.queue.dropOwner(owner);
    owner.parked.length = 0;
    this.trace?.note('kill', this.clockMs, owner.id, 0, 0);
  }

  /** As SIGSTOP: what comes due waits. */
  pause(owner: Owner): void {
    owner.isPaused = true;
  }

  resume(owner: Owner): void {
    if (!owner.isPaused) return;
    owner.isPaused = false;
    for (const wantTimers of [true, false]) {
      for (const slot of owner.parked) {
        if (this.queue.isTimer(slot) === wantTimers) this.queue.requeue(slot, this.clockMs, ++this.sequence);
      }
    }
    owner.parked.length = 0;
  }

  /** The owner spends `delayMs` inside its present synchronous call: its events wait that long, its clock shows it. */
  spend(owner: Owner, delayMs: number): void {
    owner.busyUntilMs = Math.max(this.clockMs, owner.busyUntilMs) + delayMs;
  }

  /** The time as `owner` sees it: ahead of the world's while it is inside a slow call. */
  timeOf(owner: Owner): number {
    return Math.max(this.clockMs, owner.busyUntilMs);
  }

  private add(delayMs: number, owner: Owner, run: () => void, isTimer: boolean): number {
    if (owner.isDead) return 0;
    invariant(delayMs >= 0 && delayMs < Infinity, `an event is due after a finite time, not ${delayMs} ms`);
    return this.queue.push(this.timeOf(owner) + delayMs, ++this.sequence, owner, run, isTimer);
  }

  private execute(slot: number, owner: Owner): void {
    const run = this.queue.runOf(slot);
    const sequence = this.queue.sequenceOf(slot);
    this.queue.release(slot);
    this.executed++;
    this.trace?.note('run', this.clockMs, owner.id, sequence, 0);
    this.running = owner;
    try {
      run();
      this.drain?.();
    } catch (error) {
      // What a process does after its death is no evidence of anything: its ports answer with fictions.
      if (!owner.isDead) this.fail(owner, error);
    } finally {
      this.running = null;
    }
  }

  private fail(owner: Owner, error: unknown): void {
    if (this.threw === null) throw error;
    this.threw(owner, error);
  }
}

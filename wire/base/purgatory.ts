/**
 * Requests that wait for something to happen to one of several keys, or for their time to run out.
 *
 * Invariants: an operation ends exactly once, by `tryComplete` returning true, by `expire`, or by `failed` when one of these
 * threw; then no key remembers it. What one operation throws reaches neither the others nor who woke it.
 * Bounded: `maxOperations` waiting at once; beyond it an operation expires at once instead of waiting.
 */
import type { TimerHandle, Timers } from './env';

export interface DelayedOperation {
  /**
   * Ends the operation if what it waits for has come (true), else leaves it waiting. `key`: nothing has changed since the
   * last time but what belongs to it.
   */
  tryComplete(key?: string): boolean;
  /** The time has run out: ends the operation with what there is. */
  expire(): void;
  /** One of the others threw while the operation was waiting, which is a bug; it does not wait any more. Must not throw. */
  failed(error: unknown): void;
}

interface Waiting {
  readonly operation: DelayedOperation;
  readonly keys: readonly string[];
  timer: TimerHandle | null;
  isDone: boolean;
}

export class Purgatory {
  private readonly watchers = new Map<string, Set<Waiting>>();
  private waitingCount = 0;
  private isClosed = false;

  constructor(
    private readonly timers: Timers,
    private readonly maxOperations: number,
  ) {}

  get size(): number {
    return this.waitingCount;
  }

  /**
   * Tries the operation and parks it under `keys` if it cannot end yet. Returns a function that forgets it unended, or null
   * when it has ended. What the operation throws here, its caller gets.
   */
  tryCompleteElseWatch(operation: DelayedOperation, keys: readonly string[], timeoutMs: number): (() => void) | null {
    if (operation.tryComplete()) return null;
    if (this.isClosed || this.waitingCount >= this.maxOperations) {
      operation.expire();
      return null;
    }
    const waiting: Waiting = { operation, keys, timer: null, isDone: false };
    this.waitingCount++;
    for (const key of keys) {
      const set = this.watchers.get(key);
      if (set === undefined) this.watchers.set(key, new Set([waiting]));
      else set.add(waiting);
    }
    waiting.timer = this.timers.set(timeoutMs, () => this.expire(waiting));
    return () => this.forget(waiting);
  }

  /** Something happened to `key`: tries everything that waits for it. */
  check(key: string): void {
    const set = this.watchers.get(key);
    if (set === undefined) return;
    for (const waiting of [...set]) this.tryComplete(waiting, key);
  }

  private tryComplete(waiting: Waiting, key: string): void {
    if (waiting.isDone) return;
    try {
      if (waiting.operation.tryComplete(key)) this.forget(waiting);
    } catch (error) {
      this.forget(waiting);
      waiting.operation.failed(error);
    }
  }

  private expire(waiting: Waiting): void {
    if (waiting.isDone) return;
    this.forget(waiting);
    try {
      waiting.operation.expire();
    } catch (error) {
      waiting.operation.failed(error);
    }
  }

  private forget(waiting: Waiting): void {
    if (waiting.isDone) return;
    waiting.isDone = true;
    this.waitingCount--;
    waiting.timer?.cancel();
    for (const key of waiting.keys) {
      const set = this.watchers.get(key);
      set?.delete(waiting);
      if (set?.size === 0) this.watchers.delete(key);
    }
  }

  /** Ends everything that waits, as if its time had run out, and lets nothing wait any more: the broker is stopping. */
  close(): void {
    this.isClosed = true;
    for (const set of [...this.watchers.values()]) for (const waiting of [...set]) this.expire(waiting);
  }
}

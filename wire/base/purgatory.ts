/**
 * Requests that wait for something to happen to one of several keys, or for their time to run out.
 *
 * Invariants: an operation ends exactly once, by `tryComplete` returning true or by `expire`; then no key remembers it.
 * Bounded: `maxOperations` waiting at once; beyond it an operation expires at once instead of waiting.
 */
import type { TimerHandle, Timers } from './env';

export interface DelayedOperation {
  /** Ends the operation if what it waits for has come (true), else leaves it waiting. */
  tryComplete(): boolean;
  /** The time has run out: ends the operation with what there is. */
  expire(): void;
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

  constructor(
    private readonly timers: Timers,
    private readonly maxOperations: number,
  ) {}

  get size(): number {
    return this.waitingCount;
  }

  /** Tries the operation and parks it under `keys` if it cannot end yet. Returns a function that forgets it unended. */
  tryCompleteElseWatch(operation: DelayedOperation, keys: readonly string[], timeoutMs: number): () => void {
    if (operation.tryComplete()) return () => undefined;
    if (this.waitingCount >= this.maxOperations) {
      operation.expire();
      return () => undefined;
    }
    const waiting: Waiting = { operation, keys, timer: null, isDone: false };
    this.waitingCount++;
    for (const key of keys) {
      const set = this.watchers.get(key);
      if (set === undefined) this.watchers.set(key, new Set([waiting]));
      else set.add(waiting);
    }
    waiting.timer = this.timers.set(timeoutMs, () => {
      if (waiting.isDone) return;
      this.forget(waiting);
      operation.expire();
    });
    return () => this.forget(waiting);
  }

  /** Something happened to `key`: tries everything that waits for it. */
  check(key: string): void {
    const set = this.watchers.get(key);
    if (set === undefined) return;
    for (const waiting of [...set]) {
      if (!waiting.isDone && waiting.operation.tryComplete()) this.forget(waiting);
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

  /** Ends everything that waits, as if its time had run out: the broker is stopping. */
  close(): void {
    for (const set of [...this.watchers.values()]) {
      for (const waiting of [...set]) {
        if (waiting.isDone) continue;
        this.forget(waiting);
        waiting.operation.expire();
      }
    }
  }
}

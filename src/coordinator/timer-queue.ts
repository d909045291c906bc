/**
 * Keyed timers of one coordinator partition over a single timer of the environment.
 *
 * Setting a key again replaces its timer. A session timer is set anew with every heartbeat, so moving a deadline back costs
 * nothing: the entry keeps its place in the heap and is sifted down when it comes up. Timers due at the same moment run
 * in the order in which they were set.
 *
 * Invariants: `entries` and `heap` hold the same entries; `heap[i].index === i`; an entry's place never lies after its deadline.
 */

import type { Clock, TimerHandle, Timers } from '../../wire/base/env';

interface Entry<T> {
  readonly key: string;
  timer: T;
  deadlineMs: number;
  /** What the heap is ordered by; at most `deadlineMs`. */
  placeMs: number;
  sequence: number;
  index: number;
}

export class TimerQueue<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly heap: Entry<T>[] = [];
  private sequence = 0;
  private armed: TimerHandle | null = null;
  private armedForMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly timers: Timers,
    private readonly expired: (timer: T) => void,
  ) {}

  get size(): number {
    return this.heap.length;
  }

  set(key: string, delayMs: number, timer: T): void {
    const deadlineMs = this.clock.monotonicMs() + delayMs;
    const entry = this.entries.get(key);
    this.sequence++;
    if (entry === undefined) this.add(key, deadlineMs, timer);
    else this.move(entry, deadlineMs, timer);
    this.arm();
  }

  cancel(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.removeAt(entry.index);
    if (this.heap.length === 0) this.disarm();
  }

  clear(): void {
    this.entries.clear();
    this.heap.length = 0;
    this.disarm();
  }

  private add(key: string, deadlineMs: number, timer: T): void {
    const entry: Entry<T> = {
      key,
      timer,
      deadlineMs,
      placeMs: deadlineMs,
      sequence: this.sequence,
      index: this.heap.length,
    };
    this.entries.set(key, entry);
    this.heap.push(entry);
    this.siftUp(entry.index);
  }

  private move(entry: Entry<T>, deadlineMs: number, timer: T): void {
    entry.timer = timer;
    entry.deadlineMs = deadlineMs;
    entry.sequence = this.sequence;
    if (deadlineMs < entry.placeMs) {
      entry.placeMs = deadlineMs;
      this.siftUp(entry.index);
    } else {
      // Its sequence grew: among entries of the same place it may have to go further down.
      this.siftDown(entry.index);
    }
  }

  private arm(): void {
    const first = this.heap[0];
    if (first === undefined) return;
    if (this.armed !== null) {
      if (this.armedForMs <= first.placeMs) return;
      this.armed.cancel();
    }
    this.armedForMs = first.placeMs;
    const delayMs = Math.max(0, first.placeMs - this.clock.monotonicMs());
    this.armed = this.timers.set(delayMs, () => this.fire());
  }

  private disarm(): void {
    this.armed?.cancel();
    this.armed = null;
  }

  private fire(): void {
    this.armed = null;
    const nowMs = this.clock.monotonicMs();
    // What these timers set anew, even without delay, waits for the next turn.
    const lastSequence = this.sequence;
    for (let first = this.heap[0]; first !== undefined && first.placeMs <= nowMs; first = this.heap[0]) {
      if (first.sequence > lastSequence) break;
      if (first.deadlineMs > nowMs) {
        first.placeMs = first.deadlineMs;
        this.siftDown(0);
        continue;
      }
      this.entries.delete(first.key);
      this.removeAt(0);
      // One at a time: what runs now may cancel or replace what is due as well.
      this.expired(first.timer);
    }
    this.arm();
  }

  private removeAt(index: number): void {
    const last = this.heap.pop();
    if (last === undefined || index === this.heap.length) return;
    this.heap[index] = last;
    last.index = index;
    this.siftUp(index);
    this.siftDown(last.index);
  }

  private siftUp(from: number): void {
    const entry = this.heap[from] as Entry<T>;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.heap[parentIndex] as Entry<T>;
      if (!isBefore(entry, parent)) break;
      this.heap[index] = parent;
      parent.index = index;
      index = parentIndex;
    }
    this.heap[index] = entry;
    entry.index = index;
  }

  private siftDown(from: number): void {
    const entry = this.heap[from] as Entry<T>;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= this.heap.length) break;
      let child = this.heap[childIndex] as Entry<T>;
      const right = this.heap[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex++;
      }
      if (!isBefore(child, entry)) break;
      this.heap[index] = child;
      child.index = index;
      index = childIndex;
    }
    this.heap[index] = entry;
    entry.index = index;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.placeMs < b.placeMs || (a.placeMs === b.placeMs && a.sequence < b.sequence);
}

/**
 * The simulator's queue of events: a binary heap ordered by (time, sequence), in typed arrays.
 *
 * Nothing is allocated per event once the arrays have grown: an event is a slot number, and its callback and owner lie in
 * side arrays. Every slot knows its place in the heap, so cancelling removes the event at once; a cancelled long timer
 * neither lingers nor wakes an idle world.
 */

import { invariant } from '../../wire/base/invariant';
import type { Owner } from './owner';

const NOTHING = (): void => {};
/** Slots are below this, so that generation * SLOTS + slot stays an exact integer for 2^29 reuses of one slot. */
const SLOTS = 2 ** 24;

export class EventQueue {
  private times = new Float64Array(1024);
  private sequences = new Float64Array(1024);
  private generations = new Uint32Array(1024);
  private places = new Int32Array(1024).fill(-1);
  private nextFree = new Int32Array(1024);
  private heap = new Int32Array(1024);
  private readonly runs: (() => void)[] = [];
  private readonly owners: (Owner | null)[] = [];
  private readonly timers: boolean[] = [];
  private firstFree = -1;
  private slotCount = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The time of the next event, or Infinity. */
  get nextAtMs(): number {
    return this.count === 0 ? Infinity : this.times[this.heap[0]!]!;
  }

  /** Returns an id for `cancel`; never 0. */
  push(atMs: number, sequence: number, owner: Owner, run: () => void, isTimer: boolean): number {
    const slot = this.takeSlot();
    this.times[slot] = atMs;
    this.sequences[slot] = sequence;
    this.runs[slot] = run;
    this.owners[slot] = owner;
    this.timers[slot] = isTimer;
    this.place(slot);
    return this.generations[slot]! * SLOTS + slot;
  }

  /** Removes the event when it has not run yet (a taken slot, waiting elsewhere, is emptied); false when it has or was cancelled. */
  cancel(id: number): boolean {
    const slot = id % SLOTS;
    if (slot >= this.slotCount || this.generations[slot] !== (id - slot) / SLOTS) return false;
    const place = this.places[slot]!;
    if (place >= 0) {
      this.removeAt(place);
      this.release(slot);
      return true;
    }
    const isFirstCancel = this.runs[slot] !== NOTHING;
    this.runs[slot] = NOTHING;
    return isFirstCancel;
  }

  /** Takes the first event out of the order; read it with the accessors, then `release` or `requeue` its slot. */
  takeFirst(): number {
    invariant(this.count > 0, 'takeFirst of an empty queue');
    const slot = this.heap[0]!;
    this.removeAt(0);
    return slot;
  }

  /** Puts a taken slot back at another time; its id stays good. */
  requeue(slot: number, atMs: number, sequence: number): void {
    this.times[slot] = atMs;
    this.sequences[slot] = sequence;
    this.place(slot);
  }

  release(slot: number): void {
    this.generations[slot] = this.generations[slot]! + 1;
    this.runs[slot] = NOTHING;
    this.owners[slot] = null;
    this.places[slot] = -1;
    this.nextFree[slot] = this.firstFree;
    this.firstFree = slot;
  }

  timeOf(slot: number): number {
    return this.times[slot]!;
  }

  sequenceOf(slot: number): number {
    return this.sequences[slot]!;
  }

  runOf(slot: number): () => void {
    return this.runs[slot]!;
  }

  ownerOf(slot: number): Owner {
    const owner = this.owners[slot];
    invariant(owner !== null && owner !== undefined, 'a queued event has an owner');
    return owner;
  }

  isTimer(slot: number): boolean {
    return this.timers[slot]!;
  }

  /** Drops every queued event of `owner`. */
  dropOwner(owner: Owner): void {
    for (let slot = 0; slot < this.slotCount; slot++) {
      if (this.owners[slot] !== owner) continue;
      const place = this.places[slot]!;
      if (place >= 0) this.removeAt(place);
      this.release(slot);
    }
  }

  private takeSlot(): number {
    if (this.firstFree >= 0) {
      const slot = this.firstFree;
      this.firstFree = this.nextFree[slot]!;
      return slot;
    }
    invariant(this.slotCount < SLOTS, 'the simulator has room for 16 million queued events');
    if (this.slotCount === this.times.length) this.grow();
    // Slots start at generation 1, so that no id is 0.
    this.generations[this.slotCount] = 1;
    return this.slotCount++;
  }

  private grow(): void {
    const size = this.times.length * 2;
    const copy = <T extends Float64Array | Int32Array | Uint32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.times = copy(this.times, new Float64Array(size));
    this.sequences = copy(this.sequences, new Float64Array(size));
    this.generations = copy(this.generations, new Uint32Array(size));
    this.places = copy(this.places, new Int32Array(size).fill(-1));
    this.nextFree = copy(this.nextFree, new Int32Array(size));
    this.heap = copy(this.heap, new Int32Array(size));
  }

  private place(slot: number): void {
    this.count++;
    this.siftUp(this.count - 1, slot);
  }

  private removeAt(place: number): void {
    this.places[this.heap[place]!] = -1;
    this.count--;
    if (place === this.count) return;
    const moved = this.heap[this.count]!;
    if (place > 0 && this.isBefore(moved, this.heap[(place - 1) >> 1]!)) this.siftUp(place, moved);
    else this.siftDown(place, moved);
  }

  private isBefore(a: number, b: number): boolean {
    const left = this.times[a]!;
    const right = this.times[b]!;
    return left < right || (left === right && this.sequences[a]! < this.sequences[b]!);
  }

  private siftUp(from: number, slot: number): void {
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.heap[parentPlace]!;
      if (!this.isBefore(slot, parent)) break;
      this.heap[place] = parent;
      this.places[parent] = place;
      place = parentPlace;
    }
    this.heap[place] = slot;
    this.places[slot] = place;
  }

  private siftDown(from: number, slot: number): void {
    let place = from;
    for (;;) {
      let childPlace = place * 2 + 1;
      if (childPlace >= this.count) break;
      if (childPlace + 1 < this.count && this.isBefore(this.heap[childPlace + 1]!, this.heap[childPlace]!)) childPlace++;
      const child = this.heap[childPlace]!;
      if (!this.isBefore(child, slot)) break;
      this.heap[place] = child;
      this.places[child] = place;
      place = childPlace;
    }
    this.heap[place] = slot;
    this.places[slot] = place;
  }
}

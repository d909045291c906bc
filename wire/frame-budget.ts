/**
 * What all unfinished frames of a broker may take together (`queued.max.request.bytes`).
 *
 * Bytes that have been received are always kept, so a connection may exceed its share by one read; then it is not read
 * until there is room. If everybody waited for somebody else's room nobody would ever finish: therefore a part as large as
 * one frame is kept for the one that has waited longest. So the memory of unfinished frames is at most the budget and one
 * read for each connection, and one of them always gets on.
 */
import { invariant } from './base/invariant';

/** An unfinished frame, as the budget sees it. */
export interface BudgetClient {
  /** It may read on. Called within the call by which another frame gave up its room. */
  granted(): void;
}

export class FrameBudget {
  #usedBytes = 0;
  /** What frames may take that are not first in line. */
  readonly #sharedBytes: number;
  readonly #waiting = new Set<BudgetClient>();
  #first: BudgetClient | null = null;
  #isWaking = false;

  /** A budget too small for two frames keeps half of itself for the first in line. */
  constructor(
    readonly maxBytes: number,
    maxFrameBytes: number,
  ) {
    this.#sharedBytes = Math.max(maxBytes - maxFrameBytes, maxBytes / 2);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get waiters(): number {
    return this.#waiting.size;
  }

  /** Takes between `needed` and `wanted` bytes, as much as there is room for, and says how many. */
  take(client: BudgetClient, needed: number, wanted: number): number {
    const limit = this.#first === client ? this.maxBytes : this.#sharedBytes;
    const taken = Math.max(needed, Math.min(wanted, Math.floor(limit - this.#usedBytes)));
    this.#usedBytes += taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.#usedBytes -= bytes;
    invariant(this.#usedBytes >= 0, 'more bytes came back to the budget than were taken');
  }

  /** Whether an unfinished frame may read on. If not, it is told by `granted`, once. */
  mayContinue(client: BudgetClient): boolean {
    if (this.#usedBytes < this.#sharedBytes || this.#first === client) return true;
    if (this.#first === null) {
      this.#first = client;
      return true;
    }
    this.#waiting.add(client);
    return false;
  }

  /** The frame is complete, or given up, and what it took has been given back. */
  leave(client: BudgetClient): void {
    this.#waiting.delete(client);
    if (this.#first === client) this.#first = null;
    if (this.#isWaking) return;
    this.#isWaking = true;
    for (const next of this.#waiting) {
      if (this.#usedBytes >= this.#sharedBytes) {
        if (this.#first !== null) break;
        this.#first = next;
      }
      this.#waiting.delete(next);
      next.granted();
    }
    this.#isWaking = false;
  }
}

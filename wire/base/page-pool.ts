/**
 * Hands out runs of 4 KiB pages: a buddy allocator that knows numbers only, so that it can be tested without any memory.
 *
 * A request takes a power-of-two block and gives back at once the pages behind what it needs; a freed run is cut into
 * aligned power-of-two blocks, which join their free buddies again. So a run costs its pages and no more, and a pool that is
 * wholly free is always one piece per top block.
 * Invariants: a page is free, or part of exactly one run; `freePages` plus the pages of all runs is `pages`.
 */

import { invariant } from './invariant';

const NONE = -1;

export class PagePool {
  /** Free pages; a request may still find no run among them that is long enough. */
  freePages: number;
  /** Pages of the run that starts here; 0 elsewhere. */
  private readonly runPages: Int32Array;
  /** log2 of the free block that starts here; -1 elsewhere. */
  private readonly freeOrder: Int8Array;
  private readonly nextFree: Int32Array;
  private readonly previousFree: Int32Array;
  /** First free block of each order. */
  private readonly heads: Int32Array;

  constructor(readonly pages: number) {
    invariant(Number.isInteger(pages) && pages >= 0, 'a pool has a whole number of pages');
    this.freePages = 0;
    this.runPages = new Int32Array(pages);
    this.freeOrder = new Int8Array(pages).fill(NONE);
    this.nextFree = new Int32Array(pages).fill(NONE);
    this.previousFree = new Int32Array(pages).fill(NONE);
    this.heads = new Int32Array(32).fill(NONE);
    this.giveBack(0, pages);
  }

  /** The first page of a run of `pages` pages, or -1 when there is none. */
  allocate(pages: number): number {
    invariant(Number.isInteger(pages) && pages > 0, 'a run has a page at least');
    if (pages > this.freePages) return NONE;
    const order = 32 - Math.clz32(pages - 1);
    let found = order;
    while (found < 32 && this.heads[found] === NONE) found++;
    if (found >= 32) return NONE;
    const first = this.heads[found] as number;
    this.unlink(first, found);
    this.freePages -= 1 << found;
    this.giveBack(first + pages, (1 << found) - pages);
    this.runPages[first] = pages;
    return first;
  }

  /** Ends the run that starts at page `first`. Anything but a run's first page is an invariant violation. */
  free(first: number): void {
    const pages = this.runPages[first] ?? 0;
    invariant(pages > 0, 'freed what is not allocated: freed twice, or never handed out');
    this.runPages[first] = 0;
    this.giveBack(first, pages);
  }

  private giveBack(first: number, pages: number): void {
    let at = first;
    const end = first + pages;
    while (at < end) {
      const aligned = at === 0 ? 31 : 31 - Math.clz32(at & -at);
      const order = Math.min(aligned, 31 - Math.clz32(end - at));
      this.release(at, order);
      at += 1 << order;
    }
  }

  /** Adds a free block and joins it with its buddy as long as that is free. */
  private release(first: number, order: number): void {
    this.freePages += 1 << order;
    let at = first;
    let size = order;
    for (; size < 30; size++) {
      const buddy = at ^ (1 << size);
      if (buddy >= this.pages || this.freeOrder[buddy] !== size) break;
      this.unlink(buddy, size);
      at = Math.min(at, buddy);
    }
    this.link(at, size);
  }

  private link(at: number, order: number): void {
    const head = this.heads[order] as number;
    this.freeOrder[at] = order;
    this.nextFree[at] = head;
    this.previousFree[at] = NONE;
    if (head !== NONE) this.previousFree[head] = at;
    this.heads[order] = at;
  }

  private unlink(at: number, order: number): void {
    const next = this.nextFree[at] as number;
    const previous = this.previousFree[at] as number;
    if (next !== NONE) this.previousFree[next] = previous;
    if (previous === NONE) this.heads[order] = next;
    else this.nextFree[previous] = next;
    this.freeOrder[at] = NONE;
  }
}

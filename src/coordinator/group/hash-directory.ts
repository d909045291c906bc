/**
 * Heads of hash chains that grow one bucket at a time (linear hashing), so that a million rows never have to be placed anew
 * in one go. Pure.
 *
 * The chains themselves are the rows' business: `split` tells which bucket is divided, and the owner moves its rows.
 *
 * Invariant: buckets 0 to `level + next - 1` exist, where `level` is a power of two and `next` of its buckets are divided.
 */

const PAGE_BITS = 12;
const PAGE_SIZE = 1 << PAGE_BITS;
const FIRST_LEVEL = 16;

export class HashDirectory {
  private readonly pages: Int32Array[] = [new Int32Array(FIRST_LEVEL)];
  private level = FIRST_LEVEL;
  private next = 0;

  get buckets(): number {
    return this.level + this.next;
  }

  bucketOf(hash: number): number {
    const bucket = hash & (this.level - 1);
    return bucket < this.next ? hash & (2 * this.level - 1) : bucket;
  }

  /** The first row of the chain, or -1. */
  head(bucket: number): number {
    return ((this.pages[bucket >>> PAGE_BITS] as Int32Array)[bucket & (PAGE_SIZE - 1)] as number) - 1;
  }

  setHead(bucket: number, row: number): void {
    (this.pages[bucket >>> PAGE_BITS] as Int32Array)[bucket & (PAGE_SIZE - 1)] = row + 1;
  }

  /** Adds a bucket; the rows of the bucket returned now belong there or into the new last one. */
  split(): number {
    const divided = this.next;
    this.ensure(this.buckets);
    this.next++;
    if (this.next === this.level) {
      this.level *= 2;
      this.next = 0;
    }
    return divided;
  }

  private ensure(bucket: number): void {
    const index = bucket >>> PAGE_BITS;
    const page = this.pages[index];
    if (page === undefined) {
      this.pages.push(new Int32Array(PAGE_SIZE));
    } else if (page.length < PAGE_SIZE && (bucket & (PAGE_SIZE - 1)) >= page.length) {
      const larger = new Int32Array(page.length * 2);
      larger.set(page);
      this.pages[index] = larger;
    }
  }
}

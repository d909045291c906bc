/**
 * The newest batches of the log in memory, so that what a leader has just written is applied without reading it back.
 *
 * Invariant: batches are in a row; a bound on their bytes drops the oldest, which then are read from the log.
 */
export interface CachedBatch {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

export class CommittedCache {
  private batches: CachedBatch[] = [];
  private sizeBytes = 0;

  constructor(private readonly maxBytes: number) {}

  add(batch: CachedBatch): void {
    if (this.batches.at(-1)?.nextOffset !== batch.baseOffset) this.clear();
    this.batches.push(batch);
    this.sizeBytes += batch.bytes.length;
    while (this.sizeBytes > this.maxBytes && this.batches.length > 0) this.dropFirst();
  }

  /** The batch that starts at `offset`, if it ends at or below `endOffset`. */
  batchAt(offset: number, endOffset: number): CachedBatch | null {
    const batch = this.batches.find(({ baseOffset }) => baseOffset === offset);
    return batch !== undefined && batch.nextOffset <= endOffset ? batch : null;
  }

  /** Everybody has applied what lies below. */
  dropBelow(offset: number): void {
    while ((this.batches[0]?.nextOffset ?? Number.POSITIVE_INFINITY) <= offset) this.dropFirst();
  }

  /** What lies above is not in the log any more. */
  truncateTo(endOffset: number): void {
    while ((this.batches.at(-1)?.nextOffset ?? 0) > endOffset) this.sizeBytes -= this.batches.pop()?.bytes.length ?? 0;
  }

  clear(): void {
    this.batches = [];
    this.sizeBytes = 0;
  }

  private dropFirst(): void {
    this.sizeBytes -= this.batches.shift()?.bytes.length ?? 0;
  }
}

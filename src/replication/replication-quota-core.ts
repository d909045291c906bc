/**
 * How many bytes a second have gone, over the last samples of a fixed length, and whether that is more than a bound.
 *
 * It is Kafka's SimpleRate: the sum of the samples over the time since the oldest of them began, which counts for one sample
 * at least. A sample that was last written to before the window counts no more; one that lies half in it counts whole.
 * Nothing is held back beforehand: what goes is recorded, and what follows waits until the rate is within the bound again.
 */
export interface QuotaWindow {
  /** replication.quota.window.num */
  readonly samples: number;
  /** replication.quota.window.size.seconds, in milliseconds */
  readonly sampleMs: number;
}

export class ReplicationQuotaCore {
  private readonly startMs: Float64Array;
  private readonly lastMs: Float64Array;
  private readonly bytes: Float64Array;
  /** Samples in use; they are taken in a circle. */
  private count = 0;
  private current = 0;

  constructor(private readonly window: QuotaWindow) {
    // One more than the window has: the oldest lies half outside it.
    const size = window.samples + 1;
    this.startMs = new Float64Array(size);
    this.lastMs = new Float64Array(size);
    this.bytes = new Float64Array(size);
  }

  record(sizeBytes: number, nowMs: number): void {
    if (this.count === 0) this.begin(0, nowMs);
    else if (nowMs - this.at(this.startMs) >= this.window.sampleMs) this.begin((this.current + 1) % this.bytes.length, nowMs);
    this.bytes[this.current] = this.at(this.bytes) + sizeBytes;
    this.lastMs[this.current] = nowMs;
  }

  private at(column: Float64Array): number {
    return column[this.current] as number;
  }

  private begin(index: number, nowMs: number): void {
    this.current = index;
    this.count = Math.max(this.count, index + 1);
    this.clear(index, nowMs);
  }

  private clear(index: number, nowMs: number): void {
    this.startMs[index] = nowMs;
    this.lastMs[index] = nowMs;
    this.bytes[index] = 0;
  }

  /** Bytes a second. */
  rate(nowMs: number): number {
    const { sumBytes, elapsedMs } = this.measure(nowMs);
    return (sumBytes * 1000) / elapsedMs;
  }

  isExceeded(bytesPerSecond: number, nowMs: number): boolean {
    return this.count > 0 && this.rate(nowMs) > bytesPerSecond;
  }

  /** When to look again if the bound is exceeded now: as the samples stand the rate is within it then. One sample at most. */
  waitMs(bytesPerSecond: number, nowMs: number): number {
    const { sumBytes, elapsedMs } = this.measure(nowMs);
    const neededMs = bytesPerSecond > 0 ? (sumBytes * 1000) / bytesPerSecond - elapsedMs : Infinity;
    return Math.min(Math.max(1, Math.ceil(neededMs)), this.window.sampleMs);
  }

  private measure(nowMs: number): { readonly sumBytes: number; readonly elapsedMs: number } {
    const { samples, sampleMs } = this.window;
    let sumBytes = 0;
    let oldestMs = nowMs;
    for (let i = 0; i < this.count; i++) {
      if (nowMs - (this.lastMs[i] as number) >= samples * sampleMs) this.clear(i, nowMs);
      sumBytes += this.bytes[i] as number;
      oldestMs = Math.min(oldestMs, this.startMs[i] as number);
    }
    return { sumBytes, elapsedMs: Math.max(nowMs - oldestMs, sampleMs) };
  }
}

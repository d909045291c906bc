/**
 * Where the end of a partition was at which time, as far as somebody has looked: from that, when an offset was written can be
 * told without the partition's log. Pure.
 *
 * Bounded: when it is full, every other sample goes, so that it reaches back ever further and ever less precisely.
 */
const MAX_SAMPLES = 64;
const FIRST_SPACING_MS = 5_000;

export class OffsetHistory {
  private readonly timesMs = new Float64Array(MAX_SAMPLES);
  private readonly offsets = new Float64Array(MAX_SAMPLES);
  private count = 0;
  /** Samples closer to each other are one. */
  private spacingMs = FIRST_SPACING_MS;

  /** The end of the partition now; one that went back makes it start anew. */
  sample(nowMs: number, endOffset: number): void {
    if (endOffset < this.end) {
      this.count = 0;
      this.spacingMs = FIRST_SPACING_MS;
    }
    const last = this.count - 1;
    // The last one moves along until it is far enough from the one before it.
    if (last > 0 && nowMs - (this.timesMs[last - 1] as number) < this.spacingMs) this.put(last, nowMs, endOffset);
    else {
      if (this.count === MAX_SAMPLES) this.thin();
      this.put(this.count++, nowMs, endOffset);
    }
  }

  /** The last end that was seen; -1 before the first. */
  get end(): number {
    return this.count === 0 ? -1 : (this.offsets[this.count - 1] as number);
  }

  /** When the record at `offset` was written, by interpolation; when that was before the first sample, the time of that. */
  writtenMs(offset: number): number | null {
    if (this.count === 0 || offset >= this.end) return null;
    let later = 0;
    while ((this.offsets[later] as number) <= offset) later++;
    if (later === 0) return this.timesMs[0] as number;
    const [fromMs, toMs] = [this.timesMs[later - 1] as number, this.timesMs[later] as number];
    const [from, to] = [this.offsets[later - 1] as number, this.offsets[later] as number];
    return fromMs + ((toMs - fromMs) * (offset - from)) / (to - from);
  }

  private put(at: number, nowMs: number, endOffset: number): void {
    this.timesMs[at] = nowMs;
    this.offsets[at] = endOffset;
  }

  private thin(): void {
    for (let i = 1; i * 2 < MAX_SAMPLES; i++) this.put(i, this.timesMs[i * 2] as number, this.offsets[i * 2] as number);
    this.count = MAX_SAMPLES / 2;
    this.spacingMs *= 2;
  }
}

/** When a disk will be full if it goes on as it did: a line through the first and the last of its samples. Pure. */

/** Older samples are forgotten. */
const WINDOW_MS = 30 * 60_000;
/** Samples closer to each other are one, however often a scraper comes: so there are 122 at most. */
const SPACING_MS = 15_000;
/** Less says nothing. */
const MIN_SPAN_MS = 20_000;
const MS_PER_HOUR = 3_600_000;

export class DiskForecast {
  private readonly samples: { readonly atMs: number; readonly freeBytes: number }[] = [];

  /** `nowMs` is monotonic. */
  sample(nowMs: number, freeBytes: number): void {
    // The last one moves along until it is far enough from the one before it.
    const [before, last] = this.samples.slice(-2);
    if (before !== undefined && last !== undefined && last.atMs - before.atMs < SPACING_MS) this.samples.pop();
    this.samples.push({ atMs: nowMs, freeBytes });
    while (nowMs - (this.samples[0]?.atMs ?? nowMs) > WINDOW_MS) this.samples.shift();
  }

  /** Bytes per second by which the space has shrunk; negative when it grew; null while too little is known. */
  get bytesPerSecond(): number | null {
    const [first] = this.samples;
    const last = this.samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < MIN_SPAN_MS) return null;
    return ((first.freeBytes - last.freeBytes) / (last.atMs - first.atMs)) * 1000;
  }

  /** Infinity when it does not fill up; null while too little is known. */
  get hoursUntilFull(): number | null {
    const rate = this.bytesPerSecond;
    const freeBytes = this.samples.at(-1)?.freeBytes;
    if (rate === null || freeBytes === undefined) return null;
    return rate <= 0 ? Infinity : ((freeBytes / rate) * 1000) / MS_PER_HOUR;
  }
}

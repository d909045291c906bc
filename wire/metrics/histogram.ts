/** A histogram of durations in a typed array: to record one is a few comparisons, and allocates nothing. Pure. */

/** Upper bounds in milliseconds; what is longer is counted in one more. */
export const BOUNDS_MS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000,
];

const BOUNDS = Float64Array.from(BOUNDS_MS);

export class Histogram {
  /** Of each bucket alone; the last one has no bound. */
  readonly counts = new Float64Array(BOUNDS.length + 1);
  sumMs = 0;

  record(durationMs: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && durationMs > (BOUNDS[bucket] as number)) bucket++;
    (this.counts[bucket] as number)++;
    this.sumMs += durationMs;
  }

  get count(): number {
    let sum = 0;
    for (const count of this.counts) sum += count;
    return sum;
  }
}

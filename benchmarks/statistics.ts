/**
 * What is said about repeated measurements: the median and the range, never a mean, which one disturbed run can move.
 * Pure.
 */

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** The middle value, or the mean of the two middle ones. Throws on an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The value below which `share` of the values lie, by nearest rank: 0.99 for the p99, 1 for the largest. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('a percentile of nothing');
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

/** Median and range, or null when there is nothing to summarize. */
export function summarize(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length };
}

/**
 * `ours[i] / theirs[i]` for each pair that was measured on both sides. Ratios are formed within a pair, whose halves ran one
 * after the other, so that a machine that drifts over the run moves both.
 */
export function pairRatios(ours: readonly (number | null)[], theirs: readonly (number | null)[]): number[] {
  const ratios: number[] = [];
  for (let i = 0; i < Math.min(ours.length, theirs.length); i++) {
    const [a, b] = [ours[i], theirs[i]];
    if (typeof a === 'number' && typeof b === 'number' && b > 0) ratios.push(a / b);
  }
  return ratios;
}

/** "12.3 (11.9..12.8)", or the value alone when there is only one; an en dash without any. */
export function formatSummary(summary: Summary | null): string {
  if (summary === null) return '–';
  const digits = digitsFor(summary.median);
  const text = summary.median.toFixed(digits);
  if (summary.count === 1) return text;
  return `${text} (${summary.min.toFixed(digits)}..${summary.max.toFixed(digits)})`;
}

/** Three significant digits or so. */
function digitsFor(value: number): number {
  const size = Math.abs(value);
  if (size >= 100) return 0;
  return size >= 10 ? 1 : 2;
}

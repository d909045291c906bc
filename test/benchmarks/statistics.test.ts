import { formatSummary, median, pairRatios, percentile, summarize } from '../../benchmarks/statistics';

describe('the statistics of benchmarks', () => {
  test('take the middle value as median, or the mean of the two middle ones', () => {
    expect(median([3])).toBe(3);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 2, 4, 1])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });

  test('sort by value and leave their input alone', () => {
    const values = [100, 9, 25];
    expect(median(values)).toBe(25);
    expect(values).toEqual([100, 9, 25]);
  });

  test('take percentiles by nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 100, 198, 200]);
    expect(percentile([7], 0.99)).toBe(7);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  test('give the range beside the median', () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5, count: 3 });
    expect(summarize([])).toBeNull();
  });

  test('form ratios within pairs and leave out pairs of which a half is missing', () => {
    expect(pairRatios([10, 30, 50], [5, 10, 100])).toEqual([2, 3, 0.5]);
    expect(pairRatios([10, null, 50], [5, 10])).toEqual([2]);
    expect(pairRatios([10], [0])).toEqual([]);
  });

  test('differ from the ratio of the medians where the machine drifted', () => {
    const [ours, theirs] = [
      [100, 200, 300],
      [50, 100, 600],
    ];
    expect(summarize(pairRatios(ours, theirs))).toEqual({ median: 2, min: 0.5, max: 2, count: 3 });
  });

  test('are written with three digits or so, and the range only where there is one', () => {
    expect(formatSummary(summarize([1.234, 1.1, 1.5]))).toBe('1.23 (1.10..1.50)');
    expect(formatSummary(summarize([1234.6, 999.4, 2000]))).toBe('1235 (999..2000)');
    expect(formatSummary(summarize([42.26]))).toBe('42.3');
    expect(formatSummary(null)).toBe('–');
  });
});

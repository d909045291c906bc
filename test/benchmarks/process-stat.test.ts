import { cpuSecondsOf, memoryOf } from '../../benchmarks/process-stat';

describe('what /proc says of a process', () => {
  test('is read past a name with spaces and brackets in it', () => {
    const stat =
      '42 (my (odd) name) S 1 42 42 0 -1 4194304 100 0 0 0 1234 66 0 0 20 0 11 0 5000 1000 2000 18446744073709551615';
    expect(cpuSecondsOf(stat)).toBe(13);
  });

  test('is resident memory now and at its peak, in bytes', () => {
    const status = 'Name:\tnode\nVmPeak:\t  900 kB\nVmHWM:\t     300 kB\nVmRSS:\t     200 kB\nRssAnon:\t 100 kB\n';
    expect(memoryOf(status)).toEqual({ rssBytes: 204_800, peakRssBytes: 307_200 });
  });
});

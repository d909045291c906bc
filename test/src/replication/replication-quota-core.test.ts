import { ReplicationQuotaCore } from '../../../src/replication/replication-quota-core';

const quota = (samples = 3): ReplicationQuotaCore => new ReplicationQuotaCore({ samples, sampleMs: 1000 });

describe('the rate of a replication quota', () => {
  test('is nothing before anything has gone, and then nothing is exceeded, even a bound of nothing', () => {
    expect(quota().rate(5_000)).toBe(0);
    expect(quota().isExceeded(0, 5_000)).toBe(false);
  });

  test('counts what has gone over one sample at least, so that the first bytes are no burst', () => {
    const core = quota();
    core.record(500, 10_000);
    expect(core.rate(10_000)).toBe(500);
    expect(core.rate(10_900)).toBe(500);
    expect(core.rate(12_000)).toBe(250);
  });

  test('is over the time since the oldest sample began', () => {
    const core = quota();
    for (const atMs of [0, 1000, 2000]) core.record(600, atMs);
    expect(core.rate(2000)).toBe(900);
    expect(core.rate(2500)).toBe(720);
  });

  test('forgets a sample when its last bytes are as old as the window, and not before', () => {
    const core = quota();
    core.record(100, 0);
    core.record(800, 900);
    core.record(100, 2000);
    expect(core.rate(3899)).toBeCloseTo((1000 * 1000) / 3899);
    expect(core.rate(3900)).toBeCloseTo((100 * 1000) / 1900);
  });

  test('uses its samples in a circle for as long as it likes, and keeps to the window', () => {
    const core = quota();
    for (let second = 0; second < 1000; second++) core.record(700, second * 1000);
    // Bytes that come as a sample begins go as the one after the window begins: three samples, over two seconds.
    expect(core.rate(999_000)).toBe((3 * 700) / 2);
  });

  test('is exceeded above the bound, not at it', () => {
    const core = quota();
    core.record(1000, 0);
    expect(core.isExceeded(1000, 500)).toBe(false);
    expect(core.isExceeded(999, 500)).toBe(true);
  });

  test('says when it is within the bound if nothing more goes, and never more than a sample ahead', () => {
    const core = quota();
    core.record(1500, 0);
    expect(core.waitMs(1000, 200)).toBe(500);
    expect(core.isExceeded(1000, 1499)).toBe(true);
    expect(core.isExceeded(1000, 1500)).toBe(false);
    expect(core.waitMs(1, 200)).toBe(1000);
    expect(core.waitMs(0, 200)).toBe(1000);
    expect(core.waitMs(Infinity, 200)).toBe(1);
  });
});

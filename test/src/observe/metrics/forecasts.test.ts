import { DiskForecast } from '../../../../src/observe/metrics/disk-forecast-core';
import { OffsetHistory } from '../../../../src/observe/metrics/offset-history-core';

const GB = 1e9;
const HOUR_MS = 3_600_000;

describe('the forecast of a disk', () => {
  test('says nothing before it has seen some time', () => {
    const forecast = new DiskForecast();
    forecast.sample(0, 10 * GB);
    forecast.sample(10_000, 9 * GB);
    expect(forecast.hoursUntilFull).toBeNull();
  });

  test('is the time that the space lasts at the rate at which it shrank', () => {
    const forecast = new DiskForecast();
    for (let minute = 0; minute <= 10; minute++) forecast.sample(minute * 60_000, 100 * GB - minute * GB);
    expect(forecast.bytesPerSecond).toBeCloseTo(GB / 60);
    expect(forecast.hoursUntilFull).toBeCloseTo(90 / 60);
  });

  test('looks half an hour back, however often it is asked', () => {
    const forecast = new DiskForecast();
    // It shrank for a quarter of an hour, and then it did no more.
    for (let second = 0; second <= 1800; second++) forecast.sample(second * 1000, 100 * GB - Math.min(second, 900) * (GB / 60));
    expect(forecast.bytesPerSecond).toBeCloseTo(GB / 120);
  });

  test('is never where space grows, and forgets what is long past', () => {
    const forecast = new DiskForecast();
    forecast.sample(0, 100 * GB);
    for (let minute = 60; minute <= 80; minute++) forecast.sample(minute * 60_000, 10 * GB + minute);
    expect(forecast.hoursUntilFull).toBe(Infinity);
  });
});

describe('the history of a partition\'s end', () => {
  test('tells between two looks when an offset was written', () => {
    const history = new OffsetHistory();
    history.sample(0, 100);
    history.sample(10_000, 200);
    history.sample(20_000, 200);
    expect([history.end, history.writtenMs(150), history.writtenMs(100), history.writtenMs(200)]).toEqual([200, 5_000, 0, null]);
  });

  test('of what is older than its first look says the time of that', () => {
    const history = new OffsetHistory();
    history.sample(7, 100);
    expect(history.writtenMs(3)).toBe(7);
  });

  test('reaches back a day in a few samples, to within minutes', () => {
    const history = new OffsetHistory();
    for (let ms = 0; ms <= 24 * HOUR_MS; ms += 15_000) history.sample(ms, ms / 1000);
    for (const hours of [1, 12, 23]) {
      const writtenMs = history.writtenMs(hours * 3600) ?? 0;
      expect(Math.abs(writtenMs - hours * HOUR_MS)).toBeLessThan(5 * 60_000);
    }
  });

  test('starts anew when the partition does', () => {
    const history = new OffsetHistory();
    history.sample(0, 100);
    history.sample(10_000, 5);
    expect([history.end, history.writtenMs(2)]).toEqual([5, 10_000]);
  });

  test('is as precise after such a start as after the first', () => {
    const history = new OffsetHistory();
    for (let ms = 0; ms <= 24 * HOUR_MS; ms += 15_000) history.sample(ms, ms / 1000);
    const again = 25 * HOUR_MS;
    for (let ms = 0; ms <= 60_000; ms += 10_000) history.sample(again + ms, ms === 30_000 ? 2 : ms < 30_000 ? 1 : 10);
    expect(history.writtenMs(2)).toBe(again + 30_000);
  });
});

/**
 * The log directories: space, when it will be gone, and whether they work. Sampled by time as well as by scrapes, so that the
 * first scrape of a node that has run for a while knows where it goes.
 */
import type { TimerHandle } from '../../../wire/base/env';
import { isDiskError } from '../../../log/directory-state';
import type { Env } from '../../../log/env';
import type { LogManager } from '../../../log/log-manager';
import { labelText, type MetricFamily } from '../../../wire/metrics/metric-family';
import { type MetricsSource, numbers } from '../../../wire/metrics/metrics-registry';
import type { MetricsWriter } from '../../../wire/metrics/metrics-text';
import { DiskForecast } from './disk-forecast-core';

const SAMPLE_INTERVAL_MS = 15_000;
const LABELS = ['directory'];
const gauge = (name: string, help: string): MetricFamily => ({ name, type: 'gauge', help, labels: LABELS });

const TOTAL = gauge('moldau_log_directory_total_bytes', 'Size of the file system that the directory is on');
const USED = gauge('moldau_log_directory_used_bytes', 'Of that, used by whomever, or kept back by the system');
const FREE = gauge('moldau_log_directory_free_bytes', 'Of that, free for this process');
const RECORDS = gauge('moldau_log_directory_log_bytes', 'Bytes of the logs in the directory');
const HOURS = gauge('moldau_log_directory_hours_until_full', 'Hours until nothing is free at the rate of the last half hour; +Inf when it does not fill up');
const ONLINE = gauge('moldau_log_directory_online', '1 while the directory works, also when it is full');
const FULL = gauge('moldau_log_directory_full', '1 while appends are refused for want of space');
const OFFLINE_COUNT: MetricFamily = {
  name: 'kafka_log_logmanager_offlinelogdirectorycount',
  type: 'gauge',
  help: 'Log directories that have failed',
  kafka: 'kafka.log:type=LogManager,name=OfflineLogDirectoryCount',
};
const FLUSHES: MetricFamily = {
  name: 'moldau_log_flush_duration_seconds',
  type: 'histogram',
  help: 'Time that rounds of fsyncs of a log took',
  kafka: 'kafka.log:type=LogFlushStats,name=LogFlushRateAndTimeMs',
};

interface Space {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export class DirectoryMetrics implements MetricsSource {
  readonly families = [TOTAL, USED, FREE, RECORDS, HOURS, ONLINE, FULL, FLUSHES];
  private readonly forecasts = new Map<string, DiskForecast>();
  private timer: TimerHandle | null = null;

  constructor(
    private readonly env: Env,
    private readonly logs: LogManager,
  ) {}

  start(): void {
    this.sampleAll();
    this.timer = this.env.timers.set(SAMPLE_INTERVAL_MS, () => this.start());
  }

  stop(): void {
    this.timer?.cancel();
  }

  private sampleAll(): void {
    for (const { path, state } of this.logs.directoryList) if (!state.isOffline) this.sample(path);
  }

  private sample(path: string): Space | null {
    try {
      const space = { totalBytes: this.env.disk.totalBytes(path), freeBytes: this.env.disk.freeBytes(path) };
      this.forecastOf(path).sample(this.env.clock.monotonicMs(), space.freeBytes);
      return space;
    } catch (error) {
      // Who writes there finds out for good; here there is just nothing to say.
      if (isDiskError(error)) return null;
      throw error;
    }
  }

  private forecastOf(path: string): DiskForecast {
    let forecast = this.forecasts.get(path);
    if (forecast === undefined) this.forecasts.set(path, (forecast = new DiskForecast()));
    return forecast;
  }

  *collect(out: MetricsWriter): Iterable<void> {
    const logBytes = new Map<object, number>();
    let seen = 0;
    for (const log of this.logs.all) {
      logBytes.set(log.directoryState, (logBytes.get(log.directoryState) ?? 0) + log.sizeBytes);
      if (++seen % 256 === 0) yield;
    }
    const rows = this.logs.directoryList.map(({ path, state }) => {
      const isOnline = !state.isOffline;
      const space = isOnline ? this.sample(path) : null;
      const hours = isOnline ? this.forecastOf(path).hoursUntilFull : null;
      return { labels: labelText({ directory: path }), space, hours, isOnline, isFull: state.condition === 'full', log: logBytes.get(state) ?? 0 };
    });
    const columns: readonly (readonly [MetricFamily, (row: (typeof rows)[number]) => number | null])[] = [
      [TOTAL, ({ space }) => space?.totalBytes ?? null],
      [USED, ({ space }) => (space === null ? null : space.totalBytes - space.freeBytes)],
      [FREE, ({ space }) => space?.freeBytes ?? null],
      [RECORDS, ({ log }) => log],
      [HOURS, ({ hours }) => hours],
      [ONLINE, ({ isOnline }) => (isOnline ? 1 : 0)],
      [FULL, ({ isFull }) => (isFull ? 1 : 0)],
    ];
    for (const [family, read] of columns) {
      out.begin(family);
      for (const row of rows) {
        const value = read(row);
        if (value !== null) out.add(row.labels, value);
      }
    }
    out.begin(FLUSHES);
    out.addHistogram('', this.logs.counters.flushTimes);
    yield;
  }
}

export function offlineDirectories(logs: LogManager): MetricsSource {
  return numbers([[OFFLINE_COUNT, () => logs.directoryList.filter(({ state }) => state.isOffline).length]]);
}

/** The process's own metrics, under the names that Node's exporters (prom-client) have made usual. */
import type { Monitoring, ProcessFigures } from '../base/monitoring';
import { labelText, type MetricFamily } from './metric-family';
import type { MetricsSource } from './metrics-registry';

type Entry = readonly [family: MetricFamily, read: (figures: ProcessFigures) => number | null];

const counter = (name: string, help: string): MetricFamily => ({ name, type: 'counter', help });
const gauge = (name: string, help: string): MetricFamily => ({ name, type: 'gauge', help });

const ENTRIES: readonly Entry[] = [
  [counter('process_cpu_user_seconds_total', 'CPU time spent in the process itself'), ({ cpuUserSeconds }) => cpuUserSeconds],
  [counter('process_cpu_system_seconds_total', 'CPU time that the system spent for it'), ({ cpuSystemSeconds }) => cpuSystemSeconds],
  [counter('process_cpu_seconds_total', 'Both together'), ({ cpuUserSeconds, cpuSystemSeconds }) => cpuUserSeconds + cpuSystemSeconds],
  [gauge('process_start_time_seconds', 'When the process started, since the Unix epoch'), ({ startSeconds }) => startSeconds],
  [gauge('process_resident_memory_bytes', 'Memory that the process has in RAM'), ({ residentBytes }) => residentBytes],
  [gauge('process_open_fds', 'Descriptors that are open: files and sockets'), ({ openDescriptors }) => openDescriptors],
  [gauge('process_max_fds', 'How many may be'), ({ maxDescriptors }) => maxDescriptors],
  [gauge('nodejs_heap_size_used_bytes', 'Heap in use'), ({ heapUsedBytes }) => heapUsedBytes],
  [gauge('nodejs_heap_size_total_bytes', 'Heap that is reserved'), ({ heapTotalBytes }) => heapTotalBytes],
  [gauge('nodejs_heap_size_limit_bytes', 'What the heap may grow to'), ({ heapLimitBytes }) => heapLimitBytes],
  [gauge('nodejs_external_memory_bytes', 'Memory beside the heap that objects on it hold'), ({ externalBytes }) => externalBytes],
  [gauge('nodejs_array_buffers_bytes', 'Of that, buffers'), ({ arrayBuffersBytes }) => arrayBuffersBytes],
  [gauge('nodejs_eventloop_lag_mean_seconds', 'How late timers were on average since the last scrape'), ({ loopDelay }) => loopDelay.meanSeconds],
  [gauge('nodejs_eventloop_lag_p50_seconds', 'The median of that'), ({ loopDelay }) => loopDelay.p50Seconds],
  [gauge('nodejs_eventloop_lag_p99_seconds', 'Its 99th percentile'), ({ loopDelay }) => loopDelay.p99Seconds],
  [gauge('nodejs_eventloop_lag_max_seconds', 'The longest stall of the event loop since the last scrape'), ({ loopDelay }) => loopDelay.longestSeconds],
  [gauge('moldau_eventloop_longest_stall_seconds', 'The longest stall of the event loop since the first scrape'), ({ loopDelay }) => loopDelay.longestEverSeconds],
];

const GC_SECONDS: MetricFamily = { ...counter('nodejs_gc_seconds_total', 'Time spent in garbage collections since the first scrape'), labels: ['kind'] };
const GC_COUNT: MetricFamily = { ...counter('nodejs_gc_runs_total', 'Garbage collections since the first scrape'), labels: ['kind'] };
const VERSION: MetricFamily = { ...gauge('nodejs_version_info', 'The runtime'), labels: ['version'] };

export function processMetrics(monitoring: Monitoring): MetricsSource {
  return {
    families: [...ENTRIES.map(([family]) => family), GC_SECONDS, GC_COUNT, VERSION],
    *collect(out) {
      const figures = monitoring.figures();
      yield;
      for (const [family, read] of ENTRIES) {
        const value = read(figures);
        out.begin(family);
        if (value !== null) out.add('', value);
      }
      out.begin(GC_SECONDS);
      for (const { kind, seconds } of figures.garbageCollections) out.add(labelText({ kind }), seconds);
      out.begin(GC_COUNT);
      for (const { kind, count } of figures.garbageCollections) out.add(labelText({ kind }), count);
      out.begin(VERSION);
      out.add(labelText({ version: figures.runtimeVersion }), 1);
      yield;
    },
  };
}

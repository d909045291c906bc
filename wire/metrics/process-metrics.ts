/**
 * The process's own metrics: those that prom-client collects of any Node process, and a few that it lacks, or that are cheaper
 * or more exact here.
 */
import type { Monitoring, ProcessFigures, RuntimeSample } from '../base/monitoring';
import { labelText, type MetricFamily } from './metric-family';
import type { MetricsSource } from './metrics-registry';

type Entry = readonly [family: MetricFamily, read: (figures: ProcessFigures) => number | null];

const counter = (name: string, help: string): MetricFamily => ({ name, type: 'counter', help });
const gauge = (name: string, help: string, ...labels: string[]): MetricFamily => ({ name, type: 'gauge', help, ...(labels.length > 0 ? { labels } : {}) });

const RUNTIME: readonly MetricFamily[] = [
  counter('process_cpu_user_seconds_total', 'CPU time spent in the process itself'),
  counter('process_cpu_system_seconds_total', 'CPU time that the system spent for it'),
  counter('process_cpu_seconds_total', 'Both together'),
  gauge('process_start_time_seconds', 'When the process started, since the Unix epoch'),
  gauge('process_resident_memory_bytes', 'Memory that the process has in RAM'),
  gauge('process_virtual_memory_bytes', 'Addresses that it has taken'),
  gauge('process_heap_bytes', 'Its data segment'),
  gauge('nodejs_heap_size_total_bytes', 'Heap that is reserved'),
  gauge('nodejs_heap_size_used_bytes', 'Heap in use'),
  gauge('nodejs_external_memory_bytes', 'Memory beside the heap that objects on it hold'),
  gauge('nodejs_heap_space_size_total_bytes', 'Reserved, by space of the heap', 'space'),
  gauge('nodejs_heap_space_size_used_bytes', 'In use, by space of the heap', 'space'),
  gauge('nodejs_heap_space_size_available_bytes', 'Free, by space of the heap', 'space'),
  gauge('nodejs_version_info', 'The runtime', 'version', 'major', 'minor', 'patch'),
  { name: 'nodejs_gc_duration_seconds', type: 'histogram', help: 'Garbage collections, since the process is watched', labels: ['kind'] },
];

const OWN: readonly Entry[] = [
  [gauge('process_open_fds', 'Descriptors that are open: files and sockets'), ({ openDescriptors }) => openDescriptors],
  [gauge('process_max_fds', 'How many may be'), ({ maxDescriptors }) => maxDescriptors],
  [gauge('nodejs_heap_size_limit_bytes', 'What the heap may grow to'), ({ heapLimitBytes }) => heapLimitBytes],
  [gauge('nodejs_array_buffers_bytes', 'Of the memory beside the heap, buffers'), ({ arrayBuffersBytes }) => arrayBuffersBytes],
  [gauge('nodejs_eventloop_lag_mean_seconds', 'How late timers were on average since the last scrape'), ({ loopDelay }) => loopDelay.meanSeconds],
  [gauge('nodejs_eventloop_lag_p50_seconds', 'The median of that'), ({ loopDelay }) => loopDelay.p50Seconds],
  [gauge('nodejs_eventloop_lag_p99_seconds', 'Its 99th percentile'), ({ loopDelay }) => loopDelay.p99Seconds],
  [gauge('nodejs_eventloop_lag_max_seconds', 'The longest stall of the event loop since the last scrape'), ({ loopDelay }) => loopDelay.longestSeconds],
  [gauge('moldau_eventloop_longest_stall_seconds', 'The longest stall of the event loop since the process is watched'), ({ loopDelay }) => loopDelay.longestEverSeconds],
];

export function processMetrics(monitoring: Monitoring): MetricsSource {
  let runtime: ReadonlyMap<string, readonly RuntimeSample[]> = new Map();
  return {
    families: [...RUNTIME, ...OWN.map(([family]) => family)],
    async prepare() {
      const metrics = await monitoring.runtimeMetrics();
      runtime = new Map(metrics.map(({ name, samples }) => [name, samples]));
    },
    *collect(out) {
      for (const family of RUNTIME) {
        out.begin(family);
        for (const { suffix, labels, value } of runtime.get(family.name) ?? []) out.addPart(suffix, labelText(withoutUnset(labels)), value);
      }
      yield;
      const figures = monitoring.figures();
      for (const [family, read] of OWN) {
        const value = read(figures);
        out.begin(family);
        if (value !== null) out.add('', value);
      }
      yield;
    },
  };
}

function withoutUnset(labels: RuntimeSample['labels']): Record<string, string | number> {
  return Object.fromEntries(Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

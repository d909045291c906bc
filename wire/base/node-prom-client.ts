/**
 * Part of the binding (`node-env.ts`), and the only file that knows prom-client: the metrics of a Node process as everybody
 * who watches Node has them. Loaded when somebody watches: it takes 40 ms of the loop, once.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { RuntimeMetric, RuntimeSample } from './monitoring';

/**
 * What it has and is not collected. Its lag of the loop counts the resolution of its timer in; what is active and which
 * descriptors are open it lists one by one, and a broker has thousands.
 */
const LEFT_OUT = /^(nodejs_eventloop_lag|nodejs_active_|process_open_fds$|process_max_fds$)/;

/** One for the process, however many brokers it runs. */
let registry: Registry | undefined;

export async function runtimeMetrics(): Promise<readonly RuntimeMetric[]> {
  registry ??= watched();
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map(({ name, values }) => ({ name, samples: values.map((value) => sampleOf(name, value)) }));
}

function watched(): Registry {
  const made = new Registry();
  collectDefaultMetrics({ register: made });
  for (const { name } of made.getMetricsAsArray()) if (LEFT_OUT.test(name)) made.removeSingleMetric(name);
  return made;
}

/** The parts of a histogram have names of their own, which the library's types do not tell. */
function sampleOf(family: string, { labels, value, ...more }: { labels: RuntimeSample['labels']; value: number }): RuntimeSample {
  const { metricName = family } = more as { readonly metricName?: string };
  return { suffix: metricName.slice(family.length), labels, value };
}

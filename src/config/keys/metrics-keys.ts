/** How a node is watched. These keys are additions: Apache Kafka has JMX and MetricsReporters here. */
import { defineConfig } from '../../../wire/base/config-definition';
import type { Validator } from '../../../wire/base/config-definition';
import { atLeast } from '../../../wire/base/config-validators';
import { parseMetricsListener } from '../../../wire/metrics/metrics-server';

const listener: Validator<string> = {
  allowed: 'host:port, :port for every interface, or empty for none',
  accepts: (value) => value === '' || parseMetricsListener(value) !== null,
};

export const metricsKeys = defineConfig({
  'metrics.listener': {
    type: 'string',
    default: 'localhost:9404',
    validator: listener,
    documentation: 'Where /metrics (for Prometheus), /healthz and /readyz are answered over HTTP; empty turns that off.',
  },
  'metrics.max.series': {
    type: 'int',
    default: 20000,
    validator: atLeast(100),
    documentation: 'How many series one metric may have in a scrape; what is left out is counted in moldau_metrics_series_left_out.',
  },
});

/** Quotas, metrics and telemetry of the broker. Names, types, defaults and bounds are Apache Kafka 4.3's. */
import { defineConfig } from '../../../wire/base/config-definition';
import { LONG_MAX } from '../../../wire/base/config-text';
import { atLeast, entries } from '../../../wire/base/config-validators';

export const quotaKeys = defineConfig({
  'alter.log.dirs.replication.quota.window.num': { type: 'int', default: 11, validator: atLeast(1) },
  'alter.log.dirs.replication.quota.window.size.seconds': { type: 'int', default: 1, validator: atLeast(1) },
  'client.quota.callback.class': { type: 'class', default: null },
  'controller.quota.window.num': { type: 'int', default: 11, validator: atLeast(1) },
  'controller.quota.window.size.seconds': { type: 'int', default: 1, validator: atLeast(1) },
  'follower.replication.throttled.rate': {
    type: 'long',
    default: LONG_MAX,
    validator: atLeast(0),
    dynamic: 'cluster',
    internal: true,
  },
  'kafka.metrics.polling.interval.secs': { type: 'int', default: 10, validator: atLeast(1) },
  'kafka.metrics.reporters': { type: 'list', default: [], validator: entries(true) },
  'leader.replication.throttled.rate': {
    type: 'long',
    default: LONG_MAX,
    validator: atLeast(0),
    dynamic: 'cluster',
    internal: true,
  },
  'metric.reporters': {
    type: 'list',
    default: ['org.apache.kafka.common.metrics.JmxReporter'],
    validator: entries(true),
    dynamic: 'cluster',
  },
  'metrics.num.samples': { type: 'int', default: 2, validator: atLeast(1) },
  'metrics.recording.level': { type: 'string', default: 'INFO' },
  'metrics.sample.window.ms': { type: 'long', default: 30000, validator: atLeast(1) },
  'quota.window.num': { type: 'int', default: 11, validator: atLeast(1) },
  'quota.window.size.seconds': { type: 'int', default: 1, validator: atLeast(1) },
  'replica.alter.log.dirs.io.max.bytes.per.second': {
    type: 'long',
    default: LONG_MAX,
    validator: atLeast(0),
    dynamic: 'cluster',
    internal: true,
  },
  'replication.quota.window.num': { type: 'int', default: 11, validator: atLeast(1) },
  'replication.quota.window.size.seconds': { type: 'int', default: 1, validator: atLeast(1) },
  'telemetry.max.bytes': { type: 'int', default: 1048576, validator: atLeast(1) },
});

/** Replicas of partitions, and how they follow their leader. Names, types, defaults and bounds are Apache Kafka 4.3's. */
import { defineConfig } from '../../../wire/base/config-definition';
import { atLeast, oneOf } from '../../../wire/base/config-validators';
import { RACK_AWARE_SELECTOR } from '../../replication/replica-selector';

export const replicationKeys = defineConfig({
  'auto.leader.rebalance.enable': { type: 'boolean', default: true },
  // Ours, of whoever is the active controller: a broker that has joined gets its share of the replicas unattended, once it has
  // been there for the delay, at so many bytes a second.
  'auto.rebalance.delay.ms': { type: 'long', default: 60000, validator: atLeast(0) },
  'auto.rebalance.enable': { type: 'boolean', default: false },
  'auto.rebalance.throttled.rate': { type: 'long', default: 20_000_000, validator: atLeast(1) },
  'controller.socket.timeout.ms': { type: 'int', default: 30000 },
  'default.replication.factor': { type: 'int', default: 1 },
  'delete.records.purgatory.purge.interval.requests': { type: 'int', default: 1 },
  'fetch.purgatory.purge.interval.requests': { type: 'int', default: 1000 },
  'follower.fetch.last.tiered.offset.enable': { type: 'boolean', default: false, dynamic: 'cluster' },
  'inter.broker.listener.name': { type: 'string', default: null },
  'leader.imbalance.check.interval.seconds': { type: 'long', default: 300, validator: atLeast(1) },
  'num.replica.fetchers': { type: 'int', default: 1, validator: atLeast(1), dynamic: 'cluster' },
  'producer.purgatory.purge.interval.requests': { type: 'int', default: 1000 },
  'replica.fetch.backoff.ms': { type: 'int', default: 1000, validator: atLeast(0) },
  'replica.fetch.max.bytes': { type: 'int', default: 1048576, validator: atLeast(0) },
  'replica.fetch.min.bytes': { type: 'int', default: 1 },
  'replica.fetch.response.max.bytes': { type: 'int', default: 10485760, validator: atLeast(0) },
  'replica.fetch.wait.max.ms': { type: 'int', default: 500 },
  'replica.high.watermark.checkpoint.interval.ms': { type: 'long', default: 5000 },
  'replica.lag.time.max.ms': { type: 'long', default: 30000 },
  'replica.selector.class': { type: 'string', default: null, validator: oneOf(RACK_AWARE_SELECTOR) },
  'replica.socket.receive.buffer.bytes': { type: 'int', default: 65536 },
  'replica.socket.timeout.ms': { type: 'int', default: 30000 },
  'security.inter.broker.protocol': {
    type: 'string',
    default: 'PLAINTEXT',
    validator: oneOf('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'),
  },
  'unclean.leader.election.interval.ms': { type: 'long', default: 300000, validator: atLeast(1), internal: true },
});

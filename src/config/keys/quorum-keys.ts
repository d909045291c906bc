/**
 * Who this node is, and the quorum that keeps the metadata (KRaft, KIP-500, KIP-595, KIP-853).
 * Names, types, defaults and bounds are Apache Kafka 4.3's.
 */
import { defineConfig } from '../../../wire/base/config-definition';
import { LONG_MAX } from '../../../wire/base/config-text';
import { atLeast, entries, entriesLike, entriesOf } from '../../../wire/base/config-validators';

export const quorumKeys = defineConfig({
  // Ours: the pair with which a dead broker is noticed sooner. Off when either of Kafka's own pair below it is set.
  'broker.fast.heartbeat.interval.ms': { type: 'int', default: 250, validator: atLeast(1) },
  'broker.fast.session.timeout.ms': { type: 'int', default: 3000, validator: atLeast(1) },
  'broker.heartbeat.interval.ms': { type: 'int', default: 2000 },
  'broker.session.timeout.ms': { type: 'int', default: 9000 },
  'controller.listener.names': { type: 'list', validator: entries(false) },
  'controller.performance.always.log.threshold.ms': {
    type: 'long',
    default: 2000,
    validator: atLeast(0),
    internal: true,
  },
  'controller.performance.sample.period.ms': { type: 'long', default: 60000, validator: atLeast(100), internal: true },
  'controller.quorum.append.linger.ms': { type: 'int', default: 25, validator: atLeast(0) },
  'controller.quorum.auto.join.enable': { type: 'boolean', default: false },
  'controller.quorum.bootstrap.servers': {
    type: 'list',
    default: [],
    validator: entriesLike(/^[^@]+:\d+$/, 'host:port'),
  },
  'controller.quorum.election.backoff.max.ms': { type: 'int', default: 1000, validator: atLeast(0) },
  'controller.quorum.election.timeout.ms': { type: 'int', default: 1000, validator: atLeast(0) },
  'controller.quorum.fetch.max.bytes': { type: 'int', default: 1048576, validator: atLeast(1) },
  'controller.quorum.fetch.snapshot.max.bytes': { type: 'int', default: 1048576, validator: atLeast(1) },
  'controller.quorum.fetch.timeout.ms': { type: 'int', default: 2000, validator: atLeast(0) },
  'controller.quorum.request.timeout.ms': { type: 'int', default: 2000, validator: atLeast(0) },
  'controller.quorum.retry.backoff.ms': { type: 'int', default: 20, validator: atLeast(0) },
  'controller.quorum.voters': { type: 'list', default: [], validator: entriesLike(/^\d+@[^@]+:\d+$/, 'id@host:port') },
  'initial.broker.registration.timeout.ms': { type: 'int', default: 60000 },
  'internal.metadata.delete.delay.millis': { type: 'long', default: 60000, internal: true },
  'internal.metadata.log.segment.bytes': { type: 'int', default: null, internal: true },
  'internal.metadata.max.batch.size.in.bytes': { type: 'int', default: 8388608, internal: true },
  'metadata.log.dir': { type: 'string', default: null },
  'metadata.log.max.record.bytes.between.snapshots': { type: 'long', default: 20971520, validator: atLeast(1) },
  'metadata.log.max.snapshot.interval.ms': { type: 'long', default: 3600000, validator: atLeast(0) },
  'metadata.log.segment.bytes': { type: 'int', default: 1073741824, validator: atLeast(8 * 1024 * 1024) },
  'metadata.log.segment.ms': { type: 'long', default: 604800000 },
  'metadata.max.idle.interval.ms': { type: 'int', default: 500, validator: atLeast(0) },
  'metadata.max.retention.bytes': { type: 'long', default: 104857600 },
  'metadata.max.retention.ms': { type: 'long', default: 604800000 },
  'node.id': { type: 'int', validator: atLeast(0) },
  'process.roles': { type: 'list', validator: entriesOf(false, 'broker', 'controller') },
  'sasl.mechanism.controller.protocol': { type: 'string', default: 'GSSAPI' },
  'server.max.startup.time.ms': { type: 'long', default: LONG_MAX, validator: atLeast(0), internal: true },
});

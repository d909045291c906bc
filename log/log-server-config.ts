/**
 * The broker's own keys about records on disk: defaults of every topic config, the cleaner, retention checks, flushing.
 *
 * Names, types, defaults and bounds are Apache Kafka 4.3's. `log.flush.before.ack` and `log.record.validation` are
 * Moldau's own. `dynamic` follows KIP-226: the broker synonym of each topic config may change while the broker runs.
 */
import { type ConfigReader, defineConfig } from '../wire/base/config-definition';
import { LONG_MAX } from '../wire/base/config-text';
import { anyOf, atLeast, between, entries, entriesOf, equalTo, oneOf } from '../wire/base/config-validators';

export const logServerKeys = defineConfig({
  'alter.config.policy.class.name': { type: 'class', default: null },
  'auto.create.topics.enable': { type: 'boolean', default: true },
  'compression.gzip.level': {
    type: 'int',
    default: -1,
    validator: anyOf(between(1, 9), equalTo(-1)),
    dynamic: 'cluster',
  },
  'compression.lz4.level': { type: 'int', default: 9, validator: between(1, 17), dynamic: 'cluster' },
  'compression.type': {
    type: 'string',
    default: 'producer',
    validator: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
    dynamic: 'cluster',
  },
  'compression.zstd.level': { type: 'int', default: 3, validator: between(-131072, 22), dynamic: 'cluster' },
  'cordoned.log.dirs': { type: 'list', default: [], validator: entries(true), dynamic: 'cluster' },
  'create.topic.policy.class.name': { type: 'class', default: null },
  'log.cleaner.backoff.ms': { type: 'long', default: 15000, validator: atLeast(0), dynamic: 'cluster' },
  'log.cleaner.dedupe.buffer.size': { type: 'long', default: 134217728, dynamic: 'cluster' },
  'log.cleaner.delete.retention.ms': { type: 'long', default: 86400000, validator: atLeast(0), dynamic: 'cluster' },
  'log.cleaner.enable': { type: 'boolean', default: true },
  'log.cleaner.io.buffer.load.factor': { type: 'double', default: 0.9, dynamic: 'cluster' },
  'log.cleaner.io.buffer.size': { type: 'int', default: 524288, validator: atLeast(0), dynamic: 'cluster' },
  'log.cleaner.io.max.bytes.per.second': { type: 'double', default: Number.MAX_VALUE, dynamic: 'cluster' },
  'log.cleaner.max.compaction.lag.ms': { type: 'long', default: LONG_MAX, validator: atLeast(1), dynamic: 'cluster' },
  'log.cleaner.min.cleanable.ratio': { type: 'double', default: 0.5, validator: between(0, 1), dynamic: 'cluster' },
  'log.cleaner.min.compaction.lag.ms': { type: 'long', default: 0, validator: atLeast(0), dynamic: 'cluster' },
  'log.cleaner.threads': { type: 'int', default: 1, validator: atLeast(0), dynamic: 'cluster' },
  'log.cleanup.policy': {
    type: 'list',
    default: ['delete'],
    validator: entriesOf(true, 'compact', 'delete'),
    dynamic: 'cluster',
  },
  'log.dir': { type: 'list', default: ['/tmp/kafka-logs'], validator: entries(false) },
  'log.dir.failure.timeout.ms': { type: 'long', default: 30000, validator: atLeast(1) },
  'log.dirs': { type: 'list', default: null, validator: entries(false) },
  'log.flush.interval.messages': { type: 'long', default: LONG_MAX, validator: atLeast(1), dynamic: 'cluster' },
  'log.flush.interval.ms': { type: 'long', default: null, dynamic: 'cluster' },
  'log.flush.offset.checkpoint.interval.ms': { type: 'int', default: 60000, validator: atLeast(0) },
  'log.flush.scheduler.interval.ms': { type: 'long', default: LONG_MAX },
  'log.flush.start.offset.checkpoint.interval.ms': { type: 'int', default: 60000, validator: atLeast(0) },
  'log.index.interval.bytes': { type: 'int', default: 4096, validator: atLeast(0), dynamic: 'cluster' },
  'log.index.size.max.bytes': { type: 'int', default: 10485760, validator: atLeast(4), dynamic: 'cluster' },
  'log.initial.task.delay.ms': { type: 'long', default: 30000, validator: atLeast(0), internal: true },
  'log.local.retention.bytes': { type: 'long', default: -2, validator: atLeast(-2), dynamic: 'cluster' },
  'log.local.retention.ms': { type: 'long', default: -2, validator: atLeast(-2), dynamic: 'cluster' },
  'log.message.timestamp.after.max.ms': { type: 'long', default: 3600000, validator: atLeast(0), dynamic: 'cluster' },
  'log.message.timestamp.before.max.ms': { type: 'long', default: LONG_MAX, validator: atLeast(0), dynamic: 'cluster' },
  'log.message.timestamp.type': {
    type: 'string',
    default: 'CreateTime',
    validator: oneOf('CreateTime', 'LogAppendTime'),
    dynamic: 'cluster',
  },
  'log.preallocate': { type: 'boolean', default: false, dynamic: 'cluster' },
  'log.retention.bytes': { type: 'long', default: -1, dynamic: 'cluster' },
  'log.retention.check.interval.ms': { type: 'long', default: 300000, validator: atLeast(1) },
  'log.retention.hours': { type: 'int', default: 168 },
  'log.retention.minutes': { type: 'int', default: null },
  'log.retention.ms': { type: 'long', default: null, dynamic: 'cluster' },
  'log.roll.hours': { type: 'int', default: 168, validator: atLeast(1) },
  'log.roll.jitter.hours': { type: 'int', default: 0, validator: atLeast(0) },
  'log.roll.jitter.ms': { type: 'long', default: null, dynamic: 'cluster' },
  'log.roll.ms': { type: 'long', default: null, dynamic: 'cluster' },
  'log.segment.bytes': { type: 'int', default: 1073741824, validator: atLeast(1024 * 1024), dynamic: 'cluster' },
  'log.segment.delete.delay.ms': { type: 'long', default: 60000, validator: atLeast(0), dynamic: 'cluster' },
  'message.max.bytes': { type: 'int', default: 1048588, validator: atLeast(0), dynamic: 'cluster' },
  'min.insync.replicas': { type: 'int', default: 1, validator: atLeast(1), dynamic: 'cluster' },
  'num.partitions': { type: 'int', default: 1, validator: atLeast(1) },
  'num.recovery.threads.per.data.dir': { type: 'int', default: 2, validator: atLeast(1), dynamic: 'cluster' },
  'unclean.leader.election.enable': { type: 'boolean', default: false, dynamic: 'cluster' },
  // Moldau's own.
  'log.flush.before.ack': {
    type: 'boolean',
    default: false,
    documentation:
      'Whether a record is flushed to the disk before it is acknowledged, so that an ack survives power loss too.',
  },
  'log.record.validation': {
    type: 'string',
    default: 'full',
    validator: oneOf('full', 'header'),
    documentation:
      "How much of a batch the leader checks: every record as Kafka does (full), or the batch's header and checksum.",
  },
});

export type LogServerKeys = typeof logServerKeys.definitions;

/** The broker's log keys as something reads them; a BrokerConfig is one. */
export type LogServerConfig = ConfigReader<LogServerKeys>;

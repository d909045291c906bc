/**
 * Topic configs as definitions, and the values that apply to one topic: its overrides over the broker's synonyms over the
 * defaults. Names, defaults and bounds are Apache Kafka 4.3's.
 *
 * `LogConfig` has one camel-case field per topic config, with the type of its definition. Times without a limit are
 * Infinity, and -1 stays -1 where Kafka gives it a meaning (`retentionMs`, `retentionBytes`).
 */
import {
  type ConfigDefinition,
  type ConfigDefinitions,
  type ConfigValue,
  defineConfig,
  parseConfig,
} from '../wire/base/config-definition';
import { LONG_MAX } from '../wire/base/config-text';
import { anyOf, atLeast, between, entriesLike, entriesOf, equalTo, oneOf } from '../wire/base/config-validators';
import type { LogServerConfig } from './log-server-config';
import { brokerDefault } from './topic-synonyms';

const THROTTLED_REPLICAS = entriesLike(/^(\*|\d+:\d+)$/, 'partition:broker, or a single *');

export const topicKeys = defineConfig({
  'cleanup.policy': { type: 'list', default: ['delete'], validator: entriesOf(true, 'compact', 'delete') },
  'retention.ms': { type: 'long', default: 604800000, validator: atLeast(-1) },
  'retention.bytes': { type: 'long', default: -1 },
  'segment.bytes': { type: 'int', default: 1073741824, validator: atLeast(1024 * 1024) },
  'segment.ms': { type: 'long', default: 604800000, validator: atLeast(1) },
  'segment.jitter.ms': { type: 'long', default: 0, validator: atLeast(0) },
  'segment.index.bytes': { type: 'int', default: 10485760, validator: atLeast(4) },
  'index.interval.bytes': { type: 'int', default: 4096, validator: atLeast(0) },
  'flush.messages': { type: 'long', default: LONG_MAX, validator: atLeast(1) },
  'flush.ms': { type: 'long', default: LONG_MAX, validator: atLeast(0) },
  'file.delete.delay.ms': { type: 'long', default: 60000, validator: atLeast(0) },
  'max.message.bytes': { type: 'int', default: 1048588, validator: atLeast(0) },
  'delete.retention.ms': { type: 'long', default: 86400000, validator: atLeast(0) },
  'min.compaction.lag.ms': { type: 'long', default: 0, validator: atLeast(0) },
  'max.compaction.lag.ms': { type: 'long', default: LONG_MAX, validator: atLeast(1) },
  'min.cleanable.dirty.ratio': { type: 'double', default: 0.5, validator: between(0, 1) },
  'unclean.leader.election.enable': { type: 'boolean', default: false },
  'min.insync.replicas': { type: 'int', default: 1, validator: atLeast(1) },
  'compression.type': {
    type: 'string',
    default: 'producer',
    validator: oneOf('uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
  },
  'compression.gzip.level': { type: 'int', default: -1, validator: anyOf(between(1, 9), equalTo(-1)) },
  'compression.lz4.level': { type: 'int', default: 9, validator: between(1, 17) },
  'compression.zstd.level': { type: 'int', default: 3, validator: between(-131072, 22) },
  preallocate: { type: 'boolean', default: false },
  'message.timestamp.type': { type: 'string', default: 'CreateTime', validator: oneOf('CreateTime', 'LogAppendTime') },
  'message.timestamp.before.max.ms': { type: 'long', default: LONG_MAX, validator: atLeast(0) },
  'message.timestamp.after.max.ms': { type: 'long', default: 3600000, validator: atLeast(0) },
  'leader.replication.throttled.replicas': { type: 'list', default: [], validator: THROTTLED_REPLICAS },
  'follower.replication.throttled.replicas': { type: 'list', default: [], validator: THROTTLED_REPLICAS },
  'remote.storage.enable': { type: 'boolean', default: false },
  'local.retention.ms': { type: 'long', default: -2, validator: atLeast(-2) },
  'local.retention.bytes': { type: 'long', default: -2, validator: atLeast(-2) },
  'remote.log.copy.disable': { type: 'boolean', default: false },
  'remote.log.delete.on.disable': { type: 'boolean', default: false },
  /**
   * Ours: the alias of the cluster whose topic this one mirrors, offset by offset. While it is set the topic takes appends of
   * that mirror alone, each record at the offset that it has in its source. Shown only where it is set.
   */
  'mirror.source': { type: 'string', default: '', internal: true },
  'internal.segment.bytes': { type: 'int', default: null, internal: true },
});

export type TopicKeys = typeof topicKeys.definitions;
export type TopicKey = keyof TopicKeys;

type CamelCase<S extends string> = S extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
type Fields<D extends ConfigDefinitions> = { readonly [K in keyof D & string as CamelCase<K>]: ConfigValue<D[K]> };

/** Every topic config of one topic, e.g. `segmentBytes`, `retentionMs`, `cleanupPolicy`. */
export type LogConfig = Fields<TopicKeys>;

/** Old tools still send these; since Kafka 4.0 they have no effect and are not stored. */
export const IGNORED_TOPIC_KEYS: ReadonlySet<string> = new Set([
  'message.format.version',
  'message.downconversion.enable',
]);

/** camel-case field of each key, made once from the table above. */
const FIELD_OF: ReadonlyMap<TopicKey, string> = new Map(topicKeys.keys.map((key) => [key, camelCase(key)]));

/** Memo: what topics without overrides get from one (immutable) broker config. */
const defaultsOf = new WeakMap<LogServerConfig, LogConfig>();

/**
 * The values that apply to a topic. An override that is unknown or not allowed is passed over (it was refused when it
 * was set, or comes from another release), so that one bad value never makes a log unreadable.
 */
export function resolveTopicConfig(broker: LogServerConfig, overrides: ReadonlyMap<string, string>): LogConfig {
  const defaults = topicDefaults(broker);
  if (overrides.size === 0) return defaults;
  const fields: Record<string, unknown> = { ...defaults };
  for (const [key, text] of overrides) {
    const definition: ConfigDefinition | undefined = topicKeys.find(key);
    if (definition === undefined) continue;
    const parsed = parseConfig(key, definition, text);
    if (parsed.ok) fields[camelCase(key)] = parsed.value;
  }
  return fields as LogConfig;
}

/** The segment size in force: tests shrink it below Kafka's 1 MiB with `internal.segment.bytes`. */
export function segmentSizeBytes(config: LogConfig): number {
  return config.internalSegmentBytes ?? config.segmentBytes;
}

/** The age at which the active segment is rolled: a compacted topic's also within max.compaction.lag.ms. */
export function maxSegmentMs(config: LogConfig): number {
  return isCompacted(config) && config.maxCompactionLagMs > 0
    ? Math.min(config.maxCompactionLagMs, config.segmentMs)
    : config.segmentMs;
}

export function isCompacted(config: LogConfig): boolean {
  return config.cleanupPolicy.includes('compact');
}

/** Whether old segments go by time and size. An empty cleanup.policy (4.2) keeps records for ever. */
export function isDeleted(config: LogConfig): boolean {
  return config.cleanupPolicy.includes('delete');
}

function topicDefaults(broker: LogServerConfig): LogConfig {
  const known = defaultsOf.get(broker);
  if (known !== undefined) return known;
  const fields: Record<string, unknown> = {};
  for (const [key, field] of FIELD_OF) {
    fields[field] = brokerDefault(broker, key) ?? topicKeys.find(key)?.default ?? null;
  }
  const defaults = Object.freeze(fields) as LogConfig;
  defaultsOf.set(broker, defaults);
  return defaults;
}

function camelCase(key: string): string {
  return key.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Which broker keys give a topic config its default, the first that is set winning (e.g. log.retention.ms, then minutes,
 * then hours). Times are in milliseconds on the topic, whatever the broker's key counts in.
 */
import type { ConfigValueTypes } from '../wire/base/config-text';
import type { LogServerConfig, LogServerKeys } from './log-server-config';

export interface BrokerSynonym {
  readonly key: keyof LogServerKeys;
  /** Milliseconds in one unit of the broker's key. */
  readonly unitMs?: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Topic config -> broker keys, most specific first; topic configs that are missing have no broker key. */
export const TOPIC_SYNONYMS: Readonly<Record<string, readonly [BrokerSynonym, ...BrokerSynonym[]]>> = {
  'cleanup.policy': [{ key: 'log.cleanup.policy' }],
  'retention.ms': [
    { key: 'log.retention.ms' },
    { key: 'log.retention.minutes', unitMs: MINUTE_MS },
    { key: 'log.retention.hours', unitMs: HOUR_MS },
  ],
  'retention.bytes': [{ key: 'log.retention.bytes' }],
  'segment.bytes': [{ key: 'log.segment.bytes' }],
  'segment.ms': [{ key: 'log.roll.ms' }, { key: 'log.roll.hours', unitMs: HOUR_MS }],
  'segment.jitter.ms': [{ key: 'log.roll.jitter.ms' }, { key: 'log.roll.jitter.hours', unitMs: HOUR_MS }],
  'segment.index.bytes': [{ key: 'log.index.size.max.bytes' }],
  'index.interval.bytes': [{ key: 'log.index.interval.bytes' }],
  'flush.messages': [{ key: 'log.flush.interval.messages' }],
  'flush.ms': [{ key: 'log.flush.interval.ms' }, { key: 'log.flush.scheduler.interval.ms' }],
  'file.delete.delay.ms': [{ key: 'log.segment.delete.delay.ms' }],
  'max.message.bytes': [{ key: 'message.max.bytes' }],
  'delete.retention.ms': [{ key: 'log.cleaner.delete.retention.ms' }],
  'min.compaction.lag.ms': [{ key: 'log.cleaner.min.compaction.lag.ms' }],
  'max.compaction.lag.ms': [{ key: 'log.cleaner.max.compaction.lag.ms' }],
  'min.cleanable.dirty.ratio': [{ key: 'log.cleaner.min.cleanable.ratio' }],
  'unclean.leader.election.enable': [{ key: 'unclean.leader.election.enable' }],
  'min.insync.replicas': [{ key: 'min.insync.replicas' }],
  'compression.type': [{ key: 'compression.type' }],
  'compression.gzip.level': [{ key: 'compression.gzip.level' }],
  'compression.lz4.level': [{ key: 'compression.lz4.level' }],
  'compression.zstd.level': [{ key: 'compression.zstd.level' }],
  preallocate: [{ key: 'log.preallocate' }],
  'message.timestamp.type': [{ key: 'log.message.timestamp.type' }],
  'message.timestamp.before.max.ms': [{ key: 'log.message.timestamp.before.max.ms' }],
  'message.timestamp.after.max.ms': [{ key: 'log.message.timestamp.after.max.ms' }],
  'local.retention.ms': [{ key: 'log.local.retention.ms' }],
  'local.retention.bytes': [{ key: 'log.local.retention.bytes' }],
};

/**
 * The broker's value for a topic config, or undefined when no broker key stands behind it. Of several keys the first
 * that somebody has set wins; when none is set, the first that has a default.
 */
export function brokerDefault(
  broker: LogServerConfig,
  topicKey: string,
): ConfigValueTypes[keyof ConfigValueTypes] | null | undefined {
  const synonyms = TOPIC_SYNONYMS[topicKey];
  if (synonyms === undefined) return undefined;
  const chosen = synonyms.find(({ key }) => broker.isSet(key)) ?? synonyms.find(({ key }) => broker.get(key) !== null);
  if (chosen === undefined) return undefined;
  const value = broker.get(chosen.key);
  if (typeof value !== 'number' || chosen.unitMs === undefined) return value;
  // -1 hours of retention is "for ever", as -1 ms is.
  return value < 0 ? -1 : value * chosen.unitMs;
}

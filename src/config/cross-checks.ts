/** Rules that hold between keys: each is one row with the sentence said when it is broken. All are Kafka's. */
import type { ConfigReader } from '../../wire/base/config-definition';
import type { BrokerKey, BrokerKeys } from './broker-keys';

type NumberKey = {
  [K in BrokerKey]: BrokerKeys[K]['type'] extends 'int' | 'short' | 'long' | 'double' ? K : never;
}[BrokerKey];

/** The first must be at most the second. */
const AT_MOST: readonly (readonly [NumberKey, NumberKey])[] = [
  ['replica.fetch.wait.max.ms', 'replica.lag.time.max.ms'],
  ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'],
  ['log.cleaner.min.compaction.lag.ms', 'log.cleaner.max.compaction.lag.ms'],
  ['delegation.token.expiry.time.ms', 'delegation.token.max.lifetime.ms'],
  ['share.coordinator.state.topic.min.isr', 'share.coordinator.state.topic.replication.factor'],
  ...inBounds(
    'group.consumer.min.session.timeout.ms',
    'group.consumer.session.timeout.ms',
    'group.consumer.max.session.timeout.ms',
  ),
  ...inBounds(
    'group.consumer.min.heartbeat.interval.ms',
    'group.consumer.heartbeat.interval.ms',
    'group.consumer.max.heartbeat.interval.ms',
  ),
  ...inBounds(
    'group.share.min.session.timeout.ms',
    'group.share.session.timeout.ms',
    'group.share.max.session.timeout.ms',
  ),
  ...inBounds(
    'group.share.min.heartbeat.interval.ms',
    'group.share.heartbeat.interval.ms',
    'group.share.max.heartbeat.interval.ms',
  ),
  ...inBounds(
    'group.share.min.record.lock.duration.ms',
    'group.share.record.lock.duration.ms',
    'group.share.max.record.lock.duration.ms',
  ),
  ...inBounds(
    'group.streams.min.session.timeout.ms',
    'group.streams.session.timeout.ms',
    'group.streams.max.session.timeout.ms',
  ),
  ...inBounds(
    'group.streams.min.heartbeat.interval.ms',
    'group.streams.heartbeat.interval.ms',
    'group.streams.max.heartbeat.interval.ms',
  ),
];

/** The second must be more than the first. */
const LESS_THAN: readonly (readonly [NumberKey, NumberKey])[] = [
  ['group.consumer.heartbeat.interval.ms', 'group.consumer.session.timeout.ms'],
  ['group.share.heartbeat.interval.ms', 'group.share.session.timeout.ms'],
  ['group.streams.heartbeat.interval.ms', 'group.streams.session.timeout.ms'],
];

/** Times that are either without limit (-1) or positive. */
const POSITIVE_OR_UNLIMITED: readonly NumberKey[] = [
  'log.retention.ms',
  'log.retention.minutes',
  'log.retention.hours',
];

const MIN_DEDUPE_BYTES_PER_THREAD = 1024 * 1024;

/** Every rule that `config` breaks, in a sentence each. */
export function crossChecks(config: ConfigReader<BrokerKeys>): readonly string[] {
  const problems: string[] = [];
  const read = (key: NumberKey): number => config.get(key) ?? 0;
  for (const [less, more] of AT_MOST) {
    if (read(less) > read(more)) problems.push(`${less} (${read(less)}) must be at most ${more} (${read(more)}).`);
  }
  for (const [less, more] of LESS_THAN) {
    if (read(less) >= read(more)) problems.push(`${less} (${read(less)}) must be less than ${more} (${read(more)}).`);
  }
  for (const key of POSITIVE_OR_UNLIMITED) {
    if (config.get(key) === 0) problems.push(`${key} (0) must be at least 1, or -1 for no limit.`);
  }
  const [heartbeatMs, sessionMs] = [read('broker.heartbeat.interval.ms'), read('broker.session.timeout.ms')];
  if (heartbeatMs * 2 > sessionMs) {
    problems.push(
      `broker.heartbeat.interval.ms (${heartbeatMs}) must be at most half of broker.session.timeout.ms (${sessionMs}).`,
    );
  }
  const dedupeBytes = read('log.cleaner.dedupe.buffer.size') / Math.max(1, read('log.cleaner.threads'));
  if (dedupeBytes < MIN_DEDUPE_BYTES_PER_THREAD) {
    problems.push('log.cleaner.dedupe.buffer.size must be at least 1048576 for each of log.cleaner.threads.');
  }
  return problems;
}

function inBounds(min: NumberKey, value: NumberKey, max: NumberKey): readonly (readonly [NumberKey, NumberKey])[] {
  return [
    [min, value],
    [value, max],
  ];
}

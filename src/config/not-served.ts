/**
 * Kafka's keys that are known here but have no effect yet, each with the reason. Setting one to another value than its
 * default is answered with a warning at start, and `docs/differences.md` prints this table.
 *
 * When a part of the broker starts to serve a key, its line goes away here, and nothing else needs to change.
 */
import { defaultText } from '../../wire/base/config-definition';
import type { BrokerConfig } from './broker-config';
import { type BrokerKey, brokerKeys, listenerKey } from './broker-keys';
import { remoteKeys } from './keys/remote-keys';
import { securityKeys } from './keys/security-keys';

const ONE_LOOP = 'a broker is one event loop, there are no threads to count';
const NO_PURGATORY_PURGE = 'a request that waits is taken out of the purgatory when it is answered';
const SHARE = 'share groups are not served yet';
const STREAMS = 'the streams rebalance protocol is not served yet';
const QUOTAS = 'quotas are not served yet';
const METRICS = 'metrics come as Prometheus text, there are no reporter classes';
const TIERED = 'tiered storage is not served yet';
const SECURITY = 'TLS, SASL and authorization are not served yet';
const CLASSES = 'a class of the JVM cannot be loaded here';
const OTHER_DIRECTORY = 'moving replicas between directories is not served yet';

const REASONS: readonly (readonly [reason: string, keys: readonly BrokerKey[]])[] = [
  [
    ONE_LOOP,
    [
      'background.threads',
      'num.io.threads',
      'num.network.threads',
      'num.recovery.threads.per.data.dir',
      'num.replica.fetchers',
      'log.cleaner.threads',
      'group.coordinator.threads',
      'group.coordinator.background.threads',
      'share.coordinator.threads',
    ],
  ],
  [
    NO_PURGATORY_PURGE,
    [
      'delete.records.purgatory.purge.interval.requests',
      'fetch.purgatory.purge.interval.requests',
      'producer.purgatory.purge.interval.requests',
      'share.fetch.purgatory.purge.interval.requests',
    ],
  ],
  [SHARE, byPrefix('group.share.', 'share.coordinator.')],
  [STREAMS, byPrefix('group.streams.')],
  [
    QUOTAS,
    [
      ...byPrefix('quota.', 'replication.quota.', 'controller.quota.', 'alter.log.dirs.replication.quota.'),
      'client.quota.callback.class',
      'leader.replication.throttled.rate',
      'follower.replication.throttled.rate',
    ],
  ],
  [METRICS, [...byPrefix('kafka.metrics.', 'metrics.'), 'metric.reporters', 'telemetry.max.bytes']],
  [
    TIERED,
    [
      ...remoteKeys.keys,
      'log.local.retention.ms',
      'log.local.retention.bytes',
      'follower.fetch.last.tiered.offset.enable',
    ],
  ],
  [SECURITY, [...securityKeys.keys, 'sasl.mechanism.controller.protocol', 'connection.failed.authentication.delay.ms']],
  [CLASSES, ['alter.config.policy.class.name', 'create.topic.policy.class.name', 'config.providers']],
  [
    OTHER_DIRECTORY,
    ['cordoned.log.dirs', 'num.replica.alter.log.dirs.threads', 'replica.alter.log.dirs.io.max.bytes.per.second'],
  ],
];

/** Key -> why it has no effect yet. */
export const NOT_SERVED: ReadonlyMap<string, string> = new Map(
  REASONS.flatMap(([reason, keys]) => keys.map((key) => [key, reason] as const)),
);

function byPrefix(...prefixes: readonly string[]): readonly BrokerKey[] {
  return brokerKeys.keys.filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
}

/** A sentence for each reason why something that was set (key -> origin) will not happen. */
export function notServedWarnings(config: BrokerConfig, given: ReadonlyMap<string, string>): readonly string[] {
  const keysOf = new Map<string, string[]>();
  for (const [key, origin] of given) {
    const reason = NOT_SERVED.get(listenerKey(key)?.key ?? key);
    if (reason === undefined) continue;
    if (brokerKeys.has(key) && config.text(key) === defaultText(brokerKeys.definitions[key])) continue;
    const keys = keysOf.get(reason) ?? [];
    keysOf.set(reason, keys);
    keys.push(`${key} (from ${origin})`);
  }
  return [...keysOf].map(
    ([reason, keys]) => `${keys.join(', ')} ${keys.length > 1 ? 'have' : 'has'} no effect: ${reason}.`,
  );
}

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
const METRICS = 'metrics are served at metrics.listener as they are, and sampled by whoever scrapes them';
const TELEMETRY = 'metrics of clients (KIP-714) are not taken yet';
const TIERED = 'tiered storage is not served yet';
const SECURITY = 'TLS, SASL and authorization are not served yet';
const CLASSES = 'a class of the JVM cannot be loaded here';
const CORDONED = 'no directory is kept from getting new replicas yet';
const SOCKETS = 'sockets have buffers and a backlog of their own size';
const SETUP_TIMEOUT = 'the timeout for setting up a connection does not grow from one attempt to the next';
const NO_REQUEST_QUEUE = 'there is no queue of requests between threads';
const NO_AUTHORIZER = 'there is no authorizer yet that listeners would wait for';
const CONTROLLED_SHUTDOWN = 'a broker that stops in order always hands its leaderships over';
const CONTROLLER_REQUESTS = 'requests to controllers have timeouts of their own';
const CLEANER = 'compacted topics are not cleaned yet';
const FAILED_DIRECTORY = 'a failed directory is told to the controller at once; the broker does not stop when the controller does not answer';
const METADATA_LOG = 'these limits of the metadata log are fixed';
const NO_EVENT_TIMES = 'the times of events in the controller are not measured yet';
const NEW_GROUPS = 'groups of the new protocol (KIP-848) are not served yet';
const GROUP_BUFFER = 'the coordinator of groups keeps no buffer between writes';
const TRANSACTIONS = 'transactions are not served yet';
const PRODUCER_IDS = 'producer ids expire at the pace of log.retention.check.interval.ms';
const UNSTABLE = 'there are no unstable versions here';
const START = 'a start takes as long as it takes, and its tasks are not put off';

const REASONS: readonly (readonly [reason: string, keys: readonly BrokerKey[]])[] = [
  [
    ONE_LOOP,
    [
      'background.threads',
      'num.io.threads',
      'num.network.threads',
      'num.recovery.threads.per.data.dir',
      'num.replica.alter.log.dirs.threads',
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
      ...byPrefix('quota.', 'controller.quota.'),
      'client.quota.callback.class',
    ],
  ],
  [METRICS, [...byPrefix('kafka.metrics.', 'metrics.num.', 'metrics.recording.', 'metrics.sample.'), 'metric.reporters']],
  [TELEMETRY, ['telemetry.max.bytes']],
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
  [CORDONED, ['cordoned.log.dirs']],
  [
    SOCKETS,
    [
      'socket.send.buffer.bytes',
      'socket.receive.buffer.bytes',
      'socket.listen.backlog.size',
      'replica.socket.receive.buffer.bytes',
    ],
  ],
  [SETUP_TIMEOUT, ['socket.connection.setup.timeout.max.ms']],
  [NO_REQUEST_QUEUE, ['queued.max.requests']],
  [NO_AUTHORIZER, ['early.start.listeners']],
  [CONTROLLED_SHUTDOWN, ['controlled.shutdown.enable']],
  [CONTROLLER_REQUESTS, ['controller.socket.timeout.ms']],
  [CLEANER, byPrefix('log.cleaner.').filter((key) => key !== 'log.cleaner.threads')],
  [FAILED_DIRECTORY, ['log.dir.failure.timeout.ms']],
  [METADATA_LOG, byPrefix('internal.metadata.')],
  [NO_EVENT_TIMES, byPrefix('controller.performance.')],
  [NEW_GROUPS, [...byPrefix('group.consumer.'), 'group.coordinator.rebalance.protocols']],
  [GROUP_BUFFER, ['group.coordinator.cached.buffer.max.bytes']],
  // transaction.state.log.* says how its topic is created, which is done when somebody names it.
  [
    TRANSACTIONS,
    [
      'add.partitions.to.txn.retry.backoff.max.ms',
      'add.partitions.to.txn.retry.backoff.ms',
      'transaction.abort.timed.out.transaction.cleanup.interval.ms',
      'transaction.max.timeout.ms',
      'transaction.partition.verification.enable',
      'transaction.remove.expired.transaction.cleanup.interval.ms',
      'transaction.state.log.load.buffer.size',
      'transaction.two.phase.commit.enable',
      'transactional.id.expiration.ms',
    ],
  ],
  [PRODUCER_IDS, ['producer.id.expiration.check.interval.ms']],
  [UNSTABLE, ['unstable.api.versions.enable', 'unstable.feature.versions.enable']],
  [START, ['server.max.startup.time.ms', 'log.initial.task.delay.ms']],
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

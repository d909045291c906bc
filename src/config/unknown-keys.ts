/** What to say about a key that nobody knows: that it went away with a Kafka release, or which known key is nearest. */
import { nearestKey } from '../../wire/base/nearest-key';
import { brokerKeys, listenerKey } from './broker-keys';

/** Keys that Kafka has dropped and that old property files still carry. */
const REMOVED: Readonly<Record<string, string>> = {
  'inter.broker.protocol.version': 'Kafka 4.0 removed it; metadata.version takes its place',
  'log.message.format.version': 'Kafka 4.0 removed it',
  'log.message.downconversion.enable': 'Kafka 4.0 removed it',
  'log.message.timestamp.difference.max.ms':
    'Kafka 4.0 removed it; see log.message.timestamp.before.max.ms and .after.max.ms',
  'leader.imbalance.per.broker.percentage': 'Kafka 4.0 removed it',
  'controlled.shutdown.max.retries': 'Kafka 4.0 removed it',
  'controlled.shutdown.retry.backoff.ms': 'Kafka 4.0 removed it',
  'control.plane.listener.name': 'Kafka 4.0 removed it with ZooKeeper',
  'broker.id.generation.enable': 'Kafka 4.0 removed it with ZooKeeper',
  'reserved.broker.max.id': 'Kafka 4.0 removed it with ZooKeeper',
  'offsets.commit.required.acks': 'Kafka 4.0 removed it',
};

/** A whole sentence about `key`, or null when it is known. */
export function unknownKeyWarning(key: string, origin: string): string | null {
  const prefixed = listenerKey(key);
  // A key of a mechanism (`listener.name.x.scram-sha-256.sasl.jaas.config`) is known by its end.
  const known = prefixed === null ? [key] : [prefixed.key, prefixed.key.slice(prefixed.key.indexOf('.') + 1)];
  if (known.some((each) => brokerKeys.has(each))) return null;
  const removed = key.startsWith('zookeeper.') ? 'Kafka 4.0 removed it with ZooKeeper' : REMOVED[key];
  if (removed !== undefined) return `${key} (from ${origin}) has no effect: ${removed}.`;
  const nearest = nearestKey(key, brokerKeys.keys);
  const hint = nearest === null ? '' : ` Did you mean ${nearest}?`;
  return `${key} (from ${origin}) is not a configuration key and has no effect.${hint}`;
}

/** From what a client names to the partition that this broker leads, or the error that the client understands. */
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import type { LeaderLookup } from '../replication/replica-manager';
import type { Services } from '../services';

export interface NamedPartition {
  /** '' where the client names topics by id. */
  readonly topic: string;
  /** The zero id where it names them by name. */
  readonly topicId: string;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
}

export function leaderLookup(services: Services, named: NamedPartition): LeaderLookup {
  const { metadata, replicas } = services;
  const topic = metadata.resolve(named.topic, named.topicId);
  if (topic === undefined) {
    const errorCode = named.topicId === ZERO_UUID ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID;
    return { ok: false, errorCode };
  }
  const exists = metadata.image.topics.rowOf(topic, named.partition) >= 0;
  return replicas.leader(topic.name, topic.id, named.partition, named.currentLeaderEpoch, exists);
}

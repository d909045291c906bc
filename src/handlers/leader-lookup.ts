/** From what a client names to the partition that this broker leads, or follows, or the error that the client understands. */
import { ErrorCode } from '../../wire/base/error-codes';
import type { LeaderLookup } from '../replication/replica-manager';
import type { Services } from '../services';

export interface NamedPartition {
  readonly topic: string;
  /** Counts instead of the name, unless it is null. */
  readonly topicId: string | null;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
}

export function leaderLookup(services: Services, named: NamedPartition): LeaderLookup {
  return replicaLookup(services, named, false);
}

/** `mayFollow`: a replica that this broker follows will do. */
export function replicaLookup(services: Services, named: NamedPartition, mayFollow: boolean): LeaderLookup {
  const { metadata, replicas } = services;
  const topic = named.topicId === null ? metadata.topic(named.topic) : metadata.topicById(named.topicId);
  if (topic === undefined) {
    const errorCode = named.topicId === null ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID;
    return { ok: false, errorCode };
  }
  const exists = metadata.image.topics.rowOf(topic, named.partition) >= 0;
  const { partition, currentLeaderEpoch } = named;
  if (mayFollow) return replicas.replica(topic.name, topic.id, partition, currentLeaderEpoch, exists);
  return replicas.leader(topic.name, topic.id, partition, currentLeaderEpoch, exists);
}

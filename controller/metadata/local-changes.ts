/** What a delta means for one broker: the replicas that it gains, loses, leads and follows. (KIP-631) */
import { directoryOf, type PartitionRegistration } from './partition-registration';
import type { MetadataDelta } from './delta';
import type { MetadataImage } from './image';
import type { Topic } from './topic';

export interface LocalPartition {
  readonly topicId: string;
  readonly topic: string;
  readonly partitionId: number;
}

export interface LocalReplica extends LocalPartition {
  readonly registration: PartitionRegistration;
  /** As it was; null: the partition or this replica of it is new. */
  readonly previous: PartitionRegistration | null;
}

export interface LocalChanges {
  /** Replicas that this broker has no more: the topic was deleted, or the replica moved away. */
  readonly deletes: readonly (LocalPartition & { readonly topicDeleted: boolean })[];
  /** Led here, and changed in any way. */
  readonly leaders: readonly (LocalReplica & { readonly isNewLeaderEpoch: boolean })[];
  readonly followers: readonly LocalReplica[];
  /** Replicas whose directory is another than before, or was not known. */
  readonly directories: readonly (LocalPartition & { readonly directoryId: string })[];
}

export function localChanges(delta: MetadataDelta, image: MetadataImage, brokerId: number): LocalChanges {
  const changes = {
    deletes: [] as (LocalPartition & { topicDeleted: boolean })[],
    leaders: [] as (LocalReplica & { isNewLeaderEpoch: boolean })[],
    followers: [] as LocalReplica[],
    directories: [] as (LocalPartition & { directoryId: string })[],
  };
  for (const { id, name, partitions } of delta.deletedTopics()) {
    for (const [partitionId, { replicas }] of partitions) {
      if (replicas.includes(brokerId))
        changes.deletes.push({ topicId: id, topic: name, partitionId, topicDeleted: true });
    }
  }
  for (const change of delta.changedTopics()) {
    for (const { partitionId, previous } of change.partitions()) {
      addChange(changes, image, change.topic, partitionId, previous, brokerId);
    }
  }
  return changes;
}

function addChange(
  changes: {
    deletes: (LocalPartition & { topicDeleted: boolean })[];
    leaders: (LocalReplica & { isNewLeaderEpoch: boolean })[];
    followers: LocalReplica[];
    directories: (LocalPartition & { directoryId: string })[];
  },
  image: MetadataImage,
  topic: Topic,
  partitionId: number,
  previous: PartitionRegistration | null,
  brokerId: number,
): void {
  const registration = image.topics.partition(topic, partitionId);
  if (registration === null) return;
  const place = { topicId: topic.id, topic: topic.name, partitionId };
  if (!registration.replicas.includes(brokerId)) {
    if (previous?.replicas.includes(brokerId) === true) changes.deletes.push({ ...place, topicDeleted: false });
    return;
  }
  const directoryId = directoryOf(registration, brokerId);
  if (directoryId !== null && (previous === null || directoryOf(previous, brokerId) !== directoryId)) {
    changes.directories.push({ ...place, directoryId });
  }
  if (previous?.partitionEpoch === registration.partitionEpoch) return;
  const replica = { ...place, registration, previous };
  if (registration.leader !== brokerId) changes.followers.push(replica);
  else changes.leaders.push({ ...replica, isNewLeaderEpoch: previous?.leaderEpoch !== registration.leaderEpoch });
}

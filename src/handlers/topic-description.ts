/** What Metadata and DescribeTopicPartitions say of a partition and of a topic that is not there. */
import type { PartitionRegistration } from '../../controller/metadata/partition-registration';
import { ErrorCode } from '../../wire/base/error-codes';
import { isInternalTopic } from '../metadata/internal-topics';
import type { Call } from './handler';

export interface MissingTopic {
  readonly errorCode: number;
  readonly name: string | null;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly never[];
  readonly topicAuthorizedOperations: number;
}

/** `operations` are those that would be allowed, were it there. */
export function missingTopic(
  name: string | null,
  topicId: string,
  errorCode: number,
  operations: number,
): MissingTopic {
  const isInternal = name !== null && isInternalTopic(name);
  return { errorCode, name, topicId, isInternal, partitions: [], topicAuthorizedOperations: operations };
}

export interface PartitionDescription {
  readonly errorCode: number;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export function describePartition(
  call: Call,
  index: number,
  partition: PartitionRegistration | null,
): PartitionDescription {
  const { metadata: cache } = call.services;
  const leader = partition?.leader ?? -1;
  const leaderIsAlive = leader >= 0 && cache.isAlive(leader);
  const replicas = partition?.replicas ?? [];
  return {
    errorCode: leaderIsAlive ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE,
    partitionIndex: index,
    leaderId: leaderIsAlive ? leader : -1,
    leaderEpoch: partition?.leaderEpoch ?? -1,
    replicaNodes: replicas,
    isrNodes: partition?.isr ?? [],
    offlineReplicas: replicas.filter((id) => !cache.isAlive(id)),
  };
}

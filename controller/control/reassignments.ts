/**
 * Moving replicas. (KIP-455)
 *
 * A reassignment first adds the new replicas to the old ones and notes who comes and who goes; once the targets are in the
 * ISR, whatever change comes next takes the old ones away (`partition-change.ts`). A mere change of order is done at once.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../wire/schema/reassignment';
import { isReassigning, type PartitionRegistration } from '../metadata/partition-registration';
import type { MetadataRecord } from '../metadata/records';
import type { Topic } from '../metadata/topic';
import { ApiException, refusalOf } from './api-error';
import { assertBounded, type ControlResult } from './control-result';
import type { Controls } from './controls';
import { validateAssignment } from './new-partitions';
import { changePartition, topicPolicy } from './partition-changes';
import { without } from './partition-change';

export function alterPartitionReassignments(
  controls: Controls,
  request: AlterPartitionReassignmentsRequest,
): ControlResult<AlterPartitionReassignmentsResponse> {
  const records: MetadataRecord[] = [];
  const { allowReplicationFactorChange } = request;
  const responses = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => {
      const error = refusalOf(() => {
        const record = reassign(controls, name, partitionIndex, replicas, allowReplicationFactorChange);
        if (record !== null) records.push(record);
      });
      return { partitionIndex, errorCode: error.code, errorMessage: error.message };
    }),
  }));
  assertBounded(records);
  return {
    records,
    response: {
      throttleTimeMs: 0,
      allowReplicationFactorChange,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      responses,
    },
  };
}

function reassign(
  controls: Controls,
  topicName: string,
  partitionId: number,
  replicas: readonly number[] | null,
  mayChangeFactor: boolean,
): MetadataRecord | null {
  const { topics } = controls.state.image;
  const topic = topics.topicByName(topicName);
  if (topic === undefined) {
    throw new ApiException(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `Unable to find a topic named ${topicName}.`);
  }
  const partition = topics.partition(topic, partitionId);
  if (partition === null) {
    throw new ApiException(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      `Unable to find partition ${topicName}:${partitionId}.`,
    );
  }
  if (replicas === null) return cancel(controls, topic, partitionId, partition);
  return begin(controls, topic, partitionId, partition, replicas, mayChangeFactor);
}

function cancel(
  controls: Controls,
  topic: Topic,
  partitionId: number,
  partition: PartitionRegistration,
): MetadataRecord | null {
  if (!isReassigning(partition)) throw new ApiException(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
  const replicas = without(partition.replicas, partition.addingReplicas);
  const left = without(partition.isr, partition.addingReplicas);
  const policy = topicPolicy(controls, topic);
  if (left.length === 0 && policy.election !== 'unclean') {
    throw new ApiException(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Unable to revert partition assignment for ${topic.name}:${partitionId} because it would require an unclean leader election.`,
    );
  }
  const isr = left.length === 0 ? replicas.slice(0, 1) : left;
  const target = { isr, replicas, removing: [], adding: [] };
  return changePartition(controls, topic, partitionId, partition, target, policy);
}

function begin(
  controls: Controls,
  topic: Topic,
  partitionId: number,
  partition: PartitionRegistration,
  target: readonly number[],
  mayChangeFactor: boolean,
): MetadataRecord | null {
  validateAssignment(controls, target, null);
  const current = without(partition.replicas, partition.addingReplicas);
  if (!mayChangeFactor && target.length !== current.length) {
    throw new ApiException(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `The replication factor is changed from ${current.length} to ${target.length}`,
    );
  }
  const ascending = (a: number, b: number): number => a - b;
  const removing = without(partition.replicas, target).sort(ascending);
  const adding = without(target, current).sort(ascending);
  const replicas = [...target, ...removing];
  const policy = { ...topicPolicy(controls, topic), election: 'online' as const };
  return changePartition(controls, topic, partitionId, partition, { replicas, removing, adding }, policy);
}

export function listPartitionReassignments(
  controls: Controls,
  request: ListPartitionReassignmentsRequest,
): ControlResult<ListPartitionReassignmentsResponse> {
  const { topics: image } = controls.state.image;
  const wanted =
    request.topics?.map(({ name, partitionIndexes }) => ({ topic: image.topicByName(name), ids: partitionIndexes })) ??
    [...image.all()].map((topic) => ({ topic, ids: image.partitionIds(topic) }));
  const topics: ListPartitionReassignmentsResponse['topics'] = [];
  for (const { topic, ids } of wanted) {
    if (topic === undefined) continue;
    const partitions = ongoing(controls, topic, ids);
    if (partitions.length > 0) topics.push({ name: topic.name, partitions });
  }
  return { records: [], response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics } };
}

function ongoing(
  controls: Controls,
  topic: Topic,
  ids: Iterable<number>,
): ListPartitionReassignmentsResponse['topics'][number]['partitions'] {
  const partitions: ListPartitionReassignmentsResponse['topics'][number]['partitions'] = [];
  for (const partitionIndex of ids) {
    const partition = controls.state.image.topics.partition(topic, partitionIndex);
    if (partition === null || !isReassigning(partition)) continue;
    const { replicas, addingReplicas, removingReplicas } = partition;
    partitions.push({
      partitionIndex,
      replicas: [...replicas],
      addingReplicas: [...addingReplicas],
      removingReplicas: [...removingReplicas],
    });
  }
  return partitions;
}

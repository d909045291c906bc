/** CreatePartitions (KIP-195): a topic grows to a new total. Existing keys may then map to other partitions; that is known. */
import { ErrorCode } from '../../wire/base/error-codes';
import type { CreatePartitionsRequest, CreatePartitionsResponse } from '../../wire/schema/topic';
import { partitionRecord } from '../metadata/image-records';
import type { PartitionRegistration } from '../metadata/partition-registration';
import type { MetadataRecord } from '../metadata/records';
import type { Topic } from '../metadata/topic';
import { ApiException, apiError, refusalOf } from './api-error';
import { assertBounded, type ControlResult } from './control-result';
import type { Controls, RequestContext } from './controls';
import { assignedPartition, placedPartitions, validateAssignment } from './new-partitions';

type Growth = CreatePartitionsRequest['topics'][number];
type Answer = CreatePartitionsResponse['results'][number];

export function createPartitions(
  controls: Controls,
  request: CreatePartitionsRequest,
  context: RequestContext,
): ControlResult<CreatePartitionsResponse> {
  const records: MetadataRecord[] = [];
  const counts = new Map<string, number>();
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const duplicates: Answer[] = [...counts]
    .filter(([, count]) => count > 1)
    .map(([name]) => answer(name, apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')));
  const results = request.topics
    .filter(({ name }) => counts.get(name) === 1)
    .map((growth) => {
      const error = refusalOf(() => records.push(...growTopic(controls, growth, context)));
      return answer(growth.name, error);
    });
  assertBounded(records);
  return {
    records: request.validateOnly ? [] : records,
    response: { throttleTimeMs: 0, results: [...duplicates, ...results] },
  };
}

function answer(name: string, error: { readonly code: number; readonly message: string | null }): Answer {
  return { name, errorCode: error.code, errorMessage: error.message };
}

function growTopic(controls: Controls, growth: Growth, context: RequestContext): MetadataRecord[] {
  const { image } = controls.state;
  const topic = image.topics.topicByName(growth.name);
  if (topic === undefined) throw new ApiException(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null);
  const present = topic.partitionCount;
  if (growth.count === present) {
    throw new ApiException(ErrorCode.INVALID_PARTITIONS, `Topic already has ${present} partition(s).`);
  }
  if (growth.count < present) {
    throw new ApiException(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${growth.name} currently has ${present} partition(s); ${growth.count} would not be an increase.`,
    );
  }
  const additional = growth.count - present;
  if (growth.assignments !== null && growth.assignments.length !== additional) {
    throw new ApiException(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${additional} additional partition(s), but only ${growth.assignments.length} assignment(s) were specified.`,
    );
  }
  assertAddable(additional);
  if (context.takePartitionQuota?.(additional) === false) throw new ApiException(ErrorCode.THROTTLING_QUOTA_EXCEEDED);
  const level = image.features.metadataVersion;
  return newPartitions(controls, topic, growth, additional).map((partition, index) =>
    partitionRecord(topic.id, present + index, partition, level),
  );
}

/** The records' bound would refuse it in the end; before that nobody builds a hundred million of them. */
function assertAddable(additional: number): void {
  if (additional <= 10_000) return;
  throw new ApiException(ErrorCode.POLICY_VIOLATION, 'Unable to perform excessively large batch operation.');
}

function newPartitions(controls: Controls, topic: Topic, growth: Growth, additional: number): PartitionRegistration[] {
  const [first] = controls.state.image.topics.partitionIds(topic);
  const replicationFactor = controls.state.image.topics.partition(topic, first ?? 0)?.replicas.length ?? 0;
  if (growth.assignments === null) return placedPartitions(controls, additional, replicationFactor);
  return growth.assignments.map(({ brokerIds }, index) => {
    validateAssignment(controls, brokerIds, replicationFactor);
    return assignedPartition(controls, topic.partitionCount + index, brokerIds);
  });
}

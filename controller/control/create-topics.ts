/** CreateTopics. (KIP-4, KIP-464, KIP-525) Everything that can be created is, in one atomic write. */
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID, randomUuid } from '../../wire/base/uuid';
import type { CreateTopicsRequest, CreateTopicsResponse } from '../../wire/schema/topic';
import { ConfigResourceType } from '../metadata/config-resource';
import { partitionRecord } from '../metadata/image-records';
import { metadataRecord, type MetadataRecord } from '../metadata/records';
import { ApiException, apiError, type ApiError } from './api-error';
import { alterResource, ConfigOperation } from './configs';
import { withOwnProducerIds } from './producer-ids';
import { assertBounded, type ControlResult } from './control-result';
import type { Controls, RequestContext } from './controls';
import { manualPartitions, placedPartitions } from './new-partitions';
import { configLayers } from './partition-changes';
import type { PartitionRegistration } from '../metadata/partition-registration';
import { CLUSTER_METADATA_TOPIC, invalidTopicName } from './topic-names';

const MAX_PARTITIONS_PER_REQUEST = 10_000;

type CreatableTopic = CreateTopicsRequest['topics'][number];
type TopicAnswer = CreateTopicsResponse['topics'][number];

/** Throws ApiException POLICY_VIOLATION when the request as a whole is too large. */
export function createTopics(
  controls: Controls,
  request: CreateTopicsRequest,
  context: RequestContext,
): ControlResult<CreateTopicsResponse> {
  const { accepted, refused } = sift(request.topics, context);
  assertPartitionCount(accepted, controls.config.defaultPartitions);
  const records: MetadataRecord[] = [];
  const topics = accepted.map((topic): TopicAnswer => {
    try {
      const created = createTopic(controls, topic, context);
      records.push(...created.records);
      return created.answer;
    } catch (error) {
      if (error instanceof ApiException) return refusal(topic.name, error.error);
      throw error;
    }
  });
  assertBounded(records);
  return {
    records: request.validateOnly ? [] : withOwnProducerIds(controls, records),
    response: { throttleTimeMs: 0, topics: [...topics, ...refused] },
  };
}

/** Names given twice, the quorum's own topic and what the principal may not create are answered without a look. */
function sift(
  topics: readonly CreatableTopic[],
  context: RequestContext,
): { accepted: CreatableTopic[]; refused: TopicAnswer[] } {
  const counts = new Map<string, number>();
  for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1);
  const accepted: CreatableTopic[] = [];
  const duplicates: TopicAnswer[] = [];
  const forbidden: TopicAnswer[] = [];
  for (const [name, count] of counts) {
    if (count > 1) duplicates.push(refusal(name, apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')));
  }
  for (const topic of topics) {
    if ((counts.get(topic.name) ?? 0) > 1) continue;
    const error = forbiddenBy(topic.name, context);
    if (error === null) accepted.push(topic);
    else forbidden.push(refusal(topic.name, error));
  }
  return { accepted, refused: [...duplicates, ...forbidden] };
}

function forbiddenBy(name: string, context: RequestContext): ApiError | null {
  if (name === CLUSTER_METADATA_TOPIC) {
    return apiError(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${CLUSTER_METADATA_TOPIC} is prohibited.`);
  }
  if (context.mayCreateTopic?.(name) ?? true) return null;
  return apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED, 'Authorization failed.');
}

function assertPartitionCount(topics: readonly CreatableTopic[], defaultPartitions: number): void {
  let total = 0;
  for (const { assignments, numPartitions } of topics) {
    if (assignments.length > 0) total += assignments.length;
    else if (numPartitions === -1) total += defaultPartitions;
    else if (numPartitions > 0) total += numPartitions;
  }
  if (total <= MAX_PARTITIONS_PER_REQUEST) return;
  throw new ApiException(ErrorCode.POLICY_VIOLATION, 'Excessively large number of partitions per request.');
}

function createTopic(
  controls: Controls,
  topic: CreatableTopic,
  context: RequestContext,
): { records: MetadataRecord[]; answer: TopicAnswer } {
  checkName(controls, topic.name);
  const configRecords = topicConfigRecords(controls, topic);
  const partitions = newPartitions(controls, topic);
  if (context.takePartitionQuota?.(partitions.length) === false)
    throw new ApiException(ErrorCode.THROTTLING_QUOTA_EXCEEDED);
  const topicId = newTopicId(controls);
  const level = controls.state.image.features.metadataVersion;
  const records = [
    metadataRecord('TopicRecord', 0, { name: topic.name, topicId }),
    ...configRecords,
    ...partitions.map((partition, partitionId) => partitionRecord(topicId, partitionId, partition, level)),
  ];
  return { records, answer: successOf(controls, topic, topicId, partitions, context) };
}

function checkName(controls: Controls, name: string): void {
  if (controls.state.image.topics.topicByName(name) !== undefined) {
    throw new ApiException(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
  }
  const invalid = invalidTopicName(name);
  if (invalid !== null) throw new ApiException(ErrorCode.INVALID_TOPIC_EXCEPTION, invalid);
  const colliding = controls.state.collidingTopic(name);
  if (colliding === undefined) return;
  throw new ApiException(
    ErrorCode.INVALID_TOPIC_EXCEPTION,
    `Topic '${name}' collides with existing topic: ${colliding}`,
  );
}

function topicConfigRecords(controls: Controls, topic: CreatableTopic): readonly MetadataRecord[] {
  const withNull = topic.configs.filter(({ value }) => value === null).map(({ name }) => name);
  if (withNull.length > 0) {
    throw new ApiException(
      ErrorCode.INVALID_CONFIG,
      `Null value not supported for topic configs: ${withNull.join(',')}`,
    );
  }
  if (topic.configs.length === 0) return [];
  const changes = topic.configs.map(({ name, value }) => ({ name, operation: ConfigOperation.set, value }));
  const altered = alterResource(controls, { type: ConfigResourceType.topic, name: topic.name }, changes, true);
  if ('error' in altered) throw new ApiException(altered.error.code, altered.error.message);
  return altered.records;
}

function newPartitions(controls: Controls, topic: CreatableTopic): PartitionRegistration[] {
  const { assignments, numPartitions, replicationFactor } = topic;
  if (assignments.length > 0) {
    if (replicationFactor !== -1) {
      throw new ApiException(
        ErrorCode.INVALID_REQUEST,
        'A manual partition assignment was specified, but replication factor was not set to -1.',
      );
    }
    if (numPartitions !== -1) {
      throw new ApiException(
        ErrorCode.INVALID_REQUEST,
        'A manual partition assignment was specified, but numPartitions was not set to -1.',
      );
    }
    return manualPartitions(controls, assignments, null);
  }
  if (replicationFactor < -1 || replicationFactor === 0) {
    throw new ApiException(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (numPartitions < -1 || numPartitions === 0) {
    throw new ApiException(
      ErrorCode.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  const { defaultPartitions, defaultReplicationFactor } = controls.config;
  return placedPartitions(
    controls,
    numPartitions === -1 ? defaultPartitions : numPartitions,
    replicationFactor === -1 ? defaultReplicationFactor : replicationFactor,
  );
}

function newTopicId(controls: Controls): string {
  for (;;) {
    const id = randomUuid(controls.random);
    if (controls.state.image.topics.topicById(id) === undefined) return id;
  }
}

function successOf(
  controls: Controls,
  topic: CreatableTopic,
  topicId: string,
  partitions: readonly PartitionRegistration[],
  context: RequestContext,
): TopicAnswer {
  const answer = { ...refusal(topic.name, apiError(ErrorCode.NONE, null)), topicId };
  if (!(context.mayDescribeConfigs?.(topic.name) ?? true)) {
    return { ...answer, topicConfigErrorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, configs: null };
  }
  const given = new Map(topic.configs.map(({ name, value }) => [name, value ?? '']));
  const effective = controls.rules.effectiveTopicConfigs({ ...configLayers(controls, topic.name), topic: given });
  return {
    ...answer,
    numPartitions: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? -1,
    configs: effective.map(({ name, value, isReadOnly, source, isSensitive }) => ({
      name,
      value: isSensitive ? null : value,
      readOnly: isReadOnly,
      configSource: source,
      isSensitive,
    })),
  };
}

function refusal(name: string, error: ApiError): TopicAnswer {
  return {
    name,
    topicId: ZERO_UUID,
    errorCode: error.code,
    errorMessage: error.message,
    topicConfigErrorCode: ErrorCode.NONE,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  };
}

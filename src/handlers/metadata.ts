/**
 * What the cluster looks like: Metadata (v0 empty list = all, v1+ null = all; v10 ids in answers; v12 requests by id; v13
 * top-level error; KIP-516, KIP-700), DescribeTopicPartitions (KIP-966), DescribeCluster (KIP-700, KIP-919).
 */
import type { Infer, Input } from '../../wire/schema';
import {
  DescribeClusterRequest,
  DescribeClusterResponse,
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
  MetadataRequest,
  MetadataResponse,
} from '../../wire/schema/metadata';
import type { PartitionRegistration } from '../../controller/metadata/partition-registration';
import type { Topic } from '../../controller/metadata/topic';
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import { isInternalTopic } from '../internal-topics';
import { CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS } from './authorized-operations';
import { handler, type Call } from './handler';
import { isValidTopicName } from './topic-name';

type TopicResponse = Input<typeof MetadataResponse>['topics'][number];
type RequestedTopic = NonNullable<Infer<typeof MetadataRequest>['topics']>[number];

export const metadata = handler({
  request: MetadataRequest,
  response: MetadataResponse,
  handle(call, request, respond) {
    const { metadata: cache, clusterId } = call.services;
    const all = request.topics === null || (call.apiVersion === 0 && request.topics.length === 0);
    const brokers = cache.aliveBrokers(call.connection.listenerName);
    const operations = request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED;
    const mayCreate = request.allowAutoTopicCreation && call.services.config.get('auto.create.topics.enable');
    const topics = all
      ? [...cache.image.topics.all()].map((topic) => describeTopic(call, topic, operations))
      : (request.topics ?? []).map((topic) => requestedTopic(call, topic, mayCreate, operations));
    respond({
      brokers: brokers.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
      clusterId,
      controllerId: brokers[0]?.id ?? -1,
      topics,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    });
  },
});

function requestedTopic(call: Call, requested: RequestedTopic, mayCreate: boolean, operations: number): TopicResponse {
  const { metadata: cache } = call.services;
  const topic = requested.name === null ? cache.topicById(requested.topicId) : cache.topic(requested.name);
  if (topic !== undefined) return describeTopic(call, topic, operations);
  if (requested.name === null) return missing(null, requested.topicId, ErrorCode.UNKNOWN_TOPIC_ID);
  if (!isValidTopicName(requested.name)) return missing(requested.name, ZERO_UUID, ErrorCode.INVALID_TOPIC_EXCEPTION);
  if (mayCreate) call.services.topicCreator.create(requested.name);
  return missing(requested.name, ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
}

interface MissingTopic {
  readonly errorCode: number;
  readonly name: string | null;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly never[];
}

function missing(name: string | null, topicId: string, errorCode: number): MissingTopic {
  return { errorCode, name, topicId, isInternal: name !== null && isInternalTopic(name), partitions: [] };
}

function describeTopic(call: Call, topic: Topic, operations: number): TopicResponse {
  const { topics } = call.services.metadata.image;
  const partitions = [...topics.partitionIds(topic)].map((index) => {
    const partition = topics.partition(topic, index);
    return describePartition(call, index, partition);
  });
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions,
    topicAuthorizedOperations: operations,
  };
}

interface PartitionDescription {
  readonly errorCode: number;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}

function describePartition(call: Call, index: number, partition: PartitionRegistration | null): PartitionDescription {
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

type PartitionPage = Input<typeof DescribeTopicPartitionsResponse>;

/** Topics by name, at most as many partitions as the smaller of both limits, and where to go on. */
export const describeTopicPartitions = handler({
  request: DescribeTopicPartitionsRequest,
  response: DescribeTopicPartitionsResponse,
  handle(call, request, respond) {
    const limit = Math.max(1, Math.min(request.responsePartitionLimit, call.services.config.get('max.request.partition.size.limit')));
    respond(pageOf(call, request, limit));
  },
});

function pageOf(call: Call, request: Infer<typeof DescribeTopicPartitionsRequest>, limit: number): PartitionPage {
  const { metadata: cache } = call.services;
  const { cursor } = request;
  const asked = request.topics.length > 0 ? new Set(request.topics.map((t) => t.name)) : new Set([...cache.image.topics.all()].map((t) => t.name));
  const names = [...asked].sort().filter((name) => cursor === null || name >= cursor.topicName);
  const topics: PartitionPage['topics'][number][] = [];
  let left = limit;
  for (const name of names) {
    if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } };
    const topic = cache.topic(name);
    if (topic === undefined) {
      topics.push(missing(name, ZERO_UUID, unknownTopicError(name)));
      continue;
    }
    const first = cursor !== null && cursor.topicName === name ? cursor.partitionIndex : 0;
    const indexes = [...cache.image.topics.partitionIds(topic)].filter((index) => index >= first);
    const page = indexes.slice(0, left);
    left -= page.length;
    topics.push(topicPage(call, topic, page));
    const next = indexes[page.length];
    if (next !== undefined) return { topics, nextCursor: { topicName: name, partitionIndex: next } };
  }
  return { topics, nextCursor: null };
}

function unknownTopicError(name: string): number {
  return isValidTopicName(name) ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
}

function topicPage(call: Call, topic: Topic, indexes: readonly number[]): PartitionPage['topics'][number] {
  const { topics } = call.services.metadata.image;
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: indexes.map((index) => {
      const partition = topics.partition(topic, index);
      return {
        ...describePartition(call, index, partition),
        eligibleLeaderReplicas: partition?.elr ?? [],
        lastKnownElr: partition?.lastKnownElr ?? [],
      };
    }),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}

const BROKERS = 1;

export const describeCluster = handler({
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
  handle(call, request, respond) {
    const { metadata: cache, clusterId } = call.services;
    if (request.endpointType !== BROKERS) {
      const errorMessage = 'The request was sent to an endpoint of the wrong type: this is a broker.';
      respond({ errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE, errorMessage, clusterId: '', brokers: [] });
      return;
    }
    const brokers = cache.aliveBrokers(call.connection.listenerName);
    respond({
      errorCode: ErrorCode.NONE,
      clusterId,
      endpointType: BROKERS,
      controllerId: brokers[0]?.id ?? -1,
      brokers: brokers.map(({ id, host, port, rack }) => ({ brokerId: id, host, port, rack, isFenced: false })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    });
  },
});

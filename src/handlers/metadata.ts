/**
 * Metadata: brokers and topics. In v0 an empty list of topics means all, from v1 null does. v4 says whether missing topics
 * may be created, v8 asks for authorized operations, v10 and v11 have ids in answers, v12 asks by id (KIP-516), v13 has an
 * error for the whole answer.
 */
import { isValidTopicName } from '../../controller/control/topic-names';
import type { Infer, Input } from '../../wire/schema';
import { MetadataRequest, MetadataResponse } from '../../wire/schema/metadata';
import type { Topic } from '../../controller/metadata/topic';
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import { isInternalTopic } from '../metadata/internal-topics';
import { CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS } from './authorized-operations';
import { handler, type Call } from './handler';
import { describePartition, missingTopic } from './topic-description';

type Response = Input<typeof MetadataResponse>;
type TopicResponse = Response['topics'][number];
type RequestedTopic = NonNullable<Infer<typeof MetadataRequest>['topics']>[number];

const IDS_SINCE = 12;

/** What the request says of all its topics. */
interface Wish {
  readonly mayCreate: boolean;
  readonly operations: number;
}

export const metadata = handler({
  request: MetadataRequest,
  response: MetadataResponse,
  handle(call, request, respond) {
    const { metadata: cache, clusterId, config } = call.services;
    const all = request.topics === null || (call.apiVersion === 0 && request.topics.length === 0);
    const requested = request.topics ?? [];
    if (call.apiVersion < IDS_SINCE && requested.some(({ name, topicId }) => name === null || topicId !== ZERO_UUID)) {
      respond(invalidRequest(requested));
      return;
    }
    const wish = {
      mayCreate: request.allowAutoTopicCreation && config.get('auto.create.topics.enable'),
      operations: request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED,
    };
    const brokers = cache.aliveBrokers(call.connection.listenerName);
    respond({
      brokers: brokers.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
      clusterId,
      controllerId: call.services.someBroker(),
      topics: all ? allTopics(call, wish) : requestedTopics(call, requested, wish),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
    });
  },
});

/** v10 and v11 carry ids in requests that do not count there, and names that may not be null yet. */
function invalidRequest(requested: readonly RequestedTopic[]): Response {
  const topics = requested.map(({ name, topicId }) =>
    missingTopic(name ?? '', topicId, ErrorCode.INVALID_REQUEST, NOT_ASKED),
  );
  return { brokers: [], topics };
}

function allTopics(call: Call, { operations }: Wish): TopicResponse[] {
  return [...call.services.metadata.image.topics.all()].map((topic) => describeTopic(call, topic, operations));
}

/** Each once. A request that names any topic by id means ids alone. */
function requestedTopics(call: Call, requested: readonly RequestedTopic[], wish: Wish): TopicResponse[] {
  const ids = new Set(requested.map(({ topicId }) => topicId));
  ids.delete(ZERO_UUID);
  if (ids.size > 0) return [...ids].map((id) => topicById(call, id, wish));
  const names = new Set(requested.map(({ name }) => name));
  return [...names].map((name) => (name === null ? topicById(call, ZERO_UUID, wish) : topicByName(call, name, wish)));
}

function topicById(call: Call, topicId: string, { operations }: Wish): TopicResponse {
  const topic = call.services.metadata.topicById(topicId);
  if (topic === undefined) return missingTopic(null, topicId, ErrorCode.UNKNOWN_TOPIC_ID, NOT_ASKED);
  return describeTopic(call, topic, operations);
}

function topicByName(call: Call, name: string, { mayCreate, operations }: Wish): TopicResponse {
  const topic = call.services.metadata.topic(name);
  if (topic !== undefined) return describeTopic(call, topic, operations);
  if (!isValidTopicName(name)) return missingTopic(name, ZERO_UUID, ErrorCode.INVALID_TOPIC_EXCEPTION, operations);
  if (mayCreate) call.services.topicCreator.create(name);
  return missingTopic(name, ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, operations);
}

function describeTopic(call: Call, topic: Topic, operations: number): TopicResponse {
  const { topics } = call.services.metadata.image;
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: [...topics.partitionIds(topic)].map((index) =>
      describePartition(call, index, topics.partition(topic, index)),
    ),
    topicAuthorizedOperations: operations,
  };
}

/**
 * DescribeTopicPartitions (KIP-966): topics by name, at most as many partitions as the client and the broker allow, and
 * where to go on.
 */
import { isValidTopicName } from '../../controller/control/topic-names';
import type { Infer, Input } from '../../wire/schema';
import { DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse } from '../../wire/schema/metadata';
import type { Topic } from '../../controller/metadata/topic';
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import { isInternalTopic } from '../metadata/internal-topics';
import { NOT_ASKED, TOPIC_OPERATIONS } from './authorized-operations';
import { handler, type Call } from './handler';
import { describePartition, missingTopic } from './topic-description';

type Request = Infer<typeof DescribeTopicPartitionsRequest>;
type Page = Input<typeof DescribeTopicPartitionsResponse>;
type TopicPage = Page['topics'][number];

export const describeTopicPartitions = handler({
  request: DescribeTopicPartitionsRequest,
  response: DescribeTopicPartitionsResponse,
  handle(call, request, respond) {
    const limit = Math.max(
      1,
      Math.min(request.responsePartitionLimit, call.services.config.get('max.request.partition.size.limit')),
    );
    respond(isCursorValid(request) ? pageOf(call, request, limit) : invalidRequest(request));
  },
});

/** A cursor goes on with one of the topics that are asked for, if any are. */
function isCursorValid({ cursor, topics }: Request): boolean {
  if (cursor === null) return true;
  return cursor.partitionIndex >= 0 && (topics.length === 0 || topics.some(({ name }) => name === cursor.topicName));
}

function invalidRequest({ topics }: Request): Page {
  return {
    topics: topics.map(({ name }) => missingTopic(name, ZERO_UUID, ErrorCode.INVALID_REQUEST, NOT_ASKED)),
    nextCursor: null,
  };
}

function pageOf(call: Call, request: Request, limit: number): Page {
  const { metadata: cache } = call.services;
  const { cursor } = request;
  const asked = request.topics.length > 0 ? request.topics : [...cache.image.topics.all()];
  const names = [...new Set(asked.map(({ name }) => name))]
    .sort()
    .filter((name) => cursor === null || name >= cursor.topicName);
  const topics: TopicPage[] = [];
  let left = limit;
  for (const name of names) {
    if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } };
    const topic = cache.topic(name);
    if (topic === undefined) {
      topics.push(missingTopic(name, ZERO_UUID, missingError(name), TOPIC_OPERATIONS));
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

function missingError(name: string): number {
  return isValidTopicName(name) ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
}

function topicPage(call: Call, topic: Topic, indexes: readonly number[]): TopicPage {
  const { topics } = call.services.metadata.image;
  const partitions = indexes.map((index) => {
    const partition = topics.partition(topic, index);
    const { elr = [], lastKnownElr = [] } = partition ?? {};
    return { ...describePartition(call, index, partition), eligibleLeaderReplicas: elr, lastKnownElr };
  });
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions,
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  };
}

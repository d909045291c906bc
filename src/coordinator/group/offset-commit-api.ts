/**
 * OffsetCommit, TxnOffsetCommit and OffsetDelete: topics are looked up and rights checked before a shard sees the rest.
 * When nothing is left, the group is not even looked at.
 *
 * OffsetCommit v10 names topics by id alone (KIP-848); the id is stored in every version, where the topic has one.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../wire/base/uuid';
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
} from '../../../wire/schema/committed-offsets';
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../wire/schema/transaction';
import { ALLOWS_EVERYTHING, type CallContext, type Respond, type TopicLookup } from './coordinator-ports';
import { type GroupRuntime, requestContext, submit } from './group-runtime';

const TOPIC_ID_VERSION = 10;
/** TxnOffsetCommit: older producers do not know that a coordinator may be loading. */
const LOADING_KNOWN_VERSION = 2;

interface Partition {
  readonly partitionIndex: number;
}

interface PartitionAnswer {
  partitionIndex: number;
  errorCode: number;
}

/** A topic of the request with its answers, in the order of the request; those that are open await the shard. */
interface Answered<P extends Partition> {
  readonly name: string;
  readonly topicId: string;
  readonly answers: PartitionAnswer[];
  readonly open: P[];
}

const OPEN = ErrorCode.NONE;

export function commitOffsets(
  runtime: GroupRuntime,
  topics: TopicLookup,
  context: CallContext,
  request: OffsetCommitRequest,
  respond: Respond<OffsetCommitResponse>,
): void {
  const { authorizer = ALLOWS_EVERYTHING } = context;
  const named = request.topics.map((topic) => resolve(topics, context.apiVersion, topic));
  const answered = mergeSame(named).map((topic) => sift(topics, context, topic));
  const answer = (): void =>
    respond({
      throttleTimeMs: 0,
      topics: answered
        .filter(({ answers }) => answers.length > 0)
        .map(({ name, topicId, answers }) => ({ name, topicId, partitions: answers })),
    });
  const refuse = (errorCode: number): void => {
    failOpen(answered, errorCode);
    answer();
  };
  if (!authorizer.mayUseGroup('READ', request.groupId)) {
    return refuseAll(answered, ErrorCode.GROUP_AUTHORIZATION_FAILED, answer);
  }
  const open = openTopics(answered);
  if (open.length === 0) return answer();
  const partition = runtime.partitionOf(request.groupId);
  const body = { ...request, topics: open };
  submit(
    runtime,
    partition,
    { kind: 'offsetCommit', context: requestContext(context), request: body },
    (result) => {
      settle(answered, result.topics);
      answer();
    },
    refuse,
  );
}

/** `verificationGuard` is what the transaction's verification gave; it goes to the log with the records. */
export function commitTransactionalOffsets(
  runtime: GroupRuntime,
  topics: TopicLookup,
  context: CallContext,
  request: TxnOffsetCommitRequest,
  verificationGuard: unknown,
  respond: Respond<TxnOffsetCommitResponse>,
): void {
  const { authorizer = ALLOWS_EVERYTHING, apiVersion } = context;
  const answered = request.topics.map((topic) => sift(topics, context, { ...topic, topicId: ZERO_UUID }));
  const answer = (): void =>
    respond({ throttleTimeMs: 0, topics: answered.map(({ name, answers }) => ({ name, partitions: answers })) });
  const refuse = (errorCode: number): void => {
    const isUnheardOf = apiVersion < LOADING_KNOWN_VERSION && errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    failOpen(answered, isUnheardOf ? ErrorCode.COORDINATOR_NOT_AVAILABLE : errorCode);
    answer();
  };
  if (!authorizer.mayUseGroup('READ', request.groupId)) {
    return refuseAll(answered, ErrorCode.GROUP_AUTHORIZATION_FAILED, answer);
  }
  const open = openTopics(answered);
  if (open.length === 0) return answer();
  if (request.groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID);
  const body = { ...request, topics: open.map(({ name, partitions }) => ({ name, partitions })) };
  submit(
    runtime,
    runtime.partitionOf(request.groupId),
    { kind: 'txnOffsetCommit', context: requestContext(context), request: body, verificationGuard },
    (result) => {
      settle(answered, result.topics);
      answer();
    },
    refuse,
  );
}

export function deleteOffsets(
  runtime: GroupRuntime,
  topics: TopicLookup,
  context: CallContext,
  request: OffsetDeleteRequest,
  respond: Respond<OffsetDeleteResponse>,
): void {
  const { authorizer = ALLOWS_EVERYTHING } = context;
  const refuse = (errorCode: number): void => respond({ errorCode, throttleTimeMs: 0, topics: [] });
  if (!authorizer.mayUseGroup('DELETE', request.groupId)) return refuse(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  const answered = request.topics.map((topic) => sift(topics, context, { ...topic, topicId: ZERO_UUID }));
  const answer = (): void =>
    respond({
      errorCode: ErrorCode.NONE,
      throttleTimeMs: 0,
      topics: answered
        .filter(({ answers }) => answers.length > 0)
        .map(({ name, answers }) => ({ name, partitions: answers })),
    });
  const open = openTopics(answered);
  if (open.length === 0) return answer();
  if (!runtime.isServing) return refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  if (request.groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID);
  const body = { groupId: request.groupId, topics: open };
  const partition = runtime.partitionOf(request.groupId);
  submit(
    runtime,
    partition,
    { kind: 'offsetDelete', request: body },
    (result) => {
      settle(answered, result.topics);
      answer();
    },
    refuse,
  );
}

/** A topic with both name and id, as far as they are known; v10 without a known id has no name. */
function resolve<T extends { readonly name: string; readonly topicId: string }>(
  topics: TopicLookup,
  apiVersion: number,
  topic: T,
): T {
  if (apiVersion >= TOPIC_ID_VERSION) return { ...topic, name: topics.topicName(topic.topicId) ?? '' };
  return { ...topic, topicId: topics.topicId(topic.name) ?? ZERO_UUID };
}

/** A topic that is named twice is answered once. */
function mergeSame<
  T extends { readonly name: string; readonly topicId: string; readonly partitions: readonly Partition[] },
>(topics: readonly T[]): readonly T[] {
  const merged = new Map<string, { topic: T; partitions: T['partitions'][number][] }>();
  for (const topic of topics) {
    const key = `${topic.name}\n${topic.topicId}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { topic, partitions: [...topic.partitions] });
    else for (const partition of topic.partitions) known.partitions.push(partition);
  }
  if (merged.size === topics.length) return topics;
  return [...merged.values()].map(({ topic, partitions }) => ({ ...topic, partitions }));
}

function sift<P extends Partition>(
  topics: TopicLookup,
  context: CallContext,
  topic: { readonly name: string; readonly topicId: string; readonly partitions: readonly P[] },
): Answered<P> {
  const { name, topicId, partitions } = topic;
  const errorCode = topicError(topics, context, name);
  const answers = partitions.map(({ partitionIndex }) => {
    const isMissing = errorCode === OPEN && !topics.hasPartition(name, partitionIndex);
    return { partitionIndex, errorCode: isMissing ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : errorCode };
  });
  return { name, topicId, answers, open: partitions.filter((_, i) => answers[i]?.errorCode === OPEN) };
}

function topicError(topics: TopicLookup, context: CallContext, name: string): number {
  const { authorizer = ALLOWS_EVERYTHING } = context;
  if (name === '' && context.apiVersion >= TOPIC_ID_VERSION) return ErrorCode.UNKNOWN_TOPIC_ID;
  if (!authorizer.mayUseTopic('READ', name)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  return topics.topicId(name) === null ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : OPEN;
}

function openTopics<P extends Partition>(
  answered: readonly Answered<P>[],
): { name: string; topicId: string; partitions: P[] }[] {
  const withOpen = answered.filter(({ open }) => open.length > 0);
  return withOpen.map(({ name, topicId, open }) => ({ name, topicId, partitions: open }));
}

function failOpen(answered: readonly Answered<Partition>[], errorCode: number): void {
  for (const { answers } of answered) {
    for (const answer of answers) if (answer.errorCode === OPEN) answer.errorCode = errorCode;
  }
}

function refuseAll(answered: readonly Answered<Partition>[], errorCode: number, answer: () => void): void {
  for (const { answers } of answered) for (const each of answers) each.errorCode = errorCode;
  answer();
}

/** The shard answers the open partitions in the order in which it got them. */
function settle(
  answered: readonly Answered<Partition>[],
  results: readonly { readonly partitions: readonly PartitionAnswer[] }[],
): void {
  const codes = results.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  let next = 0;
  for (const { answers } of answered) {
    for (const answer of answers) {
      if (answer.errorCode === OPEN) answer.errorCode = codes[next++] ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    }
  }
}

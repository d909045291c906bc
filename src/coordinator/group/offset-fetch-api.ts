/**
 * OffsetFetch. Up to v7 one group, its fields beside each other; from v8 many groups, each with its own
 * error. v10 names topics by id alone: a group's topic without an id cannot be told then and is left out.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../wire/base/uuid';
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../../wire/schema/committed-offsets';
import { ALLOWS_EVERYTHING, type CallContext, type Respond, type TopicLookup } from './coordinator-ports';
import type { OffsetFetchGroup, OffsetFetchGroupResponse } from './group-requests';
import { type GroupRuntime, submit } from './group-runtime';

const GROUPS_VERSION = 8;
const TOPIC_ID_VERSION = 10;
/** Before it an error of the group had to be told with every partition. */
const GROUP_ERROR_VERSION = 2;

type FetchedTopic = OffsetFetchGroupResponse['topics'][number];
type AskedTopic = NonNullable<OffsetFetchGroup['topics']>[number];

export function fetchOffsets(
  runtime: GroupRuntime,
  topics: TopicLookup,
  context: CallContext,
  request: OffsetFetchRequest,
  respond: Respond<OffsetFetchResponse>,
): void {
  const { apiVersion } = context;
  const asked = apiVersion >= GROUPS_VERSION ? request.groups : [singleGroup(request)];
  const results = new Array<OffsetFetchGroupResponse>(asked.length);
  let missing = asked.length;
  const answer = (): void => {
    const [first] = results;
    if (apiVersion >= GROUPS_VERSION || first === undefined) respond(inGroups(results));
    else respond(singleResponse(first, asked[0]?.topics ?? [], apiVersion));
  };
  if (missing === 0) return answer();
  asked.forEach((group, i) => {
    fetchGroup(runtime, topics, context, group, request.requireStable, (result) => {
      results[i] = result;
      missing--;
      if (missing === 0) answer();
    });
  });
}

function fetchGroup(
  runtime: GroupRuntime,
  topics: TopicLookup,
  context: CallContext,
  group: OffsetFetchGroup,
  requireStable: boolean,
  respond: Respond<OffsetFetchGroupResponse>,
): void {
  const { authorizer = ALLOWS_EVERYTHING, apiVersion } = context;
  const { groupId } = group;
  const refuse = (errorCode: number): void => respond({ groupId, topics: [], errorCode });
  if (!authorizer.mayUseGroup('DESCRIBE', groupId)) return refuse(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  const partition = runtime.partitionOf(groupId);
  const useIds = apiVersion >= TOPIC_ID_VERSION;
  if (group.topics === null) {
    return submit(
      runtime,
      partition,
      { kind: 'offsetFetch', group, requireStable },
      (result) => {
        const visible = result.topics.filter(({ name }) => authorizer.mayUseTopic('DESCRIBE', name));
        respond({ ...result, topics: useIds ? withIds(topics, visible) : visible });
      },
      refuse,
    );
  }
  const named = group.topics.map((topic) => (useIds ? withName(topics, topic) : { ...topic, topicId: ZERO_UUID }));
  const refusals = named.map((topic) => topicRefusal(context, topic));
  const open = named.filter((_, i) => refusals[i] === ErrorCode.NONE);
  const asked = { ...group, topics: open };
  submit(
    runtime,
    partition,
    { kind: 'offsetFetch', group: asked, requireStable },
    (result) => {
      const fetched = result.topics[Symbol.iterator]();
      const all = named.map((topic, i) => {
        const errorCode = refusals[i] ?? ErrorCode.NONE;
        return errorCode === ErrorCode.NONE ? (fetched.next().value as FetchedTopic) : refusedTopic(topic, errorCode);
      });
      respond({ ...result, topics: all });
    },
    refuse,
  );
}

function withName(topics: TopicLookup, topic: AskedTopic): AskedTopic {
  return { ...topic, name: topics.topicName(topic.topicId) ?? '' };
}

function topicRefusal(context: CallContext, topic: AskedTopic): number {
  const { authorizer = ALLOWS_EVERYTHING } = context;
  if (topic.name === '' && context.apiVersion >= TOPIC_ID_VERSION) return ErrorCode.UNKNOWN_TOPIC_ID;
  return authorizer.mayUseTopic('DESCRIBE', topic.name) ? ErrorCode.NONE : ErrorCode.TOPIC_AUTHORIZATION_FAILED;
}

/** The id that the topic has now, for offsets that were stored without one. */
function withIds(topics: TopicLookup, fetched: readonly FetchedTopic[]): FetchedTopic[] {
  return fetched
    .map((topic) => ({ ...topic, topicId: topics.topicId(topic.name) ?? topic.topicId }))
    .filter(({ topicId }) => topicId !== ZERO_UUID);
}

function refusedTopic(topic: AskedTopic, errorCode: number): FetchedTopic {
  const { name, topicId, partitionIndexes } = topic;
  const partitions = partitionIndexes.map((partitionIndex) => ({
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode,
  }));
  return { name, topicId, partitions };
}

/** The one group of v1 to v7, as v8 would ask. */
function singleGroup(request: OffsetFetchRequest): OffsetFetchGroup {
  const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
  return { groupId: request.groupId, memberId: null, memberEpoch: -1, topics };
}

function inGroups(groups: OffsetFetchGroupResponse[]): OffsetFetchResponse {
  return { throttleTimeMs: 0, topics: [], errorCode: ErrorCode.NONE, groups };
}

function singleResponse(
  group: OffsetFetchGroupResponse,
  asked: readonly AskedTopic[],
  apiVersion: number,
): OffsetFetchResponse {
  const { errorCode } = group;
  const isHidden = errorCode !== ErrorCode.NONE && apiVersion < GROUP_ERROR_VERSION;
  const topics = isHidden ? asked.map((topic) => refusedTopic(topic, errorCode)) : group.topics;
  return { throttleTimeMs: 0, topics, errorCode, groups: [] };
}

/**
 * OffsetFetch of one group. Pure.
 *
 * What is not there is no error: offset -1. RequireStable (KIP-447) makes a partition with an offset in an open transaction an
 * UNSTABLE_OFFSET_COMMIT. The answer shows the newest state and leaves when that state has committed.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../wire/base/uuid';
import type { RequestToken } from '../shard-machine';
import type { OffsetFetchGroup, OffsetFetchGroupResponse } from './group-requests';
import type { GroupScope } from './group-scope';

type FetchedTopic = OffsetFetchGroupResponse['topics'][number];
type FetchedPartition = FetchedTopic['partitions'][number];

export function fetchOffsets(
  scope: GroupScope,
  token: RequestToken,
  request: OffsetFetchGroup,
  requireStable: boolean,
): void {
  const { groupId } = request;
  const group = scope.groups.get(groupId);
  const errorCode = group?.checkFetch(request.memberId, request.memberEpoch) ?? ErrorCode.GROUP_ID_NOT_FOUND;
  const isUnknown = errorCode === ErrorCode.GROUP_ID_NOT_FOUND;
  if (errorCode !== ErrorCode.NONE && !isUnknown) return scope.fail(token, errorCode);
  const topics =
    request.topics === null
      ? allTopics(scope, groupId, isUnknown, requireStable)
      : request.topics.map(({ name, topicId, partitionIndexes }) => ({
          name,
          topicId,
          partitions: partitionIndexes.map((partition) =>
            isUnknown
              ? nothing(partition, ErrorCode.NONE)
              : fetchPartition(scope, groupId, name, topicId, partition, requireStable),
          ),
        }));
  const body = { groupId, topics, errorCode: ErrorCode.NONE };
  scope.respondWhenCommitted(token, { kind: 'offsetFetch', body });
}

function fetchPartition(
  scope: GroupScope,
  groupId: string,
  topic: string,
  topicId: string,
  partition: number,
  requireStable: boolean,
): FetchedPartition {
  if (requireStable && scope.offsets.hasPending(groupId, topic, partition)) {
    return nothing(partition, ErrorCode.UNSTABLE_OFFSET_COMMIT);
  }
  const { committed } = scope.offsets;
  const row = committed.find(groupId, topic, partition);
  if (row < 0 || isOfAnother(committed.topicIdOf(row), topicId)) return nothing(partition, ErrorCode.NONE);
  return committedPartition(scope, row);
}

/** The topic was deleted and made anew under its name: its offsets say nothing about the new one. */
function isOfAnother(storedId: string, askedId: string): boolean {
  return storedId !== ZERO_UUID && askedId !== ZERO_UUID && storedId !== askedId;
}

/** Topics in the order of their names, as far as they have committed offsets. */
function allTopics(scope: GroupScope, groupId: string, isUnknown: boolean, requireStable: boolean): FetchedTopic[] {
  if (isUnknown) return [];
  const byTopic = new Map<string, FetchedTopic>();
  const { committed } = scope.offsets;
  for (let row = committed.firstOf(groupId); row >= 0; row = committed.nextOf(row)) {
    const name = committed.topicOf(row);
    const partition = committed.partitionOf(row);
    let topic = byTopic.get(name);
    if (topic === undefined) {
      topic = { name, topicId: committed.topicIdOf(row), partitions: [] };
      byTopic.set(name, topic);
    }
    const isUnstable = requireStable && scope.offsets.hasPending(groupId, name, partition);
    topic.partitions.push(
      isUnstable ? nothing(partition, ErrorCode.UNSTABLE_OFFSET_COMMIT) : committedPartition(scope, row),
    );
  }
  const topics = [...byTopic.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { partitions } of topics) partitions.sort((a, b) => a.partitionIndex - b.partitionIndex);
  return topics;
}

function committedPartition(scope: GroupScope, row: number): FetchedPartition {
  const { committed } = scope.offsets;
  return {
    partitionIndex: committed.partitionOf(row),
    committedOffset: committed.offsetOf(row),
    committedLeaderEpoch: committed.leaderEpochOf(row),
    metadata: committed.metadataOf(row),
    errorCode: ErrorCode.NONE,
  };
}

function nothing(partitionIndex: number, errorCode: number): FetchedPartition {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode };
}

/**
 * OffsetDelete (KIP-496), DeleteGroups, and the offsets of topics that the cluster has deleted. Pure.
 *
 * A group with many offsets is deleted in slices, its own tombstone last: a broker that dies in between leaves a group with fewer
 * offsets, which can be deleted again.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../wire/base/uuid';
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '../../../wire/schema/committed-offsets';
import type { RequestToken } from '../shard-machine';
import type { Group } from './group';
import { type CoordinatorRecord, offsetTombstone } from './group-records';
import type { DeletedGroup, DeletedTopic } from './group-requests';
import type { GroupScope } from './group-scope';
import { SLICE_RECORDS, SLICE_ROWS, type SweepJob } from './sweeps';

type DeletedOffsets = OffsetDeleteResponse['topics'];

export function deleteOffsets(scope: GroupScope, token: RequestToken, request: OffsetDeleteRequest): void {
  const group = scope.groups.get(request.groupId);
  const errorCode = group?.checkOffsetDelete() ?? ErrorCode.GROUP_ID_NOT_FOUND;
  if (group === null || errorCode !== ErrorCode.NONE) return scope.fail(token, errorCode);
  const records: CoordinatorRecord[] = [];
  const topics = request.topics.map((topic) => deleteOffsetsOfTopic(scope, group, topic, records));
  if (records.length > 0) scope.write(records, { replay: true });
  const body = { errorCode: ErrorCode.NONE, throttleTimeMs: 0, topics };
  scope.respondWhenCommitted(token, { kind: 'offsetDelete', body });
}

function deleteOffsetsOfTopic(
  scope: GroupScope,
  group: Group,
  topic: OffsetDeleteRequest['topics'][number],
  records: CoordinatorRecord[],
): DeletedOffsets[number] {
  const { name } = topic;
  const { groupId } = group;
  const errorCode = group.isSubscribedTo(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
  const partitions = topic.partitions.map(({ partitionIndex }) => {
    const isThere =
      scope.offsets.committed.find(groupId, name, partitionIndex) >= 0 ||
      scope.offsets.hasPending(groupId, name, partitionIndex);
    if (errorCode === ErrorCode.NONE && isThere) records.push(offsetTombstone(groupId, name, partitionIndex));
    return { partitionIndex, errorCode };
  });
  return { name, partitions };
}

/** One DeleteGroups request, group after group. */
export class GroupDeletion implements SweepJob {
  readonly name = 'deleteGroups';
  private readonly results: DeletedGroup[] = [];

  constructor(
    private readonly token: RequestToken,
    private readonly groupIds: readonly string[],
  ) {}

  slice(scope: GroupScope, records: CoordinatorRecord[]): boolean {
    while (this.results.length < this.groupIds.length) {
      if (records.length >= SLICE_RECORDS) return false;
      const groupId = this.groupIds[this.results.length] as string;
      const group = scope.groups.get(groupId);
      const errorCode = group?.checkDelete() ?? ErrorCode.GROUP_ID_NOT_FOUND;
      if (group !== null && errorCode === ErrorCode.NONE && !deleteSome(scope, group, records)) return false;
      this.results.push({ groupId, errorCode });
    }
    return true;
  }

  finish(scope: GroupScope): void {
    scope.respondWhenCommitted(this.token, { kind: 'deleteGroups', body: this.results });
  }

  fail(scope: GroupScope, errorCode: number): void {
    scope.fail(this.token, errorCode);
  }
}

/** False when the group has more offsets than this slice may take. */
function deleteSome(scope: GroupScope, group: Group, records: CoordinatorRecord[]): boolean {
  const { groupId } = group;
  const { committed } = scope.offsets;
  for (let row = committed.firstOf(groupId); row >= 0; row = committed.nextOf(row)) {
    if (records.length >= SLICE_RECORDS) return false;
    records.push(offsetTombstone(groupId, committed.topicOf(row), committed.partitionOf(row)));
  }
  scope.offsets.forEachPending(groupId, (topic, partition) => {
    // One tombstone drops both, the committed offset and the pending ones.
    if (committed.find(groupId, topic, partition) < 0) records.push(offsetTombstone(groupId, topic, partition));
  });
  records.push(...group.tombstones());
  return true;
}

/** Offsets that were committed under the id of a deleted topic, or under none. */
export class TopicDeletion implements SweepJob {
  readonly name = 'topicDeletion';
  private readonly ids: ReadonlyMap<string, readonly string[]>;
  private row = -1;
  private removed = 0;

  constructor(
    private readonly token: RequestToken,
    topics: readonly DeletedTopic[],
  ) {
    const ids = new Map<string, string[]>();
    for (const { name, topicId } of topics) ids.set(name, [...(ids.get(name) ?? []), topicId]);
    this.ids = ids;
  }

  slice(scope: GroupScope, records: CoordinatorRecord[]): boolean {
    const { committed } = scope.offsets;
    if (this.row < 0) {
      this.row = 0;
      this.takePending(scope, records);
    }
    const end = Math.min(committed.rowCount, this.row + SLICE_ROWS);
    for (; this.row < end && records.length < SLICE_RECORDS; this.row++) {
      const { row } = this;
      if (!committed.isUsed(row) || !this.isGone(committed.topicOf(row), committed.topicIdOf(row))) continue;
      records.push(offsetTombstone(committed.ownerOf(row), committed.topicOf(row), committed.partitionOf(row)));
    }
    this.removed += records.length;
    return this.row >= committed.rowCount;
  }

  finish(scope: GroupScope): void {
    scope.respondWhenCommitted(this.token, { kind: 'topicsDeleted', body: this.removed });
  }

  fail(scope: GroupScope, errorCode: number): void {
    scope.fail(this.token, errorCode);
  }

  private takePending(scope: GroupScope, records: CoordinatorRecord[]): void {
    scope.offsets.forEachPendingOffset((groupId, topic, partition, topicId) => {
      if (this.isGone(topic, topicId)) records.push(offsetTombstone(groupId, topic, partition));
    });
  }

  private isGone(topic: string, topicId: string): boolean {
    const ids = this.ids.get(topic);
    return ids !== undefined && (topicId === ZERO_UUID || ids.includes(topicId));
  }
}

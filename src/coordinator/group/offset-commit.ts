/**
 * OffsetCommit and TxnOffsetCommit. Pure.
 *
 * A commit without generation to a group that is unknown or empty is a simple consumer's or a tool's: accepted, and the group is
 * there from the first record on. A commit in a transaction stays pending until the transaction ends; which state the group
 * is in matters less to it, and its session is not restarted (KIP-447).
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../wire/base/uuid';
import type { OffsetCommitRequest } from '../../../wire/schema/committed-offsets';
import type { TxnOffsetCommitRequest } from '../../../wire/schema/transaction';
import type { RequestToken } from '../shard-machine';
import { ClassicGroup } from './classic-group';
import { COMMIT_ACCEPTED, type CommitClaim, type CommitVerdict, type PartitionCheck } from './group';
import type { CommittedOffset, OffsetCommitRecord } from './group-records';
import type { GroupRequest } from './group-requests';
import type { GroupScope } from './group-scope';
import { restartSession } from './rebalance';

/** From this version on an unknown group has an error of its own (KIP-848). */
const GROUP_NOT_FOUND_VERSION = 9;
const DEFAULT_RETENTION = -1;

type Commit = Extract<GroupRequest, { readonly kind: 'offsetCommit' }>;
type TxnCommit = Extract<GroupRequest, { readonly kind: 'txnOffsetCommit' }>;
type CommitPartition = OffsetCommitRequest['topics'][number]['partitions'][number];

interface CommitTopic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly CommitPartition[];
}

interface CommitTerms {
  readonly groupId: string;
  readonly expireTimestampMs: number;
  readonly partitionCheck: PartitionCheck | null;
}

interface CommitResult {
  /** Not NONE: the whole request fails with it. */
  readonly errorCode: number;
  readonly records: OffsetCommitRecord[];
  readonly topics: { name: string; topicId: string; partitions: { partitionIndex: number; errorCode: number }[] }[];
}

export function commitOffsets(scope: GroupScope, token: RequestToken, commit: Commit): void {
  const { context, request } = commit;
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch, retentionTimeMs } = request;
  const { apiVersion } = context;
  const claim = { memberId, groupInstanceId, generationIdOrMemberEpoch, isTransactional: false, apiVersion };
  const verdict = judge(scope, groupId, claim);
  if (verdict.errorCode !== ErrorCode.NONE) return scope.fail(token, verdict.errorCode);
  keepSessionAlive(scope, groupId, memberId);
  if (refusesNewOffsets(scope, groupId, request.topics)) return scope.fail(token, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  const expireTimestampMs =
    retentionTimeMs === DEFAULT_RETENTION ? -1 : Math.min(scope.nowMs + retentionTimeMs, Number.MAX_SAFE_INTEGER);
  const { partitionCheck } = verdict;
  const result = collect(scope, request.topics, { groupId, expireTimestampMs, partitionCheck });
  if (result.errorCode !== ErrorCode.NONE) return scope.fail(token, result.errorCode);
  if (result.records.length > 0) scope.write(result.records, { replay: true });
  const body = { throttleTimeMs: 0, topics: result.topics };
  scope.respondWhenCommitted(token, { kind: 'offsetCommit', body });
}

export function commitTransactionalOffsets(scope: GroupScope, token: RequestToken, commit: TxnCommit): void {
  const { context, request, verificationGuard } = commit;
  const { groupId, memberId, groupInstanceId, generationId, producerId, producerEpoch } = request;
  const { apiVersion } = context;
  const claim = {
    memberId,
    groupInstanceId,
    generationIdOrMemberEpoch: generationId,
    isTransactional: true,
    apiVersion,
  };
  const verdict = judge(scope, groupId, claim);
  if (verdict.errorCode !== ErrorCode.NONE) return scope.fail(token, transactionalError(verdict.errorCode));
  if (refusesNewOffsets(scope, groupId, request.topics)) return scope.fail(token, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  const { partitionCheck } = verdict;
  const result = collect(scope, withoutIds(request), { groupId, expireTimestampMs: -1, partitionCheck });
  if (result.errorCode !== ErrorCode.NONE) return scope.fail(token, transactionalError(result.errorCode));
  if (result.records.length > 0) {
    scope.write(result.records, { replay: true, producer: { producerId, producerEpoch, verificationGuard } });
  }
  const topics = result.topics.map(({ name, partitions }) => ({ name, partitions }));
  scope.respondWhenCommitted(token, { kind: 'txnOffsetCommit', body: { throttleTimeMs: 0, topics } });
}

function judge(scope: GroupScope, groupId: string, claim: CommitClaim): CommitVerdict {
  const group = scope.groups.get(groupId);
  if (group !== null) return group.checkCommit(claim);
  if (claim.generationIdOrMemberEpoch < 0) return COMMIT_ACCEPTED;
  const hasOwnError = !claim.isTransactional && claim.apiVersion >= GROUP_NOT_FOUND_VERSION;
  const errorCode = hasOwnError ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION;
  return { errorCode, partitionCheck: null };
}

/** A producer knows generations only. */
function transactionalError(errorCode: number): number {
  return errorCode === ErrorCode.STALE_MEMBER_EPOCH ? ErrorCode.ILLEGAL_GENERATION : errorCode;
}

/** A commit is as good as a heartbeat, where a heartbeat would restart the session or ask the member to come back. */
function keepSessionAlive(scope: GroupScope, groupId: string, memberId: string): void {
  const group = scope.groups.get(groupId);
  if (!(group instanceof ClassicGroup)) return;
  const member = group.members.get(memberId);
  const counts = group.state === 'Stable' || group.state === 'PreparingRebalance';
  if (counts && member !== undefined) restartSession(scope, group, member);
}

/** Near the heap's bound, offsets that are there may be moved on; new ones have to wait. */
function refusesNewOffsets(
  scope: GroupScope,
  groupId: string,
  topics: readonly Pick<CommitTopic, 'name' | 'partitions'>[],
): boolean {
  if (scope.admitsNewState()) return false;
  return topics.some(({ name, partitions }) =>
    partitions.some(({ partitionIndex }) => scope.offsets.committed.find(groupId, name, partitionIndex) < 0),
  );
}

function collect(scope: GroupScope, topics: readonly CommitTopic[], terms: CommitTerms): CommitResult {
  const result: CommitResult = { errorCode: ErrorCode.NONE, records: [], topics: [] };
  for (const { name, topicId, partitions } of topics) {
    const answered: { partitionIndex: number; errorCode: number }[] = [];
    result.topics.push({ name, topicId, partitions: answered });
    for (const partition of partitions) {
      const { partitionIndex, committedMetadata } = partition;
      if ((committedMetadata?.length ?? 0) > scope.config.offsetMetadataMaxBytes) {
        answered.push({ partitionIndex, errorCode: ErrorCode.OFFSET_METADATA_TOO_LARGE });
        continue;
      }
      const errorCode = terms.partitionCheck?.(name, topicId, partitionIndex) ?? ErrorCode.NONE;
      if (errorCode !== ErrorCode.NONE) return { ...result, errorCode };
      answered.push({ partitionIndex, errorCode: ErrorCode.NONE });
      const value = committedOffset(partition, topicId, terms.expireTimestampMs, scope.nowMs);
      result.records.push({
        kind: 'offsetCommit',
        groupId: terms.groupId,
        topic: name,
        partition: partitionIndex,
        value,
      });
    }
  }
  return result;
}

function committedOffset(
  partition: CommitPartition,
  topicId: string,
  expireTimestampMs: number,
  nowMs: number,
): CommittedOffset {
  return {
    offset: partition.committedOffset,
    leaderEpoch: partition.committedLeaderEpoch,
    metadata: partition.committedMetadata ?? '',
    commitTimestampMs: nowMs,
    expireTimestampMs,
    topicId,
  };
}

function withoutIds(request: TxnOffsetCommitRequest): readonly CommitTopic[] {
  return request.topics.map(({ name, partitions }) => ({ name, topicId: ZERO_UUID, partitions }));
}

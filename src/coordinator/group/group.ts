/**
 * What the coordinator needs to know of a group of any type: may these offsets be committed, deleted, expired; is it empty;
 * how is it listed. Pure.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { CoordinatorRecord } from './group-records';

export type GroupType = 'classic' | 'consumer' | 'share' | 'streams';

/** Whom a commit claims to come from. */
export interface CommitClaim {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationIdOrMemberEpoch: number;
  readonly isTransactional: boolean;
  readonly apiVersion: number;
}

/** Judges one partition of an accepted commit (KIP-1251); an error fails the whole request. */
export type PartitionCheck = (topic: string, topicId: string, partition: number) => number;

export interface CommitVerdict {
  readonly errorCode: number;
  readonly partitionCheck: PartitionCheck | null;
}

export const COMMIT_ACCEPTED: CommitVerdict = { errorCode: ErrorCode.NONE, partitionCheck: null };

/** From when an offset's retention counts. 'never' keeps it. */
export type ExpiryBase = 'commitTime' | 'never' | { readonly sinceMs: number };

export interface Group {
  readonly groupId: string;
  readonly type: GroupType;
  /** No members: it may be deleted, and turned into a group of another type. */
  readonly isEmpty: boolean;
  /** Kafka's name of the state, as ListGroups gives it. */
  readonly stateName: string;
  readonly listedProtocolType: string;
  checkCommit(claim: CommitClaim): CommitVerdict;
  /** OffsetFetch v9+; the error is the group's. */
  checkFetch(memberId: string | null, memberEpoch: number): number;
  checkOffsetDelete(): number;
  checkDelete(): number;
  isSubscribedTo(topic: string): boolean;
  readonly expiryBase: ExpiryBase;
  /** What removes the group for good, in the order in which it has to be written. */
  tombstones(): readonly CoordinatorRecord[];
}

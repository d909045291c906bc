/** What the group machine is asked, what it answers, and the timers that it sets. Pure: types only. */

import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../wire/schema/transaction';
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
} from '../../../wire/schema/committed-offsets';
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../../../wire/schema/group';
import type {
  DeleteGroupsResponse,
  DescribeGroupsResponse,
  ListGroupsResponse,
} from '../../../wire/schema/group-admin';
import type { MachineEffect, MachineInput } from '../shard-machine';
import type { CoordinatorRecord } from './group-records';

/** Who asks, and in which version. */
export interface RequestContext {
  readonly clientId: string;
  /** As Java prints an InetAddress: with a slash in front. */
  readonly clientHost: string;
  readonly apiVersion: number;
}

export type OffsetFetchGroup = OffsetFetchRequest['groups'][number];
export type OffsetFetchGroupResponse = OffsetFetchResponse['groups'][number];
export type DescribedGroup = DescribeGroupsResponse['groups'][number];
export type ListedGroup = ListGroupsResponse['groups'][number];
export type DeletedGroup = DeleteGroupsResponse['results'][number];

/** A topic that the cluster has no more. */
export interface DeletedTopic {
  readonly name: string;
  readonly topicId: string;
}

export type GroupRequest =
  | { readonly kind: 'joinGroup'; readonly context: RequestContext; readonly request: JoinGroupRequest }
  | { readonly kind: 'syncGroup'; readonly context: RequestContext; readonly request: SyncGroupRequest }
  | { readonly kind: 'heartbeat'; readonly context: RequestContext; readonly request: HeartbeatRequest }
  /** The members list is filled in every version. */
  | { readonly kind: 'leaveGroup'; readonly context: RequestContext; readonly request: LeaveGroupRequest }
  /** Every topic has its name, and its id where one is known; unknown topics have been taken out. */
  | { readonly kind: 'offsetCommit'; readonly context: RequestContext; readonly request: OffsetCommitRequest }
  | {
      readonly kind: 'txnOffsetCommit';
      readonly context: RequestContext;
      readonly request: TxnOffsetCommitRequest;
      readonly verificationGuard: unknown;
    }
  | { readonly kind: 'offsetFetch'; readonly group: OffsetFetchGroup; readonly requireStable: boolean }
  | { readonly kind: 'offsetDelete'; readonly request: OffsetDeleteRequest }
  | { readonly kind: 'deleteGroups'; readonly groupIds: readonly string[] }
  | { readonly kind: 'describeGroups'; readonly groupIds: readonly string[]; readonly apiVersion: number }
  | { readonly kind: 'listGroups'; readonly statesFilter: readonly string[]; readonly typesFilter: readonly string[] }
  | { readonly kind: 'topicsDeleted'; readonly topics: readonly DeletedTopic[] };

export type GroupResponse =
  | { readonly kind: 'joinGroup'; readonly body: JoinGroupResponse }
  | { readonly kind: 'syncGroup'; readonly body: SyncGroupResponse }
  | { readonly kind: 'heartbeat'; readonly body: HeartbeatResponse }
  | { readonly kind: 'leaveGroup'; readonly body: LeaveGroupResponse }
  | { readonly kind: 'offsetCommit'; readonly body: OffsetCommitResponse }
  | { readonly kind: 'txnOffsetCommit'; readonly body: TxnOffsetCommitResponse }
  | { readonly kind: 'offsetFetch'; readonly body: OffsetFetchGroupResponse }
  | { readonly kind: 'offsetDelete'; readonly body: OffsetDeleteResponse }
  | { readonly kind: 'deleteGroups'; readonly body: readonly DeletedGroup[] }
  | { readonly kind: 'describeGroups'; readonly body: readonly DescribedGroup[] }
  | { readonly kind: 'listGroups'; readonly body: readonly ListedGroup[] }
  /** How many offsets went. */
  | { readonly kind: 'topicsDeleted'; readonly body: number };

export type GroupTimer =
  /** A session, a pending id or a new member's JoinGroup runs out. */
  | { readonly kind: 'heartbeat'; readonly groupId: string; readonly memberId: string }
  | { readonly kind: 'join'; readonly groupId: string }
  | { readonly kind: 'initialJoin'; readonly groupId: string; readonly delayMs: number; readonly remainingMs: number }
  | { readonly kind: 'sync'; readonly groupId: string; readonly generationId: number }
  | { readonly kind: 'expireOffsets' }
  | { readonly kind: 'sweep' }
  /** A timer of a group that is not classic. */
  | { readonly kind: 'other'; readonly groupId: string; readonly what: object };

export type GroupEffect = MachineEffect<GroupResponse, GroupTimer, CoordinatorRecord>;
export type GroupInput = MachineInput<GroupRequest, GroupTimer>;

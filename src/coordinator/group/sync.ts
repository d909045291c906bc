/**
 * SyncGroup. Pure.
 *
 * The leader's assignment is written before anybody hears of it; whoever syncs before that is parked. In a stable group the
 * assignment is there already, and asking for it does not restart the session. v5 names protocol type and name (KIP-559).
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { SyncGroupRequest } from '../../../wire/schema/group';
import type { RequestToken } from '../shard-machine';
import type { ClassicGroup } from './classic-group';
import { type ClassicMember, NO_BYTES } from './classic-member';
import { groupRecord } from './classic-record';
import { synced, syncError } from './classic-responses';
import type { Continuation, GroupScope } from './group-scope';
import { propagateAssignments, rebalanceOrCompleteJoin, resetAssignments } from './rebalance';

type Assignment = Extract<Continuation, { readonly kind: 'assignment' }>;

export function syncGroup(scope: GroupScope, token: RequestToken, request: SyncGroupRequest): void {
  const group = scope.groups.get(request.groupId);
  if (group === null || group.isEmpty) return scope.respond(token, syncError(ErrorCode.UNKNOWN_MEMBER_ID));
  if (group.type !== 'classic') {
    if (scope.others?.sync(scope, group, token, request) === true) return;
    return scope.respond(token, syncError(ErrorCode.UNKNOWN_MEMBER_ID));
  }
  const classic = scope.groups.classic(request.groupId);
  const member = classic?.members.get(request.memberId);
  if (classic === null) return;
  const errorCode = syncRefusal(classic, request);
  if (errorCode !== ErrorCode.NONE || member === undefined) return scope.respond(token, syncError(errorCode));
  syncClassicGroup(scope, classic, member, token, request);
}

/** The assignment is in the log: everybody may have it. Nothing to do when a new rebalance has overtaken it. */
export function assignmentWritten(scope: GroupScope, assignment: Assignment): void {
  const { group, generationId, assignments } = assignment;
  if (group.state !== 'CompletingRebalance' || group.generationId !== generationId) return;
  for (const member of group.members.values()) member.assignment = assignments.get(member.memberId) ?? NO_BYTES;
  propagateAssignments(scope, group, ErrorCode.NONE);
  group.transitionTo('Stable', scope.nowMs);
}

export function assignmentFailed(scope: GroupScope, assignment: Assignment, errorCode: number): void {
  const { group, generationId, leaderId } = assignment;
  if (group.state !== 'CompletingRebalance' || group.generationId !== generationId) return;
  resetAssignments(scope, group, errorCode);
  rebalanceOrCompleteJoin(scope, group, `the assignment of ${leaderId} could not be stored (error ${errorCode})`);
}

function syncRefusal(group: ClassicGroup, request: SyncGroupRequest): number {
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  const memberError = group.checkMember(request.memberId, request.groupInstanceId);
  if (memberError !== ErrorCode.NONE) return memberError;
  if (request.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  const isInconsistent =
    differs(request.protocolType, group.protocolType) || differs(request.protocolName, group.protocolName);
  return isInconsistent ? ErrorCode.INCONSISTENT_GROUP_PROTOCOL : ErrorCode.NONE;
}

function differs(given: string | null, present: string | null): boolean {
  return given !== null && present !== null && given !== present;
}

function syncClassicGroup(
  scope: GroupScope,
  group: ClassicGroup,
  member: ClassicMember,
  token: RequestToken,
  request: SyncGroupRequest,
): void {
  switch (group.state) {
    case 'PreparingRebalance':
      return scope.respond(token, syncError(ErrorCode.REBALANCE_IN_PROGRESS));
    case 'CompletingRebalance':
      // As with JoinGroup: the one before is of a connection that was given up.
      if (member.syncToken !== null) scope.respond(member.syncToken, syncError(ErrorCode.REBALANCE_IN_PROGRESS));
      member.syncToken = token;
      group.removePendingSync(member.memberId);
      if (group.isLeader(member.memberId)) return storeAssignment(scope, group, request);
      return scope.failUnlessCommitted(token);
    default:
      group.removePendingSync(member.memberId);
      return scope.respond(token, synced(group, member.assignment));
  }
}

/** Members that the leader left out get an empty assignment; ids that are not members are ignored. */
function storeAssignment(scope: GroupScope, group: ClassicGroup, request: SyncGroupRequest): void {
  const assignments = new Map<string, Uint8Array>();
  for (const { memberId, assignment } of request.assignments) {
    if (group.members.has(memberId)) assignments.set(memberId, assignment.slice());
  }
  const { generationId, memberId: leaderId } = request;
  scope.write([groupRecord(group, assignments)], {
    replay: false,
    continuation: { kind: 'assignment', group, generationId, leaderId, assignments },
  });
}

/** Heartbeat, and what happens to a member that falls silent. Pure. */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { HeartbeatRequest } from '../../../wire/schema/group';
import type { RequestToken } from '../shard-machine';
import type { ClassicGroup } from './classic-group';
import { heartbeatResponse } from './classic-responses';
import type { GroupScope } from './group-scope';
import { completeJoin, rebalanceOrCompleteJoin, removeMember, restartSession } from './rebalance';

export function heartbeat(scope: GroupScope, token: RequestToken, request: HeartbeatRequest): void {
  const group = scope.groups.get(request.groupId);
  if (group !== null && group.type !== 'classic' && scope.others?.heartbeat(scope, group, token, request) === true)
    return;
  const classic = scope.groups.classic(request.groupId);
  const errorCode = classic === null ? ErrorCode.UNKNOWN_MEMBER_ID : heartbeatClassicGroup(scope, classic, request);
  // A member that is known waits for what was written before; a refusal depends on nothing.
  const isKnown = errorCode === ErrorCode.NONE || errorCode === ErrorCode.REBALANCE_IN_PROGRESS;
  if (isKnown) scope.respondWhenCommitted(token, heartbeatResponse(errorCode));
  else scope.respond(token, heartbeatResponse(errorCode));
}

/** The timer of a session, of a pending id or of a new member's JoinGroup fired. */
export function sessionExpired(scope: GroupScope, group: ClassicGroup, memberId: string): void {
  if (group.state === 'Dead') return;
  const member = group.members.get(memberId);
  if (group.isPending(memberId)) {
    scope.log('info', `Group ${group.groupId}: pending member ${memberId} never came`);
    group.remove(memberId);
  } else if (member === undefined || member.hasSatisfiedHeartbeat) {
    return;
  } else {
    scope.log('info', `Group ${group.groupId}: member ${memberId} has failed`);
    removeMember(scope, group, member);
  }
  if (group.state === 'PreparingRebalance') {
    if (group.haveAllMembersJoined) completeJoin(scope, group);
  } else if (member !== undefined) {
    rebalanceOrCompleteJoin(scope, group, `member ${memberId} failed`);
  }
}

function heartbeatClassicGroup(scope: GroupScope, group: ClassicGroup, request: HeartbeatRequest): number {
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  const memberError = group.checkMember(request.memberId, request.groupInstanceId);
  if (memberError !== ErrorCode.NONE) return memberError;
  if (request.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  const member = group.members.get(request.memberId);
  if (group.isEmpty || member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  restartSession(scope, group, member);
  // A member may heartbeat before it has synced; only the join phase asks it to come back.
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

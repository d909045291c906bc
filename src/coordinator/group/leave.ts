/**
 * LeaveGroup. Pure.
 *
 * From v3 on a list, also from an administrator who knows only instance ids (KIP-345). One rebalance for all of them. What is
 * written is the next generation; the leave itself is not.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { LeaveGroupRequest } from '../../../wire/schema/group';
import type { RequestToken } from '../shard-machine';
import type { ClassicGroup } from './classic-group';
import type { GroupResponse } from './group-requests';
import { type GroupScope, heartbeatKey } from './group-scope';
import { rebalanceOrCompleteJoin, removeMember } from './rebalance';

type Leaver = LeaveGroupRequest['members'][number];

export function leaveGroup(scope: GroupScope, token: RequestToken, request: LeaveGroupRequest): void {
  const group = scope.groups.get(request.groupId);
  if (group !== null && group.type !== 'classic' && scope.others?.leave(scope, group, token, request) === true) return;
  const classic = scope.groups.classic(request.groupId);
  if (classic === null) {
    const unknown = request.members.map(() => ErrorCode.UNKNOWN_MEMBER_ID);
    return scope.respond(token, leaveResponse(ErrorCode.NONE, request.members, unknown));
  }
  if (classic.state === 'Dead') {
    return scope.respond(token, leaveResponse(ErrorCode.COORDINATOR_NOT_AVAILABLE, [], []));
  }
  const errorCodes = request.members.map((leaver) => removeLeaver(scope, classic, leaver));
  if (errorCodes.includes(ErrorCode.NONE) && !classic.isEmpty) {
    rebalanceOrCompleteJoin(scope, classic, 'members left');
  }
  scope.respondWhenCommitted(token, leaveResponse(ErrorCode.NONE, request.members, errorCodes));
}

function removeLeaver(scope: GroupScope, group: ClassicGroup, leaver: Leaver): number {
  const { memberId, groupInstanceId } = leaver;
  if (group.isPending(memberId)) {
    group.remove(memberId);
    scope.cancelTimer(heartbeatKey(group.groupId, memberId));
    return ErrorCode.NONE;
  }
  const isByInstance = memberId === '' && groupInstanceId !== null;
  const actualId = isByInstance ? (group.staticMemberId(groupInstanceId) ?? '') : memberId;
  const errorCode = group.checkMember(actualId, groupInstanceId);
  const member = group.members.get(actualId);
  if (errorCode !== ErrorCode.NONE || member === undefined) return errorCode;
  scope.cancelTimer(heartbeatKey(group.groupId, actualId));
  scope.log('info', `Group ${group.groupId}: member ${actualId} leaves: ${leaver.reason ?? 'no reason given'}`);
  removeMember(scope, group, member);
  return ErrorCode.NONE;
}

function leaveResponse(errorCode: number, leavers: readonly Leaver[], errorCodes: readonly number[]): GroupResponse {
  const members = leavers.map(({ memberId, groupInstanceId }, i) => ({
    memberId,
    groupInstanceId,
    errorCode: errorCodes[i] ?? ErrorCode.NONE,
  }));
  return { kind: 'leaveGroup', body: { throttleTimeMs: 0, errorCode, members } };
}

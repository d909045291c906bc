/**
 * JoinGroup (the numbers give the order of the checks; the tests have the same). Pure.
 *
 * v4 makes a new dynamic member come back with an id that it was given, so that lost answers leave no dead members behind
 * (KIP-394). v5 brings static members (KIP-345).
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import { hasRoomFor } from './capacity';
import { ClassicGroup } from './classic-group';
import { ClassicMember, keptProtocols } from './classic-member';
import { newGroupRecord } from './classic-record';
import { joined, joinError, membersForLeader } from './classic-responses';
import type { Group } from './group';
import { type GroupScope, heartbeatKey } from './group-scope';
import { type Join, timeoutsOf, withReason } from './join-request';
import { maybeCompleteJoin, NEW_MEMBER_JOIN_TIMEOUT_MS, rebalanceOrCompleteJoin, restartSession } from './rebalance';
import { replaceStaticMember } from './static-members';

/** From this version on a member needs an id before it is one. */
const KNOWN_ID_VERSION = 4;

export function joinGroup(scope: GroupScope, join: Join): void {
  const { token, request } = join;
  const { groupId, memberId } = request;
  const present = scope.groups.get(groupId);
  if (present !== null && present.type !== 'classic' && !makesWay(scope, present, join)) return;
  // 5, 6
  let group = scope.groups.classic(groupId);
  const isNew = group === null;
  if (group === null) {
    if (memberId !== '') return scope.respond(token, joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId));
    if (!scope.admitsNewState()) return scope.respond(token, joinError(ErrorCode.COORDINATOR_NOT_AVAILABLE, ''));
    group = ClassicGroup.empty(groupId, scope.nowMs);
    scope.groups.set(group);
  }
  joinClassicGroup(scope, group, join);
  if (isNew) {
    // Nothing that a first join does is written, and yet the group has to be there after a failover.
    const tombstones = present === null ? [] : present.tombstones();
    scope.write([...tombstones, newGroupRecord(group)], {
      replay: false,
      continuation: { kind: 'newGroup', group, replaced: present, token },
    });
  } else {
    scope.failUnlessCommitted(token);
  }
}

/** 2, 3, 4: an empty group of another type gives up its name; true when a classic group may have it. */
function makesWay(scope: GroupScope, group: Group, join: Join): boolean {
  const { token } = join;
  if (group.type !== 'share' && group.isEmpty) return true;
  const isTaken = group.type === 'consumer' && scope.others?.join(scope, group, join) === true;
  if (!isTaken) scope.respond(token, joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, ''));
  return false;
}

function joinClassicGroup(scope: GroupScope, group: ClassicGroup, join: Join): void {
  const { token, request } = join;
  const { memberId } = request;
  // 7
  if (!hasRoomFor(group, memberId, scope.config.groupMaxSize)) {
    group.remove(memberId);
    scope.respond(token, joinError(ErrorCode.GROUP_MAX_SIZE_REACHED, ''));
    // The others may have waited for this one alone.
    return maybeCompleteJoin(scope, group);
  }
  // 8
  if (group.state === 'Dead') return scope.respond(token, joinError(ErrorCode.COORDINATOR_NOT_AVAILABLE, memberId));
  // 9
  if (!group.supports(request.protocolType, request.protocols)) {
    return scope.respond(token, joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId));
  }
  if (memberId === '') joinAsNewMember(scope, group, join);
  else joinAsKnownMember(scope, group, join);
}

function joinAsNewMember(scope: GroupScope, group: ClassicGroup, join: Join): void {
  const { token, context, request } = join;
  const { groupInstanceId } = request;
  if (groupInstanceId !== null) {
    const newMemberId = `${groupInstanceId}-${scope.newUuid()}`;
    const known = group.members.get(group.staticMemberId(groupInstanceId) ?? '');
    // 10, 11
    if (known !== undefined) return replaceStaticMember(scope, group, known, newMemberId, join);
    return addMember(scope, group, newMemberId, join);
  }
  if (!scope.admitsNewState()) return scope.respond(token, joinError(ErrorCode.COORDINATOR_NOT_AVAILABLE, ''));
  const newMemberId = `${context.clientId}-${scope.newUuid()}`;
  // 13
  if (context.apiVersion < KNOWN_ID_VERSION) return addMember(scope, group, newMemberId, join);
  // 12
  group.addPending(newMemberId);
  const { groupId } = group;
  scope.startTimer(heartbeatKey(groupId, newMemberId), request.sessionTimeoutMs, {
    kind: 'heartbeat',
    groupId,
    memberId: newMemberId,
  });
  scope.respond(token, joinError(ErrorCode.MEMBER_ID_REQUIRED, newMemberId));
}

function joinAsKnownMember(scope: GroupScope, group: ClassicGroup, join: Join): void {
  const { token, request } = join;
  const { memberId, groupInstanceId } = request;
  // 14
  if (group.isPending(memberId)) {
    if (groupInstanceId !== null) return scope.fail(token, ErrorCode.UNKNOWN_SERVER_ERROR);
    return addMember(scope, group, memberId, join);
  }
  // 15, 16
  const errorCode = group.checkMember(memberId, groupInstanceId);
  const member = group.members.get(memberId);
  if (errorCode !== ErrorCode.NONE || member === undefined) return scope.respond(token, joinError(errorCode, memberId));
  rejoin(scope, group, member, join);
}

function rejoin(scope: GroupScope, group: ClassicGroup, member: ClassicMember, join: Join): void {
  const { token, request } = join;
  const { memberId } = member;
  switch (group.state) {
    case 'PreparingRebalance':
      // 17
      return updateMember(scope, group, member, join, `member ${memberId} joins again`);
    case 'CompletingRebalance': {
      // 19, 18
      if (!member.matches(request.protocols)) {
        return updateMember(scope, group, member, join, `member ${memberId} changed its metadata`);
      }
      const members = group.isLeader(memberId) ? membersForLeader(group) : [];
      return scope.respond(token, joined(group, memberId, { members }));
    }
    case 'Stable':
      // 20: it may have seen a change of topics that no metadata shows
      if (group.isLeader(memberId)) return updateMember(scope, group, member, join, `leader ${memberId} joins again`);
      // 21, 22
      if (!member.matches(request.protocols)) {
        return updateMember(scope, group, member, join, `member ${memberId} changed its metadata`);
      }
      return scope.respond(token, joined(group, memberId));
    default:
      // 23
      return scope.respond(token, joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId));
  }
}

function addMember(scope: GroupScope, group: ClassicGroup, memberId: string, join: Join): void {
  const { token, context, request } = join;
  const { groupInstanceId } = request;
  const { clientId, clientHost } = context;
  const identity = { memberId, groupInstanceId, clientId, clientHost };
  const member = new ClassicMember(identity, timeoutsOf(join), keptProtocols(request.protocols));
  member.isNew = true;
  if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true;
  group.add(member, request.protocolType, token);
  // It cannot send heartbeats before it is answered, and while its request is parked nobody notices that it went away.
  restartSession(scope, group, member, NEW_MEMBER_JOIN_TIMEOUT_MS);
  rebalanceOrCompleteJoin(scope, group, withReason(`new member ${memberId}`, request.reason));
}

function updateMember(scope: GroupScope, group: ClassicGroup, member: ClassicMember, join: Join, why: string): void {
  group.update(member, timeoutsOf(join), keptProtocols(join.request.protocols));
  // Another JoinGroup may be parked, from a connection that the client has given up. Kafka never answers it; here nothing
  // stays open for ever.
  const before = group.park(member, join.token);
  if (before !== null) scope.respond(before, joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId));
  rebalanceOrCompleteJoin(scope, group, withReason(why, join.request.reason));
}

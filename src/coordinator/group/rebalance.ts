/**
 * The rebalance of a classic group, from the first reason for one to the next generation. Pure.
 *
 * A group that was empty waits for the initial delay, prolonged while new members come (KIP-134). Any other waits until all
 * members have joined again, at most for the longest of their rebalance timeouts; dynamic members that stayed away are then
 * removed. After the join phase, whoever does not sync within another rebalance timeout is removed too, static or not.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { ClassicGroup } from './classic-group';
import { type ClassicMember, NO_BYTES } from './classic-member';
import { currentAssignments, groupRecord } from './classic-record';
import { joined, joinError, membersForLeader, synced, syncError } from './classic-responses';
import { type GroupScope, heartbeatKey, joinKey, syncKey } from './group-scope';

/** How long the JoinGroup of a member that was never answered may stay parked. */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000;

/** (Re)starts the timer after which a silent member is removed. */
export function restartSession(
  scope: GroupScope,
  group: ClassicGroup,
  member: ClassicMember,
  timeoutMs = member.sessionTimeoutMs,
): void {
  const { groupId } = group;
  const { memberId } = member;
  scope.startTimer(heartbeatKey(groupId, memberId), timeoutMs, { kind: 'heartbeat', groupId, memberId });
}

/** Something about the group changed that calls for a new generation. */
export function rebalanceOrCompleteJoin(scope: GroupScope, group: ClassicGroup, reason: string): void {
  if (group.canRebalance) prepareRebalance(scope, group, reason);
  else maybeCompleteJoin(scope, group);
}

export function prepareRebalance(scope: GroupScope, group: ClassicGroup, reason: string): void {
  if (group.state === 'CompletingRebalance') resetAssignments(scope, group, ErrorCode.REBALANCE_IN_PROGRESS);
  group.clearPendingSync();
  scope.cancelTimer(syncKey(group.groupId));
  const isInitial = group.isEmpty;
  scope.log('info', `Group ${group.groupId} rebalances after generation ${group.generationId}: ${reason}`);
  group.transitionTo('PreparingRebalance', scope.nowMs);
  if (isInitial) startInitialDelay(scope, group);
  else if (group.haveAllMembersJoined) completeJoin(scope, group);
  else startJoinTimer(scope, group);
}

/** The join phase ends early once nobody is missing, but never during the initial delay. */
export function maybeCompleteJoin(scope: GroupScope, group: ClassicGroup): void {
  if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return;
  if (group.haveAllMembersJoined) completeJoin(scope, group);
}

/** The initial delay is over: once more if somebody came meanwhile and there is time left. */
export function initialDelayOver(scope: GroupScope, group: ClassicGroup, delayMs: number, remainingMs: number): void {
  if (!group.newMemberAdded || remainingMs === 0) return completeJoin(scope, group);
  group.newMemberAdded = false;
  const nextDelayMs = Math.min(scope.config.groupInitialRebalanceDelayMs, remainingMs);
  scheduleInitialDelay(scope, group.groupId, nextDelayMs, Math.max(remainingMs - delayMs, 0));
}

/** Ends the join phase with whoever is there. */
export function completeJoin(scope: GroupScope, group: ClassicGroup): void {
  scope.cancelTimer(joinKey(group.groupId));
  removeAbsentDynamicMembers(scope, group);
  if (group.state === 'Dead') return;
  if (group.members.size > 0 && !group.electJoinedLeader()) {
    // Static members alone, and none of them here: their sessions decide.
    return startJoinTimer(scope, group);
  }
  group.nextGeneration(scope.nowMs);
  if (group.isEmpty) {
    scope.log('info', `Group ${group.groupId} with generation ${group.generationId} is now empty`);
    scope.write([groupRecord(group, new Map())], { replay: false, continuation: { kind: 'emptied', group } });
    return;
  }
  scope.log('info', `Group ${group.groupId} has generation ${group.generationId} with ${group.members.size} members`);
  answerJoins(scope, group);
}

/** The sync timer fired: whoever has not synced since `generationId` began is removed. */
export function expirePendingSync(scope: GroupScope, group: ClassicGroup, generationId: number): void {
  if (generationId !== group.generationId || !group.hasPendingSync) return;
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return;
  const missing = group.pendingSyncMembers;
  for (const memberId of missing) {
    group.remove(memberId);
    scope.cancelTimer(heartbeatKey(group.groupId, memberId));
  }
  prepareRebalance(scope, group, `members ${missing.join(', ')} did not sync in time`);
}

/** Answers whatever is parked with the assignments as they are, and restarts the sessions of those who were answered. */
export function propagateAssignments(scope: GroupScope, group: ClassicGroup, errorCode: number): void {
  for (const member of group.members.values()) {
    if (member.syncToken === null) continue;
    const isError = errorCode !== ErrorCode.NONE;
    scope.respond(member.syncToken, isError ? syncError(errorCode) : synced(group, member.assignment));
    member.syncToken = null;
    restartSession(scope, group, member);
  }
}

export function resetAssignments(scope: GroupScope, group: ClassicGroup, errorCode: number): void {
  for (const member of group.members.values()) member.assignment = NO_BYTES;
  propagateAssignments(scope, group, errorCode);
}

/** Removes a member that left or fell silent; whoever waits in its name learns that it has to start anew. */
export function removeMember(scope: GroupScope, group: ClassicGroup, member: ClassicMember): void {
  const token = group.park(member, null);
  if (token !== null) scope.respond(token, joinError(ErrorCode.UNKNOWN_MEMBER_ID, ''));
  if (member.syncToken !== null) scope.respond(member.syncToken, syncError(ErrorCode.UNKNOWN_MEMBER_ID));
  member.syncToken = null;
  group.remove(member.memberId);
}

/** The record of the group as it stands, with the assignments that its members have. */
export function presentRecord(group: ClassicGroup): ReturnType<typeof groupRecord> {
  return groupRecord(group, currentAssignments(group));
}

function startInitialDelay(scope: GroupScope, group: ClassicGroup): void {
  const delayMs = scope.config.groupInitialRebalanceDelayMs;
  scheduleInitialDelay(scope, group.groupId, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0));
}

function scheduleInitialDelay(scope: GroupScope, groupId: string, delayMs: number, remainingMs: number): void {
  scope.startTimer(joinKey(groupId), delayMs, { kind: 'initialJoin', groupId, delayMs, remainingMs });
}

function startJoinTimer(scope: GroupScope, group: ClassicGroup): void {
  const { groupId } = group;
  scope.startTimer(joinKey(groupId), group.rebalanceTimeoutMs, { kind: 'join', groupId });
}

function removeAbsentDynamicMembers(scope: GroupScope, group: ClassicGroup): void {
  const removed: string[] = [];
  for (const member of group.members.values()) {
    if (member.isAwaitingJoin || member.isStatic) continue;
    group.remove(member.memberId);
    scope.cancelTimer(heartbeatKey(group.groupId, member.memberId));
    removed.push(member.memberId);
  }
  if (removed.length > 0) {
    scope.log('info', `Group ${group.groupId} removed members that did not join in time: ${removed.join(', ')}`);
  }
}

/** Tells everybody who is parked of the new generation; static members that are not belong to it all the same. */
function answerJoins(scope: GroupScope, group: ClassicGroup): void {
  const { groupId, generationId } = group;
  for (const member of group.members.values()) {
    const token = group.park(member, null);
    if (token !== null) {
      const members = group.isLeader(member.memberId) ? membersForLeader(group) : [];
      scope.respond(token, joined(group, member.memberId, { members }));
    }
    restartSession(scope, group, member);
    member.isNew = false;
    group.addPendingSync(member.memberId);
  }
  scope.startTimer(syncKey(groupId), group.rebalanceTimeoutMs, { kind: 'sync', groupId, generationId });
}

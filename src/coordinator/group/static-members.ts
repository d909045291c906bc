/**
 * A static member comes back under its instance id and takes the place of the one before it (KIP-345). Pure.
 *
 * In a stable group whose choice of protocol stays the same nobody else notices: the new member id is written, and then the
 * member is told the present generation. v9 tells a leader that it need not assign again (KIP-814); an older leader is
 * told the id of the one it replaced, so that it acts as a follower.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { ClassicGroup } from './classic-group';
import { ClassicMember, keptProtocols } from './classic-member';
import { joined, joinError, membersForLeader, syncError } from './classic-responses';
import { type Continuation, type GroupScope, heartbeatKey } from './group-scope';
import { type Join, timeoutsOf, withReason } from './join-request';
import {
  maybeCompleteJoin,
  prepareRebalance,
  presentRecord,
  rebalanceOrCompleteJoin,
  restartSession,
} from './rebalance';

const SKIP_ASSIGNMENT_VERSION = 9;

type StaticReplacement = Extract<Continuation, { readonly kind: 'staticReplacement' }>;

export function replaceStaticMember(
  scope: GroupScope,
  group: ClassicGroup,
  oldMember: ClassicMember,
  newMemberId: string,
  join: Join,
): void {
  const { token, context, request } = join;
  const oldLeaderId = group.leaderId;
  const newMember = successorOf(oldMember, newMemberId);
  const { rebalanceTimeoutMs, sessionTimeoutMs, protocols: oldProtocols } = oldMember;
  fence(scope, group, oldMember);
  group.replaceStatic(oldMember, newMember);
  scope.cancelTimer(heartbeatKey(group.groupId, oldMember.memberId));
  restartSession(scope, group, newMember);
  group.update(newMember, timeoutsOf(join), keptProtocols(request.protocols));
  group.park(newMember, token);
  const who = `static member ${newMemberId}`;
  switch (group.state) {
    case 'Stable':
      if (group.selectProtocol() !== group.protocolName) {
        return rebalanceOrCompleteJoin(scope, group, withReason(`${who} changes the protocol`, request.reason));
      }
      return scope.write([presentRecord(group)], {
        replay: false,
        continuation: {
          kind: 'staticReplacement',
          group,
          token,
          context,
          oldMember,
          newMember,
          oldTimeouts: { rebalanceTimeoutMs, sessionTimeoutMs },
          oldProtocols,
          oldLeaderId,
        },
      });
    case 'CompletingRebalance':
      // The leader may be assigning to the id that has just gone.
      return prepareRebalance(scope, group, withReason(`${who} came back`, request.reason));
    default:
      return maybeCompleteJoin(scope, group);
  }
}

/** The new id is in the log. */
export function replacementWritten(scope: GroupScope, replacement: StaticReplacement): void {
  const { group, newMember, context, oldLeaderId } = replacement;
  const token = group.park(newMember, null);
  if (token === null) return;
  const { memberId } = newMember;
  if (context.apiVersion < SKIP_ASSIGNMENT_VERSION) {
    return scope.respond(token, joined(group, memberId, { leader: oldLeaderId }));
  }
  const isLeader = group.isLeader(memberId);
  const members = isLeader ? membersForLeader(group) : [];
  scope.respond(token, joined(group, memberId, { members, skipAssignment: isLeader }));
}

/** The new id is not in the log: everything is put back. */
export function replacementFailed(scope: GroupScope, replacement: StaticReplacement, errorCode: number): void {
  const { group, token, oldMember, newMember, oldTimeouts, oldProtocols, oldLeaderId } = replacement;
  if (group.members.get(newMember.memberId) === newMember) {
    group.update(newMember, oldTimeouts, oldProtocols);
    const returned = successorOf(newMember, oldMember.memberId);
    group.replaceStatic(newMember, returned);
    restartSession(scope, group, returned);
  }
  scope.respond(token, joined(group, '', { leader: oldLeaderId, errorCode }));
}

/** The same member under another id. The client's id and host stay those of the first. */
function successorOf(member: ClassicMember, memberId: string): ClassicMember {
  const { groupInstanceId, clientId, clientHost } = member;
  const successor = new ClassicMember({ memberId, groupInstanceId, clientId, clientHost }, member, member.protocols);
  successor.assignment = member.assignment;
  return successor;
}

/** Whoever still waits under the old id has been replaced. */
function fence(scope: GroupScope, group: ClassicGroup, member: ClassicMember): void {
  const joinToken = group.park(member, null);
  if (joinToken !== null) scope.respond(joinToken, joinError(ErrorCode.FENCED_INSTANCE_ID, member.memberId));
  if (member.syncToken !== null) scope.respond(member.syncToken, syncError(ErrorCode.FENCED_INSTANCE_ID));
  member.syncToken = null;
}

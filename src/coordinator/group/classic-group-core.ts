/**
 * Classic consumer groups: which part answers what, and what the ends of timers and writes lead to. Pure.
 *
 * The parts: join.ts, join-request.ts, static-members.ts (JoinGroup), rebalance.ts (from a reason to the next generation), sync.ts,
 * sessions.ts (Heartbeat, expiry), leave.ts, capacity.ts, protocol-selection.ts. The state is classic-group.ts.
 *
 * What members and generations are is soft state: it changes at once, and record 2 follows. When that record is refused, the
 * change is repaired here.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import type { ClassicGroup } from './classic-group';
import { joinError, syncError } from './classic-responses';
import type { GroupTimer } from './group-requests';
import { type Continuation, type GroupScope, heartbeatKey, joinKey } from './group-scope';
import { completeJoin, expirePendingSync, initialDelayOver, prepareRebalance, restartSession } from './rebalance';
import { sessionExpired } from './sessions';
import { replacementFailed, replacementWritten } from './static-members';
import { assignmentFailed, assignmentWritten } from './sync';

type ClassicTimer = Extract<GroupTimer, { readonly kind: 'heartbeat' | 'join' | 'initialJoin' | 'sync' }>;
type ClassicContinuation = Exclude<Continuation, { readonly kind: 'sweep' }>;

export function classicTimerFired(scope: GroupScope, timer: ClassicTimer): void {
  const group = scope.groups.classic(timer.groupId);
  if (group === null) return;
  switch (timer.kind) {
    case 'heartbeat':
      return sessionExpired(scope, group, timer.memberId);
    case 'sync':
      return expirePendingSync(scope, group, timer.generationId);
    case 'join':
      return group.state === 'PreparingRebalance' ? completeJoin(scope, group) : undefined;
    case 'initialJoin':
      if (group.state !== 'PreparingRebalance') return;
      return initialDelayOver(scope, group, timer.delayMs, timer.remainingMs);
  }
}

export function classicWritten(scope: GroupScope, continuation: ClassicContinuation): void {
  switch (continuation.kind) {
    case 'assignment':
      return assignmentWritten(scope, continuation);
    case 'staticReplacement':
      return replacementWritten(scope, continuation);
    case 'newGroup':
    case 'emptied':
      return;
  }
}

/** `isStored`: the record may commit yet, only nobody knows. */
export function classicWriteFailed(
  scope: GroupScope,
  continuation: ClassicContinuation,
  errorCode: number,
  isStored: boolean,
): void {
  switch (continuation.kind) {
    case 'assignment':
      return assignmentFailed(scope, continuation, errorCode);
    case 'staticReplacement':
      return replacementFailed(scope, continuation, errorCode);
    case 'emptied':
      // The generation before it comes back after a failover, with members that will time out: no harm.
      return scope.log('warn', `Group ${continuation.group.groupId} is empty, but that could not be stored`);
    case 'newGroup':
      scope.respond(continuation.token, joinError(errorCode, ''));
      if (!isStored) forget(scope, continuation, errorCode);
  }
}

/** The partition has been loaded: nobody knows when a member was last heard of, so all sessions start anew. */
export function classicGroupsLoaded(scope: GroupScope): void {
  for (const group of [...scope.groups.all()]) {
    const classic = group.type === 'classic' ? scope.groups.classic(group.groupId) : null;
    if (classic === null) continue;
    for (const member of classic.members.values()) restartSession(scope, classic, member);
    if (classic.members.size > scope.config.groupMaxSize) {
      prepareRebalance(
        scope,
        classic,
        `${classic.members.size} members are over the limit, which must have been lowered`,
      );
    }
  }
}

/** The partition goes to another broker. */
export function classicGroupsUnloaded(scope: GroupScope): void {
  for (const group of scope.groups.all()) {
    const classic = group.type === 'classic' ? scope.groups.classic(group.groupId) : null;
    if (classic === null || classic.state === 'Dead') continue;
    classic.transitionTo('Dead', scope.nowMs);
    failParked(scope, classic, ErrorCode.NOT_COORDINATOR);
  }
}

/** The group was never written: it is as if nobody had joined. */
function forget(
  scope: GroupScope,
  continuation: Extract<Continuation, { readonly kind: 'newGroup' }>,
  errorCode: number,
): void {
  const { group, replaced } = continuation;
  if (scope.groups.get(group.groupId) !== group) return;
  failParked(scope, group, errorCode);
  scope.cancelTimer(joinKey(group.groupId));
  if (replaced === null) scope.groups.remove(group.groupId);
  else scope.groups.set(replaced);
}

function failParked(scope: GroupScope, group: ClassicGroup, errorCode: number): void {
  for (const member of group.members.values()) {
    const joinToken = group.park(member, null);
    if (joinToken !== null) scope.respond(joinToken, joinError(errorCode, member.memberId));
    if (member.syncToken !== null) scope.respond(member.syncToken, syncError(errorCode));
    member.syncToken = null;
    scope.cancelTimer(heartbeatKey(group.groupId, member.memberId));
  }
}

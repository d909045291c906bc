/**
 * What the parts of the group machine share: configuration, the groups, their offsets, and the effects of the step under way. Pure.
 *
 * Invariant: between two steps `effects` is nobody's; whatever outlives a step is in the groups, the offsets or the
 * continuations.
 */

import type { HeartbeatRequest, LeaveGroupRequest, SyncGroupRequest } from '../../../wire/schema/group';
import type { RequestToken, TransactionalProducer, WriteToken } from '../shard-machine';
import type { ClassicGroup } from './classic-group';
import type { ClassicMember, MemberProtocol, MemberTimeouts } from './classic-member';
import type { Group } from './group';
import type { GroupConfig } from './group-config';
import type { CoordinatorRecord } from './group-records';
import type { GroupRegistry } from './group-registry';
import type { GroupEffect, GroupResponse, GroupTimer, RequestContext } from './group-requests';
import type { Join } from './join-request';
import type { OffsetStore } from './offset-store';

/** What is done when a write of soft state has committed, or failed. */
export type Continuation =
  /** The first record of a group that a JoinGroup brought about. */
  | {
      readonly kind: 'newGroup';
      readonly group: ClassicGroup;
      /** The empty group of another type that had the name. */
      readonly replaced: Group | null;
      readonly token: RequestToken;
    }
  | {
      readonly kind: 'assignment';
      readonly group: ClassicGroup;
      readonly generationId: number;
      readonly leaderId: string;
      readonly assignments: ReadonlyMap<string, Uint8Array>;
    }
  | {
      readonly kind: 'staticReplacement';
      readonly group: ClassicGroup;
      readonly token: RequestToken;
      readonly context: RequestContext;
      readonly oldMember: ClassicMember;
      readonly newMember: ClassicMember;
      readonly oldTimeouts: MemberTimeouts;
      readonly oldProtocols: readonly MemberProtocol[];
      readonly oldLeaderId: string | null;
    }
  | { readonly kind: 'emptied'; readonly group: ClassicGroup }
  | { readonly kind: 'sweep' };

/** How groups of other types take part in the classic requests. */
export interface OtherGroups {
  /** A JoinGroup to a consumer group that has members. False: it is refused as inconsistent. */
  join(scope: GroupScope, group: Group, join: Join): boolean;
  /** SyncGroup, Heartbeat and LeaveGroup. False: the member is unknown. */
  sync(scope: GroupScope, group: Group, token: RequestToken, request: SyncGroupRequest): boolean;
  heartbeat(scope: GroupScope, group: Group, token: RequestToken, request: HeartbeatRequest): boolean;
  leave(scope: GroupScope, group: Group, token: RequestToken, request: LeaveGroupRequest): boolean;
  /** A timer of kind 'other' fired. */
  timer(scope: GroupScope, timer: Extract<GroupTimer, { readonly kind: 'other' }>): void;
  /** The partition has been loaded: timers of members begin anew. */
  loaded(scope: GroupScope): void;
}

interface WriteOptions {
  readonly replay: boolean;
  readonly atomic?: boolean;
  readonly continuation?: Continuation;
  readonly producer?: TransactionalProducer;
}

export class GroupScope {
  nowMs = 0;
  private effects: GroupEffect[] = [];
  private readonly continuations = new Map<WriteToken, Continuation>();
  private nextWrite = 1;

  constructor(
    readonly config: GroupConfig,
    readonly groups: GroupRegistry,
    readonly offsets: OffsetStore,
    /** A random UUID in Java's text form. */
    readonly newUuid: () => string,
    /** False when the heap is near its bound: what is there goes on, nothing new is begun. */
    readonly admitsNewState: () => boolean,
    readonly others: OtherGroups | null,
  ) {}

  begin(nowMs: number, effects: GroupEffect[]): void {
    this.nowMs = nowMs;
    this.effects = effects;
  }

  respond(token: RequestToken, response: GroupResponse): void {
    this.effects.push({ kind: 'respond', token, response });
  }

  /** The usual way: the answer leaves when everything written so far has committed. */
  respondWhenCommitted(token: RequestToken, response: GroupResponse): void {
    this.effects.push({ kind: 'respondWhenCommitted', token, response, evenIfLate: false });
  }

  respondWhenSettled(token: RequestToken, response: GroupResponse): void {
    this.effects.push({ kind: 'respondWhenCommitted', token, response, evenIfLate: true });
  }

  failUnlessCommitted(token: RequestToken): void {
    this.effects.push({ kind: 'failUnlessCommitted', token });
  }

  fail(token: RequestToken, errorCode: number): void {
    this.effects.push({ kind: 'fail', token, errorCode });
  }

  startTimer(key: string, delayMs: number, timer: GroupTimer): void {
    this.effects.push({ kind: 'startTimer', key, delayMs, timer });
  }

  cancelTimer(key: string): void {
    this.effects.push({ kind: 'cancelTimer', key });
  }

  log(level: 'debug' | 'info' | 'warn', message: string): void {
    this.effects.push({ kind: 'log', level, message });
  }

  write(records: readonly CoordinatorRecord[], options: WriteOptions): void {
    const { replay, atomic = true, continuation, producer = null } = options;
    let write: WriteToken | null = null;
    if (continuation !== undefined) {
      write = this.nextWrite++;
      this.continuations.set(write, continuation);
    }
    this.effects.push({ kind: 'append', records, replay, atomic, write, producer });
  }

  /** What was to be done at the end of `write`; a write ends once. */
  takeContinuation(write: WriteToken): Continuation | null {
    const continuation = this.continuations.get(write) ?? null;
    this.continuations.delete(write);
    return continuation;
  }
}

/** Keys of timers: no two pairs of ids give the same. */
export function heartbeatKey(groupId: string, memberId: string): string {
  return `heartbeat-${groupId.length}-${groupId}-${memberId}`;
}

export function joinKey(groupId: string): string {
  return `join-${groupId}`;
}

export function syncKey(groupId: string): string {
  return `sync-${groupId}`;
}

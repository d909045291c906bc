/**
 * The machine of one partition of `__consumer_offsets`: groups and their offsets. Pure; see shard-machine.ts for what drives it.
 *
 * Invariants: committed and pending offsets, and which groups exist, change in `replay` alone, apart from a classic group that a
 * JoinGroup brings about (its first record follows at once). Every request is answered or parked in a member.
 */

import type { MachineEffect, RequestToken, ShardMachine } from '../shard-machine';
import type { UndoLog } from '../undo-log';
import { ClassicGroup } from './classic-group';
import {
  classicGroupsLoaded,
  classicGroupsUnloaded,
  classicTimerFired,
  classicWriteFailed,
  classicWritten,
} from './classic-group-core';
import { groupFromRecord } from './classic-record';
import type { GroupConfig } from './group-config';
import type { CoordinatorRecord, GroupMetadataRecord, OffsetCommitRecord, OtherGroupRecord } from './group-records';
import { GroupRegistry } from './group-registry';
import type { GroupInput, GroupRequest, GroupResponse, GroupTimer } from './group-requests';
import { GroupScope, type OtherGroups } from './group-scope';
import { describeGroups, listGroups } from './group-views';
import { joinGroup } from './join';
import { leaveGroup } from './leave';
import { commitOffsets, commitTransactionalOffsets } from './offset-commit';
import { deleteOffsets, GroupDeletion, TopicDeletion } from './offset-deletion';
import { OffsetExpiry, scheduleExpiry } from './offset-expiry';
import { fetchOffsets } from './offset-fetch';
import { OffsetStore } from './offset-store';
import { heartbeat } from './sessions';
import { Sweeps } from './sweeps';
import { syncGroup } from './sync';

/** How records of groups of other types are replayed. */
export type OtherReplay = (groups: GroupRegistry, record: OtherGroupRecord, undo: UndoLog | null) => void;

export interface GroupCoreOptions {
  readonly config: GroupConfig;
  /** A random UUID in Java's text form, for member ids. */
  readonly newUuid: () => string;
  /** False refuses new groups, members and offsets, with an error that clients retry. Left out: always true. */
  readonly admitsNewState?: () => boolean;
  readonly others?: OtherGroups;
  readonly replayOther?: OtherReplay;
}

export class GroupCore implements ShardMachine<GroupRequest, GroupResponse, GroupTimer, CoordinatorRecord> {
  readonly groups = new GroupRegistry();
  readonly offsets = new OffsetStore();
  private readonly scope: GroupScope;
  private readonly sweeps = new Sweeps();
  private readonly replayOther: OtherReplay | null;

  constructor(options: GroupCoreOptions) {
    const { config, newUuid, admitsNewState = () => true, others = null } = options;
    this.scope = new GroupScope(config, this.groups, this.offsets, newUuid, admitsNewState, others);
    this.replayOther = options.replayOther ?? null;
  }

  step(input: GroupInput, nowMs: number, effects: MachineEffect<GroupResponse, GroupTimer, CoordinatorRecord>[]): void {
    const { scope } = this;
    scope.begin(nowMs, effects);
    switch (input.kind) {
      case 'request':
        return this.request(input.token, input.request);
      case 'timer':
        return this.timerFired(input.timer);
      case 'written':
        return this.written(input.write);
      case 'writeFailed':
        return this.writeFailed(input.write, input.errorCode, input.isStored);
      case 'loaded':
        classicGroupsLoaded(scope);
        scope.others?.loaded(scope);
        return scheduleExpiry(scope);
      case 'unloaded':
        return classicGroupsUnloaded(scope);
    }
  }

  replay(record: CoordinatorRecord, offset: number, producerId: number, nowMs: number, undo: UndoLog | null): void {
    switch (record.kind) {
      case 'offsetCommit':
        return this.replayOffset(record, offset, producerId, nowMs, undo);
      case 'groupMetadata':
        return this.replayGroup(record, undo);
      case 'other':
        return this.replayOther?.(this.groups, record, undo);
    }
  }

  replayEndTransactionMarker(producerId: number, committed: boolean, undo: UndoLog | null): void {
    this.offsets.endTransaction(producerId, committed, undo);
  }

  private request(token: RequestToken, request: GroupRequest): void {
    const { scope } = this;
    switch (request.kind) {
      case 'joinGroup':
        return joinGroup(scope, { token, context: request.context, request: request.request });
      case 'syncGroup':
        return syncGroup(scope, token, request.request);
      case 'heartbeat':
        return heartbeat(scope, token, request.request);
      case 'leaveGroup':
        return leaveGroup(scope, token, request.request);
      case 'offsetCommit':
        return commitOffsets(scope, token, request);
      case 'txnOffsetCommit':
        return commitTransactionalOffsets(scope, token, request);
      case 'offsetFetch':
        return fetchOffsets(scope, token, request.group, request.requireStable);
      case 'offsetDelete':
        return deleteOffsets(scope, token, request.request);
      case 'deleteGroups':
        return this.sweeps.add(scope, new GroupDeletion(token, request.groupIds));
      case 'topicsDeleted':
        return this.sweeps.add(scope, new TopicDeletion(token, request.topics));
      case 'describeGroups': {
        const body = describeGroups(scope, request.groupIds, request.apiVersion);
        return scope.respondWhenSettled(token, { kind: 'describeGroups', body });
      }
      case 'listGroups': {
        const body = listGroups(scope, request.statesFilter, request.typesFilter);
        return scope.respondWhenSettled(token, { kind: 'listGroups', body });
      }
    }
  }

  private timerFired(timer: GroupTimer): void {
    const { scope, sweeps } = this;
    switch (timer.kind) {
      case 'expireOffsets':
        scheduleExpiry(scope);
        if (!sweeps.has(OffsetExpiry.jobName)) sweeps.add(scope, new OffsetExpiry());
        return;
      case 'sweep':
        return sweeps.resume(scope);
      case 'other':
        return scope.others?.timer(scope, timer);
      default:
        return classicTimerFired(scope, timer);
    }
  }

  private written(write: number): void {
    const continuation = this.scope.takeContinuation(write);
    if (continuation === null) return;
    if (continuation.kind === 'sweep') return this.sweeps.written(this.scope);
    classicWritten(this.scope, continuation);
  }

  private writeFailed(write: number, errorCode: number, isStored: boolean): void {
    const continuation = this.scope.takeContinuation(write);
    if (continuation === null) return;
    if (continuation.kind === 'sweep') return this.sweeps.failed(this.scope, errorCode);
    classicWriteFailed(this.scope, continuation, errorCode, isStored);
  }

  /** An offset of a group that nobody has joined makes it a simple group: one without a protocol type. */
  private replayOffset(
    record: OffsetCommitRecord,
    offset: number,
    producerId: number,
    nowMs: number,
    undo: UndoLog | null,
  ): void {
    const { groupId } = record;
    if (record.value !== null && this.groups.get(groupId) === null) {
      this.groups.set(ClassicGroup.empty(groupId, nowMs));
      undo?.push(() => this.groups.remove(groupId));
    }
    this.offsets.replay(record, offset, producerId, undo);
  }

  private replayGroup(record: GroupMetadataRecord, undo: UndoLog | null): void {
    const { groupId, value } = record;
    const before = this.groups.get(groupId);
    if (value !== null) this.groups.set(groupFromRecord(groupId, value));
    // A group of another type may have taken the name: its own records say when it goes.
    else if (this.groups.remove(groupId, 'classic') === null) return;
    undo?.push(() => (before === null ? void this.groups.remove(groupId) : this.groups.set(before)));
  }
}

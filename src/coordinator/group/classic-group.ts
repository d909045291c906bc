/**
 * The state of one classic group. Pure; what happens to it and when is decided by join.ts, rebalance.ts
 * and their like.
 *
 * Invariants: the leader is a member; an instance id names one member; `awaitingJoin` counts the members whose JoinGroup is
 * parked; a non-empty group has at least one protocol that all members support. Pending ids and parked requests are soft state.
 */

import { ErrorCode } from '../../../wire/base/error-codes';
import { invariant } from '../../../wire/base/invariant';
import type { RequestToken } from '../shard-machine';
import { ClassicMember, type MemberProtocol, type MemberTimeouts } from './classic-member';
import { type ClassicGroupState, isTransition } from './classic-states';
import { CONSUMER_PROTOCOL_TYPE, subscribedTopics } from './consumer-subscription';
import { COMMIT_ACCEPTED, type CommitClaim, type CommitVerdict, type ExpiryBase, type Group } from './group';
import type { CoordinatorRecord } from './group-records';
import { ProtocolSupport, selectProtocol } from './protocol-selection';

const NO_MEMBERS: ReadonlyMap<string, ClassicMember> = new Map();

/** What only groups with members or pending ids need: most groups of a big cluster hold nothing but offsets. */
class Membership {
  readonly members = new Map<string, ClassicMember>();
  readonly staticMembers = new Map<string, string>();
  readonly pendingJoin = new Set<string>();
  readonly pendingSync = new Set<string>();
  readonly support = new ProtocolSupport();
}

export interface ClassicGroupInit {
  readonly state: 'Empty' | 'Stable';
  readonly generationId: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leaderId: string | null;
  /** Null: a record of version 0 or 1 did not say. */
  readonly currentStateTimestampMs: number | null;
}

export class ClassicGroup implements Group {
  readonly type = 'classic';
  generationId: number;
  protocolType: string | null;
  protocolName: string | null;
  leaderId: string | null;
  currentStateTimestampMs: number | null;
  /** A member came during the initial delay: it may be prolonged. */
  newMemberAdded = false;
  private currentState: ClassicGroupState;
  private stateBefore: ClassicGroupState = 'Dead';
  private membership: Membership | null = null;
  private awaitingJoinCount = 0;
  /** Null: not known, since the members' metadata could not be read or is none of the consumer's. */
  private topics: ReadonlySet<string> | null = null;

  constructor(
    readonly groupId: string,
    init: ClassicGroupInit,
  ) {
    this.currentState = init.state;
    this.generationId = init.generationId;
    this.protocolType = init.protocolType;
    this.protocolName = init.protocolName;
    this.leaderId = init.leaderId;
    this.currentStateTimestampMs = init.currentStateTimestampMs;
  }

  static empty(groupId: string, nowMs: number): ClassicGroup {
    return new ClassicGroup(groupId, {
      state: 'Empty',
      generationId: 0,
      protocolType: null,
      protocolName: null,
      leaderId: null,
      currentStateTimestampMs: nowMs,
    });
  }

  get state(): ClassicGroupState {
    return this.currentState;
  }

  get previousState(): ClassicGroupState {
    return this.stateBefore;
  }

  get stateName(): string {
    return this.currentState;
  }

  get isEmpty(): boolean {
    return this.currentState === 'Empty';
  }

  get listedProtocolType(): string {
    return this.protocolType ?? '';
  }

  /** In the order in which they were added. */
  get members(): ReadonlyMap<string, ClassicMember> {
    return this.membership?.members ?? NO_MEMBERS;
  }

  get awaitingJoin(): number {
    return this.awaitingJoinCount;
  }

  get pendingSyncMembers(): readonly string[] {
    return [...(this.membership?.pendingSync ?? [])];
  }

  get hasPendingSync(): boolean {
    return (this.membership?.pendingSync.size ?? 0) > 0;
  }

  /** A rebalance may begin; in PreparingRebalance one is under way, and an empty group has nobody to wait for. */
  get canRebalance(): boolean {
    return isTransition(this.currentState, 'PreparingRebalance');
  }

  get haveAllMembersJoined(): boolean {
    return this.members.size === this.awaitingJoinCount && (this.membership?.pendingJoin.size ?? 0) === 0;
  }

  get rebalanceTimeoutMs(): number {
    let longestMs = 0;
    for (const { rebalanceTimeoutMs } of this.members.values()) longestMs = Math.max(longestMs, rebalanceTimeoutMs);
    return longestMs;
  }

  transitionTo(state: ClassicGroupState, nowMs: number): void {
    invariant(
      isTransition(this.currentState, state),
      `group ${this.groupId}: ${this.currentState} does not lead to ${state}`,
    );
    this.stateBefore = this.currentState;
    this.currentState = state;
    this.currentStateTimestampMs = nowMs;
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  isPending(memberId: string): boolean {
    return this.membership?.pendingJoin.has(memberId) ?? false;
  }

  staticMemberId(groupInstanceId: string): string | null {
    return this.membership?.staticMembers.get(groupInstanceId) ?? null;
  }

  addPending(memberId: string): void {
    this.ensureMembership().pendingJoin.add(memberId);
  }

  /** Adds a member, parked when `joinToken` is given. The first gives the group its protocol type and leads it. */
  add(member: ClassicMember, protocolType: string, joinToken: RequestToken | null): void {
    const { members, staticMembers, support, pendingJoin } = this.ensureMembership();
    invariant(!members.has(member.memberId), `group ${this.groupId}: member ${member.memberId} is added twice`);
    if (members.size === 0) this.protocolType = protocolType;
    if (member.groupInstanceId !== null) staticMembers.set(member.groupInstanceId, member.memberId);
    this.leaderId ??= member.memberId;
    members.set(member.memberId, member);
    support.add(member.protocols);
    pendingJoin.delete(member.memberId);
    this.park(member, joinToken);
  }

  /** Forgets the member or pending id, if it is one. Another member leads if it led. */
  remove(memberId: string): void {
    const membership = this.membership;
    if (membership === null) return;
    const member = membership.members.get(memberId);
    if (member !== undefined) {
      this.park(member, null);
      membership.support.remove(member.protocols);
      membership.members.delete(memberId);
      if (member.groupInstanceId !== null) membership.staticMembers.delete(member.groupInstanceId);
    }
    if (this.isLeader(memberId)) this.leaderId = membership.members.keys().next().value ?? null;
    membership.pendingJoin.delete(memberId);
    membership.pendingSync.delete(memberId);
    this.dropIdleMembership();
  }

  /** Puts `member` in the place of the one that its instance id names, as leader too. */
  replaceStatic(old: ClassicMember, member: ClassicMember): void {
    const { members, staticMembers, support, pendingSync } = this.ensureMembership();
    this.park(old, null);
    members.delete(old.memberId);
    if (pendingSync.delete(old.memberId)) pendingSync.add(member.memberId);
    support.remove(old.protocols);
    members.set(member.memberId, member);
    support.add(member.protocols);
    if (member.groupInstanceId !== null) staticMembers.set(member.groupInstanceId, member.memberId);
    if (this.isLeader(old.memberId)) this.leaderId = member.memberId;
  }

  update(member: ClassicMember, timeouts: MemberTimeouts, protocols: readonly MemberProtocol[]): void {
    const { support } = this.ensureMembership();
    support.remove(member.protocols);
    support.add(protocols);
    member.protocols = protocols;
    member.rebalanceTimeoutMs = timeouts.rebalanceTimeoutMs;
    member.sessionTimeoutMs = timeouts.sessionTimeoutMs;
  }

  /** Parks the JoinGroup of a member, or with null takes it away; returns the one that was parked. */
  park(member: ClassicMember, joinToken: RequestToken | null): RequestToken | null {
    const before = member.joinToken;
    if (before !== null) this.awaitingJoinCount--;
    if (joinToken !== null) this.awaitingJoinCount++;
    member.joinToken = joinToken;
    return before;
  }

  addPendingSync(memberId: string): void {
    this.ensureMembership().pendingSync.add(memberId);
  }

  removePendingSync(memberId: string): void {
    this.membership?.pendingSync.delete(memberId);
  }

  clearPendingSync(): void {
    this.membership?.pendingSync.clear();
  }

  /** Makes a parked member the leader if the present one is not parked; false when nobody is. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false;
    if (this.members.get(this.leaderId)?.isAwaitingJoin === true) return true;
    for (const member of this.members.values()) {
      if (!member.isAwaitingJoin) continue;
      this.leaderId = member.memberId;
      return true;
    }
    return false;
  }

  /** The name that the members' votes select now; null for a group without members. */
  selectProtocol(): string | null {
    return this.membership === null ? null : selectProtocol(this.membership.members, this.membership.support);
  }

  /** JoinGroup: is there anything that this client could speak with all the others? */
  supports(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.isEmpty) return protocolType !== '' && protocols.length > 0;
    if (this.protocolType !== protocolType) return false;
    const memberCount = this.members.size;
    return protocols.some(({ name }) => (this.membership?.support.countOf(name) ?? 0) === memberCount);
  }

  /** Begins the next generation: CompletingRebalance with the protocol selected, or Empty without members. */
  nextGeneration(nowMs: number): void {
    this.generationId++;
    this.protocolName = this.selectProtocol();
    this.updateSubscribedTopics();
    this.transitionTo(this.members.size > 0 ? 'CompletingRebalance' : 'Empty', nowMs);
    this.clearPendingSync();
    this.dropIdleMembership();
  }

  /** After a change of members, protocol or metadata that goes with a generation, and after a load. */
  updateSubscribedTopics(): void {
    this.topics = this.computeSubscribedTopics();
  }

  isSubscribedTo(topic: string): boolean {
    if (this.topics !== null) return this.topics.has(topic);
    // What cannot be read might name any topic.
    return this.protocolType === CONSUMER_PROTOCOL_TYPE;
  }

  /** UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID or NONE (checks 15 and 16 of join.ts). */
  checkMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const known = this.staticMemberId(groupInstanceId);
      if (known === null) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (known !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  checkCommit(claim: CommitClaim): CommitVerdict {
    const errorCode = this.commitError(claim);
    return errorCode === ErrorCode.NONE ? COMMIT_ACCEPTED : { errorCode, partitionCheck: null };
  }

  checkFetch(): number {
    return this.currentState === 'Dead' ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE;
  }

  checkOffsetDelete(): number {
    if (this.currentState === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
    return this.isEmpty || this.protocolType === CONSUMER_PROTOCOL_TYPE ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
  }

  checkDelete(): number {
    if (this.currentState === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
    return this.isEmpty ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
  }

  get expiryBase(): ExpiryBase {
    if (this.protocolType === null) return 'commitTime';
    if (this.isEmpty) {
      return this.currentStateTimestampMs === null ? 'commitTime' : { sinceMs: this.currentStateTimestampMs };
    }
    const isKnown = this.currentState === 'Stable' && this.topics !== null;
    return isKnown && this.protocolType === CONSUMER_PROTOCOL_TYPE ? 'commitTime' : 'never';
  }

  tombstones(): readonly CoordinatorRecord[] {
    return [{ kind: 'groupMetadata', groupId: this.groupId, value: null }];
  }

  private commitError(claim: CommitClaim): number {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, isTransactional } = claim;
    if (this.currentState === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    // From a tool, or from a consumer that assigns itself: nobody is there whom it could disturb.
    if (generationId < 0 && this.isEmpty) return ErrorCode.NONE;
    if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
      const errorCode = this.checkMember(memberId, groupInstanceId);
      if (errorCode !== ErrorCode.NONE) return errorCode;
      if (generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    } else if (!isTransactional) {
      return ErrorCode.UNKNOWN_MEMBER_ID;
    }
    // Its generation is right, so it has the JoinGroup answer; its assignment is still under way.
    return !isTransactional && this.currentState === 'CompletingRebalance'
      ? ErrorCode.REBALANCE_IN_PROGRESS
      : ErrorCode.NONE;
  }

  private computeSubscribedTopics(): ReadonlySet<string> | null {
    if (this.protocolType !== CONSUMER_PROTOCOL_TYPE) return null;
    const all = new Set<string>();
    for (const member of this.members.values()) {
      if (this.protocolName === null) return null;
      const topics = subscribedTopics(member.metadataOf(this.protocolName));
      if (topics === null) return null;
      for (const topic of topics) all.add(topic);
    }
    return all;
  }

  private ensureMembership(): Membership {
    this.membership ??= new Membership();
    return this.membership;
  }

  private dropIdleMembership(): void {
    const { membership } = this;
    if (membership !== null && membership.members.size === 0 && membership.pendingJoin.size === 0) {
      this.membership = null;
    }
  }
}

/**
 * One node of the quorum: pure, one input at a time. (KIP-595, KIP-630, KIP-853, KIP-996)
 *
 * Rooms: quorum-machine (states and the ways between them), elections, epoch-start, leader-fetch, follower-fetch,
 * snapshot-fetch, voter-changes, own-entry. Invariants, beside theirs:
 * - An epoch's first record is LEADER_CHANGE. A node that led an epoch never leads it again after a restart: it may have
 *   lost an unsynced tail, and would give (offset, epoch) a second meaning (KAFKA-10527).
 * - Every request is answered once: at once, or when it is woken, or when its time is over, or when its role ends.
 *
 * A voter that is alone decides at once: start, prospective, candidate and leader are one step.
 */
import { invariant, unreachable } from '../../wire/base/invariant';
import { takeAnswer, takeFailure } from './answers';
import type { PreparedAppend } from './batch-accumulator';
import { countVotes, giveUp, handleBeginQuorumEpoch, handleEndQuorumEpoch, handleVote, leaderIsSilent, stand } from './elections';
import { handleFetch, handleFetchSnapshot, wakeParked } from './leader-fetch';
import type { LeaderState } from './leader-state';
import { askPeers } from './outgoing';
import { QuorumMachine } from './quorum-machine';
import type { ElectionState } from './quorum-state';
import { NEVER, type RaftCoreParts } from './raft-config';
import type { Instant, RaftEffect, RaftInput, Turn } from './raft-io';
import type { RaftRequest } from './raft-messages';
import type { RaftRole } from './raft-roles';
import { NO_LEADER, sameKey, type LeaderAndEpoch } from './replica-key';
import { snapshotFrozen } from './snapshot-fetch';
import { handleAddVoter, handleRemoveVoter, handleUpdateVoter, ownVersions, raiseKraftVersion, settleChange } from './voter-changes';

/** A write that came for an epoch this node does not lead. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}

export class RaftCore {
  private readonly machine: QuorumMachine;
  /** When something is due beside the leader's appends, as of the last step. */
  private wakeAtMs = NEVER;

  constructor(parts: RaftCoreParts) {
    this.machine = new QuorumMachine(parts);
  }

  get epoch(): number {
    return this.machine.epoch;
  }

  get roleName(): RaftRole['name'] {
    return this.machine.role.name;
  }

  get leader(): LeaderAndEpoch {
    return this.machine.leader;
  }

  /** The leader's state while this node leads. */
  get leading(): LeaderState | null {
    const { role } = this.machine;
    return role.name === 'leader' ? role.state : null;
  }

  /** Of a leader: this epoch's, -1 while unknown. Of the others: the last one heard of, -1 if none. */
  get highWatermark(): number {
    return this.leading?.highWatermark ?? this.machine.committed;
  }

  /** Everything below is committed, whoever leads; -1 when this process knows of nothing. */
  get committedOffset(): number {
    return this.machine.committed;
  }

  /** Not every voter knows yet that this node, which leads no more, is about to stop. */
  get isSayingGoodbye(): boolean {
    const { role, isShuttingDown } = this.machine;
    return isShuttingDown && role.name === 'resigned' && role.untold.size > 0;
  }

  get isVoter(): boolean {
    return this.machine.isVoter;
  }

  /** When `tick` is due, in monotonic time; infinite when nothing waits for time. */
  get deadlineMs(): number {
    return Math.min(this.wakeAtMs, this.leading?.deadlineMs ?? NEVER);
  }

  step(input: RaftInput, now: Instant, effects: RaftEffect[]): void {
    const turn = { now, effects };
    this.handle(input, turn);
    const { role } = this.machine;
    if (role.name === 'leader') this.settle(role.state, turn);
    this.wakeAtMs = askPeers(this.machine, turn);
  }

  /** What the leader's log and high watermark have come to in this step reaches those who wait for it. */
  private settle(state: LeaderState, turn: Turn): void {
    this.machine.committed = Math.max(this.machine.committed, state.highWatermark);
    wakeParked(this.machine, state, turn);
    settleChange(this.machine, state, turn);
  }

  private handle(input: RaftInput, turn: Turn): void {
    const { machine } = this;
    switch (input.type) {
      case 'start':
        return this.start(turn);
      case 'tick':
        return this.tick(turn);
      case 'flushed':
        if (!machine.flush.completed(input.token) || machine.role.name !== 'leader') return;
        machine.role.state.updateHighWatermark(machine.voters, turn.effects);
        return machine.role.state.drain(turn.now.monotonicMs, turn.effects);
      case 'flushFailed':
        turn.effects.push({ type: 'fatal', why: `the metadata log could not be made durable: ${input.why}` });
        return;
      case 'request':
        return this.answer(input.caller, input.request, turn);
      case 'gone':
        return this.leading?.parked.drop(input.caller);
      case 'answer':
        return takeAnswer(machine, input.requestId, input.answer, turn);
      case 'unanswered':
        return takeFailure(machine, input.requestId, input.why, turn);
      case 'snapshotFrozen':
        return snapshotFrozen(machine, input.id, input.why, turn);
      case 'resign':
        if (machine.role.name === 'leader' && input.epoch === machine.epoch) machine.becomeResigned(turn);
        return;
      case 'shutdown':
        machine.isShuttingDown = true;
        if (machine.role.name === 'leader') machine.becomeResigned(turn);
        return;
      default:
        return unreachable(input);
    }
  }

  /**
   * Gives the records of one write their offsets. The caller applies them and then calls `schedulePreparedAppend`.
   * Throws NotLeaderError when `epoch` is over, RecordBatchTooLargeError when they do not fit one batch.
   */
  prepareAppend(epoch: number, values: readonly Uint8Array[], urgent: boolean, now: Instant): PreparedAppend {
    invariant(epoch <= this.epoch, `a write for epoch ${epoch}, which has not begun`);
    const { leading } = this;
    if (leading === null || epoch < this.epoch) throw new NotLeaderError(`epoch ${epoch} is over`);
    return leading.accumulator.prepare(values, urgent, now.monotonicMs, now.wallMs);
  }

  schedulePreparedAppend(): void {
    this.leading?.accumulator.schedule();
  }

  /** Gives back why kraft.version cannot be raised, or null when it is written; with `validateOnly` nothing is. */
  raiseKraftVersion(level: number, validateOnly: boolean, now: Instant, effects: RaftEffect[]): string | null {
    const turn = { now, effects };
    const refusal = raiseKraftVersion(this.machine, level, validateOnly, turn);
    const { role } = this.machine;
    if (role.name === 'leader') this.settle(role.state, turn);
    this.wakeAtMs = askPeers(this.machine, turn);
    return refusal;
  }

  private start(turn: Turn): void {
    const { machine } = this;
    const { electionStore, log, snapshotEpoch } = machine.parts;
    const stored = electionStore.read();
    const logEpoch = Math.max(log.lastEpoch, snapshotEpoch);
    const isStale = stored === null || stored.epoch < logEpoch;
    const state: ElectionState = isStale ? { epoch: logEpoch, leaderId: NO_LEADER, votedKey: null } : stored;
    machine.epoch = state.epoch;
    machine.role = this.initialRole(state, turn.now);
    if (machine.isAlone) return machine.role.name === 'candidate' ? countVotes(machine, turn) : stand(machine, turn);
    machine.persist(state);
    turn.effects.push({ type: 'leaderChange', leader: machine.leader });
  }

  private initialRole({ leaderId, votedKey }: ElectionState, now: Instant): RaftRole {
    const { machine } = this;
    const { self } = machine;
    const deadlineMs = machine.electionDeadline(now);
    if (leaderId === self.id) return machine.resignedRole([], now);
    if (votedKey !== null && sameKey(votedKey, self) && machine.mayStand) {
      return { name: 'candidate', votes: new Map([[self.id, true]]), deadlineMs };
    }
    const endpoints = leaderId === NO_LEADER ? [] : (machine.parts.control.voters?.find(leaderId)?.endpoints ?? []);
    if (endpoints.length > 0) return machine.followerRole(leaderId, endpoints, votedKey, now);
    return { name: 'unattached', leaderId, votedKey, deadlineMs };
  }

  private tick(turn: Turn): void {
    const { machine } = this;
    const { role, epoch } = machine;
    const nowMs = turn.now.monotonicMs;
    if (role.name === 'leader') {
      role.state.drain(nowMs, turn.effects);
      if (nowMs >= role.state.checkQuorum.deadlineMs(machine.voters)) machine.becomeResigned(turn);
      return;
    }
    if (nowMs < role.deadlineMs || machine.isShuttingDown) return;
    switch (role.name) {
      case 'resigned':
        return machine.becomeUnattached(epoch + 1, NO_LEADER, machine.inheritedDeadline(turn.now), turn);
      case 'prospective':
        return giveUp(machine, role, turn);
      case 'unattached':
      case 'candidate':
        return stand(machine, turn);
      case 'follower':
        if (machine.mayStand) return leaderIsSilent(machine, role, turn);
        return machine.becomeUnattached(epoch, role.leaderId, NEVER, turn);
      default:
        return unreachable(role);
    }
  }

  private answer(caller: number, request: RaftRequest, turn: Turn): void {
    const { machine } = this;
    switch (request.api) {
      case 'vote':
        return handleVote(machine, caller, request, turn);
      case 'beginQuorumEpoch':
        return handleBeginQuorumEpoch(machine, caller, request, turn);
      case 'endQuorumEpoch':
        return handleEndQuorumEpoch(machine, caller, request, turn);
      case 'fetch':
        return handleFetch(machine, caller, request, turn);
      case 'fetchSnapshot':
        return handleFetchSnapshot(machine, caller, request, turn);
      case 'addVoter':
        return handleAddVoter(machine, caller, request, turn);
      case 'removeVoter':
        return handleRemoveVoter(machine, caller, request, turn);
      case 'updateVoter':
        return handleUpdateVoter(machine, caller, request, turn);
      case 'versions':
        return void turn.effects.push({ type: 'respond', caller, answer: ownVersions(machine) });
      default:
        return unreachable(request);
    }
  }
}

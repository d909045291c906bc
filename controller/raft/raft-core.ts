/**
 * One node of the quorum: pure, one input at a time. (KIP-595, KIP-853, KIP-996)
 *
 * Invariants:
 * - quorum-state is durable before a state that it describes is entered, so before anything of that state can leave.
 * - An epoch's first record is LEADER_CHANGE. A node that led an epoch never leads it again after a restart: it may have
 *   lost an unsynced tail, and would give (offset, epoch) a second meaning (KAFKA-10527).
 * - A vote survives every change within its epoch.
 *
 * A voter that is alone decides at once: start, prospective, candidate and leader are one step.
 */
import type { Crc32c, Random } from '../../wire/base/env';
import { invariant, unreachable } from '../../wire/base/invariant';
import { BatchAccumulator, type PreparedAppend } from './batch-accumulator';
import { encodeEpochStart } from './control-batches';
import type { ControlState } from './control-state';
import { LeaderState } from './leader-state';
import type { ElectionState, ElectionStore } from './quorum-state';
import type { RaftLog } from './raft-log';
import type { Instant, RaftEffect, RaftInput } from './raft-io';
import type { RaftRole } from './raft-roles';
import { NO_LEADER, sameKey, type LeaderAndEpoch, type ReplicaKey } from './replica-key';
import { sameVoter, type Voter, type VoterSet } from './voter-set';

export interface RaftConfig {
  readonly self: ReplicaKey;
  /** This node's own entry in the voter set, as configured. */
  readonly ownEntry: Voter;
  readonly electionTimeoutMs: number;
  readonly fetchTimeoutMs: number;
  readonly appendLingerMs: number;
}

export interface RaftCoreParts {
  readonly config: RaftConfig;
  readonly log: RaftLog;
  readonly electionStore: ElectionStore;
  readonly control: ControlState;
  /** Of the latest snapshot at start: what the last epoch is when the log after it is empty. */
  readonly snapshotEpoch: number;
  readonly random: Random;
  readonly crc32c: Crc32c;
}

/** A write that came for an epoch this node does not lead. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}

const NEVER = Number.POSITIVE_INFINITY;

export class RaftCore {
  private role: RaftRole = { name: 'unattached', leaderId: NO_LEADER, votedKey: null, deadlineMs: NEVER };
  private currentEpoch = 0;
  private isShuttingDown = false;
  /** The highest offset that was ever said to be committed; -1 when none was. */
  private committed = -1;

  constructor(private readonly parts: RaftCoreParts) {}

  get epoch(): number {
    return this.currentEpoch;
  }

  get roleName(): RaftRole['name'] {
    return this.role.name;
  }

  get leader(): LeaderAndEpoch {
    return { leaderId: this.leaderId, epoch: this.currentEpoch };
  }

  /** The leader's state while this node leads. */
  get leading(): LeaderState | null {
    return this.role.name === 'leader' ? this.role.state : null;
  }

  /** Of a leader: this epoch's, -1 while unknown. Of the others: the last one heard of, -1 if none. */
  get highWatermark(): number {
    return this.role.name === 'leader' ? this.role.state.highWatermark : this.committed;
  }

  get isVoter(): boolean {
    return this.parts.control.voters?.isVoter(this.parts.config.self) ?? false;
  }

  /** When `tick` is due, in monotonic time; infinite when nothing waits for time. */
  get deadlineMs(): number {
    return this.role.name === 'leader' ? this.role.state.deadlineMs : this.role.deadlineMs;
  }

  step(input: RaftInput, now: Instant, effects: RaftEffect[]): void {
    switch (input.type) {
      case 'start':
        return this.start(now, effects);
      case 'tick':
        return this.tick(now, effects);
      case 'flushed':
        if (this.role.name !== 'leader') return;
        if (!this.role.state.flushed(input.token, this.voters, effects)) return;
        this.committed = Math.max(this.committed, this.role.state.highWatermark);
        return this.role.state.drain(now.monotonicMs, effects);
      case 'flushFailed':
        effects.push({ type: 'fatal', why: `the metadata log could not be made durable: ${input.why}` });
        return;
      case 'resign':
        if (this.role.name === 'leader' && input.epoch === this.currentEpoch) this.becomeResigned(now);
        return;
      case 'shutdown':
        this.isShuttingDown = true;
        if (this.role.name === 'leader') this.becomeResigned(now);
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
    invariant(epoch <= this.currentEpoch, `a write for epoch ${epoch}, which has not begun`);
    const leading = this.leading;
    if (leading === null || epoch < this.currentEpoch) throw new NotLeaderError(`epoch ${epoch} is over`);
    return leading.accumulator.prepare(values, urgent, now.monotonicMs, now.wallMs);
  }

  schedulePreparedAppend(): void {
    this.leading?.accumulator.schedule();
  }

  private get voters(): VoterSet {
    const { voters } = this.parts.control;
    invariant(voters !== null, 'no voter set is known');
    return voters;
  }

  private get leaderId(): number {
    switch (this.role.name) {
      case 'leader':
      case 'resigned':
        return this.parts.config.self.id;
      case 'candidate':
        return NO_LEADER;
      default:
        return this.role.leaderId;
    }
  }

  private get votedKey(): ReplicaKey | null {
    switch (this.role.name) {
      case 'candidate':
        return this.parts.config.self;
      case 'leader':
      case 'resigned':
        return null;
      default:
        return this.role.votedKey;
    }
  }

  private start(now: Instant, effects: RaftEffect[]): void {
    const stored = this.parts.electionStore.read();
    const logEpoch = Math.max(this.parts.log.lastEpoch, this.parts.snapshotEpoch);
    const isStale = stored === null || stored.epoch < logEpoch;
    const state: ElectionState = isStale ? { epoch: logEpoch, leaderId: NO_LEADER, votedKey: null } : stored;
    this.currentEpoch = state.epoch;
    this.role = this.initialRole(state, now);
    const isAlone = this.parts.control.voters?.isOnlyVoter(this.parts.config.self) ?? false;
    if (isAlone)
      return this.role.name === 'candidate' ? this.maybeLead(now, effects) : this.becomeProspective(now, effects);
    this.persist(state);
    effects.push({ type: 'leaderChange', leader: this.leader });
  }

  private initialRole(state: ElectionState, now: Instant): RaftRole {
    const { self } = this.parts.config;
    const deadlineMs = this.isVoter ? this.electionDeadline(now) : NEVER;
    if (state.leaderId === self.id) return { name: 'resigned', deadlineMs };
    if (state.votedKey !== null && sameKey(state.votedKey, self)) {
      return { name: 'candidate', votes: new Map([[self.id, true]]), deadlineMs };
    }
    if (state.leaderId !== NO_LEADER && this.parts.control.voters?.find(state.leaderId) !== undefined) {
      const { leaderId, votedKey } = state;
      return { name: 'follower', leaderId, votedKey, deadlineMs: now.monotonicMs + this.parts.config.fetchTimeoutMs };
    }
    return { name: 'unattached', leaderId: state.leaderId, votedKey: state.votedKey, deadlineMs };
  }

  private tick(now: Instant, effects: RaftEffect[]): void {
    if (this.role.name === 'leader') return this.role.state.drain(now.monotonicMs, effects);
    if (now.monotonicMs < this.role.deadlineMs || this.isShuttingDown) return;
    switch (this.role.name) {
      case 'resigned':
        return this.becomeUnattached(this.currentEpoch + 1, NO_LEADER, now.monotonicMs, effects);
      case 'prospective':
        return this.becomeUnattached(this.currentEpoch, this.role.leaderId, this.electionDeadline(now), effects);
      case 'unattached':
      case 'candidate':
        return this.becomeProspective(now, effects);
      case 'follower':
        if (this.isVoter) return this.becomeProspective(now, effects);
        return this.becomeUnattached(this.currentEpoch, this.role.leaderId, NEVER, effects);
      default:
        return unreachable(this.role);
    }
  }

  private becomeProspective(now: Instant, effects: RaftEffect[]): void {
    const { self } = this.parts.config;
    const votes = new Map([[self.id, true]]);
    const { leaderId, votedKey } = this;
    this.role = { name: 'prospective', leaderId, votedKey, votes, deadlineMs: this.electionDeadline(now) };
    if (this.hasMajority(votes)) this.becomeCandidate(now, effects);
  }

  private becomeCandidate(now: Instant, effects: RaftEffect[]): void {
    const { self } = this.parts.config;
    const votes = new Map([[self.id, true]]);
    const epoch = this.currentEpoch + 1;
    // A voter that is alone has won already: one durable write, as leader, says all that the two would.
    if (!this.hasMajority(votes)) this.persist({ epoch, leaderId: NO_LEADER, votedKey: self });
    this.currentEpoch = epoch;
    this.role = { name: 'candidate', votes, deadlineMs: this.electionDeadline(now) };
    this.maybeLead(now, effects);
  }

  private maybeLead(now: Instant, effects: RaftEffect[]): void {
    if (this.role.name === 'candidate' && this.hasMajority(this.role.votes))
      this.becomeLeader(this.role.votes, now, effects);
  }

  private becomeLeader(votes: ReadonlyMap<number, boolean>, now: Instant, effects: RaftEffect[]): void {
    const { config, log, crc32c } = this.parts;
    const epoch = this.currentEpoch;
    this.persist({ epoch, leaderId: config.self.id, votedKey: null });
    const epochStartOffset = log.endOffset;
    const accumulator = new BatchAccumulator(epoch, epochStartOffset, config.appendLingerMs, crc32c);
    const state = new LeaderState(config.self, epoch, epochStartOffset, accumulator, log);
    this.role = { name: 'leader', state };
    const voters = this.votersToWrite();
    const granting = [...votes].filter(([, granted]) => granted).map(([id]) => id);
    const batch = encodeEpochStart(
      {
        epoch,
        baseOffset: epochStartOffset,
        timestampMs: now.wallMs,
        leaderId: config.self.id,
        voterIds: this.voters.ids,
        granting,
        kraftVersion: this.parts.control.kraftVersion,
        voters,
      },
      crc32c,
    );
    state.append(batch.bytes, batch.nextOffset, true, now.monotonicMs, effects);
    accumulator.skipTo(batch.nextOffset);
    if (voters !== null) {
      this.parts.control.kraftVersionHistory.add(epochStartOffset + 1, this.parts.control.kraftVersion);
      this.parts.control.voterHistory.add(epochStartOffset + 2, voters);
    }
    effects.push({ type: 'leaderChange', leader: this.leader });
    state.maybeFlush(effects);
  }

  /** The voter set that a new leader writes: when the log does not hold it yet, or its own entry has changed. */
  private votersToWrite(): VoterSet | null {
    const { control, config } = this.parts;
    if (control.kraftVersion < 1) return null;
    const own = this.voters.find(config.self.id);
    if (own !== undefined && !sameVoter(own, config.ownEntry)) return this.voters.withUpdated(config.ownEntry);
    return control.votersOnlyFromBootstrap ? this.voters : null;
  }

  private becomeResigned(now: Instant): void {
    this.role = { name: 'resigned', deadlineMs: this.isShuttingDown ? NEVER : this.electionDeadline(now) };
  }

  /** `deadlineMs`: the election time left over is inherited, so that nobody waits twice. */
  private becomeUnattached(epoch: number, leaderId: number, deadlineMs: number, effects: RaftEffect[]): void {
    const votedKey = epoch === this.currentEpoch ? this.votedKey : null;
    this.persist({ epoch, leaderId, votedKey });
    const isNews = epoch !== this.currentEpoch || leaderId !== this.leaderId;
    this.currentEpoch = epoch;
    this.role = { name: 'unattached', leaderId, votedKey, deadlineMs };
    if (isNews) effects.push({ type: 'leaderChange', leader: this.leader });
  }

  private hasMajority(votes: ReadonlyMap<number, boolean>): boolean {
    let granted = 0;
    for (const id of this.voters.ids) if (votes.get(id) === true) granted += 1;
    return granted >= this.voters.majority;
  }

  private persist(state: ElectionState): void {
    this.parts.electionStore.write(state);
  }

  private electionDeadline(now: Instant): number {
    const { electionTimeoutMs } = this.parts.config;
    return now.monotonicMs + electionTimeoutMs + this.parts.random.below(electionTimeoutMs);
  }
}

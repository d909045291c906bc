/**
 * The states of a quorum node and the ways between them. (KIP-595, KIP-853, KIP-996)
 *
 * Invariants:
 * - quorum-state is durable before a state that it describes is entered, so before anything of that state can leave.
 * - A vote survives every change within its epoch; a higher epoch ends it.
 * - The leader of an epoch never changes. A peer that names another one breaks the protocol, and ends this node.
 * - What was asked in one state is void in the next.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { invariant } from '../../wire/base/invariant';
import { LogFlush } from './log-flush';
import { NEVER, QuorumProtocolError, type RaftCoreParts } from './raft-config';
import type { Instant, Turn } from './raft-io';
import type { Destination, LeaderView } from './raft-messages';
import type { RaftRole } from './raft-roles';
import type { ElectionState } from './quorum-state';
import { entryMatches, NO_LEADER, type FormerLeader, type LeaderAndEpoch, type OffsetAndEpoch, type ReplicaKey } from './replica-key';
import { endChange } from './pending-change';
import { RequestManager } from './request-manager';
import { tally } from './vote-rules';
import type { VoterEndpoint, VoterSet } from './voter-set';

export class QuorumMachine {
  role: RaftRole = { name: 'unattached', leaderId: NO_LEADER, votedKey: null, deadlineMs: NEVER };
  epoch = 0;
  isShuttingDown = false;
  /** The highest offset that was ever said to be committed; -1 when none was. */
  committed = -1;
  /** The leader that this node followed, and when it last heard from it; null: it has followed none since it led itself. */
  lastLeader: FormerLeader | null = null;
  readonly requests: RequestManager;
  readonly flush: LogFlush;

  constructor(readonly parts: RaftCoreParts) {
    this.requests = new RequestManager(parts.config.retryBackoffMs);
    this.flush = new LogFlush(parts.log);
  }

  get self(): ReplicaKey {
    return this.parts.config.self;
  }

  get leaderId(): number {
    switch (this.role.name) {
      case 'leader':
      case 'resigned':
        return this.self.id;
      case 'candidate':
        return NO_LEADER;
      default:
        return this.role.leaderId;
    }
  }

  get leader(): LeaderAndEpoch {
    return { leaderId: this.leaderId, epoch: this.epoch };
  }

  /** Where the leader is, as far as this node knows: what every answer says. */
  get leaderView(): LeaderView {
    return { epoch: this.epoch, leaderId: this.leaderId, endpoints: this.leaderEndpoints };
  }

  get leaderEndpoints(): readonly VoterEndpoint[] {
    switch (this.role.name) {
      case 'leader':
      case 'resigned':
        return this.parts.config.ownEntry.endpoints;
      case 'follower':
      case 'prospective':
        return this.role.leaderEndpoints;
      default:
        return [];
    }
  }

  get votedKey(): ReplicaKey | null {
    switch (this.role.name) {
      case 'candidate':
        return this.self;
      case 'leader':
      case 'resigned':
        return null;
      default:
        return this.role.votedKey;
    }
  }

  get isVoter(): boolean {
    return this.parts.config.canVote && (this.parts.control.voters?.isVoter(this.self) ?? false);
  }

  /**
   * A voter stands, and so does one whose removal may not be committed: of two voters, the one that removed itself and then
   * died may be the only one that has the record, and then the other could not be elected. It does not count its own vote.
   */
  get mayStand(): boolean {
    const { config, control } = this.parts;
    return this.isVoter || (config.canVote && control.isLeaving(this.self, this.committed));
  }

  get isAlone(): boolean {
    return this.isVoter && this.voters.isOnlyVoter(this.self);
  }

  get voters(): VoterSet {
    const { voters } = this.parts.control;
    invariant(voters !== null, 'no voter set is known');
    return voters;
  }

  /** The end of this node's log: what elections compare. */
  get logEnd(): OffsetAndEpoch {
    const { log, snapshotEpoch } = this.parts;
    return { offset: log.endOffset, epoch: log.endOffset === log.startOffset ? Math.max(log.lastEpoch, snapshotEpoch) : log.lastEpoch };
  }

  tallyOf(votes: ReadonlyMap<number, boolean>): ReturnType<typeof tally> {
    return tally(votes, this.voters.ids, this.voters.majority);
  }

  /** What stands in a peer's request for this very node. Null: the peer does not say whom it means. */
  isMeant(key: ReplicaKey | null): boolean {
    return key === null || entryMatches(key, this.self);
  }

  /** Where a node is reached by its peers; null when none of its endpoints is known. */
  destination(id: number, endpoints: readonly VoterEndpoint[]): Destination | null {
    const endpoint = endpoints.find(({ name }) => name === this.parts.config.listenerName) ?? endpoints[0];
    return endpoint === undefined ? null : { id, host: endpoint.host, port: endpoint.port };
  }

  electionDeadline(now: Instant): number {
    if (!this.mayStand) return NEVER;
    const { electionTimeoutMs } = this.parts.config;
    return now.monotonicMs + electionTimeoutMs + this.parts.random.below(Math.max(1, electionTimeoutMs));
  }

  /** Of a node that becomes unattached: the election time left over is inherited, so that nobody waits twice. */
  inheritedDeadline(now: Instant): number {
    const { role } = this;
    const isElectionTimer = role.name !== 'leader' && role.name !== 'follower' && role.deadlineMs < NEVER;
    return this.mayStand && isElectionTimer ? role.deadlineMs : this.electionDeadline(now);
  }

  /**
   * A request or an answer says who leads: believes it, when it is news. Throws QuorumProtocolError when it cannot be true.
   */
  meet({ epoch, leaderId: told, endpoints }: LeaderView, turn: Turn): void {
    if (epoch < this.epoch) return;
    // A node whose disk was replaced hears of the leader that it was: one with its id and another directory.
    const isSaidToLead = told === this.self.id && this.role.name !== 'leader' && this.role.name !== 'resigned';
    if (isSaidToLead && this.isVoter && epoch > this.epoch) return this.becomeFormerLeader(epoch, turn);
    const isFormerSelf = isSaidToLead && !this.isVoter;
    const leaderId = isFormerSelf ? NO_LEADER : told;
    const isSelf = leaderId === this.self.id;
    const known = epoch === this.epoch ? this.leaderId : NO_LEADER;
    if (leaderId !== NO_LEADER && (isSelf ? known !== leaderId : known !== NO_LEADER && known !== leaderId)) {
      throw new QuorumProtocolError(`node ${leaderId} is said to lead epoch ${epoch}, in which ${describe(known, this.epoch)}`);
    }
    const where = endpoints.length > 0 ? endpoints : (this.parts.control.voters?.find(leaderId)?.endpoints ?? []);
    if (epoch > this.epoch) {
      if (leaderId === NO_LEADER) return this.becomeUnattached(epoch, NO_LEADER, this.inheritedDeadline(turn.now), turn);
      return this.becomeFollower(epoch, leaderId, where, turn);
    }
    const isNews = leaderId !== NO_LEADER && (known === NO_LEADER || where.length > this.leaderEndpoints.length);
    if (isNews && !isSelf) this.becomeFollower(epoch, leaderId, where, turn);
  }

  becomeUnattached(epoch: number, leaderId: number, deadlineMs: number, turn: Turn): void {
    const votedKey = epoch === this.epoch ? this.votedKey : null;
    this.persist({ epoch, leaderId, votedKey });
    this.enter(epoch, { name: 'unattached', leaderId, votedKey, deadlineMs }, turn);
  }

  /** Without an address there is nobody to follow: then the leader's id is all that is known. */
  becomeFollower(epoch: number, leaderId: number, leaderEndpoints: readonly VoterEndpoint[], turn: Turn): void {
    if (leaderEndpoints.length === 0) {
      return this.becomeUnattached(epoch, leaderId, this.inheritedDeadline(turn.now), turn);
    }
    const votedKey = epoch === this.epoch ? this.votedKey : null;
    const hasFetched = epoch === this.epoch && this.role.name === 'follower' && this.role.hasFetched;
    this.persist({ epoch, leaderId, votedKey });
    this.enter(epoch, { ...this.followerRole(leaderId, leaderEndpoints, votedKey, turn.now), hasFetched }, turn);
  }

  followerRole(
    leaderId: number,
    leaderEndpoints: readonly VoterEndpoint[],
    votedKey: ReplicaKey | null,
    { monotonicMs }: Instant,
  ): Extract<RaftRole, { name: 'follower' }> {
    const { fetchTimeoutMs } = this.parts.config;
    return {
      name: 'follower',
      leaderId,
      leaderEndpoints,
      votedKey,
      hasFetched: false,
      deadlineMs: monotonicMs + fetchTimeoutMs,
      pausedUntilMs: 0,
      download: null,
      isFreezing: false,
      checkEntryAtMs: monotonicMs + fetchTimeoutMs,
      isEntryTold: false,
    };
  }

  /** Asks around before it raises the epoch: nothing is written, since nothing is promised. */
  becomeProspective(turn: Turn): void {
    const { leaderId, leaderEndpoints, votedKey } = this;
    const votes = new Map([[this.self.id, true]]);
    const deadlineMs = this.electionDeadline(turn.now);
    this.enter(this.epoch, { name: 'prospective', leaderId, leaderEndpoints, votedKey, votes, deadlineMs }, turn);
  }

  becomeCandidate(turn: Turn): void {
    invariant(this.mayStand, 'a node that is no voter stands');
    const votes = new Map([[this.self.id, true]]);
    const epoch = this.epoch + 1;
    // A voter that is alone has won already: one durable write, as leader, says all that the two would.
    if (!this.isAlone) this.persist({ epoch, leaderId: NO_LEADER, votedKey: this.self });
    this.enter(epoch, { name: 'candidate', votes, deadlineMs: this.electionDeadline(turn.now) }, turn);
  }

  /** quorum-state says already that this node leads the epoch, so that a restart does not lead it again. */
  becomeResigned(turn: Turn): void {
    const successors = this.role.name === 'leader' ? this.role.state.successors(this.voters) : [];
    this.enter(this.epoch, this.resignedRole(successors, turn.now), turn);
  }

  /**
   * This node led an epoch and has lost the disk that said so, while its followers have not noticed: voters of a static quorum
   * are known by their ids alone. It is bound by what it no longer knows, so it leads and votes no more in that epoch; it says
   * so, and the others elect a successor. (Kafka's node ends here.)
   */
  private becomeFormerLeader(epoch: number, turn: Turn): void {
    this.persist({ epoch, leaderId: this.self.id, votedKey: null });
    this.enter(epoch, this.resignedRole([], turn.now), turn);
  }

  resignedRole(successors: readonly ReplicaKey[], now: Instant): Extract<RaftRole, { name: 'resigned' }> {
    const untold = new Set(this.parts.control.voters?.ids.filter((id) => id !== this.self.id) ?? []);
    // A leader that has been voted out waits, too, and then asks others whom to follow.
    const deadlineMs = this.mayStand ? this.electionDeadline(now) : now.monotonicMs + this.parts.config.electionTimeoutMs;
    return { name: 'resigned', deadlineMs: this.isShuttingDown ? NEVER : deadlineMs, successors, untold };
  }

  /** The one way into a role. What the last one had under way ends here. */
  enter(epoch: number, role: RaftRole, { effects }: Turn): void {
    const former = this.role;
    const before = this.leader;
    if (former.name === 'follower' && !former.isFreezing) former.download?.abandon();
    this.requests.reset();
    this.epoch = epoch;
    this.role = role;
    if (former.name === 'leader') {
      for (const { caller } of former.state.parked.takeAll()) this.refuseFetch(caller, effects);
      endChange(former.state, ErrorCode.NOT_LEADER_OR_FOLLOWER, 'This node does not lead the quorum any more.', effects);
    }
    const isNews = before.epoch !== this.epoch || before.leaderId !== this.leaderId;
    // A candidate knows no leader, and will soon: that is no news to anybody.
    if (isNews && role.name !== 'candidate' && role.name !== 'leader') effects.push({ type: 'leaderChange', leader: this.leader });
  }

  private refuseFetch(caller: number, effects: Turn['effects']): void {
    const answer = {
      api: 'fetch',
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      leader: this.leaderView,
      highWatermark: -1,
      logStartOffset: -1,
      diverging: null,
      snapshotId: null,
      records: new Uint8Array(0),
    } as const;
    effects.push({ type: 'respond', caller, answer });
  }

  /** Everything below `offset` is committed. */
  advanceCommitted(offset: number, { effects }: Turn): void {
    if (offset <= this.committed) return;
    this.committed = offset;
    effects.push({ type: 'highWatermark', offset });
  }

  persist(state: ElectionState): void {
    this.parts.electionStore.write(state);
  }
}

function describe(leaderId: number, epoch: number): string {
  return leaderId === NO_LEADER ? `this node does not lead; its epoch is ${epoch}` : `node ${leaderId} leads`;
}

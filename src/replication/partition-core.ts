/**
 * One replica's part in its partition: whether it leads, in which epoch, and what of the log is committed.
 *
 * States: following (or not assigned a leader yet), leading, offline; a leader may have one change of the ISR on its way to
 * the controller (expanding or shrinking). The high watermark is the smallest offset that every member of the ISR holds;
 * alone, that is the end of the log, or with log.flush.before.ack what has been flushed.
 *
 * Invariants: the high watermark never goes back while leading; it counts whoever may be in the ISR, a proposed member
 * included and one whose removal is not confirmed too; registrations are taken in the order of their epochs.
 * Sources: KIP-101, KIP-497, KIP-841, KIP-903, KIP-966.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { invariant } from '../../wire/base/invariant';
import { FollowerProgress, type FollowerPosition } from './follower-progress';
import { committedByAll, isEligible, outOfSync, type BrokerStandings } from './isr-rules';

/** What the core needs of a log; `PartitionLog` is one. */
export interface ReplicaLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly flushedOffset: number;
  readonly highWatermark: number;
  readonly config: { readonly minInsyncReplicas: number };
  setHighWatermark(offset: number): void;
  beginLeaderEpoch(epoch: number): void;
}

/** The broker's own former life, which the metadata still takes for the leader: nobody leads. */
export const FORMER_SELF = -2;

/** A partition as the metadata log has it. */
export interface PartitionRegistration {
  /** Negative: nobody. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export type ReplicaRole = 'leading' | 'following' | 'offline';

/** What a registration has brought: 'resigned' is 'followed' by one who led until now. */
export type RoleChange = 'none' | 'leads' | 'follows' | 'resigned';

export interface CoreSettings {
  readonly brokerId: number;
  /** A record counts where it is flushed. */
  readonly flushBeforeAck: boolean;
  /** replica.lag.time.max.ms */
  readonly maxLagMs: number;
  readonly brokers: BrokerStandings;
}

export interface IsrMember {
  readonly brokerId: number;
  /** -1: not known, and not to be checked. */
  readonly brokerEpoch: number;
}

/** Asks the controller for another ISR. The epochs say which state of the partition it is meant for. */
export interface IsrProposal {
  /** 'begin-epoch': the same ISR, and the same leader in another epoch. */
  readonly kind: 'expand' | 'shrink' | 'begin-epoch';
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly IsrMember[];
}

/** What the controller has made of a proposal. */
export interface IsrDecision {
  readonly errorCode: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly number[];
}

/** A follower that a consumer may read from. */
export interface ReaderReplica {
  readonly brokerId: number;
  /** Everything below is there. */
  readonly endOffset: number;
  /** When it last had all that the leader had. */
  readonly caughtUpMs: number;
}

/** 'again': nobody knows what came of it; the same proposal has to be made once more. */
export type AfterDecision = 'taken' | 'dropped' | 'waits' | 'again';

const NOT_TOLD = -1;

export class PartitionCore {
  private currentRole: ReplicaRole = 'following';
  private registration: PartitionRegistration | null = null;
  /** Null while nobody else has a replica, and when another leads. */
  private followers: FollowerProgress | null = null;
  private pending: IsrProposal | null = null;
  private epochStart = 0;
  private hasHadLeader = false;

  constructor(
    private log: ReplicaLog,
    private readonly settings: CoreSettings,
  ) {}

  get role(): ReplicaRole {
    return this.currentRole;
  }
  get leaderEpoch(): number {
    return this.registration?.leaderEpoch ?? -1;
  }
  get partitionEpoch(): number {
    return this.registration?.partitionEpoch ?? -1;
  }
  get leaderId(): number {
    return this.registration?.leader ?? -1;
  }
  /** As the controller has confirmed it. */
  get isr(): readonly number[] {
    return this.registration?.isr ?? [];
  }
  get replicas(): readonly number[] {
    return this.registration?.replicas ?? [];
  }
  /** Where the log ended when this replica began to lead. */
  get epochStartOffset(): number {
    return this.epochStart;
  }
  /** What is known of those who follow this leader; null without any. */
  get followerProgress(): FollowerProgress | null {
    return this.followers;
  }
  get proposal(): IsrProposal | null {
    return this.pending;
  }
  /** Waits for no other replica; one that does not lead waits for nobody either. */
  get isAlone(): boolean {
    return this.followers === null;
  }
  private get flushBeforeAck(): boolean {
    return this.settings.flushBeforeAck;
  }

  /** Everybody who may be in the ISR: nobody of them may miss what is committed. */
  get maximalIsr(): readonly number[] {
    if (this.pending?.kind !== 'expand') return this.isr;
    return this.pending.isr.map(({ brokerId }) => brokerId);
  }

  /** Takes what the metadata log says now, unless it is older than what is known. */
  apply(registration: PartitionRegistration, nowMs: number): RoleChange {
    const before = this.registration;
    const age = before === null ? 'newer' : compareAge(registration, before);
    if (age === 'older') return 'none';
    this.registration = registration;
    this.hasHadLeader ||= registration.leader >= 0;
    // The controller has moved on: whatever was on its way has been taken into account, or has lost. What the controller's
    // answer has told already is the state that a proposal meanwhile started from.
    if (age === 'newer') this.pending = null;
    if (this.currentRole === 'offline') return 'none';
    const led = this.currentRole === 'leading';
    const isNewEpoch = before === null || before.leaderEpoch !== registration.leaderEpoch;
    if (registration.leader !== this.settings.brokerId) return this.follow(led, isNewEpoch);
    this.currentRole = 'leading';
    this.followers = this.progressOf(registration);
    // Only who leads on in the very next epoch knows its followers: in between another leader may have had them cut.
    const leadsOn = led && before?.leaderEpoch === registration.leaderEpoch - 1;
    if (isNewEpoch) this.beginEpoch(registration, leadsOn, nowMs);
    this.advanceHighWatermark(nowMs);
    return isNewEpoch ? 'leads' : 'none';
  }

  /** The same records lie in another log now. */
  replaceLog(log: ReplicaLog): void {
    invariant(log.logEndOffset === this.log.logEndOffset, 'a replica goes on with a log that ends elsewhere');
    this.log = log;
  }

  private follow(led: boolean, isNewEpoch: boolean): RoleChange {
    this.currentRole = 'following';
    this.followers = null;
    if (led) return 'resigned';
    return isNewEpoch ? 'follows' : 'none';
  }

  private progressOf({ replicas }: PartitionRegistration): FollowerProgress | null {
    const others = replicas.filter((brokerId) => brokerId !== this.settings.brokerId);
    return others.length === 0 ? null : new FollowerProgress(others, this.followers);
  }

  private beginEpoch({ leaderEpoch, isr }: PartitionRegistration, leadsOn: boolean, nowMs: number): void {
    const { log, followers } = this;
    this.epochStart = log.logEndOffset;
    log.beginLeaderEpoch(leaderEpoch);
    for (let i = 0; followers !== null && i < followers.count; i++) {
      const isInSync = isr.includes(followers.brokerIds[i] as number);
      if (leadsOn) followers.beginEpoch(i, isInSync, this.epochStart, nowMs);
      else followers.begin(i, isInSync, nowMs);
    }
  }

  /** The replica is gone from this broker: it leads nothing any more. */
  retire(): void {
    this.currentRole = 'following';
    this.followers = null;
    this.pending = null;
  }

  /** The log's directory has failed. */
  goOffline(): void {
    this.currentRole = 'offline';
    this.followers = null;
    this.pending = null;
  }

  /** NONE when this replica leads in the epoch that the client believes in (-1: whichever). Source: KIP-320. */
  checkLeader(currentLeaderEpoch: number): number {
    const errorCode = this.checkReplica(currentLeaderEpoch);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    return this.currentRole === 'leading' ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  /** The same for a replica that may lead or follow: what is committed is the same on both. Source: KIP-392. */
  checkReplica(currentLeaderEpoch: number): number {
    if (this.currentRole === 'offline') return ErrorCode.KAFKA_STORAGE_ERROR;
    if (currentLeaderEpoch !== -1 && currentLeaderEpoch < this.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (currentLeaderEpoch > this.leaderEpoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    // Who asks a leader shall not see its high watermark go back within an epoch, nor to what a checkpoint says of it that the
    // former life has left: until somebody leads.
    return this.leaderId === FORMER_SELF || !this.hasHadLeader ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.NONE;
  }

  /**
   * As leader: the members of the ISR that hold `offset`. One that is not in sync may lag for ever, and its reader with it.
   * Source: Kafka's ReplicaManager.findPreferredReadReplica.
   */
  followersHolding(offset: number): readonly ReaderReplica[] {
    const { followers, isr } = this;
    const holding: ReaderReplica[] = [];
    for (let i = 0; followers !== null && i < followers.count; i++) {
      const brokerId = followers.brokerIds[i] as number;
      const endOffset = followers.endOffset(i);
      if (!isr.includes(brokerId) || endOffset < offset || followers.startOffset(i) > offset) continue;
      holding.push({ brokerId, endOffset, caughtUpMs: followers.caughtUpMs(i) });
    }
    return holding;
  }

  /**
   * NONE when `brokerId` may fetch from this leader. One without a replica is ahead of this broker's metadata, which it
   * shall wait for; one whose process has been replaced is nobody any more.
   */
  checkFollower(brokerId: number, brokerEpoch: number, currentLeaderEpoch: number): number {
    if ((this.followers?.indexOf(brokerId) ?? -1) < 0) {
      return currentLeaderEpoch === -1 ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_LEADER_EPOCH;
    }
    const isStale = brokerEpoch !== NOT_TOLD && this.settings.brokers.epochOf(brokerId) > brokerEpoch;
    return isStale ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.NONE;
  }

  /** Notes how far a follower has come; true when the high watermark has moved. The fetch has passed `checkFollower`. */
  followerFetched(brokerId: number, position: FollowerPosition, nowMs: number): boolean {
    const { followers } = this;
    const index = followers?.indexOf(brokerId) ?? -1;
    if (followers === null || index < 0) return false;
    const { log } = this;
    const endBefore = followers.endOffset(index);
    followers.record(index, position, log.logEndOffset, nowMs);
    // Somebody else may have held the high watermark back, and does no more: fenced, or refused by the controller.
    const isNews = endBefore !== position.endOffset || log.highWatermark < log.logEndOffset;
    return isNews && this.advanceHighWatermark(nowMs);
  }

  /** Proposes to take the follower into the ISR if it has everything that is committed. */
  expandIsr(brokerId: number): IsrProposal | null {
    const { followers, log } = this;
    if (followers === null || this.pending !== null || this.isr.includes(brokerId)) return null;
    const index = followers.indexOf(brokerId);
    if (index < 0 || !isEligible(followers, index, this.settings.brokers)) return null;
    const endOffset = followers.endOffset(index);
    if (endOffset < log.highWatermark || endOffset < this.epochStart) return null;
    return this.propose('expand', [...this.isr, brokerId]);
  }

  /** Proposes an ISR without those who have not kept up. */
  shrinkIsr(nowMs: number): IsrProposal | null {
    const { followers, log, settings } = this;
    if (followers === null || this.pending !== null) return null;
    const late = outOfSync(followers, this.isr, log.logEndOffset, nowMs, settings.maxLagMs);
    if (late.length === 0) return null;
    return this.propose(
      'shrink',
      this.isr.filter((brokerId) => !late.includes(brokerId)),
    );
  }

  /** Proposes that this leader leads on in another epoch; null while something else is on its way. */
  proposeEpoch(): IsrProposal | null {
    return this.currentRole === 'leading' && this.pending === null ? this.propose('begin-epoch', this.isr) : null;
  }

  /** What the followers have told counts no more: they may have to cut their logs. */
  forgetFollowers(): void {
    this.followers = null;
  }

  private propose(kind: IsrProposal['kind'], isr: readonly number[]): IsrProposal {
    const { leaderEpoch, partitionEpoch } = this;
    const members = isr.map((brokerId) => ({ brokerId, brokerEpoch: this.knownEpochOf(brokerId) }));
    this.pending = { kind, leaderEpoch, partitionEpoch, isr: members };
    return this.pending;
  }

  private knownEpochOf(brokerId: number): number {
    const index = this.followers?.indexOf(brokerId) ?? -1;
    return index < 0 ? NOT_TOLD : Math.max(NOT_TOLD, this.followers?.brokerEpoch(index) ?? NOT_TOLD);
  }

  /**
   * Takes the controller's word on a proposal. A refusal that says that nothing was written ends it; after others, and while
   * nobody knows, the proposal counts until the metadata tells.
   */
  decided(proposal: IsrProposal, decision: IsrDecision, nowMs: number): AfterDecision {
    if (this.pending !== proposal || this.registration === null) return 'dropped';
    switch (decision.errorCode) {
      case ErrorCode.NONE:
        return this.take(this.registration, decision, nowMs);
      case ErrorCode.INELIGIBLE_REPLICA:
      case ErrorCode.OPERATION_NOT_ATTEMPTED:
        this.pending = null;
        return 'dropped';
      case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      case ErrorCode.UNKNOWN_TOPIC_ID:
      case ErrorCode.FENCED_LEADER_EPOCH:
      case ErrorCode.INVALID_UPDATE_VERSION:
      case ErrorCode.INVALID_REQUEST:
      case ErrorCode.NEW_LEADER_ELECTED:
        return 'waits';
      default:
        return 'again';
    }
  }

  /** The controller may tell before the metadata log does. */
  private take(known: PartitionRegistration, decision: IsrDecision, nowMs: number): AfterDecision {
    const { leaderEpoch, partitionEpoch, isr } = decision;
    if (leaderEpoch !== known.leaderEpoch || partitionEpoch < known.partitionEpoch) return 'waits';
    this.registration = { ...known, partitionEpoch, isr };
    this.pending = null;
    this.advanceHighWatermark(nowMs);
    return 'taken';
  }

  /** Moves the high watermark after an append, a flush or a fetch; true when it moved. Alone, the time is of no matter. */
  advanceHighWatermark(nowMs: number): boolean {
    if (this.currentRole !== 'leading') return false;
    const own = this.flushBeforeAck ? this.log.flushedOffset : this.log.logEndOffset;
    const committed = this.followers === null ? own : this.committedWith(this.followers, own, nowMs);
    if (committed <= this.log.highWatermark) return false;
    this.log.setHighWatermark(committed);
    return true;
  }

  /** Since Kafka 3.7 nothing is committed while too few are in sync: ELR rests on that (KIP-966). */
  private committedWith(followers: FollowerProgress, own: number, nowMs: number): number {
    if (this.isUnderMinIsr(this.log.config.minInsyncReplicas)) return UNCOMMITTED;
    const { maximalIsr } = this;
    const { brokers, maxLagMs } = this.settings;
    return committedByAll(followers, own, this.log.logEndOffset, nowMs, { maximalIsr, brokers, maxLagMs });
  }

  /** Members of the ISR needed before acks=all appends, capped by the number of replicas. */
  isUnderMinIsr(minInsyncReplicas: number): boolean {
    return this.isr.length < Math.min(minInsyncReplicas, this.replicas.length);
  }

  /** Whether acks=all may be answered for what is committed: the ISR may have shrunk since the append. */
  isAckedByTooFew(minInsyncReplicas: number): boolean {
    return this.maximalIsr.length < Math.min(minInsyncReplicas, this.replicas.length);
  }

  /** Records below are gone from every live replica. */
  get lowWatermark(): number {
    const { followers } = this;
    let lowest = this.log.logStartOffset;
    for (let i = 0; followers !== null && i < followers.count; i++) {
      if (this.settings.brokers.epochOf(followers.brokerIds[i] as number) === -1) continue;
      lowest = Math.min(lowest, followers.startOffset(i));
    }
    return lowest;
  }
}

const UNCOMMITTED = -1;

function compareAge(one: PartitionRegistration, known: PartitionRegistration): 'older' | 'same' | 'newer' {
  const difference = one.leaderEpoch - known.leaderEpoch || one.partitionEpoch - known.partitionEpoch;
  if (difference === 0) return 'same';
  return difference < 0 ? 'older' : 'newer';
}

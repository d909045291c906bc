/**
 * One replica's part in its partition: whether it leads, in which epoch, and what of the log is committed.
 *
 * States: following (or not assigned a leader yet), leading, offline. The high watermark is the smallest offset that every
 * member of the ISR holds; alone, that is the end of the log, or with log.flush.before.ack what has been flushed. It never
 * goes back while leading.
 */
import { ErrorCode } from '../../wire/base/error-codes';

/** What the core needs of a log; `PartitionLog` is one. */
export interface ReplicaLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly flushedOffset: number;
  readonly highWatermark: number;
  setHighWatermark(offset: number): void;
  beginLeaderEpoch(epoch: number): void;
}

/** A partition as the metadata log has it. */
export interface PartitionRegistration {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export type ReplicaRole = 'leading' | 'following' | 'offline';

export class PartitionCore {
  private currentRole: ReplicaRole = 'following';
  private registration: PartitionRegistration | null = null;

  constructor(
    private readonly brokerId: number,
    private readonly log: ReplicaLog,
    private readonly flushBeforeAck: boolean,
  ) {}

  get role(): ReplicaRole {
    return this.currentRole;
  }
  get leaderEpoch(): number {
    return this.registration?.leaderEpoch ?? -1;
  }
  get leaderId(): number {
    return this.registration?.leader ?? -1;
  }
  get isr(): readonly number[] {
    return this.registration?.isr ?? [];
  }
  get replicas(): readonly number[] {
    return this.registration?.replicas ?? [];
  }

  /** Takes what the metadata log says now. Returns whether this replica has begun to lead. */
  apply(registration: PartitionRegistration): boolean {
    const before = this.registration;
    this.registration = registration;
    if (this.currentRole === 'offline') return false;
    const leads = registration.leader === this.brokerId;
    const isNewEpoch = before === null || before.leaderEpoch !== registration.leaderEpoch;
    this.currentRole = leads ? 'leading' : 'following';
    if (!leads || !isNewEpoch) return false;
    this.log.beginLeaderEpoch(registration.leaderEpoch);
    this.advanceHighWatermark();
    return true;
  }

  /** The log's directory has failed. */
  goOffline(): void {
    this.currentRole = 'offline';
  }

  /** NONE when this replica leads in the epoch that the client believes in (-1: whichever). Source: KIP-320. */
  checkLeader(currentLeaderEpoch: number): number {
    if (this.currentRole === 'offline') return ErrorCode.KAFKA_STORAGE_ERROR;
    if (currentLeaderEpoch !== -1 && currentLeaderEpoch < this.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (currentLeaderEpoch > this.leaderEpoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
    return this.currentRole === 'leading' ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  /** Moves the high watermark after an append or a flush; true when it moved. */
  advanceHighWatermark(): boolean {
    if (this.currentRole !== 'leading') return false;
    const committed = this.flushBeforeAck ? this.log.flushedOffset : this.log.logEndOffset;
    if (committed <= this.log.highWatermark) return false;
    this.log.setHighWatermark(committed);
    return true;
  }

  /** Members of the ISR needed before acks=all appends, capped by the number of replicas. */
  isUnderMinIsr(minInsyncReplicas: number): boolean {
    return this.isr.length < Math.min(minInsyncReplicas, this.replicas.length);
  }
}

/** A replica on this broker: its core over its log. */
import type { AppendOrigin, AppendOutcome } from '../../log/append-outcome';
import { LogStorageError } from '../../log/log-error';
import type { PartitionLog } from '../../log/partition-log';
import type { Clock } from '../../wire/base/env';
import { cutBack } from './follower-log';
import type { FollowerPosition } from './follower-progress';
import type { TopicTraffic } from './traffic';
import {
  PartitionCore,
  type CoreSettings,
  type IsrDecision,
  type IsrProposal,
  type PartitionRegistration,
  type RoleChange,
} from './partition-core';

/** What all replicas of a broker share. */
export interface PartitionContext {
  readonly core: CoreSettings;
  readonly clock: Clock;
  /** Of the partition's topic. */
  trafficOf(topic: string): TopicTraffic;
  /** Told after the log has grown or the high watermark has moved: parked requests may end. */
  advanced(partition: Partition): void;
  /** Told after a follower has fetched: what waits for its log start may end. */
  followed(partition: Partition): void;
  /** Asks the controller for another ISR; what comes of it is told to `decided`. */
  propose(partition: Partition, proposal: IsrProposal): void;
}

/** Of this log in this epoch, as it was when the cut was asked for. */
interface PendingCut {
  readonly offset: number;
  readonly logEndOffset: number;
  readonly leaderEpoch: number;
}

export class Partition {
  readonly core: PartitionCore;
  readonly key: string;
  private cut: PendingCut | null = null;
  readonly traffic: TopicTraffic;
  /** The id of the directory in which the metadata has the replica here; null when it says nothing. */
  registeredDirectory: string | null = null;
  private readonly highWatermarkListeners = new Set<() => void>();

  constructor(
    private current: PartitionLog,
    private readonly context: PartitionContext,
  ) {
    this.core = new PartitionCore(current, context.core);
    this.traffic = context.trafficOf(current.topicPartition.topic);
    this.key = `${current.topicPartition.topic}-${current.topicPartition.partition}`;
  }

  /** It is another one after the replica has moved to another directory. */
  get log(): PartitionLog {
    return this.current;
  }

  /** Goes on with a log that holds the same. */
  replaceLog(log: PartitionLog): void {
    this.current = log;
    this.core.replaceLog(log);
    this.advance();
  }

  onHighWatermark(listener: () => void): () => void {
    this.highWatermarkListeners.add(listener);
    return () => this.highWatermarkListeners.delete(listener);
  }

  /** Takes what the metadata log says; another ISR may mean that more is committed. */
  apply(registration: PartitionRegistration): RoleChange {
    const before = this.log.highWatermark;
    this.cutBefore(registration);
    const change = this.core.apply(registration, this.context.clock.monotonicMs());
    if (this.log.highWatermark !== before) this.tellHighWatermark();
    // Where only flushed records count, the new leader's have to be: perhaps nothing else brings that about.
    const isUnflushed = this.context.core.flushBeforeAck && this.log.flushedOffset < this.log.logEndOffset;
    if (change === 'leads' && isUnflushed) this.log.flush(() => this.advance());
    return change;
  }

  /** Appends validated batches as leader. Throws LogStorageError. */
  append(bytes: Uint8Array, origin: AppendOrigin): AppendOutcome {
    const outcome = this.log.append(bytes, this.core.leaderEpoch, origin);
    if (outcome.status === 'appended') {
      this.traffic.recordsIn += outcome.lastOffset - outcome.baseOffset + 1;
      this.traffic.bytesIn += bytes.length;
      if (this.context.core.flushBeforeAck || outcome.isFlushDue) this.log.flush(() => this.advance());
      this.advance();
    }
    return outcome;
  }

  /**
   * Ours, for a topic that mirrors another cluster's: the log shall end at `offset`, here and on every replica, however much of
   * it is committed. The cut is made as this leader begins another epoch, before anything is appended in it: then whatever
   * a replica has of an earlier epoch beyond `offset` is what its leader does not have, and it cuts that off itself, whenever
   * it comes back (KIP-595). A replica that is elected before it has done so leads with the uncut log: then the cut has to be
   * asked for again. Nothing is cut when the log has grown meanwhile.
   */
  cutTo(offset: number): void {
    this.cut = { offset, logEndOffset: this.log.logEndOffset, leaderEpoch: this.core.leaderEpoch };
    const proposal = this.core.proposeEpoch();
    if (proposal !== null) this.context.propose(this, proposal);
  }

  private cutBefore({ leader, leaderEpoch }: PartitionRegistration): void {
    const { cut, core, log } = this;
    if (cut === null || leaderEpoch <= core.leaderEpoch) return;
    this.cut = null;
    const leadsOn = core.role === 'leading' && leader === core.leaderId && cut.leaderEpoch === core.leaderEpoch;
    if (!leadsOn || log.logEndOffset !== cut.logEndOffset || log.config.mirrorSource === '') return;
    // In an epoch of its own its followers have to tell anew what they have.
    core.forgetFollowers();
    try {
      cutBack(log, cut.offset);
    } catch (error) {
      // Its directory has failed, which takes the replica offline.
      if (!(error instanceof LogStorageError)) throw error;
    }
  }

  /** The log holds nothing: it goes on at `offset`, where its source's log starts. Throws LogStorageError. */
  startEmptyAt(offset: number): void {
    this.log.truncateFullyTo(offset);
    this.log.beginLeaderEpoch(this.core.leaderEpoch);
    this.advance();
  }

  /** Recomputes what is committed and wakes whoever waits for it. */
  advance(): void {
    const nowMs = this.core.isAlone ? 0 : this.context.clock.monotonicMs();
    if (this.core.advanceHighWatermark(nowMs)) this.tellHighWatermark();
    this.context.advanced(this);
  }

  /** A follower has asked for what comes at `position`: it has everything before that. */
  followerFetched(brokerId: number, position: FollowerPosition): void {
    const hasMoved = this.core.followerFetched(brokerId, position, this.context.clock.monotonicMs());
    const proposal = this.core.expandIsr(brokerId);
    if (proposal !== null) this.context.propose(this, proposal);
    this.context.followed(this);
    if (!hasMoved) return;
    this.tellHighWatermark();
    this.context.advanced(this);
  }

  /** Records below are gone, here and now; followers learn of it with their next fetch. */
  advanceLogStart(offset: number): void {
    this.log.advanceLogStart(offset);
    this.context.advanced(this);
  }

  /** Looks for members of the ISR that have fallen behind. */
  checkIsr(nowMs: number): void {
    const proposal = this.core.shrinkIsr(nowMs);
    if (proposal !== null) this.context.propose(this, proposal);
  }

  /** The controller's word, or what became of the request. */
  decided(proposal: IsrProposal, decision: IsrDecision): 'again' | 'done' {
    const before = this.log.highWatermark;
    const after = this.core.decided(proposal, decision, this.context.clock.monotonicMs());
    if (this.log.highWatermark !== before) this.tellHighWatermark();
    // Fewer in the ISR: acks=all may be answered now.
    if (after === 'taken') this.context.advanced(this);
    return after === 'again' ? 'again' : 'done';
  }

  private tellHighWatermark(): void {
    for (const listener of this.highWatermarkListeners) listener();
  }
}

/**
 * What a leader of the metadata log keeps: the batches to come, how far each replica has got, who waits for news.
 *
 * Invariants: its own end counts only as far as it is durable, so no answer rests on bytes that loss of power can take
 * (Kafka counts them before the fsync). The high watermark is unknown until it passes the epoch's first record, and never
 * falls. What is appended during a flush shares the next one.
 */
import { invariant } from '../../wire/base/invariant';
import type { BatchAccumulator, FinishedBatch } from './batch-accumulator';
import type { CheckQuorum } from './check-quorum';
import type { LogFlush } from './log-flush';
import { ParkedFetches } from './parked-fetches';
import { NEVER } from './raft-config';
import { RaftLogFullError, type RaftLog } from './raft-log';
import type { Instant, RaftEffect } from './raft-io';
import type { ControlBatch } from './control-batches';
import type { PendingChange } from './pending-change';
import { ReplicaTable } from './replica-table';
import { entryMatches, type FormerLeader, type ReplicaKey } from './replica-key';
import type { Voter, VoterSet } from './voter-set';

const UNKNOWN_OFFSET = -1;
/** How long records that nobody waits for (NoOp) may lie in the log before a flush of their own. */
const IDLE_FLUSH_MS = 10_000;
/** How long a full disk is left alone before the next try. */
const FULL_RETRY_MS = 200;

export class LeaderState {
  /** -1 until this epoch's first record is committed. */
  highWatermark = UNKNOWN_OFFSET;
  readonly replicas = new ReplicaTable();
  readonly parked = new ParkedFetches();
  /** Null when this node has followed nobody since it last led. */
  formerLeader: FormerLeader | null = null;
  /** When voters that do not fetch are told again that this node leads. */
  beginEpochAtMs = 0;
  /** The change of the voter set that somebody waits for. */
  change: PendingChange | null = null;
  /** With static voters: what the others have told of themselves in this epoch, by id. */
  readonly toldEntries = new Map<number, Voter>();
  private wantsFlush = false;
  private idleFlushAtMs = NEVER;
  /** The disk was full at the last try: nothing is written before then. Infinite when it was not. */
  private retryAtMs = NEVER;

  constructor(
    private readonly self: ReplicaKey,
    readonly epoch: number,
    /** Where this epoch's LEADER_CHANGE lies. */
    readonly epochStartOffset: number,
    readonly accumulator: BatchAccumulator,
    readonly checkQuorum: CheckQuorum,
    private readonly log: RaftLog,
    private readonly flush: LogFlush,
  ) {}

  /** The largest offset that a write of this epoch has been promised, plus one. */
  get nextOffset(): number {
    return this.accumulator.nextOffset;
  }

  /** The end of a voter's durable log, -1 when it has not told in this epoch. */
  endOffsetOf(voter: ReplicaKey): number {
    return entryMatches(voter, this.self) ? this.flush.durableEnd : this.replicas.endOffsetOf(voter);
  }

  get deadlineMs(): number {
    const { accumulator, flush } = this;
    if (this.isRefused) return this.retryAtMs;
    const drainAtMs = !flush.isBusy && !accumulator.isEmpty ? 0 : accumulator.lingerDeadlineMs;
    return Math.min(drainAtMs, flush.isBusy ? NEVER : this.idleFlushAtMs);
  }

  private get isRefused(): boolean {
    return this.retryAtMs < NEVER;
  }

  /**
   * Appends what is due. A batch waits for its linger only while a flush is under way: alone, waiting gains nothing. A full
   * disk keeps everything back, in order: who waits for it waits on, and the node lives.
   */
  drain(nowMs: number, effects: RaftEffect[]): void {
    if (this.isRefused) {
      if (nowMs >= this.retryAtMs) this.appendAll(this.accumulator.takeFinished(), nowMs, effects);
    } else if (!this.flush.isBusy || this.accumulator.lingerDeadlineMs <= nowMs) {
      this.appendAll(this.accumulator.drain(), nowMs, effects);
    }
    if (this.idleFlushAtMs <= nowMs) this.wantsFlush = true;
    this.maybeFlush(effects);
  }

  private appendAll(batches: readonly FinishedBatch[], nowMs: number, effects: RaftEffect[]): void {
    this.retryAtMs = NEVER;
    for (const [index, batch] of batches.entries()) {
      try {
        this.append(batch.bytes, batch.nextOffset, batch.urgent, nowMs, effects);
      } catch (error) {
        if (!(error instanceof RaftLogFullError)) throw error;
        this.accumulator.putBack(batches.slice(index));
        this.retryAtMs = nowMs + FULL_RETRY_MS;
        return;
      }
    }
  }

  /** Writes one batch at the end of the log. Throws what the log throws, with nothing changed. */
  append(bytes: Uint8Array, nextOffset: number, urgent: boolean, nowMs: number, effects: RaftEffect[]): void {
    const baseOffset = this.log.append(bytes, this.epoch);
    invariant(this.log.endOffset === nextOffset, `log ends at ${this.log.endOffset}, expected ${nextOffset}`);
    effects.push({ type: 'appended', baseOffset, nextOffset, bytes });
    if (urgent) this.wantsFlush = true;
    else this.idleFlushAtMs = Math.min(this.idleFlushAtMs, nowMs + IDLE_FLUSH_MS);
  }

  /** Appends a control batch behind all that is prepared. False when the disk is full: then it is not in the log. */
  appendControl(encode: (baseOffset: number) => ControlBatch, nowMs: number, effects: RaftEffect[]): boolean {
    if (this.isRefused) return false;
    this.appendAll(this.accumulator.drain(), nowMs, effects);
    if (!this.accumulator.isEmpty) return false;
    const batch = encode(this.log.endOffset);
    try {
      this.append(batch.bytes, batch.nextOffset, true, nowMs, effects);
    } catch (error) {
      if (error instanceof RaftLogFullError) return false;
      throw error;
    }
    this.accumulator.skipTo(batch.nextOffset);
    this.maybeFlush(effects);
    return true;
  }

  maybeFlush(effects: RaftEffect[]): void {
    if (!this.wantsFlush || !this.flush.begin(this.epoch, effects)) return;
    this.wantsFlush = false;
    this.idleFlushAtMs = NEVER;
  }

  /** A replica has, durably, everything below `offset`. */
  fetched(key: ReplicaKey, offset: number, now: Instant, voters: VoterSet, effects: RaftEffect[]): void {
    this.replicas.fetched(key, offset, this.log.endOffset, now, voters);
    this.checkQuorum.heardFrom(key, voters, now.monotonicMs);
    if (voters.isVoter(key)) this.updateHighWatermark(voters, effects);
  }

  /** The offset that a majority of the voters has, if it rises and covers this epoch's first record. (KIP-595) */
  updateHighWatermark(voters: VoterSet, effects: RaftEffect[]): void {
    const ends = voters.voters.map((voter) => this.endOffsetOf(voter)).sort((a, b) => b - a);
    const offset = ends[Math.floor(voters.size / 2)] ?? UNKNOWN_OFFSET;
    if (offset <= this.epochStartOffset || offset <= this.highWatermark) return;
    this.highWatermark = offset;
    effects.push({ type: 'highWatermark', offset });
  }

  /** The other voters, those that have got furthest first: who should stand when this leader goes. */
  successors(voters: VoterSet): ReplicaKey[] {
    return voters.voters
      .filter((voter) => voter.id !== this.self.id)
      .sort((a, b) => this.endOffsetOf(b) - this.endOffsetOf(a))
      .map(({ id, directoryId }) => ({ id, directoryId }));
  }
}

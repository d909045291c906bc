/**
 * What a leader of the metadata log keeps: the batches to come, how far each voter has got, the flush under way.
 *
 * Invariants: its own end counts only as far as it is durable, so no answer rests on bytes that loss of power can take
 * (Kafka counts them before the fsync). The high watermark is unknown until it passes the epoch's first record, and never
 * falls. One flush at a time: what is appended meanwhile shares the next one.
 */
import { invariant } from '../../wire/base/invariant';
import type { BatchAccumulator, FinishedBatch } from './batch-accumulator';
import { RaftLogFullError, type RaftLog } from './raft-log';
import type { FlushToken, RaftEffect } from './raft-io';
import type { ReplicaKey } from './replica-key';
import type { VoterSet } from './voter-set';

const UNKNOWN_OFFSET = -1;
/** How long records that nobody waits for (NoOp) may lie in the log before a flush of their own. */
const IDLE_FLUSH_MS = 10_000;
/** How long a full disk is left alone before the next try. */
const FULL_RETRY_MS = 200;

export class LeaderState {
  /** -1 until this epoch's first record is committed. */
  highWatermark = UNKNOWN_OFFSET;
  /** Voter id to the end of its durable log, -1 when unknown. */
  private readonly endOffsets = new Map<number, number>();
  private flushing: FlushToken | null = null;
  private wantsFlush = false;
  private idleFlushAtMs = Number.POSITIVE_INFINITY;
  /** The disk was full at the last try: nothing is written before then. Infinite when it was not. */
  private retryAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly self: ReplicaKey,
    readonly epoch: number,
    /** Where this epoch's LEADER_CHANGE lies. */
    readonly epochStartOffset: number,
    readonly accumulator: BatchAccumulator,
    private readonly log: RaftLog,
  ) {}

  /** The largest offset that a write of this epoch has been promised, plus one. */
  get nextOffset(): number {
    return this.accumulator.nextOffset;
  }

  endOffsetOf(voterId: number): number {
    return this.endOffsets.get(voterId) ?? UNKNOWN_OFFSET;
  }

  get deadlineMs(): number {
    const { accumulator } = this;
    if (this.isRefused) return this.retryAtMs;
    const drainAtMs = this.flushing === null && !accumulator.isEmpty ? 0 : accumulator.lingerDeadlineMs;
    return Math.min(drainAtMs, this.flushing === null ? this.idleFlushAtMs : Number.POSITIVE_INFINITY);
  }

  private get isRefused(): boolean {
    return this.retryAtMs < Number.POSITIVE_INFINITY;
  }

  /**
   * Appends what is due. A batch waits for its linger only while a flush is under way: alone, waiting gains nothing. A full
   * disk keeps everything back, in order: who waits for it waits on, and the node lives.
   */
  drain(nowMs: number, effects: RaftEffect[]): void {
    if (this.isRefused) {
      if (nowMs >= this.retryAtMs) this.appendAll(this.accumulator.takeFinished(), nowMs, effects);
    } else if (this.flushing === null || this.accumulator.lingerDeadlineMs <= nowMs) {
      this.appendAll(this.accumulator.drain(), nowMs, effects);
    }
    if (this.idleFlushAtMs <= nowMs) this.wantsFlush = true;
    this.maybeFlush(effects);
  }

  private appendAll(batches: readonly FinishedBatch[], nowMs: number, effects: RaftEffect[]): void {
    this.retryAtMs = Number.POSITIVE_INFINITY;
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

  maybeFlush(effects: RaftEffect[]): void {
    if (this.flushing !== null || !this.wantsFlush) return;
    this.flushing = { epoch: this.epoch, endOffset: this.log.endOffset };
    this.wantsFlush = false;
    this.idleFlushAtMs = Number.POSITIVE_INFINITY;
    effects.push({ type: 'flush', token: this.flushing });
  }

  /** A flush has ended. False when it is not the one under way. */
  flushed(token: FlushToken, voters: VoterSet, effects: RaftEffect[]): boolean {
    if (this.flushing === null || token.epoch !== this.epoch || token.endOffset !== this.flushing.endOffset)
      return false;
    this.flushing = null;
    this.endOffsets.set(this.self.id, token.endOffset);
    this.updateHighWatermark(voters, effects);
    return true;
  }

  /** The offset that a majority of the voters has, if it rises and covers this epoch's first record. (KIP-595) */
  updateHighWatermark(voters: VoterSet, effects: RaftEffect[]): void {
    const ends = voters.ids.map((id) => this.endOffsetOf(id)).sort((a, b) => b - a);
    const offset = ends[Math.floor(voters.size / 2)] ?? UNKNOWN_OFFSET;
    if (offset <= this.epochStartOffset || offset <= this.highWatermark) return;
    this.highWatermark = offset;
    effects.push({ type: 'highWatermark', offset });
  }
}

/**
 * What a leader is about to append: records of several writes gathered into batches.
 *
 * Invariants: the records of one `prepare` lie in one batch. Offsets are given out at `prepare`, before anything is
 * written, so that the controller can apply its records at their real offsets first and a record that cannot be applied
 * never reaches the log. Nothing prepared leaves with `drain` before `schedule`. Batches are not compressed.
 */
import type { Crc32c } from '../../wire/base/env';
import { invariant } from '../../wire/base/invariant';
import { BATCH_HEADER_BYTES } from '../../wire/record/batch';
import { encodeBatch, type RecordSpec } from '../../wire/record/records';

/** The largest batch of the metadata log. A peer refuses a larger one. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** More finished batches than this wait for nothing: the leader has stopped draining. */
const MAX_FINISHED_BATCHES = 10;
/** Length, attributes, timestamp and offset deltas, null key, value length, no headers: more than any record needs. */
const RECORD_OVERHEAD_BYTES = 24;

export class RecordBatchTooLargeError extends Error {
  override readonly name = 'RecordBatchTooLargeError';
}

/** Offsets that a write's records will have: both ends included. */
export interface PreparedAppend {
  readonly baseOffset: number;
  readonly lastOffset: number;
}

export interface FinishedBatch {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
  /** Somebody waits for these records. False for NoOp records, which may ride with the next flush. */
  readonly urgent: boolean;
}

export class BatchAccumulator {
  private readonly finished: FinishedBatch[] = [];
  private records: RecordSpec[] = [];
  private recordsBytes = 0;
  private urgent = false;
  private baseOffset: number;
  private isHeld = false;
  private firstPreparedMs = 0;

  constructor(
    private readonly epoch: number,
    /** The offset that the next record gets. */
    public nextOffset: number,
    private readonly lingerMs: number,
    private readonly crc32c: Crc32c,
    private readonly maxBatchBytes = MAX_BATCH_BYTES,
  ) {
    this.baseOffset = nextOffset;
  }

  /**
   * Gives the records their offsets and holds them until `schedule`. Throws RecordBatchTooLargeError, with nothing
   * changed, when they do not fit one batch.
   */
  prepare(values: readonly Uint8Array[], urgent: boolean, nowMs: number, timestampMs: number): PreparedAppend {
    invariant(values.length > 0, 'a write without records');
    invariant(!this.isHeld, 'a write is prepared while another is held');
    const bytes = values.reduce((sum, value) => sum + value.length + RECORD_OVERHEAD_BYTES, 0);
    if (bytes + BATCH_HEADER_BYTES > this.maxBatchBytes) {
      throw new RecordBatchTooLargeError(
        `${values.length} records of ${bytes} bytes exceed a batch of ${this.maxBatchBytes}`,
      );
    }
    if (this.recordsBytes + bytes + BATCH_HEADER_BYTES > this.maxBatchBytes) this.finish();
    if (this.records.length === 0) this.firstPreparedMs = nowMs;
    for (const value of values) this.records.push({ key: null, value, timestampMs });
    this.recordsBytes += bytes;
    this.urgent ||= urgent;
    this.isHeld = true;
    const baseOffset = this.nextOffset;
    this.nextOffset += values.length;
    return { baseOffset, lastOffset: this.nextOffset - 1 };
  }

  /** Lets what was prepared go. */
  schedule(): void {
    this.isHeld = false;
  }

  get isEmpty(): boolean {
    return this.finished.length === 0 && this.records.length === 0;
  }

  /** When the oldest record has waited as long as it may; infinite when there is none. */
  get lingerDeadlineMs(): number {
    if (this.finished.length > 0) return 0;
    return this.records.length === 0 ? Number.POSITIVE_INFINITY : this.firstPreparedMs + this.lingerMs;
  }

  /** Everything scheduled, as batches in order. */
  drain(): FinishedBatch[] {
    if (!this.isHeld) this.finish();
    return this.finished.splice(0);
  }

  /** The batches that are full already; the one being filled stays. */
  takeFinished(): FinishedBatch[] {
    return this.finished.splice(0);
  }

  /** Batches that could not be written yet: they come first the next time. */
  putBack(batches: readonly FinishedBatch[]): void {
    this.finished.unshift(...batches);
  }

  /** Control batches are written past the accumulator, between drains. */
  skipTo(offset: number): void {
    invariant(this.isEmpty, 'a control batch shares no batch with data');
    this.nextOffset = offset;
    this.baseOffset = offset;
  }

  private finish(): void {
    if (this.records.length === 0) return;
    invariant(this.finished.length < MAX_FINISHED_BATCHES, 'finished batches are not drained');
    const bytes = encodeBatch(
      { records: this.records, baseOffset: this.baseOffset, leaderEpoch: this.epoch },
      this.crc32c,
    );
    const nextOffset = this.baseOffset + this.records.length;
    this.finished.push({ baseOffset: this.baseOffset, nextOffset, bytes, urgent: this.urgent });
    this.records = [];
    this.recordsBytes = 0;
    this.urgent = false;
    this.baseOffset = nextOffset;
  }
}

/** The metadata log as the quorum needs it. The broker puts its partition log behind it, tests put an array. */
import type { OffsetAndEpoch } from './replica-key';

/** The disk takes nothing more for now; nothing has been appended, and the same append may succeed later. */
export class RaftLogFullError extends Error {
  override readonly name = 'RaftLogFullError';
}

export interface RaftLog {
  /** The first offset that can be read. */
  readonly startOffset: number;
  /** The offset that the next record gets. */
  readonly endOffset: number;
  /** The epoch of the last batch; 0 when there is none. */
  readonly lastEpoch: number;
  /** All segments together. */
  readonly sizeBytes: number;

  /**
   * Appends whole batches whose base offsets and leader epochs are already right; returns the first base offset.
   * It is written when the call returns, and not yet durable. Throws with nothing appended when the disk refuses:
   * RaftLogFullError when it may take the append later, anything else when it never will.
   */
  append(batches: Uint8Array, epoch: number): number;
  /**
   * Whole batches from the one that holds `offset` on, at most `maxBytes` but at least one; empty at the end of the log.
   * The bytes stay valid. `offset` lies within [startOffset, endOffset].
   */
  read(offset: number, maxBytes: number): Uint8Array;
  /** Makes durable what has been appended before the call. `done` comes in a later turn, once. */
  flush(done: (error: Error | null) => void): void;

  /** The largest epoch at or below `epoch` and where it ends, for finding where two logs part. */
  endOffsetForEpoch(epoch: number): OffsetAndEpoch;
  /** Drops everything from `endOffset` on. */
  truncateTo(endOffset: number): void;
  /** Drops everything; the log begins anew, empty, where the snapshot ends. */
  truncateFullyTo(snapshot: OffsetAndEpoch): void;
  /** Lets go of what lies below `offset` and is covered by a snapshot: whole segments, and the start offset. */
  deleteBefore(offset: number): void;
}

/**
 * The port through which a coordinator sees one partition of its internal topic. The broker adapts its partition to it;
 * tests use one in memory.
 *
 * Invariants: offsets only grow; a batch handed to `append` is stored whole or not at all; `highWatermark` never passes
 * `logEndOffset`.
 */

export interface AppendedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
}

export interface AppendOptions {
  /** What the verification of a transactional write gave; null for any other write. */
  readonly verificationGuard: unknown;
  /** The transaction coordinator's epoch of a marker; null for any other write. */
  readonly coordinatorEpoch: number | null;
}

export const PLAIN_APPEND: AppendOptions = { verificationGuard: null, coordinatorEpoch: null };

export interface CoordinatorLog {
  /** Throws a CoordinatorLogError when the batch was not stored. */
  append(batch: Uint8Array, options: AppendOptions): AppendedBatch;
  /**
   * Whole batches from the one that holds `offset` on, at most `maxBytes` unless the first is larger; empty at the end.
   * `done` is called once, in this turn or later; the bytes belong to the caller from then on.
   */
  read(offset: number, maxBytes: number, done: (batches: Uint8Array | CoordinatorLogError) => void): void;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  /** max.message.bytes of the internal topic. */
  readonly maxBatchBytes: number;
  /** Tells every move of the high watermark, also from within `append`. Returns how to stop. */
  onHighWatermark(moved: (highWatermark: number) => void): () => void;
}

/** The log refused, with Kafka's error code: NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, KAFKA_STORAGE_ERROR, ... */
export class CoordinatorLogError extends Error {
  override readonly name = 'CoordinatorLogError';
  constructor(
    readonly errorCode: number,
    message: string,
  ) {
    super(message);
  }
}

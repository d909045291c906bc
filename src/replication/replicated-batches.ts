/**
 * What of a leader's answer goes into a follower's log: whole batches, sound and in order, as they are. Pure.
 *
 * The last batch of an answer may be cut short; it comes whole with the next. A batch of a later leader epoch than the one
 * that was asked in belongs to a history that has not been checked against this one, and waits too.
 */
import type { Crc32c } from '../../wire/base/env';
import { BATCH_HEADER_BYTES, batchSizeAt, BatchView, MAGIC_V2 } from '../../wire/record/batch';

export interface ExpectedBatches {
  readonly logEndOffset: number;
  readonly leaderEpoch: number;
  /** Where the bytes are cut into appends, so that segments keep their size; a larger batch is an append of its own. */
  readonly maxAppendBytes: number;
}

export type ReplicatedBatches =
  | {
      readonly ok: true;
      /** Each the bytes of one append. */
      readonly appends: readonly Uint8Array[];
      /** Below the log's end when the first batch holds it in its middle: only an empty log can take that. */
      readonly baseOffset: number;
    }
  | { readonly ok: false; readonly problem: string };

export function replicatedBatches(bytes: Uint8Array, expected: ExpectedBatches, crc32c: Crc32c): ReplicatedBatches {
  const batch = new BatchView();
  const appends: Uint8Array[] = [];
  let baseOffset = -1;
  let nextOffset = expected.logEndOffset;
  let start = 0;
  let at = 0;
  for (; isWholeAt(bytes, at); at += batch.sizeBytes) {
    const problem = problemAt(batch, bytes, at, nextOffset, baseOffset === -1, crc32c);
    if (problem !== null) return { ok: false, problem };
    if (batch.partitionLeaderEpoch > expected.leaderEpoch) break;
    if (baseOffset === -1) baseOffset = batch.baseOffset;
    nextOffset = batch.nextOffset;
    if (at > start && at + batch.sizeBytes - start > expected.maxAppendBytes) {
      appends.push(bytes.subarray(start, at));
      start = at;
    }
  }
  if (at > start) appends.push(bytes.subarray(start, at));
  return { ok: true, appends, baseOffset };
}

function isWholeAt(bytes: Uint8Array, at: number): boolean {
  const size = batchSizeAt(bytes, at);
  return size !== -1 && size <= bytes.length - at;
}

function problemAt(
  batch: BatchView,
  bytes: Uint8Array,
  at: number,
  nextOffset: number,
  isFirst: boolean,
  crc32c: Crc32c,
): string | null {
  if (batchSizeAt(bytes, at) < BATCH_HEADER_BYTES) return `a batch of ${batchSizeAt(bytes, at)} bytes`;
  batch.moveTo(bytes, at);
  const { magic, baseOffset, lastOffset, lastOffsetDelta } = batch;
  if (magic !== MAGIC_V2) return `the batch at offset ${baseOffset} has magic ${magic}`;
  if (!batch.isCrcValid(crc32c)) return `the batch at offset ${baseOffset} has another checksum than it says`;
  if (lastOffsetDelta < 0 || lastOffset < nextOffset) return `the batch ${baseOffset} to ${lastOffset} ends below ${nextOffset}`;
  if (!isFirst && baseOffset < nextOffset) return `the batch at offset ${baseOffset} follows one that ends at ${nextOffset}`;
  return null;
}

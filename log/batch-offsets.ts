/** The offsets of batches that are about to be appended. `batch` is a cursor, so that nothing is allocated. */
import { invariant } from '../wire/base/invariant';
import type { BatchView } from '../wire/record/batch';

/** Batches that bring their offsets along begin at the log's end, or behind it: offsets may be left out, never given twice. */
export function assertFollows(batch: BatchView, bytes: Uint8Array, endOffset: number, directory: string): void {
  const first = batch.moveTo(bytes, 0).baseOffset;
  invariant(first >= endOffset, `replicated batch at ${first} is below the end ${endOffset} of ${directory}`);
}

/** Gives the batches consecutive offsets from `firstOffset` on, and the leader's epoch, in place. */
export function assignOffsets(batch: BatchView, bytes: Uint8Array, firstOffset: number, leaderEpoch: number): void {
  let offset = firstOffset;
  for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
    batch.moveTo(bytes, at);
    batch.setBaseOffset(offset);
    batch.setPartitionLeaderEpoch(leaderEpoch);
    offset = batch.nextOffset;
  }
}

/** Gives the batches the leader's epoch, in place; their offsets are those of another cluster's log. */
export function assignEpoch(batch: BatchView, bytes: Uint8Array, leaderEpoch: number): void {
  for (let at = 0; at < bytes.length; at += batch.sizeBytes) batch.moveTo(bytes, at).setPartitionLeaderEpoch(leaderEpoch);
}

/** First and last offset of the batches, and their largest timestamp. */
export function summarize(batch: BatchView, bytes: Uint8Array): { baseOffset: number; lastOffset: number; maxTimestampMs: number } {
  const { baseOffset } = batch.moveTo(bytes, 0);
  let maxTimestampMs = -1;
  for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
    batch.moveTo(bytes, at);
    if (batch.maxTimestamp > maxTimestampMs) maxTimestampMs = batch.maxTimestamp;
  }
  return { baseOffset, lastOffset: batch.lastOffset, maxTimestampMs };
}

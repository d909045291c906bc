/** The offsets of batches that are about to be appended. `batch` is a cursor, so that nothing is allocated. */
import type { BatchView } from '../wire/record/batch';

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

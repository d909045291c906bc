/**
 * I3, seen from any moment: two replicas that hold a batch of the same epoch at the same offset hold the same bytes. Two
 * leaders of one epoch, or an offset that was used twice in one epoch, break it.
 */

import type { DiskBatch } from '../disk-batches';

export interface ReplicaBatches {
  readonly nodeId: number;
  readonly batches: readonly DiskBatch[];
}

/** What does not match, in a sentence; null when all does. */
export function mismatch(key: string, replicas: readonly ReplicaBatches[]): string | null {
  const seen = new Map<string, { readonly nodeId: number; readonly batch: DiskBatch }>();
  for (const { nodeId, batches } of replicas) {
    for (const batch of batches) {
      const place = `${batch.epoch}@${batch.baseOffset}`;
      const other = seen.get(place);
      if (other === undefined) seen.set(place, { nodeId, batch });
      else if (other.batch.crc !== batch.crc || other.batch.endOffset !== batch.endOffset) {
        return `I3 nodes ${other.nodeId} and ${nodeId} hold different batches at ${batch.baseOffset} of ${key}, both of epoch ${batch.epoch}`;
      }
    }
  }
  return null;
}

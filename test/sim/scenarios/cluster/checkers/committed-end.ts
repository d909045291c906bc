/**
 * I15: what of the metadata log is committed, as nobody in the cluster can say for sure but the platters can.
 *
 * Two of three voters hold an entry of the newest epoch that any voter's log knows: then it, and all before it, is in the
 * log of every later leader. (A majority that holds an older epoch's entry proves nothing: Raft, figure 8.)
 */

import type { DiskBatch } from '../disk-batches';

export interface VoterLog {
  readonly nodeId: number;
  readonly batches: readonly DiskBatch[];
}

/** The end of what is surely committed; -1 when nothing can be said. `majority` counts voters. */
export function committedEnd(logs: readonly VoterLog[], majority: number): number {
  const newest = Math.max(-1, ...logs.map(({ batches }) => batches.at(-1)?.epoch ?? -1));
  const ends = logs
    .map(({ batches }) => batches.at(-1))
    .filter((last): last is DiskBatch => last !== undefined && last.epoch === newest)
    .map(({ endOffset }) => endOffset)
    .sort((a, b) => b - a);
  return ends[majority - 1] ?? -1;
}

/** Where `log` contradicts what is committed, in a sentence; null when it has it all. What snapshots cut off is not missed. */
export function missingFrom(log: VoterLog, committed: readonly DiskBatch[], snapshotEnd: number): string | null {
  const start = Math.max(log.batches[0]?.baseOffset ?? 0, snapshotEnd);
  const own = new Map(log.batches.map((batch) => [batch.baseOffset, batch]));
  for (const batch of committed) {
    if (batch.baseOffset < start) continue;
    const there = own.get(batch.baseOffset);
    if (there === undefined) return `I15 the metadata log of node ${log.nodeId} lacks what is committed at ${batch.baseOffset} in epoch ${batch.epoch}`;
    if (there.crc !== batch.crc || there.epoch !== batch.epoch) {
      return `I15 the metadata log of node ${log.nodeId} has at ${batch.baseOffset} a batch of epoch ${there.epoch}, where one of epoch ${batch.epoch} is committed`;
    }
  }
  return null;
}

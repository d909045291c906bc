/** What a follower does to its log: appends what its leader has, and cuts off what it has not. All throw LogStorageError. */
import { segmentSizeBytes } from '../../log/log-config';
import type { PartitionLog } from '../../log/partition-log';
import type { Crc32c } from '../../wire/base/env';
import { replicatedBatches } from './replicated-batches';

export interface LeaderData {
  readonly records: Uint8Array | null;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** What came of it: the log is another now or it is not, or the leader's bytes are of no use. */
export type Appended = 'moved' | 'unmoved' | { readonly problem: string };

const NO_RECORDS = new Uint8Array(0);

export function appendReplicated(log: PartitionLog, leaderEpoch: number, data: LeaderData, crc32c: Crc32c): Appended {
  const { logEndOffset, logStartOffset } = log;
  const expected = { logEndOffset, leaderEpoch, maxAppendBytes: segmentSizeBytes(log.config) };
  const batches = replicatedBatches(data.records ?? NO_RECORDS, expected, crc32c);
  if (!batches.ok) return { problem: batches.problem };
  const { appends, baseOffset } = batches;
  if (appends.length > 0 && baseOffset < logEndOffset) {
    // The leader's log start lies within a batch. An empty log takes it whole.
    if (logEndOffset > logStartOffset) return { problem: `offset ${baseOffset} came again, the log ends at ${logEndOffset}` };
    log.truncateFullyTo(baseOffset);
  }
  for (const bytes of appends) log.append(bytes, leaderEpoch, 'replication');
  // What was committed once stays so, though a new leader may not know it yet.
  const highWatermark = Math.min(data.highWatermark, log.logEndOffset);
  if (highWatermark > log.highWatermark) log.setHighWatermark(highWatermark);
  log.advanceLogStart(Math.min(data.logStartOffset, log.highWatermark));
  return log.logEndOffset === logEndOffset && log.logStartOffset === logStartOffset ? 'unmoved' : 'moved';
}

/** The log ends at `offset` at most, and knows no epoch that begins there or later. */
export function cutBack(log: PartitionLog, offset: number): void {
  if (offset < log.logStartOffset) return log.truncateFullyTo(offset);
  log.truncateTo(offset);
  // An epoch in which this broker led without a record would part from the leader's history for ever.
  log.epochs.truncateFromEnd(log.logEndOffset);
}

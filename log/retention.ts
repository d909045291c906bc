/** Which of a log's oldest segments may go: by age, by size, or because they lie below the log start. */
import type { PartitionLog } from './partition-log';

/**
 * Removes what cleanup.policy=delete allows to remove and returns the removed segments, renamed by nobody yet. Compacted
 * topics are left alone, except below a log start that was moved. Nothing at or above the high watermark goes.
 */
export function applyRetention(log: PartitionLog, nowMs: number): ReturnType<PartitionLog['removeOldest']> {
  const deletes = log.config.cleanupPolicy.includes('delete');
  const expired = deletes ? Math.max(countExpired(log, nowMs), countOversized(log)) : 0;
  const wanted = Math.max(expired, countBelowLogStart(log));
  if (wanted === 0) return [];
  if (wanted === log.segments.length) log.rollIfNotEmpty();
  return log.removeOldest(Math.min(wanted, log.segments.length - 1));
}

/** Counts from the oldest while `mayGo` holds, stopping at the high watermark. */
function countWhile(log: PartitionLog, mayGo: (index: number) => boolean): number {
  const { segments } = log;
  let count = 0;
  for (; count < segments.length; count++) {
    const segment = segments[count];
    const nextBase = segments[count + 1]?.baseOffset ?? log.logEndOffset;
    if (segment === undefined || nextBase > log.highWatermark || !mayGo(count)) break;
    if (count === segments.length - 1 && segment.sizeBytes === 0) break;
  }
  return count;
}

function countExpired(log: PartitionLog, nowMs: number): number {
  const { retentionMs } = log.config;
  if (retentionMs < 0) return 0;
  return countWhile(log, (index) => {
    const segment = log.segments[index];
    if (segment === undefined) return false;
    const newestMs = segment.largest.timestampMs >= 0 ? segment.largest.timestampMs : segment.createdMs;
    return nowMs - newestMs > retentionMs;
  });
}

function countOversized(log: PartitionLog): number {
  const { retentionBytes } = log.config;
  if (retentionBytes < 0) return 0;
  let excess = log.sizeBytes - retentionBytes;
  return countWhile(log, (index) => {
    const bytes = log.segments[index]?.sizeBytes ?? 0;
    if (excess - bytes < 0) return false;
    excess -= bytes;
    return true;
  });
}

function countBelowLogStart(log: PartitionLog): number {
  return countWhile(log, (index) => {
    const next = log.segments[index + 1];
    return next !== undefined && next.baseOffset <= log.logStartOffset;
  });
}

/**
 * What one Fetch gets from the partitions it names, by Kafka's size rules (KIP-74): in order, the first partition that has
 * anything gives at least one whole batch, all together at most `maxBytes`, each at most its own bound.
 */
import { abortedTransactions, OUT_OF_RANGE, readSlice, type LogSlice } from '../../log/log-reader';
import { LogStorageError } from '../../log/log-error';
import type { PartitionLog } from '../../log/partition-log';
import type { AbortedTransaction } from '../../log/transaction-index';
import { ErrorCode } from '../../wire/base/error-codes';
import type { FetchPartition } from './fetch-session';
import type { Partition } from './partition';
import type { LeaderLookup } from './replica-manager';
import type { TopicTraffic } from './traffic';
import { NO_PREFERENCE } from './replica-selector';

export interface FetchedPartition {
  readonly target: FetchPartition;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly slice: LogSlice | null;
  /** Takes what leaves; null without a slice. */
  readonly traffic: TopicTraffic | null;
  /** Null for read_uncommitted. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null;
  /** Whether an operator has throttled the replica that fetches, and whether it has to wait for its records. */
  readonly throttled?: 'given' | 'held back';
  /** Who the client shall fetch from instead; NO_PREFERENCE when this broker will do. (KIP-392) */
  readonly preferredReadReplica: number;
}

/** A broker that follows, and what it has noted about it. */
export interface FetchingFollower {
  readonly brokerId: number;
  /** -1 before Fetch v15. */
  readonly brokerEpoch: number;
}

export interface FetchLimits {
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  /** Null: a consumer, who sees what is committed. A follower sees all. */
  readonly follower: FetchingFollower | null;
  /** What holds back throttled replicas that are not in sync (KIP-73). Consumers it does not concern. */
  readonly throttle: ReadThrottle;
  /** Who a consumer had better read this partition from, if it is led here; null: it reads here. */
  readonly preferredReplica: ((partition: Partition, fetchOffset: number) => number) | null;
  /** A follower is told at once when the high watermark has moved: its consumers wait for that. */
  readonly tellsHighWatermark: boolean;
  /** Fetch v0 to v2 know no way to return a batch beyond their bounds. */
  readonly mayExceedForFirstBatch: boolean;
}

export interface ReadThrottle {
  isThrottled(log: PartitionLog): boolean;
  isExceeded(): boolean;
}

export interface FetchRead {
  readonly partitions: readonly FetchedPartition[];
  readonly sizeBytes: number;
  /** Of them, what throttled replicas get. */
  readonly throttledBytes: number;
  /** A replica that is throttled gets nothing now, and may get something later though nothing has changed. */
  readonly holdsBack: boolean;
  /** A partition has something to say that does not wait for records. */
  readonly isUrgent: boolean;
  /** Partitions that are not there: they alone are no reason to answer those early who ask for others too. */
  readonly unknownCount: number;
}

/**
 * Reads every target; `lookup` finds the partition or the error to answer. With `notes` the leader takes note of how far a
 * follower has come: once per fetch, when it arrives.
 */
export function readPartitions(
  targets: Iterable<FetchPartition>,
  limits: FetchLimits,
  lookup: (target: FetchPartition) => LeaderLookup,
  notes = false,
): FetchRead {
  let left = limits.maxBytes;
  let sizeBytes = 0;
  let isUrgent = false;
  let unknownCount = 0;
  let throttledBytes = 0;
  let holdsBack = false;
  const partitions: FetchedPartition[] = [];
  for (const target of targets) {
    const minOneBatch = limits.mayExceedForFirstBatch && sizeBytes === 0;
    const fetched = readPartition(target, left, minOneBatch, limits, notes, lookup);
    const bytes = fetched.slice?.sizeBytes ?? 0;
    sizeBytes += bytes;
    left = Math.max(0, left - bytes);
    if (fetched.throttled === 'given') throttledBytes += bytes;
    holdsBack ||= fetched.throttled === 'held back';
    if (IS_UNKNOWN.has(fetched.errorCode)) unknownCount++;
    else isUrgent ||= mayNotWait(fetched, limits);
    partitions.push(fetched);
  }
  return { partitions, sizeBytes, throttledBytes, holdsBack, isUrgent, unknownCount };
}

function mayNotWait(fetched: FetchedPartition, { tellsHighWatermark }: FetchLimits): boolean {
  const { errorCode, divergingEpoch, preferredReadReplica } = fetched;
  if (errorCode !== ErrorCode.NONE || divergingEpoch !== null || preferredReadReplica !== NO_PREFERENCE) return true;
  return tellsHighWatermark && fetched.highWatermark !== fetched.target.toldHighWatermark;
}

/** False when reading the partition again would give what it gave before: nothing, at the end of what may be read. */
export function hasNews(target: FetchPartition, limits: FetchLimits, found: LeaderLookup): boolean {
  if (!found.ok) return true;
  const { follower, readCommitted, throttle, tellsHighWatermark } = limits;
  const { core, log } = found.partition;
  if (follower !== null) {
    const { brokerId, brokerEpoch } = follower;
    if (core.checkFollower(brokerId, brokerEpoch, target.currentLeaderEpoch) !== ErrorCode.NONE) return true;
    if (tellsHighWatermark && target.toldHighWatermark !== log.highWatermark) return true;
    if (isHeldBack(found.partition, follower, throttle)) return findDivergence(target, log) !== null;
  }
  const upTo = follower !== null ? 'all' : readCommitted ? 'stable' : 'committed';
  return target.fetchOffset !== endOf(log, upTo) || findDivergence(target, log) !== null;
}

function readPartition(
  target: FetchPartition,
  maxBytes: number,
  minOneBatch: boolean,
  limits: FetchLimits,
  notes: boolean,
  lookup: (target: FetchPartition) => LeaderLookup,
): FetchedPartition {
  const found = lookup(target);
  if (!found.ok) {
    // Kafka says so before it looks at the partition's log, with an empty list.
    const abortedTransactions = IS_UNKNOWN.has(found.errorCode) ? [] : null;
    return { ...failed(target, found.errorCode), abortedTransactions };
  }
  const { partition } = found;
  const { follower, readCommitted } = limits;
  try {
    const bytes = Math.min(maxBytes, target.maxBytes);
    if (follower === null) {
      const preferred = limits.preferredReplica?.(partition, target.fetchOffset) ?? NO_PREFERENCE;
      if (preferred !== NO_PREFERENCE) return { ...fetched(target, partition.log, null, null, null), preferredReadReplica: preferred };
      return readLog(target, partition, bytes, minOneBatch, readCommitted ? 'stable' : 'committed');
    }
    const errorCode = partition.core.checkFollower(follower.brokerId, follower.brokerEpoch, target.currentLeaderEpoch);
    if (errorCode !== ErrorCode.NONE) return failed(target, errorCode);
    if (notes) note(target, partition, follower);
    return throttled(readLog(target, partition, bytes, minOneBatch, 'all'), partition, follower, limits.throttle);
  } catch (error) {
    if (!(error instanceof LogStorageError)) throw error;
    return failed(target, error.errorCode);
  }
}

/** Told apart from its records alone: where logs part, and what is committed, a replica that is held back learns too. */
function throttled(
  fetched: FetchedPartition,
  partition: Partition,
  follower: FetchingFollower,
  throttle: ReadThrottle,
): FetchedPartition {
  if (fetched.slice === null || !throttle.isThrottled(partition.log)) return fetched;
  if (isHeldBack(partition, follower, throttle)) return { ...fetched, slice: null, throttled: 'held back' };
  return { ...fetched, throttled: 'given' };
}

function isHeldBack({ core, log }: Partition, { brokerId }: FetchingFollower, throttle: ReadThrottle): boolean {
  return !core.isr.includes(brokerId) && throttle.isThrottled(log) && throttle.isExceeded();
}

/** A fetch is proof of everything below its offset, if that is this leader's log. */
function note(target: FetchPartition, partition: Partition, { brokerId, brokerEpoch }: FetchingFollower): void {
  const { log } = partition;
  const { fetchOffset, logStartOffset } = target;
  if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset || findDivergence(target, log) !== null) return;
  partition.followerFetched(brokerId, { brokerEpoch, endOffset: fetchOffset, startOffset: logStartOffset });
}

const IS_UNKNOWN: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_ID]);

function failed(target: FetchPartition, errorCode: number): FetchedPartition {
  return {
    target,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    slice: null,
    traffic: null,
    abortedTransactions: null,
    divergingEpoch: null,
    preferredReadReplica: NO_PREFERENCE,
  };
}

/** Up to the last stable offset, the high watermark, or the log's end. */
type ReadsUpTo = 'stable' | 'committed' | 'all';

function readLog(
  target: FetchPartition,
  { log, traffic }: Partition,
  maxBytes: number,
  minOneBatch: boolean,
  upTo: ReadsUpTo,
): FetchedPartition {
  const divergingEpoch = findDivergence(target, log);
  if (divergingEpoch === OUT_OF_RANGE) return failed(target, ErrorCode.OFFSET_OUT_OF_RANGE);
  if (divergingEpoch !== null) return fetched(target, log, null, upTo === 'stable' ? [] : null, divergingEpoch);
  const endOffset = endOf(log, upTo);
  const slice = readSlice(log, target.fetchOffset, maxBytes, endOffset, minOneBatch);
  if (slice === OUT_OF_RANGE) return failed(target, ErrorCode.OFFSET_OUT_OF_RANGE);
  if (slice === null || slice.sizeBytes === 0) return fetched(target, log, null, upTo === 'stable' ? [] : null, null);
  const aborted = upTo === 'stable' ? abortedTransactions(log, target.fetchOffset, endOffset) : null;
  return fetched(target, log, slice, aborted, null, traffic);
}

/** Written out in full: a follower with thousands of partitions gets as many of them with each fetch. */
function fetched(
  target: FetchPartition,
  { highWatermark, lastStableOffset, logStartOffset }: Partition['log'],
  slice: LogSlice | null,
  aborted: readonly AbortedTransaction[] | null,
  divergingEpoch: FetchedPartition['divergingEpoch'],
  traffic: TopicTraffic | null = null,
): FetchedPartition {
  return {
    target,
    errorCode: ErrorCode.NONE,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    slice,
    traffic,
    abortedTransactions: aborted,
    divergingEpoch,
    preferredReadReplica: NO_PREFERENCE,
  };
}

function endOf(log: Partition['log'], upTo: ReadsUpTo): number {
  if (upTo === 'all') return log.logEndOffset;
  return upTo === 'stable' ? log.lastStableOffset : log.highWatermark;
}

/**
 * The client's last epoch does not end where it believes: it has to truncate or to think again (KIP-595, KIP-320). An epoch
 * of which this log knows nothing is OUT_OF_RANGE.
 */
function findDivergence(
  target: FetchPartition,
  log: Partition['log'],
): FetchedPartition['divergingEpoch'] | typeof OUT_OF_RANGE {
  if (target.lastFetchedEpoch < 0) return null;
  const { epoch, endOffset } = log.epochs.endOffsetFor(target.lastFetchedEpoch, log.logEndOffset);
  // Below the log's start there is nothing to compare with.
  if (epoch < 0 || endOffset < 0 || target.fetchOffset < log.logStartOffset) return OUT_OF_RANGE;
  return epoch < target.lastFetchedEpoch || endOffset < target.fetchOffset ? { epoch, endOffset } : null;
}

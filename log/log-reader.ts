/**
 * Reading a partition's log: by offset and size for Fetch, by timestamp for ListOffsets. Bytes are not touched here: a
 * Fetch gets ranges of a segment's file.
 */
import { batchSizeAt, type BatchView } from '../wire/record/batch';
import { decodeRecords, type DecodeLimits } from '../wire/record/records';
import { readBatch } from './batch-scan';
import type { PartitionLog } from './partition-log';
import type { LogSegment } from './segment';
import type { AbortedTransaction } from './transaction-index';

/** A range of one segment's file that begins at a batch boundary; its last batch may be cut short. */
export interface LogSlice {
  readonly log: PartitionLog;
  readonly segment: LogSegment;
  readonly position: number;
  readonly sizeBytes: number;
  /** Base offset of the first batch. */
  readonly baseOffset: number;
  /** Where the next fetch goes on; where the size cuts the range, to within an entry of the offset index. */
  readonly nextOffset: number;
  /** True when the first batch alone is larger than what was asked for, and nothing is returned. */
  readonly firstBatchTooLarge: boolean;
  /** Probably not in the page cache: read it asynchronously. */
  readonly isCold: boolean;
}

export const OUT_OF_RANGE = 'out-of-range';

/** Bytes behind the end of the log that count as likely to be in the page cache. */
const WARM_BYTES = 64 * 1024 * 1024;

/**
 * What a Fetch at `offset` gets below `endOffset` (high watermark, last stable offset, or log end): at most `maxBytes`, but
 * with `minOneBatch` the first batch whole. Null when there is nothing yet. Throws LogStorageError.
 * Source: KIP-74.
 */
export function readSlice(
  log: PartitionLog,
  offset: number,
  maxBytes: number,
  endOffset: number,
  minOneBatch: boolean,
): LogSlice | null | typeof OUT_OF_RANGE {
  log.directoryState.assertReadable();
  if (offset < log.logStartOffset || offset > log.logEndOffset) return OUT_OF_RANGE;
  if (offset >= endOffset) return null;
  return log.guarded(() => sliceFrom(log, offset, maxBytes, endOffset, minOneBatch));
}

function sliceFrom(log: PartitionLog, offset: number, maxBytes: number, endOffset: number, minOneBatch: boolean): LogSlice | null {
  const { segments } = log;
  for (let i = segmentIndexFor(segments, offset); i < segments.length; i++) {
    const segment = segments[i];
    if (segment === undefined || segment.baseOffset >= endOffset) return null;
    const first = segment.locate(offset);
    if (first === null) continue;
    if (first.baseOffset >= endOffset) return null;
    const endPosition = endPositionIn(log, segments, i, endOffset);
    const limit = minOneBatch ? Math.max(maxBytes, first.sizeBytes) : maxBytes;
    const available = Math.min(limit, endPosition - first.position);
    const isCold = bytesAfter(segments, i, first.position) > WARM_BYTES;
    const { position, baseOffset, sizeBytes } = first;
    const firstBatchTooLarge = available < sizeBytes;
    const isWhole = available === endPosition - position;
    const nextOffset = isWhole ? Math.min(endOffset, segments[i + 1]?.baseOffset ?? endOffset) : Math.max(first.lastOffset + 1, segment.offsetNear(position + available));
    return { log, segment, position, sizeBytes: firstBatchTooLarge ? 0 : available, baseOffset, nextOffset, firstBatchTooLarge, isCold };
  }
  return null;
}

function bytesAfter(segments: readonly LogSegment[], index: number, position: number): number {
  let bytes = (segments[index]?.sizeBytes ?? 0) - position;
  for (let i = index + 1; i < segments.length && bytes <= WARM_BYTES; i++) bytes += segments[i]?.sizeBytes ?? 0;
  return bytes;
}

function endPositionIn(log: PartitionLog, segments: readonly LogSegment[], index: number, endOffset: number): number {
  const segment = segments[index];
  if (segment === undefined) return 0;
  const nextBase = segments[index + 1]?.baseOffset ?? log.logEndOffset;
  if (endOffset >= nextBase) return segment.sizeBytes;
  return segment.locate(endOffset)?.position ?? segment.sizeBytes;
}

/** Index of the segment that would hold `offset`: the last one whose base is not above it. */
export function segmentIndexFor(segments: readonly LogSegment[], offset: number): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((segments[middle]?.baseOffset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface FoundTimestamp {
  readonly offset: number;
  readonly timestampMs: number;
  readonly leaderEpoch: number;
}

/** The first record with at least `timestampMs`, or null. Throws LogStorageError, or a codec's error for a bad batch. */
export function findByTimestamp(log: PartitionLog, timestampMs: number, limits: DecodeLimits): FoundTimestamp | null {
  log.directoryState.assertReadable();
  return log.guarded(() => {
    for (const segment of log.segments) {
      if (segment.largest.timestampMs < timestampMs) continue;
      const found = findInSegment(segment, timestampMs, log.logStartOffset, limits);
      if (found !== null) return found;
    }
    return null;
  });
}

function findInSegment(segment: LogSegment, timestampMs: number, startOffset: number, limits: DecodeLimits): FoundTimestamp | null {
  let from = startOffset;
  for (;;) {
    const where = segment.locateTimestamp(timestampMs, from);
    if (where === null) return null;
    const batch = readBatch(segment.file.current, where);
    const record = decodeRecords(batch, limits).find((r) => r.timestampMs >= timestampMs && r.offset >= startOffset);
    if (record !== undefined) return found(record, batch);
    from = where.lastOffset + 1;
  }
}

function found(record: { offset: number; timestampMs: number }, batch: BatchView): FoundTimestamp {
  return { offset: record.offset, timestampMs: record.timestampMs, leaderEpoch: batch.partitionLeaderEpoch };
}

/** Timestamps so near to each other are not told apart: it saves a look at the file. */
const NEAR_MS = 1000;

/**
 * When the record at `offset` was written, by its timestamp: to within its batch where that is likely to be in the page cache,
 * else to within an entry of the time index, so that the disk is not waited for. Null where the log has no such record, or no
 * time. Throws LogStorageError.
 */
export function timestampNear(log: PartitionLog, offset: number): number | null {
  log.directoryState.assertReadable();
  if (offset < log.logStartOffset || offset >= log.logEndOffset) return null;
  const index = segmentIndexFor(log.segments, offset);
  const segment = log.segments[index];
  if (segment === undefined) return null;
  return log.guarded(() => {
    const { fromMs, toMs } = segment.timesAround(offset);
    const isPrecise = fromMs >= 0 && toMs - fromMs <= NEAR_MS;
    const isCold = bytesAfter(log.segments, index, segment.positionNear(offset)) > WARM_BYTES;
    const timestampMs = isPrecise || isCold ? fromMs : (segment.locate(offset)?.maxTimestampMs ?? -1);
    return timestampMs < 0 ? null : timestampMs;
  });
}

/** The record with the largest timestamp (KIP-734), or null for an empty log. */
export function findMaxTimestamp(log: PartitionLog, limits: DecodeLimits): FoundTimestamp | null {
  log.directoryState.assertReadable();
  return log.guarded(() => {
    let best: LogSegment | null = null;
    for (const segment of log.segments) {
      if (segment.sizeBytes > 0 && (best === null || segment.largest.timestampMs > best.largest.timestampMs)) best = segment;
    }
    if (best === null) return null;
    return findInSegment(best, best.largest.timestampMs, log.logStartOffset, limits);
  });
}

/** Aborted transactions that a read_committed fetch of [fromOffset, toOffset) has to know, by first offset. */
export function abortedTransactions(log: PartitionLog, fromOffset: number, toOffset: number): AbortedTransaction[] {
  const aborted: AbortedTransaction[] = [];
  const { segments } = log;
  for (let i = segmentIndexFor(segments, fromOffset); i < segments.length; i++) {
    for (const entry of segments[i]?.transactions.all() ?? []) {
      if (entry.lastOffset >= fromOffset && entry.firstOffset < toOffset) aborted.push(entry);
      if (entry.lastStableOffset >= toOffset) return sortByFirstOffset(aborted);
    }
  }
  return sortByFirstOffset(aborted);
}

function sortByFirstOffset(aborted: AbortedTransaction[]): AbortedTransaction[] {
  return aborted.sort((a, b) => a.firstOffset - b.firstOffset);
}

/**
 * Whole batches from the one that holds `offset` on, in memory of their own: at most `maxBytes`, but at least one. Empty at
 * `endOffset`. For the coordinators and the quorum, which read their own logs. Throws LogStorageError.
 */
export function readBatches(log: PartitionLog, offset: number, maxBytes: number, endOffset: number): Uint8Array {
  const slice = readSlice(log, offset, maxBytes, endOffset, true);
  if (slice === null || slice === OUT_OF_RANGE) return new Uint8Array(0);
  return log.guarded(() => {
    const bytes = new Uint8Array(slice.sizeBytes);
    const read = slice.segment.file.current.readSync(slice.position, bytes);
    return bytes.subarray(0, wholeBatchesEnd(bytes.subarray(0, read)));
  });
}

/** Where the last whole batch ends. */
function wholeBatchesEnd(bytes: Uint8Array): number {
  let at = 0;
  for (;;) {
    const size = batchSizeAt(bytes, at);
    if (size <= 0 || at + size > bytes.length) return at;
    at += size;
  }
}

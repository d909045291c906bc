/**
 * One segment: a file of batches back to back, with its sparse indexes.
 *
 * Invariants: the file ends at a batch boundary at `sizeBytes`, whatever a failed write left behind it is cut off before
 * anything else is written; index entries point at batches that were written; only the last segment of a log grows.
 */
import { invariant } from '../wire/base/invariant';
import { BatchView } from '../wire/record/batch';
import { findBatch, type BatchPosition } from './batch-scan';
import type { Disk } from './disk';
import type { FilePool, PooledFile } from './file-pool';
import { LOG_SUFFIX, OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX, segmentFileName } from './file-names';
import { OffsetIndex } from './offset-index';
import { unlinkIfPresent } from './small-file';
import { TimeIndex, type TimestampOffset } from './time-index';
import { TransactionIndex } from './transaction-index';

export interface IndexLimits {
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
}

const OFFSET_ENTRY_BYTES = 8;
const TIME_ENTRY_BYTES = 12;

export class LogSegment {
  private indexes: { offsets: OffsetIndex; times: TimeIndex } | null;
  /** Bytes since the last index entry; the first batch of a segment never gets one. */
  private bytesSinceIndexEntry = 0;
  private indexesOnDisk = true;
  readonly transactions: TransactionIndex;
  sizeBytes = 0;
  /** Largest timestamp in the segment and the last offset of the batch that has it. */
  largest: TimestampOffset;
  /** Largest timestamp of the first batch, the base for rolling by time; null while the segment is empty. */
  firstBatchTimestampMs: number | null = null;
  /** Something was written that no sync has covered. */
  isDirty = false;
  /** Its files are renamed or gone. */
  isRemoved = false;

  constructor(
    private readonly disk: Disk,
    /** Changes when the partition's directory is renamed. */
    public directory: string,
    readonly baseOffset: number,
    readonly file: PooledFile,
    private readonly limits: IndexLimits,
    readonly createdMs: number,
    indexes: { offsets: OffsetIndex; times: TimeIndex } | null,
  ) {
    this.indexes = indexes;
    this.largest = { timestampMs: -1, offset: baseOffset };
    this.transactions = new TransactionIndex(disk, this.path(TRANSACTION_INDEX_SUFFIX));
  }

  /** A new, empty segment. Throws DiskError. */
  static create(
    disk: Disk,
    pool: FilePool,
    directory: string,
    baseOffset: number,
    limits: IndexLimits,
    nowMs: number,
  ): LogSegment {
    const path = `${directory}/${segmentFileName(baseOffset, LOG_SUFFIX)}`;
    discardLeftover(disk, path);
    const file = pool.file(path, true);
    const segment = new LogSegment(disk, directory, baseOffset, file, limits, nowMs, null);
    segment.resetIndexes();
    return segment;
  }

  renamedTo(directory: string): void {
    this.directory = directory;
    this.file.path = this.path(LOG_SUFFIX);
    this.transactions.path = this.path(TRANSACTION_INDEX_SUFFIX);
  }

  path(suffix: string): string {
    return `${this.directory}/${segmentFileName(this.baseOffset, suffix)}`;
  }

  private get maxOffsetEntries(): number {
    return Math.floor(this.limits.segmentIndexBytes / OFFSET_ENTRY_BYTES);
  }

  private get maxTimeEntries(): number {
    return Math.floor(this.limits.segmentIndexBytes / TIME_ENTRY_BYTES);
  }

  resetIndexes(): void {
    this.indexes = {
      offsets: new OffsetIndex(this.baseOffset, this.maxOffsetEntries),
      times: new TimeIndex(this.baseOffset, this.maxTimeEntries),
    };
    this.indexesOnDisk = false;
    this.bytesSinceIndexEntry = 0;
    this.largest = { timestampMs: -1, offset: this.baseOffset };
    this.firstBatchTimestampMs = null;
  }

  /** Index files of a closed segment are read at first use; false when they are missing or damaged. */
  loadIndexes(): boolean {
    if (this.indexes !== null) return true;
    const offsets = OffsetIndex.load(this.disk, this.path(OFFSET_INDEX_SUFFIX), this.baseOffset, this.maxOffsetEntries);
    const times = TimeIndex.load(this.disk, this.path(TIME_INDEX_SUFFIX), this.baseOffset, this.maxTimeEntries);
    if (offsets === null || times === null) return false;
    this.indexes = { offsets, times };
    return true;
  }

  private loaded(): { offsets: OffsetIndex; times: TimeIndex } {
    if (this.indexes === null && !this.loadIndexes()) this.rebuildIndexes();
    return this.indexes ?? { offsets: new OffsetIndex(this.baseOffset, 0), times: new TimeIndex(this.baseOffset, 0) };
  }

  /** Forgets the arrays of a closed segment; they are read again when asked for. */
  dropIndexes(): void {
    if (this.indexesOnDisk) this.indexes = null;
  }

  get isIndexFull(): boolean {
    const { offsets, times } = this.loaded();
    return offsets.isFull || times.isFull;
  }

  /** Where the batch of the last index entry starts: a scan from here meets the end of the segment soon. */
  get lastIndexedPosition(): number {
    return this.loaded().offsets.positionFor(Infinity);
  }

  /** Writes whole batches at the end and indexes them. On DiskError the file is cut back to where it was. */
  append(bytes: Uint8Array): void {
    try {
      this.file.current.writeSync(this.sizeBytes, [bytes]);
    } catch (error) {
      this.cutBack();
      throw error;
    }
    this.isDirty = true;
    const batch = new BatchView();
    for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
      batch.moveTo(bytes, at);
      this.noteBatch(batch.lastOffset, batch.maxTimestamp, batch.sizeBytes);
    }
  }

  private cutBack(): void {
    // The cut has to be made durable too, or loss of power brings back what was cut. A cut that fails leaves bytes that
    // nobody may append behind: it takes the directory offline.
    this.isDirty = true;
    this.file.current.truncateSync(this.sizeBytes);
  }

  /** Takes a batch that lies at the end of the file into the indexes: after a write, and while recovering. */
  noteBatch(lastOffset: number, maxTimestampMs: number, batchBytes: number): void {
    const { offsets, times } = this.loaded();
    this.firstBatchTimestampMs ??= maxTimestampMs;
    if (maxTimestampMs > this.largest.timestampMs) this.largest = { timestampMs: maxTimestampMs, offset: lastOffset };
    if (this.bytesSinceIndexEntry > this.limits.indexIntervalBytes) {
      offsets.append(lastOffset, this.sizeBytes);
      times.maybeAppend(this.largest.timestampMs, this.largest.offset);
      this.bytesSinceIndexEntry = 0;
      this.indexesOnDisk = false;
    }
    this.sizeBytes += batchBytes;
    this.bytesSinceIndexEntry += batchBytes;
  }

  /** The batch that holds `offset`, or the first one after it (compaction leaves gaps); null past the end. */
  locate(offset: number): BatchPosition | null {
    const start = this.loaded().offsets.positionFor(offset);
    return findBatch(this.file.current, start, this.sizeBytes, (batch) => batch.lastOffset >= offset);
  }

  /** The offset of what lies at `position`, to within an index entry and from memory alone. */
  offsetNear(position: number): number {
    return this.loaded().offsets.offsetBefore(position);
  }

  /** Between which timestamps the record at `offset` was written, from memory alone. */
  timesAround(offset: number): { readonly fromMs: number; readonly toMs: number } {
    const { fromMs, toMs } = this.loaded().times.around(offset);
    return {
      fromMs: fromMs < 0 ? (this.firstBatchTimestampMs ?? -1) : fromMs,
      toMs: Math.min(toMs, this.largest.timestampMs),
    };
  }

  /** Where `offset` lies, as `offsetNear`. */
  positionNear(offset: number): number {
    return this.loaded().offsets.positionFor(offset);
  }

  /** The first batch that may hold a record of at least `timestampMs`, at or after `startOffset`. */
  locateTimestamp(timestampMs: number, startOffset: number): BatchPosition | null {
    const { offsets, times } = this.loaded();
    const from = Math.max(times.lookup(timestampMs).offset, startOffset);
    return findBatch(
      this.file.current,
      offsets.positionFor(from),
      this.sizeBytes,
      (batch) => batch.maxTimestampMs >= timestampMs && batch.lastOffset >= startOffset,
    );
  }

  /** Writes the index files if they differ from what is in memory; the final time entry as a roll forces it. */
  writeIndexes(): void {
    if (this.indexes === null) return;
    const { offsets, times } = this.indexes;
    if (times.maybeAppend(this.largest.timestampMs, this.largest.offset, true)) this.indexesOnDisk = false;
    if (this.indexesOnDisk && this.disk.statSync(this.path(OFFSET_INDEX_SUFFIX)) !== null) return;
    this.isDirty = true;
    writeWhole(this.disk, this.path(OFFSET_INDEX_SUFFIX), offsets.toBytes());
    writeWhole(this.disk, this.path(TIME_INDEX_SUFFIX), times.toBytes());
    this.indexesOnDisk = true;
  }

  /** Index files of a former life must not be found beside the batches of the next. */
  private dropIndexFiles(): void {
    this.indexesOnDisk = false;
    for (const suffix of [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX]) unlinkIfPresent(this.disk, this.path(suffix));
  }

  /** Builds both indexes anew from the batches' headers. */
  rebuildIndexes(): void {
    const end = this.sizeBytes;
    this.resetIndexes();
    this.sizeBytes = 0;
    findBatch(this.file.current, 0, end, (batch) => {
      this.noteBatch(batch.lastOffset, batch.maxTimestampMs, batch.sizeBytes);
      return false;
    });
    this.sizeBytes = end;
  }

  /** Takes what a closed segment's files say of its timestamps, without reading its batches when the index is whole. */
  loadSummary(sizeBytes: number): void {
    this.sizeBytes = sizeBytes;
    if (sizeBytes === 0) return;
    const { times, offsets } = this.loaded();
    this.largest = times.last;
    const first = findBatch(this.file.current, 0, sizeBytes, () => true);
    if (first !== null) this.firstBatchTimestampMs = first.maxTimestampMs;
    // The time index lags behind the batches that followed its last entry: look at those.
    findBatch(this.file.current, offsets.positionFor(times.last.offset), sizeBytes, (batch) => {
      if (batch.maxTimestampMs > this.largest.timestampMs) {
        this.largest = { timestampMs: batch.maxTimestampMs, offset: batch.lastOffset };
      }
      return false;
    });
  }

  /** Cuts the segment so that it ends before `offset`. Returns the bytes removed. */
  truncateTo(offset: number): number {
    const batch = this.locate(offset);
    if (batch === null) return 0;
    const removed = this.sizeBytes - batch.position;
    this.file.current.truncateSync(batch.position);
    const { offsets, times } = this.loaded();
    offsets.truncateTo(batch.baseOffset);
    times.truncateTo(batch.baseOffset);
    this.transactions.truncateTo(batch.baseOffset);
    this.dropIndexFiles();
    this.bytesSinceIndexEntry = 0;
    this.isDirty = true;
    this.largest = { timestampMs: -1, offset: this.baseOffset };
    this.firstBatchTimestampMs = null;
    this.loadSummary(batch.position);
    return removed;
  }
}

/** Making a segment that failed half-way may have left an empty file. */
function discardLeftover(disk: Disk, path: string): void {
  const stat = disk.statSync(path);
  if (stat === null) return;
  invariant(stat.sizeBytes === 0, `${path} holds ${stat.sizeBytes} bytes that no segment owns`);
  disk.unlinkSync(path);
}

function writeWhole(disk: Disk, path: string, bytes: Uint8Array): void {
  const file = disk.openSync(path, 'create');
  try {
    file.writeSync(0, [bytes]);
    file.truncateSync(bytes.length);
  } finally {
    file.closeSync();
  }
}

/**
 * From the files of a partition's directory to a log that may be appended to.
 *
 * After a clean stop the files are believed. Otherwise every segment from the recovery point on is read batch by batch: the
 * first batch that is torn, has a wrong checksum or goes back in offsets ends the log, and what follows is cut off. What
 * was read is synced before it counts as flushed: after a kill the page cache is not the disk. Each repair is said.
 */
import { BATCH_HEADER_BYTES, BatchView, MAGIC_V2, batchSizeAt, magicAt } from '../wire/record/batch';
import { findBatch } from './batch-scan';
import { CheckpointError } from './checkpoint';
import { readControlMark } from './control-mark';
import type { DiskFile } from './disk';
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  LOG_SUFFIX,
  parseSegmentFileName,
  PRODUCER_SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  segmentFileName,
} from './file-names';
import { LeaderEpochCache } from './leader-epoch-cache';
import type { LogConfig } from './log-config';
import type { LoadedLog, LogContext } from './log-context';
import { deleteProducerSnapshots, loadProducerSnapshot } from './producer-snapshot';
import { ProducerState } from './producer-state';
import { LogSegment } from './segment';
import { CUT_MARK } from './cut-mark';
import { removeSegmentNow } from './segment-removal';

export interface RecoveryInput {
  readonly context: LogContext;
  readonly directory: string;
  readonly config: LogConfig;
  readonly wasCleanlyStopped: boolean;
  readonly recoveryPoint: number;
  /** From log-start-offset-checkpoint; 0 when it has no entry. */
  readonly logStartOffset: number;
}

const SCAN_BYTES = 1024 * 1024;
const OVERLAP = 'it runs into the next segment';

/** A directory that must not be touched: the reason is for a person. */
export class UnreadableLogError extends Error {
  override readonly name = 'UnreadableLogError';
}

/** Loads a partition's directory, repairing what a crash left. Throws DiskError or UnreadableLogError. */
export function loadLog(input: RecoveryInput): LoadedLog {
  return new Recovery(input).run();
}

/** The log of a directory that was made just now: there is nothing to look for. Throws DiskError. */
export function emptyLog(context: LogContext, directory: string, config: LogConfig): LoadedLog {
  const { disk, clock } = context.env;
  return {
    segments: [LogSegment.create(disk, context.pool, directory, 0, config, clock.wallMs())],
    logStartOffset: 0,
    logEndOffset: 0,
    flushedOffset: 0,
    isAsCleanlyStopped: false,
    producers: new ProducerState(),
    epochs: LeaderEpochCache.empty(disk, directory),
  };
}

class Recovery {
  private readonly epochs: LeaderEpochCache;
  private readonly producers = new ProducerState();
  private readonly batch = new BatchView();
  private epochsAreComplete = true;
  private hasRepaired = false;
  /** Something was cut off, which has to be durable before anything is written in its place. */
  private hasCut = false;

  constructor(private readonly input: RecoveryInput) {
    this.epochs = this.loadEpochs();
  }

  private get disk(): LogContext['env']['disk'] {
    return this.input.context.env.disk;
  }

  private say(message: string): void {
    this.input.context.env.logger.warn(`${this.input.directory}: ${message}`);
  }

  run(): LoadedLog {
    this.tidyDirectory();
    const segments = this.recoverSegments(this.openSegments());
    let logEndOffset = this.endOf(segments);
    if (logEndOffset < this.input.logStartOffset) {
      this.say(`the log ends at ${logEndOffset}, before its start ${this.input.logStartOffset}; starting empty there`);
      for (const segment of segments.splice(0)) removeSegmentNow(this.disk, segment);
      logEndOffset = this.input.logStartOffset;
    }
    if (segments.length === 0) segments.push(this.createFirst(logEndOffset));
    const logStartOffset = Math.max(this.input.logStartOffset, segments[0]?.baseOffset ?? 0);
    this.settleEpochs(segments, logStartOffset, logEndOffset);
    this.rebuildProducers(segments, logEndOffset);
    const flushedOffset = this.settleFlushed(segments, logEndOffset);
    const { epochs, producers, hasRepaired } = this;
    const isAsCleanlyStopped = this.input.wasCleanlyStopped && !hasRepaired;
    return { segments, logStartOffset, logEndOffset, flushedOffset, isAsCleanlyStopped, producers, epochs };
  }

  private loadEpochs(): LeaderEpochCache {
    const { disk } = this.input.context.env;
    try {
      return LeaderEpochCache.load(disk, this.input.directory);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      this.say(`${error.message}; rebuilding it from the batches`);
      this.epochsAreComplete = false;
      return LeaderEpochCache.empty(disk, this.input.directory);
    }
  }

  /** Removes what an interrupted deletion, cleaning or replacement left behind. */
  private tidyDirectory(): void {
    const { directory } = this.input;
    const names = this.disk.listSync(directory);
    const logs = new Set(names.filter((name) => name.endsWith(LOG_SUFFIX)));
    for (const name of names) {
      const segmentFile = parseSegmentFileName(name);
      const isLeftover = name.endsWith(DELETED_SUFFIX) || name.endsWith(CLEANED_SUFFIX) || name.endsWith('.tmp');
      const isOrphan =
        segmentFile !== null &&
        segmentFile.suffix !== PRODUCER_SNAPSHOT_SUFFIX &&
        !logs.has(segmentFileName(segmentFile.offset, LOG_SUFFIX));
      if (name.endsWith(SWAP_SUFFIX)) {
        throw new UnreadableLogError(`${directory}/${name}: a compaction by Apache Kafka was interrupted; start and stop Kafka on this directory first`);
      }
      // It says that files have to be synced, and goes when they are.
      if (name === CUT_MARK) this.hasCut = true;
      else if (isLeftover || isOrphan) this.disk.unlinkSync(`${directory}/${name}`);
    }
  }

  private openSegments(): LogSegment[] {
    const { context, directory, config } = this.input;
    const bases = this.disk
      .listSync(directory)
      .map(parseSegmentFileName)
      .flatMap((file) => (file !== null && file.suffix === LOG_SUFFIX ? [file.offset] : []))
      .sort((a, b) => a - b);
    return bases.map((baseOffset) => {
      const path = `${directory}/${segmentFileName(baseOffset, LOG_SUFFIX)}`;
      const stat = this.disk.statSync(path);
      const file = context.pool.file(path, false);
      const segment = new LogSegment(this.disk, directory, baseOffset, file, config, stat?.modifiedMs ?? 0, null);
      segment.sizeBytes = stat?.sizeBytes ?? 0;
      return segment;
    });
  }

  private createFirst(baseOffset: number): LogSegment {
    this.hasRepaired = true;
    const { context, directory, config } = this.input;
    return LogSegment.create(this.disk, context.pool, directory, baseOffset, config, context.env.clock.wallMs());
  }

  private recoverSegments(segments: LogSegment[]): LogSegment[] {
    const { wasCleanlyStopped, recoveryPoint, context } = this.input;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i];
      const nextBase = segments[i + 1]?.baseOffset ?? Infinity;
      if (segment === undefined) break;
      // A recovery point that lies exactly at a segment's end may be older than a truncation of that segment.
      const isTrusted = wasCleanlyStopped || nextBase < recoveryPoint;
      if (isTrusted && segment.loadIndexes() && (nextBase < Infinity || this.endsAtBatch(segment))) {
        segment.loadSummary(segment.sizeBytes);
        continue;
      }
      if (isTrusted) {
        this.say(`segment ${segment.baseOffset} has missing or damaged indexes, or bytes behind its last batch; reading it whole`);
        context.counters.rebuiltIndexes++;
      }
      const { isWhole, nextOffset } = this.recoverSegment(segment, nextBase);
      if (isWhole && (isTrusted || nextBase === Infinity || nextOffset === nextBase)) continue;
      // A later file can outlive the tail of an earlier one when power is lost: what lies behind the gap was not promised.
      if (isWhole) this.say(`the log ends at ${nextOffset}, but the next segment starts at ${nextBase}`);
      return this.dropAfter(segments, i);
    }
    return segments;
  }

  private cut(segment: LogSegment): void {
    this.hasCut = true;
    segment.file.current.truncateSync(segment.sizeBytes);
  }

  private dropAfter(segments: LogSegment[], index: number): LogSegment[] {
    this.hasCut = true;
    for (const segment of segments.splice(index + 1)) {
      this.say(`removing segment ${segment.baseOffset}, which lies after the damage`);
      removeSegmentNow(this.disk, segment);
    }
    return segments;
  }

  /** Reads every batch, rebuilding the indexes; cuts the file at the first bad one. */
  private recoverSegment(segment: LogSegment, nextBase: number): { isWhole: boolean; nextOffset: number } {
    const sizeBytes = segment.sizeBytes;
    this.hasRepaired = true;
    segment.resetIndexes();
    segment.transactions.reset();
    segment.sizeBytes = 0;
    segment.isDirty = true;
    this.input.context.counters.recoveredSegments++;
    let lastOffset = segment.baseOffset - 1;
    const why = this.eachBatch(segment.file.current, sizeBytes, (batch) => {
      if (batch.baseOffset <= lastOffset || batch.lastOffsetDelta < 0) return 'its offsets go back';
      if (batch.baseOffset >= nextBase) return OVERLAP;
      lastOffset = batch.lastOffset;
      this.epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset);
      segment.noteBatch(batch.lastOffset, batch.maxTimestamp, batch.sizeBytes);
      return null;
    });
    if (why === null) return { isWhole: true, nextOffset: lastOffset + 1 };
    if (why === OVERLAP) {
      // A truncation that loss of power took back: the next segment was begun after it and holds what counts.
      this.say(`segment ${segment.baseOffset} holds records that were truncated before the next segment began; cutting them`);
      this.cut(segment);
      return { isWhole: true, nextOffset: lastOffset + 1 };
    }
    this.say(`segment ${segment.baseOffset} is damaged at byte ${segment.sizeBytes} (${why}); cutting ${sizeBytes - segment.sizeBytes} bytes, the log goes on from offset ${lastOffset + 1}`);
    this.input.context.counters.tornTails++;
    this.cut(segment);
    return { isWhole: false, nextOffset: lastOffset + 1 };
  }

  /** Hands over each whole, valid batch in turn; returns why it stopped before the end, or null. */
  private eachBatch(file: DiskFile, endPosition: number, visit: (batch: BatchView) => string | null): string | null {
    let piece = new Uint8Array(Math.min(SCAN_BYTES, endPosition));
    let position = 0;
    while (position < endPosition) {
      const filled = file.readSync(position, piece.subarray(0, Math.min(piece.length, endPosition - position)));
      let at = 0;
      for (;;) {
        const size = batchSizeAt(piece.subarray(0, filled), at);
        if (size === -1 || at + size > filled) break;
        const why = this.judge(piece, at, size, filled) ?? visit(this.batch);
        if (why !== null) return why;
        at += size;
      }
      if (at === 0) {
        const size = batchSizeAt(piece.subarray(0, filled), 0);
        if (size === -1 || position + size > endPosition) return 'the last batch is incomplete';
        if (size < BATCH_HEADER_BYTES) return 'a batch length makes no sense';
        piece = new Uint8Array(size);
      }
      position += at;
    }
    return null;
  }

  private judge(piece: Uint8Array, at: number, size: number, filled: number): string | null {
    if (size < BATCH_HEADER_BYTES) return 'a batch length makes no sense';
    if (magicAt(piece, at) !== MAGIC_V2) return `magic ${magicAt(piece, at)} is not supported`;
    this.batch.moveTo(piece.subarray(0, filled), at);
    return this.batch.isCrcValid(this.input.context.env.crc32c) ? null : 'a checksum does not match';
  }

  /** Whether nothing lies behind the last whole batch. */
  private endsAtBatch(segment: LogSegment): boolean {
    let end = segment.lastIndexedPosition;
    findBatch(segment.file.current, end, segment.sizeBytes, (batch) => {
      end += batch.sizeBytes;
      return false;
    });
    return end === segment.sizeBytes;
  }

  private endOf(segments: readonly LogSegment[]): number {
    const last = segments.at(-1);
    if (last === undefined) return this.input.logStartOffset;
    let end = last.baseOffset;
    findBatch(last.file.current, last.lastIndexedPosition, last.sizeBytes, (batch) => {
      end = batch.lastOffset + 1;
      return false;
    });
    return end;
  }

  private settleEpochs(segments: readonly LogSegment[], logStartOffset: number, logEndOffset: number): void {
    if (!this.epochsAreComplete) {
      this.epochs.clear();
      for (const segment of segments) {
        this.eachBatch(segment.file.current, segment.sizeBytes, (batch) => {
          this.epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset);
          return null;
        });
      }
    }
    this.epochs.truncateFromEnd(logEndOffset);
    this.epochs.truncateFromStart(logStartOffset);
  }

  private rebuildProducers(segments: readonly LogSegment[], logEndOffset: number): void {
    const { context, directory } = this.input;
    // A snapshot beyond the recovery point was never made durable: what lies there may be of before a truncation.
    const { wasCleanlyStopped, recoveryPoint } = this.input;
    const trustedTo = wasCleanlyStopped ? logEndOffset : Math.min(logEndOffset, recoveryPoint);
    deleteProducerSnapshots(this.disk, directory, (offset) => offset > trustedTo);
    const damaged = (path: string): void => {
      context.counters.damagedSnapshots++;
      this.say(`producer snapshot ${path} is damaged; using an older one and the batches`);
    };
    const from = loadProducerSnapshot(this.disk, directory, logEndOffset, this.producers, context.env.crc32c, damaged) ?? 0;
    if (from >= logEndOffset) return;
    for (const [i, segment] of segments.entries()) {
      if ((segments[i + 1]?.baseOffset ?? Infinity) <= from) continue;
      this.eachBatch(segment.file.current, segment.sizeBytes, (batch) => {
        if (batch.producerId >= 0 && batch.baseOffset >= from) this.replayProducer(segment, batch);
        return null;
      });
    }
  }

  private replayProducer(segment: LogSegment, batch: BatchView): void {
    const ended = this.producers.update(batch, batch.isControl ? readControlMark(batch) : null);
    if (ended === null || segment.transactions.all().some((known) => known.lastOffset === batch.lastOffset)) return;
    segment.transactions.append({
      producerId: batch.producerId,
      firstOffset: ended.firstOffset,
      lastOffset: batch.lastOffset,
      lastStableOffset: this.producers.firstOpenTransactionOffset ?? batch.nextOffset,
    });
  }

  /**
   * After an unclean stop, syncs what recovery read before calling it flushed, unless the last run has done so already. Then
   * the segments stay dirty: the last run may have cut off a torn write without syncing that, and the next flush has to,
   * or loss of power brings the torn bytes back in front of what was flushed behind them. The log directory's own entries
   * were synced when it was opened.
   */
  private settleFlushed(segments: readonly LogSegment[], logEndOffset: number): number {
    if (this.input.wasCleanlyStopped) return logEndOffset;
    if (this.input.recoveryPoint >= logEndOffset && !this.hasCut) {
      // An empty file is synced with what is appended to it; a thousand idle partitions need not be synced by a stop.
      for (const segment of segments) segment.isDirty &&= segment.sizeBytes > 0;
      return logEndOffset;
    }
    for (const segment of segments) {
      if (!segment.isDirty) continue;
      segment.file.current.syncSync();
      segment.isDirty = false;
    }
    this.disk.syncDirectorySync(this.input.directory);
    const mark = `${this.input.directory}/${CUT_MARK}`;
    if (this.disk.statSync(mark) !== null) this.disk.unlinkSync(mark);
    return logEndOffset;
  }
}

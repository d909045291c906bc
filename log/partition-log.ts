/**
 * One partition's log: segments on disk, what may be read of them, and what is known of producers and epochs.
 *
 * Invariants: logStartOffset <= highWatermark <= logEndOffset and flushedOffset <= logEndOffset; offsets ascend without
 * reuse; producer state, epochs and the end offset change only after the write that they describe has succeeded; a write
 * that failed leaves neither a partial batch that counts nor a hole.
 */
import { invariant } from '../wire/base/invariant';
import { BatchView } from '../wire/record/batch';
import type { AppendOrigin, AppendOutcome } from './append-outcome';
import { assertFollows, assignEpoch, assignOffsets, summarize } from './batch-offsets';
import { readControlMark } from './control-mark';
import { whileCut } from './cut-mark';
import type { DirectoryState } from './directory-state';
import type { DiskError } from './disk';
import { LEADER_EPOCH_CHECKPOINT, PRODUCER_SNAPSHOT_SUFFIX, segmentFileName, type TopicPartition } from './file-names';
import { Flusher, type FlushDone } from './flusher';
import type { LeaderEpochCache } from './leader-epoch-cache';
import type { LogConfig } from './log-config';
import type { LoadedLog, LogContext } from './log-context';
import { rebuildProducers } from './producer-replay';
import { ProducerState } from './producer-state';
import { deleteProducerSnapshots, writeProducerSnapshot } from './producer-snapshot';
import { drawRollJitterMs, shouldRoll } from './roll-policy';
import { LogSegment } from './segment';
import { syncFile } from './small-file';
import { trustedFiles } from './trusted-files';
import { removeOldestNow, removeSegmentNow } from './segment-removal';

export class PartitionLog {
  private segmentList: LogSegment[];
  private startOffset: number;
  private endOffset: number;
  private flushedTo: number;
  private visibleTo: number;
  private generationCount = 0;
  private closed = false;
  /** Something has been written in this life of the log, or its files are not what a clean stop leaves. */
  private hasChanged: boolean;
  private lastFlushMs: number;
  private readonly batch = new BatchView();
  private readonly flusher: Flusher;
  private readonly rollJitterMs: number;
  producers: ProducerState;
  epochs: LeaderEpochCache;

  constructor(
    private readonly context: LogContext,
    readonly topicPartition: TopicPartition,
    /** Changes when the directory is renamed for deletion. */
    public directory: string,
    public topicId: string,
    private settings: LogConfig,
    loaded: LoadedLog,
  ) {
    this.segmentList = loaded.segments;
    this.startOffset = loaded.logStartOffset;
    this.endOffset = loaded.logEndOffset;
    this.flushedTo = loaded.flushedOffset;
    this.visibleTo = loaded.logStartOffset;
    this.producers = loaded.producers;
    this.epochs = loaded.epochs;
    this.rollJitterMs = drawRollJitterMs(settings, context.env);
    this.lastFlushMs = context.env.clock.monotonicMs();
    this.flusher = new Flusher(context.env, this, context.counters.flushTimes);
    this.hasChanged = !loaded.isAsCleanlyStopped;
  }

  get logStartOffset(): number {
    return this.startOffset;
  }
  get logEndOffset(): number {
    return this.endOffset;
  }
  /** Everything below is on stable storage; after a restart recovery reads from here. */
  get flushedOffset(): number {
    return this.flushedTo;
  }
  get highWatermark(): number {
    return this.visibleTo;
  }
  get lastStableOffset(): number {
    const open = this.producers.firstOpenTransactionOffset;
    return open === null ? this.visibleTo : Math.min(this.visibleTo, open);
  }
  get config(): LogConfig {
    return this.settings;
  }
  get segments(): readonly LogSegment[] {
    return this.segmentList;
  }
  get sizeBytes(): number {
    return this.segmentList.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }
  get generation(): number {
    return this.generationCount;
  }
  get isClosed(): boolean {
    return this.closed;
  }
  get latestEpoch(): number {
    return this.epochs.latestEpoch;
  }
  get directoryState(): DirectoryState {
    return this.context.state;
  }
  get parentDirectory(): string {
    return this.context.state.path;
  }
  private get active(): LogSegment {
    const last = this.segmentList.at(-1);
    invariant(last !== undefined, `${this.directory} has no segment`);
    return last;
  }

  isActive(segment: LogSegment): boolean {
    return segment === this.segmentList.at(-1);
  }

  trustedFilesOf(segment: LogSegment): readonly string[] {
    const next = this.segmentList[this.segmentList.indexOf(segment) + 1];
    return trustedFiles(this.directory, segment, next);
  }

  setConfig(config: LogConfig): void {
    this.settings = config;
  }

  /** The replication layer's word on what consumers may see. */
  setHighWatermark(offset: number): void {
    this.visibleTo = Math.min(Math.max(offset, this.startOffset), this.endOffset);
  }

  /** Notes a new leader epoch at the end of the log, before its first append (KIP-101). */
  beginLeaderEpoch(epoch: number): void {
    this.epochs.assign(epoch, this.endOffset);
  }

  /**
   * Appends validated batches, giving them offsets and the epoch in place; see AppendOrigin for those that have them.
   * Throws LogStorageError when the disk refuses; then nothing has changed.
   */
  append(bytes: Uint8Array, leaderEpoch: number, origin: AppendOrigin): AppendOutcome {
    this.context.state.assertWritable(bytes.length, this.context.use);
    invariant(!this.closed, `append to the closed log ${this.directory}`);
    if (origin === 'client') {
      const known = this.checkProducer(bytes);
      if (known !== null) return known;
    }
    this.hasChanged = true;
    if (origin === 'replication' || origin === 'mirror') assertFollows(this.batch, bytes, this.endOffset, this.directory);
    else assignOffsets(this.batch, bytes, this.endOffset, leaderEpoch);
    if (origin === 'mirror') assignEpoch(this.batch, bytes, leaderEpoch);
    const { baseOffset, lastOffset, maxTimestampMs } = summarize(this.batch, bytes);
    this.context.state.guardedWrite(() => {
      const incoming = { sizeBytes: bytes.length, maxTimestampMs, lastOffset };
      if (shouldRoll(this.active, incoming, this.settings, this.rollJitterMs, this.context.env.clock)) this.roll(this.endOffset);
      this.active.append(bytes);
    });
    this.applyAppended(bytes);
    this.endOffset = lastOffset + 1;
    const isFlushDue = this.endOffset - this.flushedTo >= this.settings.flushMessages;
    return { status: 'appended', baseOffset, lastOffset, maxTimestampMs, isFlushDue };
  }

  private checkProducer(bytes: Uint8Array): AppendOutcome | null {
    this.batch.moveTo(bytes, 0);
    if (this.batch.producerId < 0) return null;
    const check = this.producers.check(this.batch);
    switch (check.verdict) {
      case 'append':
        return null;
      case 'duplicate':
        this.context.counters.duplicates++;
        return { status: 'duplicate', baseOffset: check.baseOffset, lastOffset: check.lastOffset, timestampMs: check.timestampMs };
      case 'refused':
        return { status: 'refused', errorCode: check.errorCode, message: check.message };
    }
  }

  private applyAppended(bytes: Uint8Array): void {
    const { batch } = this;
    for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
      batch.moveTo(bytes, at);
      this.epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset);
      if (batch.producerId >= 0) this.applyProducerBatch(batch);
    }
  }

  private applyProducerBatch(batch: BatchView): void {
    const ended = this.producers.update(batch, batch.isControl ? readControlMark(batch) : null);
    if (ended === null) return;
    const open = this.producers.firstOpenTransactionOffset;
    this.guarded(() =>
      this.active.transactions.append({
        producerId: batch.producerId,
        firstOffset: ended.firstOffset,
        lastOffset: batch.lastOffset,
        lastStableOffset: open ?? batch.nextOffset,
      }),
    );
  }

  /** Closes the active segment and starts one at `baseOffset`. Throws DiskError; the old segment then stays active. */
  private roll(baseOffset: number): void {
    const { env, pool } = this.context;
    const old = this.active;
    this.hasChanged = true;
    old.writeIndexes();
    writeProducerSnapshot(env.disk, this.directory, baseOffset, this.producers, env.crc32c, 'cached');
    // Should power be lost, no later segment is there without the ones before it.
    if (this.flusher.hasUnsyncedNames) env.disk.syncDirectorySync(this.directory);
    const created = LogSegment.create(env.disk, pool, this.directory, baseOffset, this.settings, env.clock.wallMs());
    this.segmentList.push(created);
    this.context.counters.rolls++;
    this.flusher.noteNames();
    env.timers.soon(() => {
      if (!this.closed && !this.context.state.isOffline) this.flush(() => undefined);
    });
  }

  /** Calls back when everything appended so far is on stable storage; an error means that the directory is offline. */
  flush(done: FlushDone): void {
    this.flusher.flush(done);
  }

  /** The same before it returns, for what little is left. Throws DiskError. */
  flushNow(): void {
    this.flusher.flushNow();
  }

  /** Takes the place of a log with the same records: with what it knows beside them, and is not told by them all. */
  takeOver(original: PartitionLog): void {
    invariant(original.endOffset === this.endOffset, `${this.directory} ends at ${this.endOffset}, not at ${original.endOffset}`);
    this.hasChanged = true;
    // Whoever waits for a record by the generation in which it was appended goes on waiting.
    this.generationCount = original.generationCount;
    this.startOffset = original.startOffset;
    this.visibleTo = original.visibleTo;
    this.producers = original.producers;
    this.epochs = original.epochs.copyFor(this.directory);
  }

  renamedTo(directory: string): void {
    this.directory = directory;
    this.epochs.directory = directory;
    for (const segment of this.segmentList) segment.renamedTo(directory);
  }

  get flushFailure(): DiskError | null {
    return this.context.state.failure;
  }
  get hasUnsynced(): boolean {
    return this.flusher.hasUnsynced;
  }
  dirtySegments(): readonly LogSegment[] {
    return this.segmentList.filter((segment) => segment.isDirty);
  }

  /** @internal */
  flushed(offset: number): void {
    this.lastFlushMs = this.context.env.clock.monotonicMs();
    this.flushedTo = Math.max(this.flushedTo, Math.min(offset, this.endOffset));
  }

  /** @internal */
  failed(error: DiskError): void {
    this.context.state.failed(error);
  }

  /** flush.ms has passed with unflushed records. */
  isFlushDueAt(nowMs: number): boolean {
    return this.endOffset > this.flushedTo && nowMs - this.lastFlushMs >= this.settings.flushMs;
  }

  /** Cuts the log so that it ends at `offset`; a no-op at or past the end. Throws LogStorageError. */
  truncateTo(offset: number): void {
    if (offset >= this.endOffset) return;
    invariant(offset >= this.startOffset, `truncation of ${this.directory} to ${offset}, below its start ${this.startOffset}`);
    this.generationCount++;
    this.flushedTo = Math.min(this.flushedTo, offset);
    this.flusher.noteNames();
    // The recovery point goes below the new end: a process that follows before the cut is synced sees that it has to sync it.
    this.context.state.guardedWhole(() => {
      this.context.lowerRecoveryPoint(Math.max(0, offset - 1));
      whileCut(this.context.env.disk, this.directory, offset, () => this.cutBackTo(offset));
      this.epochs.truncateFromEnd(offset);
      rebuildProducers(this.context.env, this.directory, this.segmentList, offset, this.producers);
      deleteProducerSnapshots(this.context.env.disk, this.directory, (at) => at > offset);
      this.epochs.persist();
    });
  }

  /** The end follows each step, so that a step that fails leaves it where the files end. */
  private cutBackTo(offset: number): void {
    while (this.segmentList.length > 1 && this.active.baseOffset >= offset) {
      const removed = this.active;
      this.segmentList.pop();
      this.setEnd(removed.baseOffset);
      removeSegmentNow(this.context.env.disk, removed);
    }
    this.active.truncateTo(offset);
    this.setEnd(offset);
    // Before anything is written over the old bytes: else a torn write may leave an old batch and a new one side by side.
    this.active.file.current.syncSync();
    this.context.env.disk.syncDirectorySync(this.directory);
  }

  private setEnd(offset: number): void {
    this.hasChanged = true;
    this.endOffset = offset;
    this.visibleTo = Math.min(this.visibleTo, offset);
  }

  /** Drops everything: the log goes on, empty, at `offset` (a snapshot ends there). Throws LogStorageError. */
  truncateFullyTo(offset: number): void {
    this.generationCount++;
    const { env, pool } = this.context;
    this.flushedTo = Math.min(this.flushedTo, this.startOffset);
    this.context.state.guardedWhole(() => {
      this.context.lowerRecoveryPoint(0);
      for (const segment of this.segmentList.splice(0)) removeSegmentNow(env.disk, segment);
      this.segmentList.push(LogSegment.create(env.disk, pool, this.directory, offset, this.settings, env.clock.wallMs()));
      this.epochs.clear();
      this.epochs.persist();
      deleteProducerSnapshots(env.disk, this.directory, () => true);
    });
    this.flusher.noteNames();
    this.producers.clear();
    this.hasChanged = true;
    this.startOffset = offset;
    this.endOffset = offset;
    this.flushedTo = offset;
    this.visibleTo = offset;
  }

  /** Moves the log start (DeleteRecords, retention); whole segments below it are removed by retention. */
  advanceLogStart(offset: number): void {
    if (offset <= this.startOffset) return;
    invariant(offset <= this.visibleTo, `log start ${offset} of ${this.directory} beyond its high watermark ${this.visibleTo}`);
    this.startOffset = offset;
    this.epochs.truncateFromStart(offset);
  }

  /** Removes the `count` oldest segments (never the active one) and moves the log start to what is left. */
  removeOldest(count: number): LogSegment[] {
    invariant(count < this.segmentList.length, `removing ${count} of ${this.segmentList.length} segments of ${this.directory}`);
    // The names of what stays come first: if power were lost with the old segments gone and the new one unnamed, the log
    // would end where it starts, and offsets would be given out again.
    if (this.flusher.hasUnsyncedNames) this.guarded(() => this.context.env.disk.syncDirectorySync(this.directory));
    const removed = this.segmentList.splice(0, count);
    this.context.counters.removedSegments += removed.length;
    const first = this.segmentList[0];
    if (first !== undefined) this.advanceLogStart(Math.max(this.startOffset, first.baseOffset));
    const isBelow = (at: number): boolean => first !== undefined && at < first.baseOffset;
    this.guarded(() => deleteProducerSnapshots(this.context.env.disk, this.directory, isBelow));
    return removed;
  }

  /** Deletes the files of removed segments at once; their readers keep what they hold open. */
  discardSegments(removed: readonly LogSegment[]): void {
    this.guarded(() => removeOldestNow(this.context.env.disk, this.directory, removed));
  }

  /** Starts a new segment at the end if the active one holds anything: retention may then remove all of it. */
  rollIfNotEmpty(): void {
    if (this.active.sizeBytes > 0) this.context.state.guardedWrite(() => this.roll(this.endOffset));
  }

  /**
   * Writes what a clean restart believes, durably: indexes, a producer snapshot at the end, epochs. The caller has flushed. A
   * log to which nothing has happened has it all, and one that never held a record has nothing to lose. Throws DiskError.
   */
  writeClosingFiles(): void {
    const { disk, crc32c } = this.context.env;
    this.epochs.persist('cached');
    if (!this.hasChanged) return;
    this.active.writeIndexes();
    writeProducerSnapshot(disk, this.directory, this.endOffset, this.producers, crc32c, 'cached');
    if (this.endOffset === 0) return;
    const written = [LEADER_EPOCH_CHECKPOINT, segmentFileName(this.endOffset, PRODUCER_SNAPSHOT_SUFFIX)];
    for (const name of written) syncFile(disk, `${this.directory}/${name}`);
    for (const path of this.trustedFilesOf(this.active)) syncFile(disk, path);
    disk.syncDirectorySync(this.directory);
  }

  close(): void {
    this.closed = true;
    for (const segment of this.segmentList) segment.file.close();
  }

  /** Runs disk work whose failure takes the directory offline. */
  guarded<T>(work: () => T): T {
    return this.context.state.guarded(work);
  }
}

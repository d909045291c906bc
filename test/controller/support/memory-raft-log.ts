/** A metadata log in an array, with flushes that complete when the test says so. */
import { BatchView } from '../../../wire/record/batch';
import { RaftLogFullError, type RaftLog } from '../../../controller/raft/raft-log';
import type { OffsetAndEpoch } from '../../../controller/raft/replica-key';

interface StoredBatch {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly epoch: number;
  readonly bytes: Uint8Array;
}

export class MemoryRaftLog implements RaftLog {
  startOffset = 0;
  /** Of the snapshot that ends where the log starts. */
  snapshotEpoch = 0;
  batches: StoredBatch[] = [];
  /** What loss of power leaves. */
  durableEnd = 0;
  /** Flushes asked for and not yet completed. */
  readonly pendingFlushes: { readonly endOffset: number; readonly done: (error: Error | null) => void }[] = [];
  /** Completes flushes by itself in a later turn. */
  autoFlush: ((run: () => void) => void) | null = null;
  flushes = 0;
  /** The disk takes nothing. */
  isFull = false;

  get endOffset(): number {
    return this.batches.at(-1)?.nextOffset ?? this.startOffset;
  }

  get lastEpoch(): number {
    return this.batches.at(-1)?.epoch ?? this.snapshotEpoch;
  }

  get sizeBytes(): number {
    return this.batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  append(bytes: Uint8Array, epoch: number): number {
    if (this.isFull) throw new RaftLogFullError('full');
    const first = this.endOffset;
    for (let position = 0; position < bytes.length;) {
      const view = new BatchView(bytes, position);
      if (view.baseOffset !== this.endOffset)
        throw new Error(`batch at ${view.baseOffset}, log ends at ${this.endOffset}`);
      if (view.partitionLeaderEpoch !== epoch)
        throw new Error(`batch of epoch ${view.partitionLeaderEpoch}, expected ${epoch}`);
      this.batches.push({ baseOffset: view.baseOffset, nextOffset: view.nextOffset, epoch, bytes: view.bytes.slice() });
      position += view.sizeBytes;
    }
    return first;
  }

  read(offset: number, maxBytes: number): Uint8Array {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (const batch of this.batches) {
      if (batch.nextOffset <= offset) continue;
      if (size > 0 && size + batch.bytes.length > maxBytes) break;
      chunks.push(batch.bytes);
      size += batch.bytes.length;
    }
    return Buffer.concat(chunks);
  }

  flush(done: (error: Error | null) => void): void {
    this.flushes += 1;
    this.pendingFlushes.push({ endOffset: this.endOffset, done });
    this.autoFlush?.(() => this.completeFlush());
  }

  /** The oldest flush under way comes to its end. */
  completeFlush(error: Error | null = null): void {
    const flush = this.pendingFlushes.shift();
    if (flush === undefined) throw new Error('no flush is under way');
    if (error === null) this.durableEnd = Math.max(this.durableEnd, flush.endOffset);
    flush.done(error);
  }

  endOffsetForEpoch(epoch: number): OffsetAndEpoch {
    const last = this.batches.findLast((batch) => batch.epoch <= epoch);
    return last === undefined ? { offset: this.startOffset, epoch: this.snapshotEpoch } : { offset: last.nextOffset, epoch: last.epoch };
  }

  truncateTo(endOffset: number): void {
    this.batches = this.batches.filter(({ nextOffset }) => nextOffset <= endOffset);
    this.durableEnd = Math.min(this.durableEnd, endOffset);
  }

  truncateFullyTo(snapshot: OffsetAndEpoch): void {
    this.batches = [];
    this.startOffset = snapshot.offset;
    this.snapshotEpoch = snapshot.epoch;
    this.durableEnd = snapshot.offset;
  }

  deleteBefore(offset: number): void {
    this.batches = this.batches.filter(({ nextOffset }) => nextOffset > offset);
    this.startOffset = Math.max(this.startOffset, offset);
  }

  /** The log that a process finds after loss of power. */
  afterPowerLoss(): MemoryRaftLog {
    const log = new MemoryRaftLog();
    log.startOffset = this.startOffset;
    log.snapshotEpoch = this.snapshotEpoch;
    log.batches = this.batches.filter(({ nextOffset }) => nextOffset <= this.durableEnd);
    log.durableEnd = this.durableEnd;
    return log;
  }

  afterKill(): MemoryRaftLog {
    const log = new MemoryRaftLog();
    log.startOffset = this.startOffset;
    log.snapshotEpoch = this.snapshotEpoch;
    log.batches = [...this.batches];
    log.durableEnd = this.durableEnd;
    return log;
  }
}

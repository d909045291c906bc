/** The metadata log over a partition log: what the quorum asks for, in Kafka's segment files. */
import { LogStorageError } from '../../log/log-error';
import { readBatches } from '../../log/log-reader';
import type { PartitionLog } from '../../log/partition-log';
import { invariant } from '../../wire/base/invariant';
import { BatchView } from '../../wire/record/batch';
import { RaftLogFullError, type RaftLog } from './raft-log';
import type { OffsetAndEpoch } from './replica-key';

export class PartitionRaftLog implements RaftLog {
  constructor(
    private readonly log: PartitionLog,
    /** The one that ends where the log starts tells the epoch of what lies before. */
    private readonly snapshots: { readonly all: readonly OffsetAndEpoch[] },
  ) {}

  get startOffset(): number {
    return this.log.logStartOffset;
  }
  get endOffset(): number {
    return this.log.logEndOffset;
  }
  get lastEpoch(): number {
    const inLog = this.log.latestEpoch;
    return inLog >= 0 ? inLog : (this.snapshotAtStart?.epoch ?? 0);
  }
  private get snapshotAtStart(): OffsetAndEpoch | undefined {
    return this.snapshots.all.find(({ offset }) => offset === this.log.logStartOffset);
  }
  get sizeBytes(): number {
    return this.log.sizeBytes;
  }

  append(batches: Uint8Array, epoch: number): number {
    const first = new BatchView(batches);
    invariant(
      first.baseOffset === this.log.logEndOffset,
      `metadata batch at ${first.baseOffset}, the log ends at ${this.log.logEndOffset}`,
    );
    invariant(
      first.partitionLeaderEpoch === epoch,
      `metadata batch of epoch ${first.partitionLeaderEpoch} in epoch ${epoch}`,
    );
    const outcome = this.mapping(() => this.log.append(batches, epoch, 'replication'));
    invariant(outcome.status === 'appended', `metadata append was ${outcome.status}`);
    return outcome.baseOffset;
  }

  private mapping<T>(append: () => T): T {
    try {
      return append();
    } catch (error) {
      if (error instanceof LogStorageError && !this.log.directoryState.isOffline) throw new RaftLogFullError(error.message);
      throw error;
    }
  }

  read(offset: number, maxBytes: number): Uint8Array {
    return readBatches(this.log, offset, maxBytes, this.log.logEndOffset);
  }

  flush(done: (error: Error | null) => void): void {
    this.log.flush(done);
  }

  endOffsetForEpoch(epoch: number): OffsetAndEpoch {
    const { epoch: known, endOffset } = this.log.epochs.endOffsetFor(epoch, this.log.logEndOffset);
    // What is older than the whole log is covered by the snapshot that ends where the log starts.
    const { snapshotAtStart } = this;
    if (known === epoch && endOffset === snapshotAtStart?.offset) return snapshotAtStart;
    return known >= 0 ? { epoch: known, offset: endOffset } : { epoch: this.lastEpoch, offset: this.log.logEndOffset };
  }

  truncateTo(endOffset: number): void {
    this.log.truncateTo(endOffset);
  }

  truncateFullyTo(snapshot: OffsetAndEpoch): void {
    this.log.truncateFullyTo(snapshot.offset);
  }

  deleteBefore(offset: number): void {
    // The quorum keeps its own high watermark; what it lets go of lies below it.
    this.log.setHighWatermark(this.log.logEndOffset);
    this.log.advanceLogStart(offset);
    const below = this.log.segments.findIndex((_, i) => (this.log.segments[i + 1]?.baseOffset ?? Infinity) > offset);
    if (below <= 0) return;
    this.log.discardSegments(this.log.removeOldest(below));
  }
}

/**
 * Reads a snapshot batch by batch. A batch with a bad checksum, or a file without its footer, is a SnapshotError: half a
 * snapshot is no metadata.
 */
import type { Crc32c } from '../../wire/base/env';
import { BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES, BatchView, batchSizeAt } from '../../wire/record/batch';
import { readControlRecords, type ControlRecord } from './control-batches';
import type { OffsetAndEpoch } from './replica-key';
import { SnapshotError, snapshotFileName, type RawSnapshotReader } from './snapshots';

export class SnapshotReader {
  private position = 0;
  private sawFooter = false;
  lastContainedLogTimestampMs = -1;

  constructor(
    private readonly raw: RawSnapshotReader,
    private readonly crc32c: Crc32c,
  ) {}

  get id(): OffsetAndEpoch {
    return this.raw.id;
  }

  get sizeBytes(): number {
    return this.raw.sizeBytes;
  }

  /** The next batch, or null after the footer. Throws SnapshotError. */
  next(): BatchView | null {
    if (this.position === this.raw.sizeBytes) {
      if (!this.sawFooter) throw this.broken('it has no footer');
      return null;
    }
    const head = this.raw.read(this.position, BATCH_OVERHEAD_BYTES);
    const size = batchSizeAt(head, 0);
    if (size < BATCH_HEADER_BYTES || size > this.raw.sizeBytes - this.position)
      throw this.broken(`bad batch at ${this.position}`);
    const batch = new BatchView(this.raw.read(this.position, size));
    if (!batch.isCrcValid(this.crc32c)) throw this.broken(`bad checksum at ${this.position}`);
    this.position += size;
    if (batch.isControl) this.note(readControlRecords(batch));
    return batch;
  }

  close(): void {
    this.raw.close();
  }

  private note(records: readonly ControlRecord[]): void {
    for (const record of records) {
      if (record.type === 'snapshotHeader') this.lastContainedLogTimestampMs = record.lastContainedLogTimestampMs;
      if (record.type === 'snapshotFooter') this.sawFooter = true;
    }
  }

  private broken(why: string): SnapshotError {
    return new SnapshotError(`snapshot ${snapshotFileName(this.raw.id)} cannot be read: ${why}`);
  }
}

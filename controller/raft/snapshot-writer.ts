/**
 * The content of a snapshot: a control batch with SNAPSHOT_HEADER (and KRAFT_VERSION and KRAFT_VOTERS with kraft.version
 * 1), data batches, a control batch with SNAPSHOT_FOOTER. Offsets count from 0; the leader epoch is the snapshot's.
 */
import type { Crc32c } from '../../wire/base/env';
import type { DiskError } from '../../log/disk';
import { BatchAccumulator, MAX_BATCH_BYTES } from './batch-accumulator';
import { encodeSnapshotFooter, encodeSnapshotHeader } from './control-batches';
import type { OffsetAndEpoch } from './replica-key';
import type { RawSnapshotWriter } from './snapshots';
import type { VoterSet } from './voter-set';

export interface SnapshotHeader {
  /** Append time of the last batch that the snapshot stands for. */
  readonly lastContainedLogTimestampMs: number;
  readonly kraftVersion: number;
  /** Null with kraft.version 0. */
  readonly voters: VoterSet | null;
}

/** Turns records into the bytes of a snapshot, piece by piece. */
export class SnapshotEncoder {
  private readonly accumulator: BatchAccumulator;

  constructor(
    private readonly epoch: number,
    header: SnapshotHeader,
    private readonly nowMs: number,
    private readonly crc32c: Crc32c,
    private readonly write: (bytes: Uint8Array) => void,
    maxBatchBytes = MAX_BATCH_BYTES,
  ) {
    const batch = encodeSnapshotHeader({ epoch, timestampMs: nowMs, ...header }, crc32c);
    write(batch.bytes);
    this.accumulator = new BatchAccumulator(epoch, batch.nextOffset, 0, crc32c, maxBatchBytes);
  }

  /** Adds records that belong together in one batch. Throws RecordBatchTooLargeError. */
  append(values: readonly Uint8Array[]): void {
    this.accumulator.prepare(values, true, 0, this.nowMs);
    this.accumulator.schedule();
    for (const batch of this.accumulator.takeFinished()) this.write(batch.bytes);
  }

  finish(): void {
    for (const batch of this.accumulator.drain()) this.write(batch.bytes);
    const place = { epoch: this.epoch, baseOffset: this.accumulator.nextOffset, timestampMs: this.nowMs };
    this.write(encodeSnapshotFooter(place, this.crc32c).bytes);
  }
}

/** Writes a snapshot file. Nothing is visible before `freeze` is done. */
export class SnapshotWriter {
  private readonly encoder: SnapshotEncoder;

  constructor(
    private readonly raw: RawSnapshotWriter,
    header: SnapshotHeader,
    nowMs: number,
    crc32c: Crc32c,
  ) {
    this.encoder = new SnapshotEncoder(raw.id.epoch, header, nowMs, crc32c, (bytes) => raw.append(bytes));
  }

  get id(): OffsetAndEpoch {
    return this.raw.id;
  }

  get sizeBytes(): number {
    return this.raw.sizeBytes;
  }

  append(values: readonly Uint8Array[]): void {
    this.encoder.append(values);
  }

  freeze(done: (error: DiskError | null) => void): void {
    this.encoder.finish();
    this.raw.freeze(done);
  }

  freezeSync(): void {
    this.encoder.finish();
    this.raw.freezeSync();
  }

  /** Drops what was written. */
  abandon(): void {
    this.raw.abandon();
  }
}

/**
 * Writes a snapshot of the metadata when enough has been published since the last one, in slices of 5 ms, from a copy of
 * the image. (metadata.log.max.record.bytes.between.snapshots, metadata.log.max.snapshot.interval.ms)
 *
 * Invariants: one at a time; never two for one offset. What fails is logged and tried again with the next publication:
 * the log still holds everything.
 */
import type { Clock, Logger, Timers } from '../../wire/base/env';
import type { OffsetAndEpoch } from '../raft/replica-key';
import type { SnapshotWriter } from '../raft/snapshot-writer';
import type { MetadataDelta } from './delta';
import { imageRecords } from './image-records';
import type { MetadataImage } from './image';
import type { LoaderManifest, MetadataPublisher } from './publisher';
import { encodeMetadataRecord, type MetadataRecord } from './records';

const SLICE_MS = 5;
/** Records that go into one batch together, and between two looks at the clock. */
const RECORDS_PER_APPEND = 256;

export interface SnapshotGeneratorParts {
  readonly maxBytesBetweenSnapshots: number;
  /** 0: time alone is no reason. */
  readonly maxIntervalMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Opens a snapshot that ends at `id.offset`; null when there can be none. */
  readonly createSnapshot: (id: OffsetAndEpoch, lastContainedLogTimestampMs: number) => SnapshotWriter | null;
}

export class SnapshotGenerator implements MetadataPublisher {
  readonly name = 'SnapshotGenerator';
  private bytesSince = 0;
  private lastSnapshotMs: number;
  private isWriting = false;
  private isStopped = false;

  constructor(private readonly parts: SnapshotGeneratorParts) {
    this.lastSnapshotMs = parts.clock.monotonicMs();
  }

  publish(_delta: MetadataDelta, image: MetadataImage, manifest: LoaderManifest): void {
    if (manifest.source === 'snapshot') {
      this.reset();
      return;
    }
    this.bytesSince += manifest.sizeBytes;
    if (this.isWriting || !this.isDue()) return;
    this.write(image);
  }

  /** An unfinished snapshot is dropped. */
  stop(): void {
    this.isStopped = true;
  }

  private isDue(): boolean {
    const { maxBytesBetweenSnapshots, maxIntervalMs, clock } = this.parts;
    if (this.bytesSince >= maxBytesBetweenSnapshots) return true;
    return maxIntervalMs > 0 && this.bytesSince > 0 && clock.monotonicMs() - this.lastSnapshotMs >= maxIntervalMs;
  }

  private reset(): void {
    this.bytesSince = 0;
    this.lastSnapshotMs = this.parts.clock.monotonicMs();
  }

  private write(image: MetadataImage): void {
    const { lastContainedOffset, lastContainedEpoch, lastContainedLogTimestampMs } = image.provenance;
    const id = { offset: lastContainedOffset + 1, epoch: lastContainedEpoch };
    this.reset();
    try {
      const writer = this.parts.createSnapshot(id, lastContainedLogTimestampMs);
      if (writer === null) return;
      this.isWriting = true;
      this.slice(writer, imageRecords(image.copy()));
    } catch (error) {
      this.failed(null, error);
    }
  }

  private slice(writer: SnapshotWriter, records: Iterator<MetadataRecord>): void {
    if (this.isStopped) return writer.abandon();
    const deadlineMs = this.parts.clock.monotonicMs() + SLICE_MS;
    try {
      do {
        if (!appendSome(writer, records)) return this.finish(writer);
      } while (this.parts.clock.monotonicMs() < deadlineMs);
    } catch (error) {
      return this.failed(writer, error);
    }
    this.parts.timers.soon(() => this.slice(writer, records));
  }

  private finish(writer: SnapshotWriter): void {
    writer.freeze((error) => {
      this.isWriting = false;
      if (error !== null) return this.failed(null, error);
      this.parts.logger.info('wrote a metadata snapshot', { ...writer.id, sizeBytes: writer.sizeBytes });
    });
  }

  private failed(writer: SnapshotWriter | null, error: unknown): void {
    this.isWriting = false;
    this.parts.logger.error('a metadata snapshot could not be written', { why: String(error) });
    try {
      writer?.abandon();
    } catch (abandonError) {
      this.parts.logger.error('an unfinished metadata snapshot could not be removed', { why: String(abandonError) });
    }
  }
}

/** False when there are no more. */
function appendSome(writer: SnapshotWriter, records: Iterator<MetadataRecord>): boolean {
  const values: Uint8Array[] = [];
  while (values.length < RECORDS_PER_APPEND) {
    const next = records.next();
    if (next.done === true) break;
    values.push(encodeMetadataRecord(next.value));
  }
  if (values.length > 0) writer.append(values);
  return values.length === RECORDS_PER_APPEND;
}

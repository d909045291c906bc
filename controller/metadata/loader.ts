/**
 * Turns the committed log into an image, and tells publishers of every change, in order.
 *
 * Invariants: records are decoded in slices of 5 ms; a batch is applied in one turn and published before the turn ends, so
 * readers never see half a write. Nothing is published before the image has caught up once with the high watermark; the
 * first publication is the whole image. Nothing is published while a metadata transaction is open.
 */
import type { Clock, Timers } from '../../wire/base/env';
import { BatchView } from '../../wire/record/batch';
import { decodeRecords, type DecodedRecord } from '../../wire/record/records';
import type { CommittedBatches, RaftListener } from '../raft/raft-client';
import type { SnapshotReader } from '../raft/snapshot-reader';
import { diffImages } from './image-diff';
import { MetadataImage, type MetadataProvenance } from './image';
import type { LoaderManifest, MetadataPublisher } from './publisher';
import { RecordedDelta } from './recorded-delta';
import { decodeMetadataRecord, type MetadataRecord } from './records';
import { ReplayError } from './replay-error';
import { TransactionBuffer } from './transaction-buffer';
import { WholeDelta } from './whole-delta';

const SLICE_MS = 5;
/** Records between two looks at the clock. */
const RECORDS_PER_LOOK = 32;

export interface MetadataLoaderParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The quorum's, -1 while unknown. */
  readonly highWatermark: () => number;
  readonly fatal: (why: string, error: unknown) => void;
}

/** One commit or snapshot on its way into the image. */
interface Load {
  readonly source: 'log' | 'snapshot';
  readonly into: MetadataImage;
  readonly transaction: TransactionBuffer;
  /** The next batch, or null at the end. */
  readonly nextBatch: () => BatchView | null;
  readonly provenanceOf: (batch: BatchView) => MetadataProvenance;
  readonly finished: () => void;
  records: DecodedRecord[];
  decoded: MetadataRecord[];
  batchProvenance: MetadataProvenance | null;
  batchBytes: number;
}

export class MetadataLoader implements RaftListener {
  private current = new MetadataImage();
  private delta = new RecordedDelta();
  private unpublishedBytes = 0;
  private hasPublished = false;
  private transaction = new TransactionBuffer();
  private readonly publishers: MetadataPublisher[] = [];
  private isStopped = false;

  constructor(private readonly parts: MetadataLoaderParts) {}

  /** The published image; empty before the first publication. */
  get image(): MetadataImage {
    return this.current;
  }

  get isCaughtUp(): boolean {
    return this.hasPublished;
  }

  /** The last offset that publishers have been told of, -1 before the first. What heartbeats report. */
  get lastPublishedOffset(): number {
    return this.hasPublished ? this.current.provenance.lastContainedOffset : -1;
  }

  /** After those installed before; told of the whole image at once when there is one. */
  installPublisher(publisher: MetadataPublisher): void {
    this.publishers.push(publisher);
    if (!this.hasPublished) return;
    const { provenance } = this.current;
    publisher.publish(new WholeDelta(this.current), this.current, { source: 'snapshot', provenance, sizeBytes: 0 });
  }

  stop(): void {
    this.isStopped = true;
  }

  handleCommit(commit: CommittedBatches, done: () => void): void {
    const cursor = new BatchView();
    let position = 0;
    this.run({
      ...this.newLoad('log', this.current, this.transaction, done),
      nextBatch: () => {
        if (position >= commit.bytes.length) return null;
        cursor.moveTo(commit.bytes, position);
        position += cursor.sizeBytes;
        return cursor;
      },
      provenanceOf: (batch) => ({
        lastContainedOffset: batch.lastOffset,
        lastContainedEpoch: batch.partitionLeaderEpoch,
        lastContainedLogTimestampMs: batch.maxTimestamp,
      }),
    });
  }

  handleLoadSnapshot(reader: SnapshotReader, done: () => void): void {
    const image = new MetadataImage();
    const { id } = reader;
    const finished = (): void => {
      reader.close();
      this.adopt(image, reader.sizeBytes);
      done();
    };
    this.run({
      ...this.newLoad('snapshot', image, new TransactionBuffer(), finished),
      nextBatch: () => reader.next(),
      provenanceOf: () => ({
        lastContainedOffset: id.offset - 1,
        lastContainedEpoch: id.epoch,
        lastContainedLogTimestampMs: reader.lastContainedLogTimestampMs,
      }),
    });
  }

  handleLeaderChange(): void {
    // Who leads the quorum is asked of the quorum, not of the metadata.
  }

  private newLoad(
    source: Load['source'],
    into: MetadataImage,
    transaction: TransactionBuffer,
    finished: () => void,
  ): Omit<Load, 'nextBatch' | 'provenanceOf'> {
    return { source, into, transaction, finished, records: [], decoded: [], batchProvenance: null, batchBytes: 0 };
  }

  /** Works for one slice, then lets the loop turn. */
  private run(load: Load): void {
    if (this.isStopped) return;
    try {
      const isFinished = this.slice(load, this.parts.clock.monotonicMs() + SLICE_MS);
      if (load.source === 'log') this.maybePublish('log');
      if (isFinished) load.finished();
      else this.parts.timers.soon(() => this.run(load));
    } catch (error) {
      this.isStopped = true;
      this.parts.fatal('metadata could not be loaded', error);
    }
  }

  /** True when the load is finished. Gets on by a batch, or by some records of one, however late it is. */
  private slice(load: Load, deadlineMs: number): boolean {
    for (;;) {
      if (load.batchProvenance === null && !takeBatch(load)) return true;
      if (!this.decodeBatch(load, deadlineMs)) return false;
      this.applyBatch(load);
      if (this.parts.clock.monotonicMs() >= deadlineMs) return false;
    }
  }

  /** True when the whole batch is decoded. */
  private decodeBatch(load: Load, deadlineMs: number): boolean {
    const { records, decoded } = load;
    while (decoded.length < records.length) {
      const value = records[decoded.length]?.value;
      if (value !== null && value !== undefined) decoded.push(decodeMetadataRecord(value));
      else throw new ReplayError('a metadata record without value');
      if (decoded.length % RECORDS_PER_LOOK === 0 && this.parts.clock.monotonicMs() >= deadlineMs) {
        if (decoded.length < records.length) return false;
      }
    }
    return true;
  }

  private applyBatch(load: Load): void {
    const delta = load.source === 'log' && this.hasPublished ? this.delta : null;
    for (const record of load.decoded) load.transaction.feed(record, (one) => load.into.replay(one, delta));
    if (load.batchProvenance !== null) load.into.provenance = load.batchProvenance;
    if (load.source === 'log') this.unpublishedBytes += load.batchBytes;
    load.records = [];
    load.decoded = [];
    load.batchProvenance = null;
  }

  private maybePublish(source: LoaderManifest['source']): void {
    if (this.transaction.isOpen) return;
    if (!this.hasPublished) {
      if (!this.hasReachedHighWatermark()) return;
      this.hasPublished = true;
      return this.publish(new WholeDelta(this.current), source);
    }
    if (this.unpublishedBytes === 0) return;
    const { delta } = this;
    this.delta = new RecordedDelta();
    this.publish(delta, source);
  }

  private hasReachedHighWatermark(): boolean {
    const highWatermark = this.parts.highWatermark();
    return (
      highWatermark >= 0 && !this.current.isEmpty && this.current.provenance.lastContainedOffset >= highWatermark - 1
    );
  }

  private adopt(image: MetadataImage, sizeBytes: number): void {
    const before = this.current;
    this.current = image;
    this.transaction = new TransactionBuffer();
    this.delta = new RecordedDelta();
    if (!this.hasPublished) return this.maybePublish('snapshot');
    this.unpublishedBytes = sizeBytes;
    this.publish(diffImages(before, image), 'snapshot');
  }

  private publish(delta: RecordedDelta | WholeDelta, source: LoaderManifest['source']): void {
    const { provenance } = this.current;
    const manifest = { source, provenance, sizeBytes: this.unpublishedBytes };
    this.unpublishedBytes = 0;
    for (const publisher of this.publishers) publisher.publish(delta, this.current, manifest);
  }
}

/** False at the end. */
function takeBatch(load: Load): boolean {
  const batch = load.nextBatch();
  if (batch === null) return false;
  load.records = batch.isControl ? [] : decodeRecords(batch);
  load.batchProvenance = load.provenanceOf(batch);
  load.batchBytes = batch.sizeBytes;
  return true;
}

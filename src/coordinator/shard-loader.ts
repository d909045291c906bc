/**
 * Reads a coordinator's partition from its start to the log end offset, not the high watermark, and has every record replayed.
 *
 * Batches of open, committed and aborted transactions are all replayed: pending offsets and markers sort them out. A record
 * type that this version does not know is left out with a warning (a downgrade); bytes that cannot be decoded end the load.
 * Works in slices of a few milliseconds, so that loading never holds the loop.
 */

import type { BaseEnv, Crc32c, Logger } from '../../wire/base/env';
import { DecodeError } from '../../wire/base/errors';
import { BATCH_OVERHEAD_BYTES, batchSizeAt, BatchView } from '../../wire/record/batch';
import { readInt16 } from '../../wire/record/big-endian';
import { controlTypeId, ControlRecordType } from '../../wire/record/control-records';
import { type DecodedRecord, decodeRecords } from '../../wire/record/records';
import { type CoordinatorLog, CoordinatorLogError } from './coordinator-log';
import type { RecordCodec } from './shard-machine';

const SLICE_MS = 5;
/** How many records pass between two looks at the clock. */
const RECORDS_PER_LOOK = 256;
/** The bound of a slice when the clock stands still, as in a simulation. */
const MAX_RECORDS_PER_SLICE = 10_000;

/** What the loader does with what it finds. */
export interface LoadTarget<StoredRecord> {
  replay(record: StoredRecord, offset: number, producerId: number): void;
  replayMarker(producerId: number, committed: boolean): void;
}

export class ShardLoader<StoredRecord> {
  private position: number;
  private batches: Uint8Array = new Uint8Array(0);
  private nextBatchAt = 0;
  private readonly batch = new BatchView();
  private records: readonly DecodedRecord[] = [];
  private nextRecord = 0;
  private cancelled = false;
  private readAt = -1;
  private readonly unknownTypes = new Set<number>();

  constructor(
    private readonly env: Pick<BaseEnv, 'clock' | 'timers'>,
    private readonly crc32c: Crc32c,
    private readonly logger: Logger,
    private readonly log: CoordinatorLog,
    private readonly codec: RecordCodec<StoredRecord>,
    private readonly bufferBytes: number,
    private readonly target: LoadTarget<StoredRecord>,
    private readonly done: (failure: string | null) => void,
  ) {
    this.position = log.logStartOffset;
  }

  start(): void {
    this.readOn();
  }

  /** Nothing is replayed and `done` is not called any more. */
  cancel(): void {
    this.cancelled = true;
  }

  private readOn(): void {
    // The end is looked at anew each time: what is appended meanwhile belongs to the load.
    if (this.position >= this.log.logEndOffset) return this.done(null);
    if (this.position === this.readAt) return this.done(`reading at offset ${this.position} leads nowhere`);
    this.readAt = this.position;
    this.log.read(this.position, this.bufferBytes, (batches) => {
      if (this.cancelled) return;
      if (batches instanceof CoordinatorLogError) return this.done(batches.message);
      // The rest of the log holds no records (compaction took them).
      if (batches.length === 0) return this.done(null);
      this.batches = batches;
      this.nextBatchAt = 0;
      this.env.timers.soon(() => this.slice());
    });
  }

  private slice(): void {
    if (this.cancelled) return;
    try {
      if (this.replayForAWhile()) this.readOn();
      else this.env.timers.soon(() => this.slice());
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.done(error.message);
    }
  }

  /** True when the bytes read last are all replayed. */
  private replayForAWhile(): boolean {
    const untilMs = this.env.clock.monotonicMs() + SLICE_MS;
    for (let count = 0; count < MAX_RECORDS_PER_SLICE; count += RECORDS_PER_LOOK) {
      if (!this.replaySome()) return true;
      if (this.env.clock.monotonicMs() >= untilMs) return false;
    }
    return false;
  }

  /** Up to RECORDS_PER_LOOK records; false when there are no more. */
  private replaySome(): boolean {
    for (let count = 0; count < RECORDS_PER_LOOK; count++) {
      while (this.nextRecord === this.records.length) if (!this.nextBatch()) return false;
      this.replayRecord(this.records[this.nextRecord++] as DecodedRecord);
    }
    return true;
  }

  private nextBatch(): boolean {
    const size = batchSizeAt(this.batches, this.nextBatchAt);
    if (size < BATCH_OVERHEAD_BYTES || this.nextBatchAt + size > this.batches.length) {
      if (this.nextBatchAt !== this.batches.length) throw new DecodeError(`no whole batch at offset ${this.position}`);
      return false;
    }
    this.batch.moveTo(this.batches, this.nextBatchAt);
    if (!this.batch.isCrcValid(this.crc32c)) throw new DecodeError(`checksum of batch ${this.batch.baseOffset}`);
    this.nextBatchAt += size;
    this.nextRecord = 0;
    this.records = decodeRecords(this.batch);
    this.position = this.batch.nextOffset;
    return true;
  }

  private replayRecord(record: DecodedRecord): void {
    if (record.offset < this.log.logStartOffset) return;
    if (this.batch.isControl) return this.replayControl(record);
    if (record.key === null) throw new DecodeError(`record ${record.offset} has no key`);
    const decoded = this.codec.decode(record.key, record.value);
    if (decoded === null) return this.warnOfType(record.key);
    this.target.replay(decoded, record.offset, this.batch.isTransactional ? this.batch.producerId : -1);
  }

  private replayControl(record: DecodedRecord): void {
    const type = controlTypeId(record.key);
    if (type !== ControlRecordType.ABORT && type !== ControlRecordType.COMMIT) return;
    this.target.replayMarker(this.batch.producerId, type === ControlRecordType.COMMIT);
  }

  private warnOfType(key: Uint8Array): void {
    const type = key.length >= 2 ? readInt16(key, 0) : -1;
    if (this.unknownTypes.has(type)) return;
    this.unknownTypes.add(type);
    this.logger.warn('Records of an unknown type are left out; a later version may have written them', { type });
  }
}

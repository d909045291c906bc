/**
 * The ordinary mode: records get the target's own offsets. (KIP-98, KIP-360)
 *
 * A batch gets this partition's producer id, epoch and sequence into its header, and leaves with its records section as it
 * was; only what a leader would refuse is rebuilt. Each `resume` finds out what the target holds behind the last known
 * record, takes the next producer epoch, and stores both before anything is sent. So whoever sent before is fenced by the first
 * batch that is sent after it, here or in another process; what it appends between the look and that batch is doubled, and
 * is seen then, since offsets do not go on where they should.
 * Invariant: an epoch is stored before it is used, so that it is never used with two sequences that begin at 0.
 */
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import type { BaseEnv } from '../../wire/base/env';
import { DecodeError } from '../../wire/base/errors';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BatchAttribute, BatchField, incrementSequence, NO_PARTITION_LEADER_EPOCH } from '../../wire/record/batch';
import { writeInt16, writeInt32, writeInt64 } from '../../wire/record/big-endian';
import { CodecError } from '../../wire/record/codecs/codec-error';
import type { FlowPartition, Trouble } from '../flow/flow-partition';
import type { CommittedBatch } from './committed-batches-core';
import {
  CopyStopped,
  type Parcel,
  type PartitionWriter,
  type ProduceAnswer,
  type ResumePoint,
  type Verdict,
} from './partition-writer';
import { isPassable, rebuiltBatch } from './rebuilt-batch';
import { readTail } from './read-tail';
import { assertSound } from './sound-batch';

/** Where a partition's copy was when it was stored, and with whose name it writes. */
export interface StoredPosition extends ResumePoint {
  readonly sourceTopicId: string;
  /** -1: none yet. */
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface PositionBook {
  /** As it was found when the partition came to this process, or stored since; null when there is none. */
  get(partition: FlowPartition): StoredPosition | null;
  /** Resolves when it is stored; rejects with a ServerError when this process must not store it (any more). */
  store(partition: FlowPartition, position: StoredPosition): Promise<void>;
}

export interface OrdinaryParts {
  readonly env: BaseEnv;
  readonly source: ClusterClient;
  readonly target: ClusterClient;
  readonly positions: PositionBook;
  /** Where a copy begins for which no position is stored. */
  firstOffset(partition: FlowPartition): Promise<number>;
  /** An id that nobody has used; the same for every caller in this process. */
  producerId(): Promise<number>;
  /** Records were found on the target that this copy has not written. */
  foreign(partition: FlowPartition, trouble: Extract<Trouble, { kind: 'foreign-write' }>): void;
}

const MAX_SHORT_LOOKS = 6;
/** Epochs are 16 bits; one below the last is left for nobody. */
const MAX_EPOCH = 0x7ffe;

/** The target forgot the producer, or takes it for an older one. */
const LOST_PLACE: ReadonlySet<number> = new Set([
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.DUPLICATE_SEQUENCE_NUMBER,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.PRODUCER_FENCED,
]);

export class OrdinaryWriter implements PartitionWriter {
  /** A leader takes one batch of each partition in a request. */
  readonly batchesAtOnce = 1;
  private producerId = -1;
  private producerEpoch = -1;
  private sequence = 0;
  /** How often in a row the target ended before what it had acknowledged. */
  private shortLooks = 0;
  /** What was acknowledged last; null before the first resume. */
  private last: ResumePoint | null = null;

  constructor(
    private readonly parts: OrdinaryParts,
    private readonly partition: FlowPartition,
  ) {}

  async resume(): Promise<ResumePoint> {
    const stored = this.parts.positions.get(this.partition);
    const { sourceTopicId } = this.partition;
    if (stored !== null && stored.sourceTopicId !== sourceTopicId) {
      const trouble = {
        kind: 'source-recreated',
        oldTopicId: stored.sourceTopicId,
        newTopicId: sourceTopicId,
      } as const;
      throw new CopyStopped(trouble);
    }
    const known = this.last ?? stored;
    const point = known === null ? await this.begin() : await this.afterTail(known);
    await this.takeProducer(stored);
    const { producerId, producerEpoch } = this;
    await this.parts.positions.store(this.partition, { ...point, sourceTopicId, producerId, producerEpoch });
    this.sequence = 0;
    this.last = point;
    return point;
  }

  private async begin(): Promise<ResumePoint> {
    const { targetTopic, partition } = this.partition;
    const position = await this.parts.firstOffset(this.partition);
    const endOffset = await this.parts.target.listOffset(targetTopic, partition, -1);
    return { position, epoch: -1, lastTargetOffset: endOffset - 1 };
  }

  private async afterTail(known: ResumePoint): Promise<ResumePoint> {
    const { targetTopic, partition } = this.partition;
    const endOffset = await this.parts.target.listOffset(targetTopic, partition, -1);
    if (endOffset <= known.lastTargetOffset) {
      // A leader that is new does not know at once how far its predecessor had come.
      if (this.shortLooks++ < MAX_SHORT_LOOKS)
        throw new ServerError(ErrorCode.OFFSET_NOT_AVAILABLE, `${targetTopic}-${partition} behind ${endOffset}`);
      const lost = `${targetTopic}-${partition} ends at ${endOffset} on the target, which had acknowledged up to ${known.lastTargetOffset}`;
      const what =
        'records were lost there, or it is another topic; remove the position of this partition to copy it anew';
      throw new CopyStopped({ kind: 'refused', errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, message: `${lost}: ${what}` });
    }
    this.shortLooks = 0;
    if (endOffset === known.lastTargetOffset + 1) return known;
    const { source, target, env } = this.parts;
    const { result, matched, foreign } = await readTail({ source, target, env }, this.partition, known, endOffset);
    const { position, lastTargetOffset } = result;
    const where = `${targetTopic}-${partition} goes on at ${position}, behind ${lastTargetOffset} on the target`;
    env.logger.info(`${where}: ${matched} batches were there already, ${foreign.length} ranges are not of this copy`);
    // What others wrote lies before what comes next.
    return { position, epoch: result.epoch, lastTargetOffset: endOffset - 1 };
  }

  private async takeProducer(stored: StoredPosition | null): Promise<void> {
    const id = this.producerId >= 0 ? this.producerId : (stored?.producerId ?? -1);
    const epoch = Math.max(this.producerEpoch, stored?.producerId === id ? stored.producerEpoch : -1);
    if (id >= 0 && epoch < MAX_EPOCH) {
      this.producerId = id;
      this.producerEpoch = epoch + 1;
      return;
    }
    const fresh = await this.parts.producerId();
    this.producerEpoch = fresh === id ? epoch + 1 : 0;
    this.producerId = fresh;
  }

  pack(batches: readonly CommittedBatch[]): Parcel {
    const batch = batches[0]!;
    assertSound(batch, this.partition, this.parts.env.crc32c);
    const { partition: index } = this.partition;
    if (!isPassable(batch)) return this.packRebuilt(batch);
    const { bytes, recordsCount, baseOffset, lastOffset } = batch;
    this.stamp(bytes, batch.attributes, recordsCount);
    return {
      data: { index, records: bytes },
      sizeBytes: bytes.length,
      batches: 1,
      recordsCount,
      firstSourceOffset: baseOffset,
      lastSourceOffset: lastOffset,
      isContiguous: true,
      nextSourceOffset: lastOffset + 1,
      sourceEpoch: batch.leaderEpoch,
      maxTimestampMs: batch.maxTimestampMs,
    };
  }

  private packRebuilt(batch: CommittedBatch): Parcel {
    const { partition: index } = this.partition;
    const { bytes, recordsCount, isContiguous, firstOffset, lastOffset } = this.rebuilt(batch);
    if (bytes !== null) this.stamp(bytes, batch.attributes & ~BatchAttribute.logAppendTime, recordsCount);
    return {
      data: { index, records: bytes },
      sizeBytes: bytes?.length ?? 0,
      batches: 1,
      recordsCount,
      firstSourceOffset: firstOffset,
      lastSourceOffset: lastOffset,
      isContiguous,
      nextSourceOffset: batch.lastOffset + 1,
      sourceEpoch: batch.leaderEpoch,
      maxTimestampMs: batch.maxTimestampMs,
    };
  }

  private rebuilt(batch: CommittedBatch): ReturnType<typeof rebuiltBatch> {
    try {
      return rebuiltBatch(batch, this.parts.env.crc32c);
    } catch (error) {
      if (!(error instanceof DecodeError) && !(error instanceof CodecError)) throw error;
      const { sourceTopic, partition } = this.partition;
      const message = `${sourceTopic}-${partition} cannot be copied at offset ${batch.baseOffset}: ${error.message}`;
      throw new CopyStopped({ kind: 'refused', errorCode: ErrorCode.CORRUPT_MESSAGE, message });
    }
  }

  /** Everything of the header that is the producer's; the checksum last. */
  private stamp(bytes: Uint8Array, attributes: number, recordsCount: number): void {
    writeInt64(bytes, BatchField.baseOffset, 0);
    writeInt32(bytes, BatchField.partitionLeaderEpoch, NO_PARTITION_LEADER_EPOCH);
    writeInt16(bytes, BatchField.attributes, attributes & ~NOT_PRODUCED);
    writeInt64(bytes, BatchField.producerId, this.producerId);
    writeInt16(bytes, BatchField.producerEpoch, this.producerEpoch);
    writeInt32(bytes, BatchField.baseSequence, this.sequence);
    writeInt32(bytes, BatchField.crc, this.parts.env.crc32c(bytes.subarray(BatchField.attributes)));
    this.sequence = incrementSequence(this.sequence, recordsCount);
  }

  answered(parcel: Parcel, answer: ProduceAnswer): Verdict {
    const { errorCode, baseOffset } = answer;
    if (LOST_PLACE.has(errorCode)) return { kind: 'resume', why: errorName(errorCode) };
    if (errorCode !== ErrorCode.NONE) return { kind: 'trouble', trouble: this.refusal(parcel, answer) };
    if (baseOffset < 0) return { kind: 'resume', why: 'the target does not say where the records are' };
    const expectedOffset = (this.last?.lastTargetOffset ?? -1) + 1;
    const lastTargetOffset = baseOffset + parcel.recordsCount - 1;
    if (baseOffset > expectedOffset)
      this.parts.foreign(this.partition, { kind: 'foreign-write', targetOffset: baseOffset, expectedOffset });
    this.last = { position: parcel.nextSourceOffset, epoch: parcel.sourceEpoch, lastTargetOffset };
    return { kind: 'acked', firstTargetOffset: baseOffset, lastTargetOffset };
  }

  private refusal(parcel: Parcel, { errorCode, errorMessage }: ProduceAnswer): Trouble {
    const { sourceTopic, partition, targetTopic } = this.partition;
    const { firstSourceOffset, lastSourceOffset, sizeBytes } = parcel;
    const what = `offsets ${firstSourceOffset} to ${lastSourceOffset} of ${sourceTopic}-${partition} (${sizeBytes} bytes)`;
    const why = errorMessage === null ? errorName(errorCode) : `${errorName(errorCode)}, ${errorMessage}`;
    return { kind: 'refused', errorCode, message: `${targetTopic} refuses ${what}: ${why}` };
  }
}

/** Bits that a leader sets, or that need a transaction. */
const NOT_PRODUCED = BatchAttribute.transactional | BatchAttribute.deleteHorizon;

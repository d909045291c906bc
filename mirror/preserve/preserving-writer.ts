/**
 * Offset-preserving mode: each record at the offset that it has in its source.
 *
 * Batches go as they are, base offset, producer and sequence included; only the transactional bit is taken from those whose
 * transaction was committed. The target's leader appends by compare-and-append, so the log's own end is the position: nothing
 * can be doubled, whoever sends what how often. What the source does not have (compaction, aborted transactions, markers, what
 * expired before it was copied) is a gap in the target's offsets.
 *
 * Before it goes on behind records that are there, a writer compares the last of them with the source's: a source that was
 * truncated, or created anew, has another history, and nothing of it is appended.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { BaseEnv } from '../../wire/base/env';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BatchAttribute, BatchField } from '../../wire/record/batch';
import { writeInt16, writeInt32 } from '../../wire/record/big-endian';
import type { CommittedBatch } from '../copy/committed-batches-core';
import type { PositionBook } from '../copy/ordinary-writer';
import { CopyStopped, type Parcel, type PartitionWriter, type ProduceAnswer, type ResumePoint, type SourceRange, type Verdict } from '../copy/partition-writer';
import type { FlowContext } from '../flow/flow-part';
import { assertSound } from '../copy/sound-batch';
import type { FlowPartition } from '../flow/flow-partition';
import { lastBatchesAgree } from './last-batch';
import { mirroredRange, startAt, type LogRange } from './mirror-mode';

export interface PreservingParts {
  readonly env: BaseEnv;
  readonly source: ClusterClient;
  readonly target: ClusterClient;
  /** What `mirror.source` of the target's topics is. */
  readonly sourceAlias: string;
  /** Remembers which topic was copied; where the copy goes on is told by the target's log. */
  readonly positions: PositionBook;
  /** Where the copy of a partition begins that has no record yet. */
  firstOffset(partition: FlowPartition): Promise<number>;
}

const NOBODY = -1;

export class PreservingWriter implements PartitionWriter {
  /** Where the target's log ends when all that is packed is there. */
  private endOffset = -1;

  constructor(
    private readonly parts: PreservingParts,
    private readonly partition: FlowPartition,
  ) {}

  async resume(): Promise<ResumePoint> {
    const { positions } = this.parts;
    const { sourceTopicId } = this.partition;
    const stored = positions.get(this.partition);
    if (stored !== null && stored.sourceTopicId !== sourceTopicId) {
      throw new CopyStopped({ kind: 'source-recreated', oldTopicId: stored.sourceTopicId, newTopicId: sourceTopicId });
    }
    const range = await this.targetRange();
    const isEmpty = range.logStartOffset === range.logEndOffset;
    if (!isEmpty) await this.checkHistory(range);
    const position = isEmpty ? await this.begin(range) : range.logEndOffset;
    const epoch = stored?.position === position ? stored.epoch : -1;
    const point = { position, epoch, lastTargetOffset: position - 1 };
    if (stored === null) await positions.store(this.partition, { ...point, sourceTopicId, producerId: NOBODY, producerEpoch: NOBODY });
    this.endOffset = position;
    return point;
  }

  private async targetRange(): Promise<LogRange> {
    const { targetTopic: topic, partition } = this.partition;
    try {
      return await mirroredRange(this.parts.target, { topic, partition }, this.parts.sourceAlias);
    } catch (error) {
      // Promoted, or somebody else's: people decide.
      if (!(error instanceof ServerError) || error.errorCode !== ErrorCode.POLICY_VIOLATION) throw error;
      throw new CopyStopped({ kind: 'refused', errorCode: error.errorCode, message: error.message });
    }
  }

  /** Nothing is there yet: the log starts where its source does. */
  private async begin(range: LogRange): Promise<number> {
    const { targetTopic: topic, partition } = this.partition;
    const offset = await this.parts.firstOffset(this.partition);
    if (offset <= range.logEndOffset) {
      await this.checkEnd(range.logEndOffset);
      return range.logEndOffset;
    }
    return (await startAt(this.parts.target, { topic, partition }, this.parts.sourceAlias, range, offset)).logEndOffset;
  }

  private async checkEnd(position: number): Promise<void> {
    const { sourceTopic, partition } = this.partition;
    const sourceEndOffset = await this.parts.source.listOffset(sourceTopic, partition, -1);
    if (sourceEndOffset < position) throw new CopyStopped({ kind: 'source-truncated', position, sourceEndOffset });
  }

  private async checkHistory({ logEndOffset }: LogRange): Promise<void> {
    await this.checkEnd(logEndOffset);
    if (await lastBatchesAgree(this.parts, this.partition, logEndOffset)) return;
    const { sourceTopic, partition } = this.partition;
    const sourceEndOffset = await this.parts.source.listOffset(sourceTopic, partition, -1);
    throw new CopyStopped({ kind: 'source-truncated', position: logEndOffset, sourceEndOffset });
  }

  pack(batches: readonly CommittedBatch[], maxBytes: number, source: SourceRange): Parcel {
    const taken = this.fitting(batches, maxBytes);
    for (const batch of taken) this.unmark(batch);
    const records = joined(taken);
    const first = taken[0]!;
    const last = taken.at(-1)!;
    const mirror = {
      source: this.parts.sourceAlias,
      expectedLogEndOffset: this.endOffset,
      sourceLogStartOffset: source.logStartOffset,
    };
    this.endOffset = last.lastOffset + 1;
    return {
      data: { index: this.partition.partition, records, mirror },
      sizeBytes: records.length,
      batches: taken.length,
      recordsCount: taken.reduce((sum, { recordsCount }) => sum + recordsCount, 0),
      firstSourceOffset: first.baseOffset,
      lastSourceOffset: last.lastOffset,
      // Offsets are the same on both sides, whatever is missing in between.
      isContiguous: true,
      nextSourceOffset: this.endOffset,
      sourceEpoch: last.leaderEpoch,
      maxTimestampMs: Math.max(...taken.map(({ maxTimestampMs }) => maxTimestampMs)),
    };
  }

  private fitting(batches: readonly CommittedBatch[], maxBytes: number): readonly CommittedBatch[] {
    let sizeBytes = 0;
    let count = 0;
    for (const { bytes } of batches) {
      if (count > 0 && sizeBytes + bytes.length > maxBytes) break;
      sizeBytes += bytes.length;
      count++;
    }
    return batches.slice(0, count);
  }

  /** A committed transaction's records are records like others; its marker is not copied. */
  private unmark(batch: CommittedBatch): void {
    const { bytes, attributes } = batch;
    if ((attributes & BatchAttribute.transactional) === 0) return;
    assertSound(batch, this.partition, this.parts.env.crc32c);
    writeInt16(bytes, BatchField.attributes, attributes & ~BatchAttribute.transactional);
    writeInt32(bytes, BatchField.crc, this.parts.env.crc32c(bytes.subarray(BatchField.attributes)));
  }

  answered(parcel: Parcel, { errorCode, errorMessage, baseOffset }: ProduceAnswer): Verdict {
    if (errorCode === ErrorCode.NONE) {
      return { kind: 'acked', firstTargetOffset: parcel.firstSourceOffset, lastTargetOffset: parcel.lastSourceOffset };
    }
    if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return { kind: 'resume', why: `the target's log ends at ${baseOffset}` };
    const { targetTopic, partition } = this.partition;
    const message = errorMessage ?? `${targetTopic}-${partition} was refused with error ${errorCode}`;
    return { kind: 'trouble', trouble: { kind: 'refused', errorCode, message } };
  }
}

/** The writers of a flow. */
export function preservingWriters({
  env,
  source,
  target,
  settings,
}: FlowContext): (partition: FlowPartition, positions: PositionBook) => PreservingWriter {
  const isLatest = settings.startsAt === 'latest';
  const firstOffset = ({ sourceTopic, partition }: FlowPartition): Promise<number> =>
    source.listOffset(sourceTopic, partition, isLatest ? -1 : -2, isLatest);
  const parts = { env, source, target, sourceAlias: settings.source.alias, firstOffset };
  return (partition, positions) => new PreservingWriter({ ...parts, positions }, partition);
}

/** Batches of one answer lie side by side: then nothing is copied. */
function joined(batches: readonly CommittedBatch[]): Uint8Array {
  const first = batches[0]!.bytes;
  let sizeBytes = first.length;
  let isOnePiece = true;
  for (let i = 1; i < batches.length; i++) {
    const { bytes } = batches[i]!;
    isOnePiece &&= bytes.buffer === first.buffer && bytes.byteOffset === first.byteOffset + sizeBytes;
    sizeBytes += bytes.length;
  }
  if (isOnePiece) return new Uint8Array(first.buffer, first.byteOffset, sizeBytes);
  const into = new Uint8Array(sizeBytes);
  let at = 0;
  for (const { bytes } of batches) {
    into.set(bytes, at);
    at += bytes.length;
  }
  return into;
}

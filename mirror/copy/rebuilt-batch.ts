/**
 * A batch that a leader would refuse as it is, made anew: compaction has left holes in its offsets, its timestamps are those
 * of a log append, or a copy begins in the middle of it. Keys, values and headers are copied as bytes; the codec stays.
 */
import type { Crc32c } from '../../wire/base/env';
import { DecodeError } from '../../wire/base/errors';
import { BatchAttribute, BatchField, BatchView, TimestampType } from '../../wire/record/batch';
import { copyRecord, sizeOfCopiedRecord, withRecords } from '../../wire/record/batch-rebuild';
import { writeInt16, writeInt32, writeInt64 } from '../../wire/record/big-endian';
import { isCompressionType } from '../../wire/record/compression-type';
import { RecordScanner } from '../../wire/record/record-scanner';
import { DEFAULT_DECODE_LIMITS, plainRecords } from '../../wire/record/records';
import type { CommittedBatch } from './committed-batches-core';

export interface RebuiltBatch {
  /** Null when no record of it is wanted. */
  readonly bytes: Uint8Array | null;
  readonly recordsCount: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly isContiguous: boolean;
}

/** Whether a leader takes the batch's records section as it is. */
export function isPassable({ isDense, attributes, baseOffset, firstWantedOffset }: CommittedBatch): boolean {
  return isDense && (attributes & BatchAttribute.logAppendTime) === 0 && firstWantedOffset === baseOffset;
}

/** The wanted records with the offset deltas 0, 1, 2 ..., each at its own timestamp. Throws a DecodeError or a CodecError. */
export function rebuiltBatch(batch: CommittedBatch, crc32c: Crc32c): RebuiltBatch {
  const view = new BatchView(batch.bytes);
  const codec = view.compression;
  if (!isCompressionType(codec)) throw new DecodeError(`batch ${batch.baseOffset} has the unknown codec ${codec}`);
  const isAppendTime = view.timestampType === TimestampType.logAppendTime;
  const plain = plainRecords(view, DEFAULT_DECODE_LIMITS);
  const kept = measure(plain, batch, isAppendTime);
  if (kept.count === 0) return { bytes: null, recordsCount: 0, firstOffset: -1, lastOffset: -1, isContiguous: false };
  const section = copyKept(plain, batch, kept.sizeBytes, isAppendTime);
  const bytes = withRecords(view, section, codec, undefined, crc32c);
  writeInt16(bytes, BatchField.attributes, view.attributes & ~BatchAttribute.logAppendTime);
  writeInt32(bytes, BatchField.lastOffsetDelta, kept.count - 1);
  writeInt32(bytes, BatchField.recordsCount, kept.count);
  // A batch's append time stands in its maximum.
  if (isAppendTime) writeInt64(bytes, BatchField.baseTimestamp, view.maxTimestamp);
  const firstOffset = batch.baseOffset + kept.firstDelta;
  const lastOffset = batch.baseOffset + kept.lastDelta;
  const isContiguous = lastOffset - firstOffset + 1 === kept.count;
  return { bytes, recordsCount: kept.count, firstOffset, lastOffset, isContiguous };
}

interface Kept {
  readonly count: number;
  readonly sizeBytes: number;
  readonly firstDelta: number;
  readonly lastDelta: number;
}

function measure(plain: Uint8Array, batch: CommittedBatch, isAppendTime: boolean): Kept {
  const leastDelta = batch.firstWantedOffset - batch.baseOffset;
  const scanner = new RecordScanner().moveTo(plain);
  let count = 0;
  let sizeBytes = 0;
  let firstDelta = -1;
  let lastDelta = -1;
  while (scanner.next()) {
    if (scanner.offsetDelta < leastDelta) continue;
    if (count === 0) firstDelta = scanner.offsetDelta;
    lastDelta = scanner.offsetDelta;
    sizeBytes += sizeOfCopiedRecord(scanner, isAppendTime ? 0 : scanner.timestampDelta, count++);
  }
  if (scanner.problem !== null) throw new DecodeError(`records of batch ${batch.baseOffset}: ${scanner.problem}`);
  return { count, sizeBytes, firstDelta, lastDelta };
}

function copyKept(plain: Uint8Array, batch: CommittedBatch, sizeBytes: number, isAppendTime: boolean): Uint8Array {
  const leastDelta = batch.firstWantedOffset - batch.baseOffset;
  const scanner = new RecordScanner().moveTo(plain);
  const into = new Uint8Array(sizeBytes);
  let at = 0;
  let count = 0;
  while (scanner.next()) {
    if (scanner.offsetDelta < leastDelta) continue;
    at = copyRecord(scanner, isAppendTime ? 0 : scanner.timestampDelta, count++, into, at);
  }
  return into;
}

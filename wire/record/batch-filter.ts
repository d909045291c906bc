/**
 * A batch without some of its records: what compaction writes.
 *
 * Offsets never change, and neither does the batch's offset range, nor its producer and sequence, from which producer state
 * is rebuilt; a batch that loses all its records stays as an empty one. (KIP-98, KIP-534)
 */

import { DecodeError } from '../base/errors';
import type { Crc32c } from '../base/env';
import { BATCH_HEADER_BYTES, BatchAttribute, BatchField, BatchView, NO_TIMESTAMP, TimestampType } from './batch';
import { writeInt16, writeInt32, writeInt64 } from './big-endian';
import { copyRecord, sizeOfCopiedRecord, withRecords } from './batch-rebuild';
import { CompressionType, isCompressionType } from './compression-type';
import { RecordScanner } from './record-scanner';
import { plainRecords } from './records';

export interface BatchFilterOptions {
  /** Sets the delete horizon; a batch that has one keeps its own. */
  readonly deleteHorizonMs?: number;
  readonly compressionLevel?: number;
  readonly maxDecompressedBytes: number;
  readonly crc32c: Crc32c;
}

export interface FilteredBatch {
  /** New bytes, or null when nothing changed and the batch may be copied as it is. */
  readonly bytes: Uint8Array | null;
  readonly recordsCount: number;
}

/**
 * The batch with the records that `keep` accepts, in the batch's own codec. `keep` is asked once per record, in order, and
 * may look at the scanner during the call only. Throws a DecodeError for records that are malformed.
 */
export function filterBatch(
  batch: BatchView,
  keep: (record: RecordScanner) => boolean,
  options: BatchFilterOptions,
): FilteredBatch {
  const plain = plainRecords(batch, options);
  const setsHorizon = options.deleteHorizonMs !== undefined && !batch.hasDeleteHorizon;
  const shiftMs = setsHorizon ? batch.baseTimestamp - options.deleteHorizonMs : 0;
  const kept = choose(plain, keep, shiftMs);
  if (kept.total === batch.recordsCount && kept.count === kept.total && !setsHorizon) {
    return { bytes: null, recordsCount: kept.count };
  }
  if (kept.count === 0) return { bytes: emptied(batch, options.crc32c), recordsCount: 0 };
  const codec = batch.compression;
  if (!isCompressionType(codec)) throw new DecodeError(`batch ${batch.baseOffset} has the unknown codec ${codec}`);
  const section = copyKept(plain, kept, shiftMs);
  const rebuilt = new BatchView(withRecords(batch, section, codec, options.compressionLevel, options.crc32c));
  patchHeader(rebuilt, kept, batch, setsHorizon ? options.deleteHorizonMs : undefined);
  rebuilt.updateCrc(options.crc32c);
  return { bytes: rebuilt.bytes, recordsCount: kept.count };
}

interface Kept {
  /** One byte a record: 1 when it stays. */
  readonly flags: Uint8Array;
  readonly total: number;
  readonly count: number;
  readonly sectionBytes: number;
  readonly maxTimestampDelta: number;
}

function choose(plain: Uint8Array, keep: (record: RecordScanner) => boolean, shiftMs: number): Kept {
  const scanner = new RecordScanner().moveTo(plain);
  // A record takes 7 bytes at least.
  const flags = new Uint8Array(Math.ceil(plain.length / 7));
  let total = 0;
  let count = 0;
  let sectionBytes = 0;
  let maxTimestampDelta = -Infinity;
  for (; scanner.next(); total++) {
    if (!keep(scanner)) continue;
    flags[total] = 1;
    count++;
    sectionBytes += sizeOfCopiedRecord(scanner, scanner.timestampDelta + shiftMs, scanner.offsetDelta);
    if (scanner.timestampDelta > maxTimestampDelta) maxTimestampDelta = scanner.timestampDelta;
  }
  if (scanner.problem !== null) throw new DecodeError(scanner.problem);
  return { flags, total, count, sectionBytes, maxTimestampDelta };
}

function copyKept(plain: Uint8Array, kept: Kept, shiftMs: number): Uint8Array {
  const into = new Uint8Array(kept.sectionBytes);
  const scanner = new RecordScanner().moveTo(plain);
  let at = 0;
  for (let i = 0; scanner.next(); i++) {
    if (kept.flags[i] === 1) at = copyRecord(scanner, scanner.timestampDelta + shiftMs, scanner.offsetDelta, into, at);
  }
  return into;
}

function patchHeader(rebuilt: BatchView, kept: Kept, old: BatchView, horizonMs: number | undefined): void {
  const { buffer, offset } = rebuilt;
  writeInt32(buffer, offset + BatchField.recordsCount, kept.count);
  if (old.timestampType === TimestampType.createTime) {
    writeInt64(buffer, offset + BatchField.maxTimestamp, old.baseTimestamp + kept.maxTimestampDelta);
  }
  if (horizonMs === undefined) return;
  writeInt64(buffer, offset + BatchField.baseTimestamp, horizonMs);
  writeInt16(buffer, offset + BatchField.attributes, rebuilt.attributes | BatchAttribute.deleteHorizon);
}

function emptied(batch: BatchView, crc32c: Crc32c): Uint8Array {
  const empty = new BatchView(withRecords(batch, new Uint8Array(0), CompressionType.none, undefined, crc32c));
  const bytes = empty.bytes;
  writeInt32(bytes, BatchField.recordsCount, 0);
  writeInt64(bytes, BatchField.baseTimestamp, NO_TIMESTAMP);
  writeInt16(bytes, BatchField.attributes, empty.attributes & ~BatchAttribute.deleteHorizon);
  empty.updateCrc(crc32c);
  return bytes.subarray(0, BATCH_HEADER_BYTES);
}

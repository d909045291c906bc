/**
 * New batches from old ones, record by record as bytes: keys, values and headers are copied, never decoded. The header keeps
 * everything (producer, sequence, timestamps, offset range); lengths, codec, count and checksum are set anew.
 */

import type { Crc32c } from '../base/env';
import { BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES, BatchAttribute, BatchField, type BatchView } from './batch';
import { writeInt16, writeInt32 } from './big-endian';
import { compress } from './codecs/codecs';
import { CompressionType } from './compression-type';
import { RecordScanner } from './record-scanner';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint';

/**
 * The batch with another records section, given in plain and stored with `codec`. The count of records stays.
 * Throws a CodecError when the codec cannot be had.
 */
export function withRecords(
  batch: BatchView,
  plain: Uint8Array,
  codec: CompressionType,
  level: number | undefined,
  crc32c: Crc32c,
): Uint8Array {
  const section = codec === CompressionType.none ? plain : compress(codec, plain, level);
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + section.length);
  bytes.set(batch.bytes.subarray(0, BATCH_HEADER_BYTES));
  bytes.set(section, BATCH_HEADER_BYTES);
  writeInt32(bytes, BatchField.batchLength, bytes.length - BATCH_OVERHEAD_BYTES);
  writeInt16(bytes, BatchField.attributes, (batch.attributes & ~BatchAttribute.compressionMask) | codec);
  writeInt32(bytes, BatchField.crc, crc32c(bytes.subarray(BatchField.attributes)));
  return bytes;
}

/** The records of a plain section that a scanner has found well formed, with the offset deltas 0, 1, 2 and so on. */
export function renumbered(plain: Uint8Array): Uint8Array {
  const scanner = new RecordScanner().moveTo(plain);
  let total = 0;
  for (let delta = 0; scanner.next(); delta++) total += sizeOfCopiedRecord(scanner, scanner.timestampDelta, delta);
  const into = new Uint8Array(total);
  scanner.moveTo(plain);
  let at = 0;
  for (let delta = 0; scanner.next(); delta++) {
    at = copyRecord(scanner, scanner.timestampDelta, delta, into, at);
  }
  return into;
}

/** What `copyRecord` will write, its length included. */
export function sizeOfCopiedRecord(scanner: RecordScanner, timestampDelta: number, offsetDelta: number): number {
  const size = sizeOfCopiedBody(scanner, timestampDelta, offsetDelta);
  return sizeOfVarint(size) + size;
}

function sizeOfCopiedBody(scanner: RecordScanner, timestampDelta: number, offsetDelta: number): number {
  return 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + scanner.recordEnd - scanner.restOffset;
}

/** Writes the scanner's record at `at` with these deltas; returns the offset after it. */
export function copyRecord(
  scanner: RecordScanner,
  timestampDelta: number,
  offsetDelta: number,
  into: Uint8Array,
  at: number,
): number {
  const rest = scanner.restOffset;
  const restBytes = scanner.recordEnd - rest;
  let p = writeVarint(into, at, sizeOfCopiedBody(scanner, timestampDelta, offsetDelta));
  into[p++] = scanner.attributes;
  p = writeVarlong(into, p, timestampDelta);
  p = writeVarint(into, p, offsetDelta);
  into.set(scanner.buffer.subarray(rest, rest + restBytes), p);
  return p + restBytes;
}

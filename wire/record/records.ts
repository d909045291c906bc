/**
 * Whole batches from records, and records from whole batches: for what a broker writes itself (coordinators, the metadata
 * log, transaction markers), and for clients, tools and tests. The data path of producers and consumers never comes here.
 */

import { DecodeError } from '../base/errors';
import type { Crc32c } from '../base/env';
import { invariant } from '../base/invariant';
import {
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  BatchAttribute,
  BatchField,
  BatchView,
  MAGIC_V2,
  NO_PARTITION_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  TimestampType,
} from './batch';
import { writeInt16, writeInt32, writeInt64, writeInt8 } from './big-endian';
import { CodecError } from './codecs/codec-error';
import { compress, decompress } from './codecs/codecs';
import { CompressionType } from './compression-type';
import { NO_HEADERS, sizeOfHeaders, writeHeaders, type RecordHeader } from './record-headers';
import { RecordScanner } from './record-scanner';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint';

/** A record to be written. Without `offsetDelta` it gets the offset after the record before it. */
export interface RecordSpec {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestampMs: number;
  readonly headers?: readonly RecordHeader[];
  readonly offsetDelta?: number;
}

export interface BatchSpec {
  readonly records: readonly RecordSpec[];
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly compression?: CompressionType;
  readonly compressionLevel?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly timestampType?: TimestampType;
  /** Else the largest timestamp of the records, or -1 without records. */
  readonly maxTimestampMs?: number;
  /** Else the offset delta of the last record. Compaction keeps the one of the batch that it rewrites. */
  readonly lastOffsetDelta?: number;
  /** Takes the place of the base timestamp; deltas are counted from it. (KIP-534) */
  readonly deleteHorizonMs?: number;
}

export interface DecodedRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

export interface DecodeLimits {
  /** The most bytes that a compressed records section may become. */
  readonly maxDecompressedBytes: number;
}

/** What a broker lets one batch become when it decodes records that it trusts (its own logs). */
export const DEFAULT_DECODE_LIMITS: DecodeLimits = { maxDecompressedBytes: 256 * 1024 * 1024 };

/**
 * One batch of magic 2 as it lies in a log. Records come in ascending offset order; an empty batch, which compaction
 * leaves behind, needs `lastOffsetDelta` and is never compressed.
 */
export function encodeBatch(spec: BatchSpec, crc32c: Crc32c): Uint8Array {
  const { records } = spec;
  const baseTimestamp = spec.deleteHorizonMs ?? records[0]?.timestampMs ?? NO_TIMESTAMP;
  const compression = records.length === 0 ? CompressionType.none : (spec.compression ?? CompressionType.none);
  const batch =
    compression === CompressionType.none
      ? encodeRecords(records, baseTimestamp, BATCH_HEADER_BYTES)
      : withHeaderSpace(compress(compression, encodeRecords(records, baseTimestamp, 0), spec.compressionLevel));
  writeInt64(batch, BatchField.baseOffset, spec.baseOffset ?? 0);
  writeInt32(batch, BatchField.batchLength, batch.length - BATCH_OVERHEAD_BYTES);
  writeInt32(batch, BatchField.partitionLeaderEpoch, spec.leaderEpoch ?? NO_PARTITION_LEADER_EPOCH);
  writeInt8(batch, BatchField.magic, MAGIC_V2);
  writeInt16(batch, BatchField.attributes, attributesOf(spec, compression));
  writeInt32(batch, BatchField.lastOffsetDelta, spec.lastOffsetDelta ?? lastOffsetDeltaOf(records));
  writeInt64(batch, BatchField.baseTimestamp, baseTimestamp);
  writeInt64(batch, BatchField.maxTimestamp, spec.maxTimestampMs ?? maxTimestampOf(records));
  writeInt64(batch, BatchField.producerId, spec.producerId ?? NO_PRODUCER_ID);
  writeInt16(batch, BatchField.producerEpoch, spec.producerEpoch ?? NO_PRODUCER_EPOCH);
  writeInt32(batch, BatchField.baseSequence, spec.baseSequence ?? NO_SEQUENCE);
  writeInt32(batch, BatchField.recordsCount, records.length);
  writeInt32(batch, BatchField.crc, crc32c(batch.subarray(BatchField.attributes)));
  return batch;
}

function attributesOf(spec: BatchSpec, compression: CompressionType): number {
  return (
    compression |
    (spec.timestampType === TimestampType.logAppendTime ? BatchAttribute.logAppendTime : 0) |
    (spec.isTransactional === true ? BatchAttribute.transactional : 0) |
    (spec.isControl === true ? BatchAttribute.control : 0) |
    (spec.deleteHorizonMs !== undefined ? BatchAttribute.deleteHorizon : 0)
  );
}

function maxTimestampOf(records: readonly RecordSpec[]): number {
  let max = NO_TIMESTAMP;
  for (const record of records) if (record.timestampMs > max) max = record.timestampMs;
  return max;
}

function lastOffsetDeltaOf(records: readonly RecordSpec[]): number {
  let delta = -1;
  for (const record of records) delta = record.offsetDelta ?? delta + 1;
  invariant(delta >= 0, 'an empty batch needs lastOffsetDelta');
  return delta;
}

function withHeaderSpace(records: Uint8Array): Uint8Array {
  const batch = new Uint8Array(BATCH_HEADER_BYTES + records.length);
  batch.set(records, BATCH_HEADER_BYTES);
  return batch;
}

/** The records section, uncompressed, after `prefixBytes` of room. */
function encodeRecords(records: readonly RecordSpec[], baseTimestamp: number, prefixBytes: number): Uint8Array {
  const sizes = new Array<number>(records.length);
  let total = prefixBytes;
  let offsetDelta = -1;
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as RecordSpec;
    offsetDelta = record.offsetDelta ?? offsetDelta + 1;
    const size = sizeOfRecordBody(record, record.timestampMs - baseTimestamp, offsetDelta);
    sizes[i] = size;
    total += sizeOfVarint(size) + size;
  }
  const batch = new Uint8Array(total);
  const bytes = Buffer.from(batch.buffer);
  let p = prefixBytes;
  offsetDelta = -1;
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as RecordSpec;
    offsetDelta = record.offsetDelta ?? offsetDelta + 1;
    p = writeVarint(bytes, p, sizes[i] as number);
    p = writeRecordBody(bytes, p, record, record.timestampMs - baseTimestamp, offsetDelta);
  }
  invariant(p === total, 'record sizes were computed wrongly');
  return batch;
}

function sizeOfField(field: Uint8Array | null): number {
  return field === null ? 1 : sizeOfVarint(field.length) + field.length;
}

function sizeOfRecordBody(record: RecordSpec, timestampDelta: number, offsetDelta: number): number {
  return (
    1 +
    sizeOfVarlong(timestampDelta) +
    sizeOfVarint(offsetDelta) +
    sizeOfField(record.key) +
    sizeOfField(record.value) +
    sizeOfHeaders(record.headers ?? NO_HEADERS)
  );
}

function writeField(bytes: Buffer, offset: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(bytes, offset, -1);
  const p = writeVarint(bytes, offset, field.length);
  bytes.set(field, p);
  return p + field.length;
}

function writeRecordBody(
  bytes: Buffer,
  offset: number,
  record: RecordSpec,
  timestampDelta: number,
  offsetDelta: number,
): number {
  let p = offset;
  bytes[p++] = 0;
  p = writeVarlong(bytes, p, timestampDelta);
  p = writeVarint(bytes, p, offsetDelta);
  p = writeField(bytes, p, record.key);
  p = writeField(bytes, p, record.value);
  return writeHeaders(bytes, p, record.headers ?? NO_HEADERS);
}

/**
 * The records section in plain: a slice of the batch when it is not compressed, else a new array.
 * Throws a DecodeError for what no decoder can read or what grows over the limit.
 */
export function plainRecords(batch: BatchView, limits: DecodeLimits = DEFAULT_DECODE_LIMITS): Uint8Array {
  if (batch.compression === CompressionType.none) return batch.recordsBytes;
  try {
    return decompress(batch.compression, batch.recordsBytes, limits.maxDecompressedBytes);
  } catch (error) {
    if (error instanceof CodecError) throw new DecodeError(`records of batch ${batch.baseOffset}: ${error.message}`);
    throw error;
  }
}

/**
 * Every record of a batch, control records included. Keys and values are slices: of the batch when it is not compressed.
 * Throws a DecodeError when the section is malformed or holds another number of records than the header says.
 */
export function decodeRecords(batch: BatchView, limits: DecodeLimits = DEFAULT_DECODE_LIMITS): DecodedRecord[] {
  if (batch.magic !== MAGIC_V2) throw new DecodeError(`record batch of magic ${batch.magic}`);
  const expected = batch.recordsCount;
  const bytes = plainRecords(batch, limits);
  const { baseOffset, baseTimestamp } = batch;
  const appendTimeMs = batch.timestampType === TimestampType.logAppendTime ? batch.maxTimestamp : null;
  const scanner = new RecordScanner().moveTo(bytes);
  const records: DecodedRecord[] = [];
  while (scanner.next()) {
    records.push({
      offset: baseOffset + scanner.offsetDelta,
      timestampMs: appendTimeMs ?? baseTimestamp + scanner.timestampDelta,
      key: scanner.key,
      value: scanner.value,
      headers: scanner.headers(),
    });
  }
  if (scanner.problem !== null) throw new DecodeError(`records of batch ${baseOffset}: ${scanner.problem}`);
  if (records.length !== expected) {
    throw new DecodeError(`batch ${baseOffset} holds ${records.length} records and names ${expected}`);
  }
  return records;
}

/** Produced batches, right and wrong, for the tests of validation. */
import { BatchField } from '../../../wire/record/batch';
import { CompressionType, type CompressionName } from '../../../wire/record/compression-type';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { encodeBatch, type BatchSpec, type RecordSpec } from '../../../wire/record/records';
import { TimestampType } from '../../../wire/record/batch';
import type { ValidationRules } from '../../../wire/record/validation-rules';

export const nowMs = 1_750_000_000_000;

export const rules: ValidationRules = {
  produceVersion: 13,
  mode: 'full',
  isCompacted: false,
  timestampType: TimestampType.createTime,
  beforeMaxMs: Number.MAX_SAFE_INTEGER,
  afterMaxMs: 3_600_000,
  maxMessageBytes: 1_048_588,
  compressionType: 'producer',
  maxDecompressedBytes: 10_000_000,
  crc32c: crc32cPortable,
};

export function record(i: number, more: Partial<RecordSpec> = {}): RecordSpec {
  return { key: Buffer.from(`key-${i}`), value: Buffer.from(`value-${i}`), timestampMs: nowMs - 1000 + i, ...more };
}

export function records(count: number, more: Partial<RecordSpec> = {}): RecordSpec[] {
  return Array.from({ length: count }, (_, i) => record(i, more));
}

export function batch(spec: Partial<BatchSpec> = {}): Uint8Array {
  return encodeBatch({ records: records(3), ...spec }, crc32cPortable);
}

/** The batch after `change`, its checksum right again. */
export function changed(bytes: Uint8Array, change: (bytes: Buffer) => void): Uint8Array {
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32BE(crc32cPortable(copy.subarray(BatchField.attributes)), BatchField.crc);
  return new Uint8Array(copy.buffer, copy.byteOffset, copy.length);
}

export function codecNames(): CompressionName[] {
  return Object.keys(CompressionType) as CompressionName[];
}

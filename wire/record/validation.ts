/**
 * What a leader checks before a produced batch may enter its log, by the rules of Kafka's own validator: one batch of magic
 * 2, its checksum, its header, then every record. What passes can be read by every consumer; what does not gets Kafka's
 * error code, and for single records the list of them (KIP-467).
 *
 * Invariants: bytes of a client never trip an assertion here; memory is bounded by `maxDecompressedBytes` and by the batch;
 * nothing is allocated per record unless the record is refused. Accepted bytes are patched in place where that is enough.
 *
 * Stricter than Kafka in what would hurt consumers later: record lengths inside compressed batches must add up, streams must
 * end where they say, and 64-bit values are refused beyond 2^53. Milder in one case: offset deltas that do not count up from
 * 0 are renumbered; Kafka stores them as they are in plain batches, and fails with UNKNOWN_SERVER_ERROR on compressed ones.
 * A stream that no decoder can read is INVALID_RECORD, which producers do not retry; Kafka has no code of its own for it.
 */

import { ErrorCode } from '../base/error-codes';
import {
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  BatchField,
  BatchView,
  MAGIC_V2,
  NO_PRODUCER_ID,
  TimestampType,
  batchSizeAt,
  magicAt,
} from './batch';
import { renumbered, withRecords } from './batch-rebuild';
import { CodecError } from './codecs/codec-error';
import { decompress } from './codecs/codecs';
import { CompressionType, isCompressionType } from './compression-type';
import { checkHeaderTimestamps, checkRecords, type CheckedRecords } from './record-checks';
import {
  NO_RECORD_ERRORS,
  type RefusalMeter,
  type RefusedBatch,
  type ValidationResult,
  type ValidationRules,
} from './validation-rules';

/** The smallest message of the oldest format: what claims to be shorter is corruption to Kafka's parser. */
const MIN_BATCH_BYTES = BATCH_OVERHEAD_BYTES + 14;
const FIRST_ZSTD_PRODUCE_VERSION = 7;

export function refused(errorCode: ErrorCode, message: string, meter: RefusalMeter | null = null): RefusedBatch {
  return { ok: false, errorCode, message, recordErrors: NO_RECORD_ERRORS, meter, isMalformedRequest: false };
}

/**
 * Validates the records of one partition of a Produce request. `bytes` are patched where timestamps have to change, so they
 * are not the caller's to keep otherwise; `nowMs` is wall time.
 */
export function validateBatch(bytes: Uint8Array, rules: ValidationRules, nowMs: number): ValidationResult {
  const shape = checkShape(bytes, rules);
  if (shape !== null) return { ...shape, isMalformedRequest: true };
  const batch = new BatchView(bytes);
  const header = checkHeader(batch, rules);
  if (header !== null) return header;
  const source = batch.compression as CompressionType;
  const target = rules.compressionType === 'producer' ? source : rules.compressionType;
  if (rules.mode === 'header' && source === target) {
    return checkHeaderTimestamps(batch, rules, nowMs) ?? accepted(batch, rules, batch.maxTimestamp, nowMs, false);
  }
  try {
    return validateRecords(batch, source, target, rules, nowMs);
  } catch (error) {
    if (error instanceof CodecError) return refusedByCodec(error);
    throw error;
  }
}

/** Exactly one whole batch of magic 2, and nothing after it but an incomplete piece, which Kafka drops. (KIP-98) */
function checkShape(bytes: Uint8Array, rules: ValidationRules): RefusedBatch | null {
  const size = wholeBatchBytes(bytes, 0);
  if (typeof size !== 'number') return size;
  if (size === 0) return refused(ErrorCode.INVALID_RECORD, 'the partition has no whole record batch');
  const magic = magicAt(bytes, 0);
  if (magic !== MAGIC_V2) {
    const what = `Produce version ${rules.produceVersion} takes record batches of magic 2, not ${magic}`;
    return refused(ErrorCode.INVALID_RECORD, what, 'InvalidMagicNumberRecordsPerSec');
  }
  const next = wholeBatchBytes(bytes, size);
  if (typeof next !== 'number') return next;
  if (next > 0) return refused(ErrorCode.INVALID_RECORD, 'a partition takes one record batch per Produce request');
  return size < BATCH_HEADER_BYTES ? corrupt(`record batch of ${size} bytes`) : null;
}

/** The size of the batch at `offset`, 0 when it is not whole; refused when no batch of any magic looks like that. */
function wholeBatchBytes(bytes: Uint8Array, offset: number): number | RefusedBatch {
  const size = batchSizeAt(bytes, offset);
  if (size < 0 && bytes.length - offset < BATCH_OVERHEAD_BYTES) return 0;
  if (size < MIN_BATCH_BYTES) return corrupt(`record batch of ${size} bytes`);
  const magic = magicAt(bytes, offset);
  if (bytes.length - offset <= BatchField.magic) return 0;
  if (magic < 0 || magic > MAGIC_V2) return corrupt(`record batch of magic ${magic}`);
  return size > bytes.length - offset ? 0 : size;
}

function corrupt(message: string): RefusedBatch {
  return refused(ErrorCode.CORRUPT_MESSAGE, message, 'InvalidMessageCrcRecordsPerSec');
}

function checkHeader(batch: BatchView, rules: ValidationRules): RefusedBatch | null {
  const codec = batch.compression;
  if (codec === CompressionType.zstd && rules.produceVersion < FIRST_ZSTD_PRODUCE_VERSION) {
    const what = `zstd needs Produce version ${FIRST_ZSTD_PRODUCE_VERSION}`;
    return { ...refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, what), isMalformedRequest: true };
  }
  const { baseOffset, sizeBytes, recordsCount } = batch;
  if (baseOffset !== 0) return refused(ErrorCode.INVALID_RECORD, `base offset ${baseOffset} of a new batch is not 0`);
  if (sizeBytes > rules.maxMessageBytes) {
    return refused(
      ErrorCode.MESSAGE_TOO_LARGE,
      `batch of ${sizeBytes} bytes, max.message.bytes ${rules.maxMessageBytes}`,
    );
  }
  if (!batch.isCrcValid(rules.crc32c)) return corrupt('checksum of the batch does not match');
  if (!isCompressionType(codec)) return refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `unknown codec ${codec}`);
  if (recordsCount <= 0 || batch.lastOffsetDelta !== recordsCount - 1) {
    const what = `batch of ${recordsCount} records with the last offset delta ${batch.lastOffsetDelta}`;
    return refused(ErrorCode.INVALID_RECORD, what, 'InvalidOffsetOrSequenceRecordsPerSec');
  }
  return checkProducer(batch);
}

function checkProducer(batch: BatchView): RefusedBatch | null {
  if (batch.isControl) {
    const what = 'clients may not write control records';
    return refused(ErrorCode.INVALID_RECORD, what, 'InvalidOffsetOrSequenceRecordsPerSec');
  }
  const { producerId, baseSequence } = batch;
  if (producerId > NO_PRODUCER_ID && baseSequence < 0) {
    const what = `sequence ${baseSequence} of producer ${producerId}`;
    return refused(ErrorCode.INVALID_RECORD, what, 'InvalidOffsetOrSequenceRecordsPerSec');
  }
  if (!Number.isSafeInteger(producerId)) return refused(ErrorCode.INVALID_RECORD, 'producer id beyond 2^53');
  return null;
}

function validateRecords(
  batch: BatchView,
  source: CompressionType,
  target: CompressionType,
  rules: ValidationRules,
  nowMs: number,
): ValidationResult {
  const plain =
    source === CompressionType.none
      ? batch.recordsBytes
      : decompress(source, batch.recordsBytes, rules.maxDecompressedBytes);
  const checked = checkRecords(batch, plain, rules, nowMs);
  if ('ok' in checked) return checked;
  if (source === target && checked.isNumbered) return accepted(batch, rules, checked.maxTimestampMs, nowMs, false);
  return rewrite(batch, plain, target, checked, rules, nowMs);
}

function rewrite(
  batch: BatchView,
  plain: Uint8Array,
  target: CompressionType,
  checked: CheckedRecords,
  rules: ValidationRules,
  nowMs: number,
): ValidationResult {
  const records = checked.isNumbered ? plain : renumbered(plain);
  const bytes = withRecords(batch, records, target, rules.compressionLevel, rules.crc32c);
  if (bytes.length > rules.maxMessageBytes) {
    const what = `batch of ${bytes.length} bytes after recompression, max.message.bytes ${rules.maxMessageBytes}`;
    return refused(ErrorCode.MESSAGE_TOO_LARGE, what);
  }
  return accepted(new BatchView(bytes), rules, checked.maxTimestampMs, nowMs, true);
}

/** Sets the timestamps that the log is to have; the checksum is only computed again when they were different. */
function accepted(
  batch: BatchView,
  rules: ValidationRules,
  maxTimestampMs: number,
  nowMs: number,
  isRewritten: boolean,
): ValidationResult {
  const isAppendTime = rules.timestampType === TimestampType.logAppendTime;
  const timestampMs = isAppendTime ? nowMs : maxTimestampMs;
  batch.setTimestamps(rules.timestampType, timestampMs, rules.crc32c);
  return {
    ok: true,
    bytes: batch.bytes,
    isRewritten,
    recordsCount: batch.recordsCount,
    maxTimestampMs: timestampMs,
    logAppendTimeMs: isAppendTime ? nowMs : -1,
  };
}

function refusedByCodec(error: CodecError): RefusedBatch {
  switch (error.cause) {
    case 'malformed':
      return refused(ErrorCode.INVALID_RECORD, error.message);
    case 'limit':
      return refused(ErrorCode.MESSAGE_TOO_LARGE, error.message);
    case 'unavailable':
      return refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, error.message);
  }
}

/** What a partition's leader asks of a produced batch, and what it answers. */

import type { Crc32c } from '../base/env';
import type { ErrorCode } from '../base/error-codes';
import type { TimestampType } from './batch';
import type { CompressionType } from './compression-type';

/** `header` trusts a producer's records: only header and checksum are looked at (log.record.validation). */
export type ValidationMode = 'full' | 'header';

/** The topic's settings and the request's version; one object serves all batches until one of them changes. */
export interface ValidationRules {
  readonly produceVersion: number;
  readonly mode: ValidationMode;
  /** cleanup.policy includes compact: every record needs a key. */
  readonly isCompacted: boolean;
  /** message.timestamp.type */
  readonly timestampType: TimestampType;
  /** message.timestamp.before.max.ms */
  readonly beforeMaxMs: number;
  /** message.timestamp.after.max.ms */
  readonly afterMaxMs: number;
  /** max.message.bytes */
  readonly maxMessageBytes: number;
  /** compression.type; 'producer' keeps what the producer chose. */
  readonly compressionType: CompressionType | 'producer';
  /** compression.gzip.level and its like, of the target codec. */
  readonly compressionLevel?: number;
  /** The most that a compressed records section may become. */
  readonly maxDecompressedBytes: number;
  readonly crc32c: Crc32c;
}

export interface RecordError {
  /** The record's place in its batch, from 0. */
  readonly batchIndex: number;
  readonly message: string;
}

/** Kafka's meters of refused batches, by the end of their names. */
export type RefusalMeter =
  | 'NoKeyCompactedTopicRecordsPerSec'
  | 'InvalidMagicNumberRecordsPerSec'
  | 'InvalidMessageCrcRecordsPerSec'
  | 'InvalidOffsetOrSequenceRecordsPerSec';

export interface AcceptedBatch {
  readonly ok: true;
  /** The batch to append: the bytes given, patched in place, or new ones when `isRewritten`. Base offset 0, epoch unset. */
  readonly bytes: Uint8Array;
  readonly isRewritten: boolean;
  readonly recordsCount: number;
  /** -1 when no record has a timestamp. */
  readonly maxTimestampMs: number;
  /** The broker's time when it is the records' timestamp, else -1. */
  readonly logAppendTimeMs: number;
}

export interface RefusedBatch {
  readonly ok: false;
  readonly errorCode: ErrorCode;
  readonly message: string;
  /** The records at fault, when single records are (KIP-467); at most MAX_RECORD_ERRORS of them. */
  readonly recordErrors: readonly RecordError[];
  readonly meter: RefusalMeter | null;
  /** The request itself is at fault, whatever the partition: not one whole batch, or one that its version may not carry. */
  readonly isMalformedRequest: boolean;
}

export type ValidationResult = AcceptedBatch | RefusedBatch;

/** A response lists no more records than this, however many are at fault. */
export const MAX_RECORD_ERRORS = 1000;

export const NO_RECORD_ERRORS: readonly RecordError[] = [];

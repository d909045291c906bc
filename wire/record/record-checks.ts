/** The record by record part of validation: the hot loop of a leader. Nothing is allocated while records are right. */

import { ErrorCode } from '../base/error-codes';
import { NO_TIMESTAMP, TimestampType, type BatchView } from './batch';
import { RecordScanner } from './record-scanner';
import {
  MAX_RECORD_ERRORS,
  NO_RECORD_ERRORS,
  type RecordError,
  type RefusalMeter,
  type RefusedBatch,
  type ValidationRules,
} from './validation-rules';

/** What a walk over good records has found. */
export interface CheckedRecords {
  /** Offset deltas count up from 0. */
  readonly isNumbered: boolean;
  /** The largest of the records' own timestamps, -1 without any. */
  readonly maxTimestampMs: number;
}

/** Collects refused records; made when the first one is met. */
class Refusals {
  total = 0;
  withTimestamp = 0;
  withoutKey = 0;
  readonly errors: RecordError[] = [];

  add(batchIndex: number, message: string): void {
    this.total++;
    if (this.errors.length < MAX_RECORD_ERRORS) this.errors.push({ batchIndex, message });
  }

  result(): RefusedBatch {
    const first = this.errors[0];
    const why = first === undefined ? '' : `, the first of them at ${first.batchIndex}: ${first.message}`;
    const meter: RefusalMeter | null = this.withoutKey > 0 ? 'NoKeyCompactedTopicRecordsPerSec' : null;
    return {
      ok: false,
      errorCode: this.withTimestamp > 0 ? ErrorCode.INVALID_TIMESTAMP : ErrorCode.INVALID_RECORD,
      message: `${this.total} records are not accepted${why}`,
      recordErrors: this.errors,
      meter,
    };
  }
}

/** Where timestamps have to lie, and whether the timestamp type that a producer sent refuses its records altogether. */
interface TimestampRule {
  readonly earliest: number;
  readonly latest: number;
  readonly refusesAll: boolean;
}

function timestampRule(batch: BatchView, rules: ValidationRules, nowMs: number): TimestampRule {
  const sentAppendTime = batch.timestampType === TimestampType.logAppendTime;
  if (rules.timestampType === TimestampType.logAppendTime) {
    return { earliest: -Infinity, latest: Infinity, refusesAll: sentAppendTime };
  }
  return {
    earliest: Math.max(nowMs - rules.beforeMaxMs, Number.MIN_SAFE_INTEGER),
    latest: Math.min(nowMs + rules.afterMaxMs, Number.MAX_SAFE_INTEGER),
    // Kafka lets the other type pass when its time is in bounds: the batch becomes CreateTime with that maximum.
    refusesAll: sentAppendTime && batch.maxTimestamp === NO_TIMESTAMP,
  };
}

/**
 * Walks the records of a batch, given in plain. A malformed record refuses the batch at once; records without the key that a
 * compacted topic needs, or with a timestamp out of bounds, are collected first.
 */
export function checkRecords(
  batch: BatchView,
  plain: Uint8Array,
  rules: ValidationRules,
  nowMs: number,
): CheckedRecords | RefusedBatch {
  const scanner = new RecordScanner().moveTo(plain);
  const { isCompacted } = rules;
  const { earliest, latest, refusesAll } = timestampRule(batch, rules, nowMs);
  const base = batch.baseTimestamp;
  const fixedTimestamp = batch.timestampType === TimestampType.logAppendTime ? batch.maxTimestamp : null;
  let refusals: Refusals | null = null;
  let isNumbered = true;
  let maxTimestampMs = NO_TIMESTAMP;
  let index = 0;
  for (; scanner.next(); index++) {
    if (scanner.offsetDelta !== index) isNumbered = false;
    const timestamp = fixedTimestamp ?? base + scanner.timestampDelta;
    if (timestamp > maxTimestampMs) maxTimestampMs = timestamp;
    const lacksKey = isCompacted && scanner.keyBytes < 0;
    const isOutside = (timestamp < earliest || timestamp > latest) && timestamp !== NO_TIMESTAMP;
    if (lacksKey || isOutside || refusesAll) {
      refusals ??= new Refusals();
      refuse(refusals, index, timestamp, lacksKey, isOutside, earliest, latest);
    }
  }
  if (scanner.problem !== null) return refusedRecords(`record ${index} is malformed: ${scanner.problem}`);
  if (index !== batch.recordsCount) {
    return refusedRecords(`the batch holds ${index} records and its header says ${batch.recordsCount}`);
  }
  return refusals === null ? { isNumbered, maxTimestampMs } : refusals.result();
}

/** What the header alone tells of timestamps, for the mode that does not look at records: the first one and the maximum. */
export function checkHeaderTimestamps(batch: BatchView, rules: ValidationRules, nowMs: number): RefusedBatch | null {
  const { earliest, latest, refusesAll } = timestampRule(batch, rules, nowMs);
  const { baseTimestamp, maxTimestamp } = batch;
  const isEarly = baseTimestamp < earliest && baseTimestamp !== NO_TIMESTAMP;
  if (!isEarly && maxTimestamp <= latest && !refusesAll) return null;
  const message = `timestamps from ${baseTimestamp} to ${maxTimestamp} are not accepted: outside [${earliest}, ${latest}], or of the type LogAppendTime`;
  return { ok: false, errorCode: ErrorCode.INVALID_TIMESTAMP, message, recordErrors: NO_RECORD_ERRORS, meter: null };
}

/** The key is looked at first: a record is refused for one reason. */
function refuse(
  refusals: Refusals,
  index: number,
  timestamp: number,
  lacksKey: boolean,
  isOutside: boolean,
  earliest: number,
  latest: number,
): void {
  if (lacksKey) {
    refusals.withoutKey++;
    refusals.add(index, 'a compacted topic takes no record without key');
    return;
  }
  refusals.withTimestamp++;
  if (isOutside) refusals.add(index, `timestamp ${timestamp} lies outside [${earliest}, ${latest}]`);
  else refusals.add(index, 'producers may not set the timestamp type LogAppendTime');
}

function refusedRecords(message: string): RefusedBatch {
  return { ok: false, errorCode: ErrorCode.INVALID_RECORD, message, recordErrors: NO_RECORD_ERRORS, meter: null };
}

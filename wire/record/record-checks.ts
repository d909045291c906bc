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

/** Refused records, each for one reason: the key is looked at first. */
class Refusals {
  total = 0;
  private withTimestamp = 0;
  private withoutKey = 0;
  private readonly errors: RecordError[] = [];

  addWithoutKey(batchIndex: number): void {
    this.withoutKey++;
    this.add(batchIndex, 'a compacted topic takes no record without key');
  }

  addTimestamp(batchIndex: number, message: string): void {
    this.withTimestamp++;
    this.add(batchIndex, message);
  }

  private add(batchIndex: number, message: string): void {
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
      isMalformedRequest: false,
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
 * compacted topic needs, or with a timestamp out of bounds, are collected.
 */
export function checkRecords(
  batch: BatchView,
  plain: Uint8Array,
  rules: ValidationRules,
  nowMs: number,
): CheckedRecords | RefusedBatch {
  const scanner = new RecordScanner().moveTo(plain);
  const hasFixedTimestamp = batch.timestampType === TimestampType.logAppendTime;
  let isNumbered = true;
  let hasNullKey = false;
  let leastDelta = Infinity;
  let mostDelta = -Infinity;
  let count = 0;
  for (; scanner.next(); count++) {
    const delta = scanner.timestampDelta;
    if (delta > mostDelta) mostDelta = delta;
    if (delta < leastDelta) leastDelta = delta;
    if (scanner.keyBytes < 0) hasNullKey = true;
    if (scanner.offsetDelta !== count) isNumbered = false;
  }
  if (scanner.problem !== null) return refusedRecords(`record ${count} is malformed: ${scanner.problem}`);
  if (count !== batch.recordsCount) {
    return refusedRecords(`the batch holds ${count} records and its header says ${batch.recordsCount}`);
  }
  const latestMs = hasFixedTimestamp ? batch.maxTimestamp : batch.baseTimestamp + mostDelta;
  const earliestMs = hasFixedTimestamp ? batch.maxTimestamp : batch.baseTimestamp + leastDelta;
  const rule = timestampRule(batch, rules, nowMs);
  const mayBeOutside = earliestMs < rule.earliest || latestMs > rule.latest;
  if (mayBeOutside || rule.refusesAll || (hasNullKey && rules.isCompacted)) {
    const refusals = collectRefusals(scanner.moveTo(plain), batch, rules, rule);
    if (refusals.total > 0) return refusals.result();
  }
  return { isNumbered, maxTimestampMs: Math.max(latestMs, NO_TIMESTAMP) };
}

/** The second walk, for batches that have something to refuse, or records without timestamp. */
function collectRefusals(
  scanner: RecordScanner,
  batch: BatchView,
  rules: ValidationRules,
  rule: TimestampRule,
): Refusals {
  const refusals = new Refusals();
  const { baseTimestamp, maxTimestamp } = batch;
  const hasFixedTimestamp = batch.timestampType === TimestampType.logAppendTime;
  for (let index = 0; scanner.next(); index++) {
    const timestamp = hasFixedTimestamp ? maxTimestamp : baseTimestamp + scanner.timestampDelta;
    const isOutside = (timestamp < rule.earliest || timestamp > rule.latest) && timestamp !== NO_TIMESTAMP;
    if (rules.isCompacted && scanner.keyBytes < 0) refusals.addWithoutKey(index);
    else if (isOutside)
      refusals.addTimestamp(index, `timestamp ${timestamp} lies outside [${rule.earliest}, ${rule.latest}]`);
    else if (rule.refusesAll) refusals.addTimestamp(index, 'producers may not set the timestamp type LogAppendTime');
  }
  return refusals;
}

/** What the header alone tells of timestamps, for the mode that does not look at records: the first one and the maximum. */
export function checkHeaderTimestamps(batch: BatchView, rules: ValidationRules, nowMs: number): RefusedBatch | null {
  const { earliest, latest, refusesAll } = timestampRule(batch, rules, nowMs);
  const { baseTimestamp, maxTimestamp } = batch;
  const isEarly = baseTimestamp < earliest && baseTimestamp !== NO_TIMESTAMP;
  if (!isEarly && maxTimestamp <= latest && !refusesAll) return null;
  const message = `timestamps from ${baseTimestamp} to ${maxTimestamp} are not accepted: outside [${earliest}, ${latest}], or of the type LogAppendTime`;
  return {
    ok: false,
    errorCode: ErrorCode.INVALID_TIMESTAMP,
    message,
    recordErrors: NO_RECORD_ERRORS,
    meter: null,
    isMalformedRequest: false,
  };
}

function refusedRecords(message: string): RefusedBatch {
  return {
    ok: false,
    errorCode: ErrorCode.INVALID_RECORD,
    message,
    recordErrors: NO_RECORD_ERRORS,
    meter: null,
    isMalformedRequest: false,
  };
}

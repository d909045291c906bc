/**
 * Whether two batches hold the same records at the same offsets: everything but the leader epoch, which is each cluster's own,
 * and the transactional bit, which a mirror takes off. Pure.
 */
import { BATCH_HEADER_BYTES, BatchAttribute, BatchField, type BatchView } from '../../wire/record/batch';

/** Between the attributes and the records: deltas, timestamps, producer, sequence, count. */
const AFTER_ATTRIBUTES = BatchField.attributes + 2;

export function isSameBatch(a: BatchView, b: BatchView): boolean {
  if (a.baseOffset !== b.baseOffset || a.sizeBytes !== b.sizeBytes) return false;
  const { transactional } = BatchAttribute;
  if ((a.attributes & ~transactional) !== (b.attributes & ~transactional)) return false;
  return compare(a, b, AFTER_ATTRIBUTES);
}

/** Compaction takes records out of one of two batches that were the same, or notes when its tombstones may go (KIP-534). */
export function mayBeCompacted(a: BatchView, b: BatchView): boolean {
  const isTouched = a.recordsCount !== b.recordsCount || a.hasDeleteHorizon !== b.hasDeleteHorizon;
  return a.baseOffset === b.baseOffset && a.lastOffset === b.lastOffset && isTouched;
}

function compare(a: BatchView, b: BatchView, from: number): boolean {
  const end = Math.max(BATCH_HEADER_BYTES, a.sizeBytes);
  const left = Buffer.from(a.buffer.buffer, a.buffer.byteOffset + a.offset + from, end - from);
  const right = Buffer.from(b.buffer.buffer, b.buffer.byteOffset + b.offset + from, end - from);
  return left.equals(right);
}

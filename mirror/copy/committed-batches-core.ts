/**
 * Fetched bytes as the batches that count: what transactions have aborted and what brokers wrote for each other is left out,
 * and so is what lies before the offset that was asked for.
 *
 * Invariants: nothing is decoded but the type of a control record; batches come in the order of their offsets, and `nextOffset`
 * lies behind all that was looked at, so that a fetch of nothing but aborted batches moves on, too. The bytes stay where they
 * are: whoever keeps a batch holds the answer that it came in.
 */
import {
  BatchAttribute,
  BatchField,
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  MAGIC_V2,
} from '../../wire/record/batch';
import { readInt16, readInt32, readInt64, readInt8 } from '../../wire/record/big-endian';
import { ControlRecordType } from '../../wire/record/control-records';
import { RecordScanner } from '../../wire/record/record-scanner';
import { type Answer, keptAnswer } from './answer-core';

/** A batch whose records are committed, as the source keeps it: its header says transactional if it was. */
export interface CommittedBatch {
  /** The whole batch; it belongs to whoever holds this and may be changed in place, for as long as `answer` is held. */
  readonly bytes: Uint8Array;
  readonly answer: Answer;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly recordsCount: number;
  readonly maxTimestampMs: number;
  readonly attributes: number;
  /** Of the source's leader that wrote it. */
  readonly leaderEpoch: number;
  /** Offsets count up by one from `baseOffset` to `lastOffset`: compaction has taken nothing out. */
  readonly isDense: boolean;
  /** Records before this offset are not wanted: a copy starts within this batch. Else `baseOffset`. */
  readonly firstWantedOffset: number;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface CommittedBatches {
  readonly batches: readonly CommittedBatch[];
  /** What to fetch next. The offset that was asked for when not one whole batch was there. */
  readonly nextOffset: number;
  /** The leader epoch of the last batch that was looked at; -1 when there was none. */
  readonly lastEpoch: number;
  /** Why the rest cannot be copied; null when nothing is wrong. What came before it is in `batches`. */
  readonly problem: string | null;
}

/**
 * The committed batches of one partition's answer to a fetch of `fetchOffset` with read_committed. A last batch that is cut
 * off is ignored. `aborted` is the answer's list, in any order (KIP-98); `answer` is what `records` lie in.
 */
export function committedBatches(
  records: Uint8Array,
  fetchOffset: number,
  aborted: readonly AbortedTransaction[] | null,
  answer: Answer = keptAnswer(),
): CommittedBatches {
  const transactions = new AbortedTransactions(aborted ?? []);
  const batches: CommittedBatch[] = [];
  let nextOffset = fetchOffset;
  let lastEpoch = -1;
  const found = (problem: string | null): CommittedBatches => ({ batches, nextOffset, lastEpoch, problem });
  for (let at = 0; records.length - at >= BATCH_OVERHEAD_BYTES;) {
    const sizeBytes = readInt32(records, at + BatchField.batchLength) + BATCH_OVERHEAD_BYTES;
    if (sizeBytes < BATCH_HEADER_BYTES) return found(`a batch of ${sizeBytes} bytes at ${nextOffset}`);
    if (sizeBytes > records.length - at) break;
    const magic = readInt8(records, at + BatchField.magic);
    if (magic !== MAGIC_V2) {
      return found(`records of the old format ${magic} at offset ${nextOffset}: only format 2 can be copied`);
    }
    const baseOffset = readInt64(records, at + BatchField.baseOffset);
    const lastOffset = baseOffset + readInt32(records, at + BatchField.lastOffsetDelta);
    if (lastOffset < baseOffset) return found(`a batch from ${baseOffset} to ${lastOffset}`);
    if (lastOffset >= fetchOffset) {
      if (lastOffset < nextOffset) return found(`offset ${lastOffset} after ${nextOffset - 1}`);
      const batch = wanted(records, at, sizeBytes, baseOffset, lastOffset, fetchOffset, transactions, answer);
      if (batch !== null) batches.push(batch);
      nextOffset = lastOffset + 1;
      lastEpoch = readInt32(records, at + BatchField.partitionLeaderEpoch);
    }
    at += sizeBytes;
  }
  return found(null);
}

function wanted(
  records: Uint8Array,
  at: number,
  sizeBytes: number,
  baseOffset: number,
  lastOffset: number,
  fetchOffset: number,
  transactions: AbortedTransactions,
  answer: Answer,
): CommittedBatch | null {
  const attributes = readInt16(records, at + BatchField.attributes);
  const recordsCount = readInt32(records, at + BatchField.recordsCount);
  if (!transactions.isEmpty && isLeftOut(records, at, sizeBytes, attributes, lastOffset, transactions)) return null;
  // Compaction leaves empty batches behind, for the sake of their producers' sequences.
  if ((attributes & BatchAttribute.control) !== 0 || recordsCount === 0) return null;
  return {
    bytes: records.subarray(at, at + sizeBytes),
    answer,
    baseOffset,
    lastOffset,
    recordsCount,
    maxTimestampMs: readInt64(records, at + BatchField.maxTimestamp),
    attributes,
    leaderEpoch: readInt32(records, at + BatchField.partitionLeaderEpoch),
    isDense: recordsCount === lastOffset - baseOffset + 1,
    firstWantedOffset: Math.max(baseOffset, fetchOffset),
  };
}

function isLeftOut(
  records: Uint8Array,
  at: number,
  sizeBytes: number,
  attributes: number,
  lastOffset: number,
  transactions: AbortedTransactions,
): boolean {
  transactions.startUpTo(lastOffset);
  if ((attributes & BatchAttribute.transactional) === 0) return false;
  const producerId = readInt64(records, at + BatchField.producerId);
  if ((attributes & BatchAttribute.control) === 0) return transactions.isAborted(producerId);
  if (isAbortMarker(records.subarray(at + BATCH_HEADER_BYTES, at + sizeBytes))) transactions.end(producerId);
  return true;
}

/** Control records are never compressed; the key is `{ version int16, type int16 }`. */
function isAbortMarker(section: Uint8Array): boolean {
  const scanner = new RecordScanner().moveTo(section);
  if (!scanner.next() || scanner.keyBytes < 4) return false;
  return readInt16(section, scanner.keyOffset + 2) === ControlRecordType.ABORT;
}

/** Which producers are within a transaction that was aborted, while offsets go up. */
class AbortedTransactions {
  private readonly pending: AbortedTransaction[];
  private next = 0;
  private readonly producerIds = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.pending = aborted.length === 0 ? [] : [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  get isEmpty(): boolean {
    return this.pending.length === 0;
  }

  startUpTo(offset: number): void {
    for (; this.next < this.pending.length; this.next++) {
      const { producerId, firstOffset } = this.pending[this.next]!;
      if (firstOffset > offset) return;
      this.producerIds.add(producerId);
    }
  }

  isAborted(producerId: number): boolean {
    return this.producerIds.has(producerId);
  }

  end(producerId: number): void {
    this.producerIds.delete(producerId);
  }
}

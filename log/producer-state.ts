/**
 * What a partition remembers of its idempotent and transactional producers (KIP-98): the last five batches of each, by
 * which a retry is recognised, and the transactions that are open.
 *
 * Columnar: a hundred thousand producers are a few typed arrays, not half a million objects. Nothing here changes before
 * the append it describes has succeeded: `check` only looks, `update` is called afterwards.
 */
import { ErrorCode } from '../wire/base/error-codes';
import type { BatchView } from '../wire/record/batch';
import type { ControlRecordMark } from './control-mark';

const WINDOW_BATCHES = 5;
const INITIAL_ROWS = 4;
const NO_SEQUENCE = -1;
const SEQUENCE_MODULUS = 2147483648;

/** Result of `check`: append it, it is here already (at that offset), or refuse it with this code. */
export type ProducerCheck =
  | { readonly verdict: 'append' }
  | { readonly verdict: 'duplicate'; readonly baseOffset: number; readonly lastOffset: number; readonly timestampMs: number }
  | { readonly verdict: 'refused'; readonly errorCode: number; readonly message: string };

const APPEND: ProducerCheck = { verdict: 'append' };

export interface ProducerSnapshotEntry {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestampMs: number;
  readonly coordinatorEpoch: number;
  readonly currentTxnFirstOffset: number;
}

export class ProducerState {
  private readonly rows = new Map<number, number>();
  private freeRows: number[] = [];
  private capacity = INITIAL_ROWS;
  private used = 0;
  private epochs = new Int16Array(INITIAL_ROWS);
  private coordinatorEpochs = new Int32Array(INITIAL_ROWS);
  private lastTimestamps = new Float64Array(INITIAL_ROWS);
  private txnFirstOffsets = new Float64Array(INITIAL_ROWS);
  /** Batches kept of the row, and the slot of the newest. */
  private counts = new Uint8Array(INITIAL_ROWS);
  private newest = new Uint8Array(INITIAL_ROWS);
  private firstSequences = new Int32Array(INITIAL_ROWS * WINDOW_BATCHES);
  private lastSequences = new Int32Array(INITIAL_ROWS * WINDOW_BATCHES);
  private baseOffsets = new Float64Array(INITIAL_ROWS * WINDOW_BATCHES);
  private offsetDeltas = new Int32Array(INITIAL_ROWS * WINDOW_BATCHES);
  private timestamps = new Float64Array(INITIAL_ROWS * WINDOW_BATCHES);

  get size(): number {
    return this.rows.size;
  }

  /** First offset of the earliest open transaction, or null. */
  get firstOpenTransactionOffset(): number | null {
    let first: number | null = null;
    if (this.openTransactions === 0) return null;
    for (const row of this.rows.values()) {
      const offset = this.txnFirstOffsets[row] ?? -1;
      if (offset >= 0 && (first === null || offset < first)) first = offset;
    }
    return first;
  }
  private openTransactions = 0;

  /** Judges a client's batch against what is known of its producer. `batch` has a producer id. Rules 28 and 29. */
  check(batch: BatchView): ProducerCheck {
    const row = this.rows.get(batch.producerId);
    if (row === undefined) return APPEND;
    const duplicate = this.findDuplicate(row, batch);
    if (duplicate !== null) return duplicate;
    const epoch = this.epochs[row] ?? -1;
    if (batch.producerEpoch < epoch) {
      const message = `Epoch of producer ${batch.producerId} is ${batch.producerEpoch}, which is smaller than the last seen epoch ${epoch}`;
      return { verdict: 'refused', errorCode: ErrorCode.INVALID_PRODUCER_EPOCH, message };
    }
    return this.checkSequence(row, epoch, batch);
  }

  private checkSequence(row: number, epoch: number, batch: BatchView): ProducerCheck {
    const lastSequence = this.lastSequenceOf(row);
    const isNewEpoch = batch.producerEpoch !== epoch;
    const expected = isNewEpoch || lastSequence === NO_SEQUENCE ? 0 : (lastSequence + 1) % SEQUENCE_MODULUS;
    if (batch.baseSequence === expected) return APPEND;
    if (!isNewEpoch && lastSequence === NO_SEQUENCE) return APPEND;
    const message =
      `Out of order sequence number for producer ${batch.producerId}: ` +
      `${batch.baseSequence} (incoming seq. number), ${isNewEpoch ? 'new epoch' : lastSequence} (current end sequence number)`;
    return { verdict: 'refused', errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, message };
  }

  private findDuplicate(row: number, batch: BatchView): ProducerCheck | null {
    if (batch.producerEpoch !== this.epochs[row]) return null;
    const first = batch.baseSequence;
    const last = batch.lastSequence;
    for (let i = 0; i < (this.counts[row] ?? 0); i++) {
      const slot = row * WINDOW_BATCHES + i;
      if (this.firstSequences[slot] !== first || this.lastSequences[slot] !== last) continue;
      const baseOffset = this.baseOffsets[slot] ?? 0;
      const lastOffset = baseOffset + (this.offsetDeltas[slot] ?? 0);
      return { verdict: 'duplicate', baseOffset, lastOffset, timestampMs: this.timestamps[slot] ?? -1 };
    }
    return null;
  }

  private lastSequenceOf(row: number): number {
    if (this.counts[row] === 0) return NO_SEQUENCE;
    return this.lastSequences[row * WINDOW_BATCHES + (this.newest[row] ?? 0)] ?? NO_SEQUENCE;
  }

  /**
   * Takes an appended batch into the state; its offsets are final. A control batch comes with what its record says.
   * Returns the transaction that an abort marker ended, for the transaction index.
   */
  update(batch: BatchView, mark: ControlRecordMark | null): { firstOffset: number } | null {
    const row = this.rowFor(batch.producerId);
    const isNewEpoch = this.epochs[row] !== batch.producerEpoch;
    if (isNewEpoch) {
      this.counts[row] = 0;
      this.epochs[row] = batch.producerEpoch;
    }
    if (batch.isControl) return this.endTransaction(row, batch, mark);
    this.addToWindow(row, batch.baseSequence, batch.lastSequence, batch.baseOffset, batch.lastOffsetDelta, batch.maxTimestamp);
    this.lastTimestamps[row] = batch.maxTimestamp;
    if (batch.isTransactional && (this.txnFirstOffsets[row] ?? -1) < 0) {
      this.txnFirstOffsets[row] = batch.baseOffset;
      this.openTransactions++;
    }
    return null;
  }

  private endTransaction(row: number, batch: BatchView, mark: ControlRecordMark | null): { firstOffset: number } | null {
    if (mark === null) return null;
    this.coordinatorEpochs[row] = mark.coordinatorEpoch;
    this.lastTimestamps[row] = batch.maxTimestamp;
    const firstOffset = this.txnFirstOffsets[row] ?? -1;
    if (firstOffset < 0) return null;
    this.txnFirstOffsets[row] = -1;
    this.openTransactions--;
    return mark.isAbort ? { firstOffset } : null;
  }

  private addToWindow(row: number, first: number, last: number, baseOffset: number, delta: number, timestampMs: number): void {
    const count = this.counts[row] ?? 0;
    const index = count === 0 ? 0 : ((this.newest[row] ?? 0) + 1) % WINDOW_BATCHES;
    const slot = row * WINDOW_BATCHES + index;
    this.firstSequences[slot] = first;
    this.lastSequences[slot] = last;
    this.baseOffsets[slot] = baseOffset;
    this.offsetDeltas[slot] = delta;
    this.timestamps[slot] = timestampMs;
    this.newest[row] = index;
    this.counts[row] = Math.min(count + 1, WINDOW_BATCHES);
  }

  private rowFor(producerId: number): number {
    const known = this.rows.get(producerId);
    if (known !== undefined) return known;
    const row = this.freeRows.pop() ?? this.used++;
    if (row >= this.capacity) this.grow();
    this.epochs[row] = -1;
    this.coordinatorEpochs[row] = -1;
    this.txnFirstOffsets[row] = -1;
    this.counts[row] = 0;
    this.newest[row] = 0;
    this.rows.set(producerId, row);
    return row;
  }

  private grow(): void {
    const rows = this.capacity * 2;
    const slots = rows * WINDOW_BATCHES;
    this.epochs = widened(this.epochs, new Int16Array(rows));
    this.coordinatorEpochs = widened(this.coordinatorEpochs, new Int32Array(rows));
    this.lastTimestamps = widened(this.lastTimestamps, new Float64Array(rows));
    this.txnFirstOffsets = widened(this.txnFirstOffsets, new Float64Array(rows));
    this.counts = widened(this.counts, new Uint8Array(rows));
    this.newest = widened(this.newest, new Uint8Array(rows));
    this.firstSequences = widened(this.firstSequences, new Int32Array(slots));
    this.lastSequences = widened(this.lastSequences, new Int32Array(slots));
    this.baseOffsets = widened(this.baseOffsets, new Float64Array(slots));
    this.offsetDeltas = widened(this.offsetDeltas, new Int32Array(slots));
    this.timestamps = widened(this.timestamps, new Float64Array(slots));
    this.capacity = rows;
  }

  /** Forgets producers idle since before `olderThanMs`, unless they have a transaction open. */
  expire(olderThanMs: number): void {
    for (const [producerId, row] of this.rows) {
      if ((this.lastTimestamps[row] ?? 0) >= olderThanMs || (this.txnFirstOffsets[row] ?? -1) >= 0) continue;
      this.rows.delete(producerId);
      this.freeRows.push(row);
    }
  }

  clear(): void {
    this.rows.clear();
    this.freeRows = [];
    this.used = 0;
    this.openTransactions = 0;
  }

  /** One entry a producer, with its last batch, as a snapshot file keeps it. */
  *entries(): Iterable<ProducerSnapshotEntry> {
    for (const [producerId, row] of this.rows) {
      const hasBatch = (this.counts[row] ?? 0) > 0;
      const slot = row * WINDOW_BATCHES + (this.newest[row] ?? 0);
      const offsetDelta = hasBatch ? (this.offsetDeltas[slot] ?? 0) : 0;
      yield {
        producerId,
        producerEpoch: this.epochs[row] ?? -1,
        lastSequence: this.lastSequenceOf(row),
        lastOffset: hasBatch ? (this.baseOffsets[slot] ?? 0) + offsetDelta : -1,
        offsetDelta,
        timestampMs: this.lastTimestamps[row] ?? -1,
        coordinatorEpoch: this.coordinatorEpochs[row] ?? -1,
        currentTxnFirstOffset: this.txnFirstOffsets[row] ?? -1,
      };
    }
  }

  /** Takes an entry of a snapshot file. */
  restore(entry: ProducerSnapshotEntry): void {
    const row = this.rowFor(entry.producerId);
    this.epochs[row] = entry.producerEpoch;
    this.coordinatorEpochs[row] = entry.coordinatorEpoch;
    this.lastTimestamps[row] = entry.timestampMs;
    this.txnFirstOffsets[row] = entry.currentTxnFirstOffset;
    if (entry.currentTxnFirstOffset >= 0) this.openTransactions++;
    if (entry.lastOffset < 0 || entry.lastSequence < 0) return;
    const firstSequence = (entry.lastSequence - entry.offsetDelta + SEQUENCE_MODULUS) % SEQUENCE_MODULUS;
    const baseOffset = entry.lastOffset - entry.offsetDelta;
    this.addToWindow(row, firstSequence, entry.lastSequence, baseOffset, entry.offsetDelta, entry.timestampMs);
  }
}

function widened<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from);
  return into;
}

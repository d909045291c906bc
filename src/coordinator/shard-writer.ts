/**
 * The writing half of a coordinator partition: gathers records into one batch per turn, appends it, and tells whoever waits
 * when the high watermark has passed it.
 *
 * Invariants: `nextOffset` is the offset that the next record gets, counting those of the open batch; what replaying the open
 * batch changed is in its undo log until the log has taken the batch; waiters settle in the order of their offsets.
 */

import type { BaseEnv, Crc32c, TimerHandle } from '../../wire/base/env';
import { ErrorCode } from '../../wire/base/error-codes';
import { BATCH_HEADER_BYTES } from '../../wire/record/batch';
import type { CompressionType } from '../../wire/record/compression-type';
import { type BatchSpec, encodeBatch, type RecordSpec } from '../../wire/record/records';
import { type AppendOptions, type CoordinatorLog, CoordinatorLogError, PLAIN_APPEND } from './coordinator-log';
import { Fifo } from './fifo';
import type { AppendEffect, RecordCodec, RequestToken, RuntimeConfig, WriteToken } from './shard-machine';
import { UndoLog } from './undo-log';

/** Attributes, headers count, and varints at their longest: length, timestamp, offset, key and value lengths. */
const RECORD_OVERHEAD_BYTES = 32;

export type Waiter<Response> =
  | { readonly kind: 'write'; readonly write: WriteToken }
  | {
      readonly kind: 'respond';
      readonly token: RequestToken;
      readonly response: Response;
      readonly evenIfLate: boolean;
    }
  | { readonly kind: 'guard'; readonly token: RequestToken }
  | { readonly kind: 'call'; readonly done: (errorCode: number) => void };

/** What the writer asks of the shard that it belongs to. */
export interface WriterHost<Response, StoredRecord> {
  replay(record: StoredRecord, offset: number, producerId: number, undo: UndoLog): void;
  /** NONE when committed. Called in any turn, never from within `append`, `wait` or `flush` for another's waiter. */
  settled(waiters: readonly Waiter<Response>[], errorCode: number): void;
  /** The open batch is due. */
  flushDue(): void;
  /** The log went another way than the writer thought: the state has to be loaded again. */
  diverged(why: string): void;
}

interface OpenBatch<Response> {
  readonly baseOffset: number;
  readonly records: RecordSpec[];
  readonly undo: UndoLog;
  readonly waiters: Waiter<Response>[];
  sizeBytes: number;
}

interface Pending<Response> {
  readonly commitOffset: number;
  readonly deadlineMs: number;
  readonly waiters: readonly Waiter<Response>[];
}

export class ShardWriter<Response, StoredRecord> {
  private open: OpenBatch<Response> | null = null;
  private readonly pending = new Fifo<Pending<Response>>();
  private nextOffset: number;
  private committedOffset: number;
  private lingerTimer: TimerHandle | null = null;
  private timeoutTimer: TimerHandle | null = null;
  private closed = false;

  constructor(
    private readonly env: Pick<BaseEnv, 'clock' | 'timers'>,
    private readonly crc32c: Crc32c,
    private readonly config: RuntimeConfig,
    private readonly codec: RecordCodec<StoredRecord>,
    private readonly log: CoordinatorLog,
    private readonly host: WriterHost<Response, StoredRecord>,
  ) {
    this.nextOffset = log.logEndOffset;
    this.committedOffset = log.highWatermark;
  }

  /** NONE, or the log's code when nothing of an atomic write was taken. */
  append(effect: AppendEffect<StoredRecord>, nowMs: number): number {
    const specs = effect.records.map((record) => this.spec(record, nowMs));
    if (effect.producer !== null) return this.appendTransactional(effect, specs);
    if (effect.atomic) return this.appendAtomic(effect, specs);
    for (let i = 0; i < specs.length; i++) {
      const spec = specs[i] as RecordSpec;
      const code = this.makeRoom(sizeOf(spec));
      if (code !== ErrorCode.NONE) return code;
      this.add(effect, effect.records[i] as StoredRecord, spec);
    }
    return this.maybeFlush();
  }

  /** Settles `waiter` once everything written so far has committed: at once when nothing is on its way. */
  wait(waiter: Waiter<Response>): void {
    if (this.open !== null) this.open.waiters.push(waiter);
    else if (this.committedOffset < this.nextOffset) this.park(this.nextOffset, [waiter]);
    else this.host.settled([waiter], ErrorCode.NONE);
  }

  /** NONE when there was nothing to write or the log took it. */
  flush(): number {
    const batch = this.open;
    if (batch === null) return ErrorCode.NONE;
    this.open = null;
    this.lingerTimer?.cancel();
    this.lingerTimer = null;
    return this.write(batch, {}, PLAIN_APPEND);
  }

  /**
   * Appends the marker of a transaction in a batch of its own; `replay` has to change the state and fill the undo log.
   * `done` hears NONE at the high watermark, or what went wrong.
   */
  appendMarker(
    record: RecordSpec,
    producer: { readonly producerId: number; readonly producerEpoch: number },
    coordinatorEpoch: number,
    replay: (undo: UndoLog) => void,
    done: (errorCode: number) => void,
  ): void {
    const code = this.flush();
    if (code !== ErrorCode.NONE) return done(code);
    const batch = this.newBatch();
    batch.records.push(record);
    batch.waiters.push({ kind: 'call', done });
    this.nextOffset++;
    replay(batch.undo);
    const spec = { ...producer, isTransactional: true, isControl: true };
    this.write(batch, spec, { verificationGuard: null, coordinatorEpoch });
  }

  highWatermarkMoved(highWatermark: number): void {
    if (this.closed || highWatermark <= this.committedOffset) return;
    this.committedOffset = highWatermark;
    for (let first = this.pending.peek(); first !== undefined; first = this.pending.peek()) {
      if (first.commitOffset > highWatermark) return;
      this.pending.shift();
      this.host.settled(first.waiters, ErrorCode.NONE);
    }
  }

  /** Takes the open batch back and fails everybody who waits. */
  close(errorCode: number): void {
    this.closed = true;
    this.lingerTimer?.cancel();
    this.timeoutTimer?.cancel();
    const batch = this.open;
    this.open = null;
    for (const { waiters } of this.pending.drain()) this.host.settled(waiters, errorCode);
    if (batch === null) return;
    batch.undo.revert();
    this.host.settled(batch.waiters, errorCode);
  }

  private spec(record: StoredRecord, timestampMs: number): RecordSpec {
    const { key, value } = this.codec.encode(record);
    return { key, value, timestampMs };
  }

  private appendAtomic(effect: AppendEffect<StoredRecord>, specs: readonly RecordSpec[]): number {
    let sizeBytes = 0;
    for (const spec of specs) sizeBytes += sizeOf(spec);
    const code = this.makeRoom(sizeBytes);
    if (code !== ErrorCode.NONE) return code;
    for (let i = 0; i < specs.length; i++) {
      this.add(effect, effect.records[i] as StoredRecord, specs[i] as RecordSpec);
    }
    return this.maybeFlush();
  }

  /** Its own batch with the producer's id and epoch, written at once. */
  private appendTransactional(effect: AppendEffect<StoredRecord>, specs: readonly RecordSpec[]): number {
    const flushed = this.flush();
    if (flushed !== ErrorCode.NONE || specs.length === 0 || effect.producer === null) return flushed;
    const { producerId, producerEpoch, verificationGuard } = effect.producer;
    const batch = this.newBatch();
    this.open = batch;
    for (let i = 0; i < specs.length; i++) {
      this.add(effect, effect.records[i] as StoredRecord, specs[i] as RecordSpec);
    }
    this.open = null;
    const header = { producerId, producerEpoch, baseSequence: 0, isTransactional: true };
    return this.write(batch, header, { verificationGuard, coordinatorEpoch: null });
  }

  /** Flushes the open batch if `sizeBytes` more do not fit into it. Alone they may be too large: compression might help. */
  private makeRoom(sizeBytes: number): number {
    if (this.open === null || this.open.sizeBytes + sizeBytes <= this.log.maxBatchBytes) return ErrorCode.NONE;
    return this.flush();
  }

  private add(effect: AppendEffect<StoredRecord>, record: StoredRecord, spec: RecordSpec): void {
    const batch = (this.open ??= this.openBatch());
    const offset = this.nextOffset++;
    batch.records.push(spec);
    batch.sizeBytes += sizeOf(spec);
    if (effect.replay) this.host.replay(record, offset, effect.producer?.producerId ?? -1, batch.undo);
  }

  private openBatch(): OpenBatch<Response> {
    const lingerMs = this.config.appendLingerMs;
    if (lingerMs < 0) this.env.timers.soon(() => this.flushDue());
    else if (lingerMs > 0) this.lingerTimer = this.env.timers.set(lingerMs, () => this.flushDue());
    return this.newBatch();
  }

  private flushDue(): void {
    if (!this.closed) this.host.flushDue();
  }

  private newBatch(): OpenBatch<Response> {
    return {
      baseOffset: this.nextOffset,
      records: [],
      undo: new UndoLog(),
      waiters: [],
      sizeBytes: BATCH_HEADER_BYTES,
    };
  }

  private maybeFlush(): number {
    if (this.open === null) return ErrorCode.NONE;
    // What is over the limit has the batch to itself; whether it shrinks enough shows when it is compressed.
    const isTooLarge = this.open.sizeBytes > this.log.maxBatchBytes;
    return this.config.appendLingerMs === 0 || isTooLarge ? this.flush() : ErrorCode.NONE;
  }

  private write(batch: OpenBatch<Response>, header: Partial<BatchSpec>, options: AppendOptions): number {
    const spec: BatchSpec = {
      records: batch.records,
      baseOffset: batch.baseOffset,
      compression: header.isControl === true ? 0 : (this.config.compression as CompressionType),
      ...header,
    };
    const bytes = encodeBatch(spec, this.crc32c);
    const code =
      bytes.length > this.log.maxBatchBytes ? ErrorCode.RECORD_LIST_TOO_LARGE : this.store(batch, bytes, options);
    if (code === ErrorCode.NONE) return code;
    batch.undo.revert();
    this.nextOffset = batch.baseOffset;
    this.host.settled(batch.waiters, code);
    return code;
  }

  private store(batch: OpenBatch<Response>, bytes: Uint8Array, options: AppendOptions): number {
    try {
      const { baseOffset } = this.log.append(bytes, options);
      if (baseOffset !== batch.baseOffset) {
        this.host.diverged(`the log gave offset ${baseOffset}, expected was ${batch.baseOffset}`);
        return ErrorCode.NOT_COORDINATOR;
      }
    } catch (error) {
      if (error instanceof CoordinatorLogError) return error.errorCode;
      throw error;
    }
    if (batch.waiters.length > 0) this.park(this.nextOffset, batch.waiters);
    this.highWatermarkMoved(this.log.highWatermark);
    return ErrorCode.NONE;
  }

  private park(commitOffset: number, waiters: readonly Waiter<Response>[]): void {
    const { writeTimeoutMs } = this.config;
    this.pending.push({ commitOffset, waiters, deadlineMs: this.env.clock.monotonicMs() + writeTimeoutMs });
    this.timeoutTimer ??= this.env.timers.set(writeTimeoutMs, () => this.expire());
  }

  /** Fails what has waited too long. Records and state stay: they may well commit yet. */
  private expire(): void {
    this.timeoutTimer = null;
    const nowMs = this.env.clock.monotonicMs();
    for (let first = this.pending.peek(); first !== undefined; first = this.pending.peek()) {
      if (first.deadlineMs > nowMs) {
        this.timeoutTimer = this.env.timers.set(first.deadlineMs - nowMs, () => this.expire());
        return;
      }
      this.pending.shift();
      this.host.settled(first.waiters, ErrorCode.REQUEST_TIMED_OUT);
    }
  }
}

function sizeOf(spec: RecordSpec): number {
  return RECORD_OVERHEAD_BYTES + (spec.key?.length ?? 0) + (spec.value?.length ?? 0);
}

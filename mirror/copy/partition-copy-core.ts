/**
 * The copy of one partition: what has been fetched, what is on its way to the target, what the target has.
 *
 * States: `resuming` (the writer finds out where to go on), `copying`, `draining` (something failed; what else is on its way
 * is waited for, whatever it says), `waiting` (a back-off), `stopped` (a trouble that people must hear of).
 * Invariants: batches leave in the order of their offsets; a parcel is on its way at most once at a time, and answers come in
 * the order of the parcels, since one connection carries them; `position` moves only over what the target has acknowledged,
 * and over what was left out when nothing before it is open; the answer that a batch lies in is held until the batch is
 * acknowledged or given up, and by whoever sends it for as long as he needs it.
 */
import { invariant } from '../../wire/base/invariant';
import type { FlowPartition, Trouble } from '../flow/flow-partition';
import type { CommittedBatch, CommittedBatches } from './committed-batches-core';
import { backoffOf, type CopySettings } from './copy-settings';
import type { Parcel, PartitionWriter, ResumePoint, SourceRange } from './partition-writer';

export type CopyStatus = 'resuming' | 'copying' | 'draining' | 'waiting' | 'stopped';

/** A parcel, and what it was made of. */
export interface Shipment {
  readonly copy: PartitionCopy;
  /** Of the copy, when it was packed. */
  readonly generation: number;
  readonly parcel: Parcel;
  /** The parcel's bytes may lie in their answers. */
  readonly batches: readonly CommittedBatch[];
}

/** What to do when a back-off is over. */
type Next = 'resume' | 'resend';

/** Failures in a row after which what is buffered is given up and found out anew: memory belongs to who gets on. */
const MAX_RESENDS = 3;

export class PartitionCopy {
  status: CopyStatus = 'resuming';
  /** When a back-off ends; Infinity: never by itself. */
  dueMs = Infinity;
  failures = 0;
  /** Changes with each resume and each end: answers to what was asked before it are of no use. */
  generation = 0;
  source: SourceRange = { logStartOffset: -1, lastStableOffset: -1 };
  /** The next offset to fetch, and the leader epoch of the batch before it. */
  fetchOffset = -1;
  fetchedEpoch = -1;
  /** The next source offset to copy, all before it being on the target, and the last record's offset there. */
  position = -1;
  positionEpoch = -1;
  lastTargetOffset = -1;
  trouble: Trouble | null = null;
  bufferedBytes = 0;

  private next: Next = 'resume';
  private queue: CommittedBatch[] = [];
  private head = 0;
  /** Packed and not acknowledged, oldest first; the first `outstanding` of them are on their way. */
  private shipments: Shipment[] = [];
  private outstanding = 0;

  constructor(
    readonly partition: FlowPartition,
    readonly writer: PartitionWriter,
    private readonly settings: CopySettings,
  ) {}

  /** Fetched batches that are not packed. */
  get queued(): number {
    return this.queue.length - this.head;
  }

  get unacknowledged(): number {
    return this.shipments.length;
  }

  get isOnItsWay(): boolean {
    return this.outstanding > 0;
  }

  wantsFetch(): boolean {
    return this.status === 'copying' && this.bufferedBytes < this.settings.maxPartitionBufferedBytes;
  }

  hasToSend(): boolean {
    if (this.status !== 'copying' || this.outstanding >= this.settings.maxInFlight) return false;
    return this.outstanding < this.shipments.length || this.queued > 0;
  }

  resumeAt(point: ResumePoint): void {
    this.clear();
    this.position = this.fetchOffset = point.position;
    this.positionEpoch = this.fetchedEpoch = point.epoch;
    this.lastTargetOffset = point.lastTargetOffset;
    this.status = 'copying';
    this.dueMs = Infinity;
  }

  /** Behind records that the source has no more. */
  skipTo(offset: number): void {
    this.fetchOffset = offset;
    this.fetchedEpoch = -1;
    if (this.isEmpty()) this.moveTo(offset, -1);
  }

  /** Takes what an answer to a fetch of `fetchOffset` holds. True when there is something new. */
  fetched({ batches, nextOffset, lastEpoch }: CommittedBatches): boolean {
    if (nextOffset === this.fetchOffset) return false;
    this.fetchOffset = nextOffset;
    this.fetchedEpoch = lastEpoch;
    for (const batch of batches) {
      batch.answer.hold();
      this.queue.push(batch);
      this.bufferedBytes += batch.bytes.length;
    }
    if (this.isEmpty()) this.moveTo(nextOffset, lastEpoch);
    return true;
  }

  private isEmpty(): boolean {
    return this.queued === 0 && this.shipments.length === 0;
  }

  /**
   * The next parcel to send, whose answers are held until `letGo`; null when what is next holds no record that is wanted.
   * Throws what the writer throws.
   */
  take(maxBytes: number): Shipment | null {
    invariant(this.hasToSend(), 'nothing to send');
    const again = this.shipments[this.outstanding];
    const shipment = again ?? this.pack(maxBytes);
    if (shipment === null) return null;
    for (const { answer } of shipment.batches) answer.hold();
    this.outstanding++;
    return shipment;
  }

  private pack(maxBytes: number): Shipment | null {
    const shown = this.queue.slice(this.head, this.head + (this.writer.batchesAtOnce ?? MAX_PACKED));
    const before = shown[0]!;
    const parcel = this.writer.pack(shown, maxBytes, this.source);
    const batches = parcel.batches === shown.length ? shown : shown.slice(0, parcel.batches);
    let packedBytes = 0;
    for (const { bytes } of batches) packedBytes += bytes.length;
    this.head += parcel.batches;
    if (this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    } else if (this.head >= 1024) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    this.bufferedBytes -= packedBytes;
    invariant(parcel.nextSourceOffset > before.baseOffset, 'a parcel does not move the copy on');
    const shipment = { copy: this, generation: this.generation, parcel, batches };
    if (parcel.recordsCount === 0) {
      letGo(shipment);
      if (this.shipments.length === 0) this.settleAt(parcel);
      return null;
    }
    this.bufferedBytes += parcel.sizeBytes;
    this.shipments.push(shipment);
    return shipment;
  }

  /** The oldest parcel on its way is on the target. */
  acked(lastTargetOffset: number): void {
    const shipment = this.shipments.shift();
    invariant(shipment !== undefined && this.outstanding > 0, 'an answer for nothing');
    const { parcel } = shipment;
    letGo(shipment);
    this.outstanding--;
    this.bufferedBytes -= parcel.sizeBytes;
    this.failures = 0;
    this.lastTargetOffset = lastTargetOffset;
    this.settleAt(parcel);
  }

  /** Moves the position, and over what was left out behind it when nothing else is open. */
  private settleAt({ nextSourceOffset, sourceEpoch }: Parcel): void {
    if (this.isEmpty()) this.moveTo(this.fetchOffset, this.fetchedEpoch);
    else this.moveTo(nextSourceOffset, sourceEpoch);
  }

  private moveTo(position: number, epoch: number): void {
    this.position = position;
    this.positionEpoch = epoch;
  }

  /** An answer, or none, that needs another try. Ends in a back-off once nothing is on its way any more. */
  failed(nowMs: number): void {
    if (this.status === 'copying') this.status = 'draining';
    this.answeredWhileDraining(nowMs);
  }

  /** While others fail, what an answer says is of no use: it is asked again. */
  answeredWhileDraining(nowMs: number): void {
    invariant(this.outstanding > 0, 'an answer for nothing');
    this.outstanding--;
    if (this.outstanding > 0 || this.status !== 'draining') return;
    if (this.failures >= MAX_RESENDS) this.waitToResume(nowMs);
    else this.wait('resend', nowMs);
  }

  /** There is nobody to send to. */
  postpone(nowMs: number): void {
    if (this.status !== 'copying' || this.outstanding > 0) return;
    if (this.failures >= MAX_RESENDS) this.waitToResume(nowMs);
    else this.wait('resend', nowMs);
  }

  /** What is buffered and on its way is forgotten; the writer is asked after a back-off. */
  waitToResume(nowMs: number): void {
    this.clear();
    this.wait('resume', nowMs);
  }

  stop(trouble: Trouble, retryMs: number, nowMs: number): void {
    this.clear();
    this.status = 'stopped';
    this.trouble = trouble;
    this.next = 'resume';
    this.dueMs = nowMs + retryMs;
  }

  private wait(next: Next, nowMs: number): void {
    this.status = 'waiting';
    this.next = next;
    this.dueMs = nowMs + backoffOf(this.failures++, this.settings);
  }

  /** The back-off is over: 'resume' when the writer has to be asked, 'send' when sending may go on. */
  wake(): Next {
    this.dueMs = Infinity;
    this.status = this.next === 'resume' ? 'resuming' : 'copying';
    return this.next;
  }

  /** Ends what is open: its answers will not be looked at. */
  clear(): void {
    this.generation++;
    for (let i = this.head; i < this.queue.length; i++) this.queue[i]!.answer.release();
    for (const shipment of this.shipments) letGo(shipment);
    this.queue = [];
    this.head = 0;
    this.shipments = [];
    this.outstanding = 0;
    this.bufferedBytes = 0;
  }
}

/** Nobody reads the bytes of a parcel any more that was taken. */
export function letGo({ batches }: Shipment): void {
  for (const { answer } of batches) answer.release();
}

/** Batches that a writer is shown at once. */
const MAX_PACKED = 64;

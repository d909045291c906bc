/**
 * What of a source's batches a target already holds behind the last position that was stored: how a take-over doubles nothing.
 *
 * Whoever copied before wrote batches in the order of their offsets, each with its records section as it was. So the
 * target's tail is walked beside the source's batches: a batch that is the next one of the source has been copied; any other
 * was written by somebody else, and is passed over. Invariant: a source batch counts as copied only when it and all before it
 * were found, in order; so nothing is ever skipped, and at worst something is copied twice.
 */
import { BatchView, TimestampType } from '../../wire/record/batch';
import { plainRecords } from '../../wire/record/records';

/** A batch as it would be sent: rebuilt where it has to be. */
export interface ExpectedBatch {
  readonly bytes: Uint8Array;
  readonly nextSourceOffset: number;
  readonly sourceEpoch: number;
}

export interface TailBatch {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

export class TailMatch {
  /** Batches of the target that are nobody's copy, by their first and last offset. */
  readonly foreign: { firstOffset: number; lastOffset: number }[] = [];
  matched = 0;
  private expected: ExpectedBatch[] = [];
  private next = 0;

  constructor(
    private position: number,
    private epoch: number,
    private lastTargetOffset: number,
  ) {}

  get result(): { readonly position: number; readonly epoch: number; readonly lastTargetOffset: number } {
    return { position: this.position, epoch: this.epoch, lastTargetOffset: this.lastTargetOffset };
  }

  get needsSource(): boolean {
    return this.next >= this.expected.length;
  }

  addSource(batches: readonly ExpectedBatch[]): void {
    this.expected = [...this.expected.slice(this.next), ...batches];
    this.next = 0;
  }

  /** The next batch of the target's tail. Source batches must be there while there are any. */
  takeTarget(batch: TailBatch): void {
    const expected = this.expected[this.next];
    if (expected !== undefined && holdsSame(expected.bytes, batch.bytes)) {
      this.next++;
      this.matched++;
      this.position = expected.nextSourceOffset;
      this.epoch = expected.sourceEpoch;
      this.lastTargetOffset = batch.lastOffset;
      return;
    }
    const last = this.foreign.at(-1);
    if (last !== undefined && last.lastOffset + 1 === batch.baseOffset) last.lastOffset = batch.lastOffset;
    else if (this.foreign.length < MAX_FOREIGN)
      this.foreign.push({ firstOffset: batch.baseOffset, lastOffset: batch.lastOffset });
  }
}

const MAX_FOREIGN = 100;

/** Whether two batches hold the same records at the same times. A target may have another codec, or the time of its own log. */
export function holdsSame(source: Uint8Array, target: Uint8Array): boolean {
  const [a, b] = [new BatchView(source), new BatchView(target)];
  if (a.recordsCount !== b.recordsCount) return false;
  const hasOwnTimes = b.timestampType === TimestampType.logAppendTime;
  if (!hasOwnTimes && a.maxTimestamp !== b.maxTimestamp) return false;
  if (!hasOwnTimes && a.baseTimestamp !== b.baseTimestamp) return false;
  if (a.compression === b.compression && equal(a.recordsBytes, b.recordsBytes)) return true;
  if (a.compression === b.compression && a.compression === 0) return false;
  return equal(plainRecords(a), plainRecords(b));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * Applies the log to a controller that is not active, in slices of 5 ms. Nobody decides by its state meanwhile, so a slice
 * may end between any two records.
 */
import type { Clock, Timers } from '../../wire/base/env';
import type { BatchView } from '../../wire/record/batch';
import { decodeRecords, type DecodedRecord } from '../../wire/record/records';
import { ReplayError } from '../metadata/replay-error';
import { decodeMetadataRecord, type MetadataRecord } from '../metadata/records';

const SLICE_MS = 5;
/** Records between two looks at the clock. */
const RECORDS_PER_LOOK = 32;

export interface LogReplayParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The next batch to apply, or null at the end. */
  readonly nextBatch: () => BatchView | null;
  readonly apply: (record: MetadataRecord, offset: number) => void;
  /** The state has been given up: what is left is of no interest. */
  readonly isAbandoned: () => boolean;
  /** At the end, within the call when one slice was enough; or when it turns out to be abandoned. */
  readonly finished: (isAbandoned: boolean) => void;
  /** Something threw in a later turn; in the first one it is the caller's. */
  readonly failed: (error: unknown) => void;
}

export class LogReplay {
  private records: readonly DecodedRecord[] = [];
  private position = 0;

  constructor(private readonly parts: LogReplayParts) {}

  run(): void {
    const { clock, timers, isAbandoned, finished, failed } = this.parts;
    if (isAbandoned()) return finished(true);
    if (this.slice(clock.monotonicMs() + SLICE_MS)) return finished(false);
    timers.soon(() => {
      try {
        this.run();
      } catch (error) {
        failed(error);
      }
    });
  }

  /** True at the end. */
  private slice(deadlineMs: number): boolean {
    for (;;) {
      if (this.position === this.records.length && !this.takeBatch()) return true;
      const end = Math.min(this.position + RECORDS_PER_LOOK, this.records.length);
      while (this.position < end) this.applyOne(this.records[this.position++]);
      if (this.parts.clock.monotonicMs() >= deadlineMs) return false;
    }
  }

  private takeBatch(): boolean {
    const batch = this.parts.nextBatch();
    if (batch === null) return false;
    this.records = batch.isControl ? [] : decodeRecords(batch);
    this.position = 0;
    return true;
  }

  private applyOne(record: DecodedRecord | undefined): void {
    if (record === undefined || record.value === null) throw new ReplayError('a metadata record without value');
    this.parts.apply(decodeMetadataRecord(record.value), record.offset);
  }
}

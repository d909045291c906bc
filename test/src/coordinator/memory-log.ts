/** A coordinator's partition in memory. Unless `holds` is set, what is appended commits at once. */
import {
  type AppendedBatch,
  type AppendOptions,
  type CoordinatorLog,
  CoordinatorLogError,
} from '../../../src/coordinator/coordinator-log';
import { BatchView } from '../../../wire/record/batch';

export class MemoryLog implements CoordinatorLog {
  logStartOffset = 0;
  logEndOffset = 0;
  highWatermark = 0;
  maxBatchBytes = 1_048_588;
  /** Appended batches wait for `commit`. */
  holds = false;
  /** The error code of the next append, once. */
  nextError: number | null = null;
  /** The offset that the next append claims to have given, once. */
  nextBaseOffset: number | null = null;
  readonly batches: Uint8Array[] = [];
  readonly appended: AppendOptions[] = [];
  /** Told of every batch that was taken, before anybody hears of the high watermark. */
  taken: (batch: Uint8Array) => void = () => undefined;
  private listeners: ((highWatermark: number) => void)[] = [];

  append(batch: Uint8Array, options: AppendOptions): AppendedBatch {
    if (this.nextError !== null) {
      const errorCode = this.nextError;
      this.nextError = null;
      throw new CoordinatorLogError(errorCode, `refused with ${errorCode}`);
    }
    const view = new BatchView(batch);
    view.setBaseOffset(this.logEndOffset);
    this.batches.push(batch);
    this.appended.push(options);
    const baseOffset = this.nextBaseOffset ?? this.logEndOffset;
    this.nextBaseOffset = null;
    this.logEndOffset = view.nextOffset;
    this.taken(batch);
    if (!this.holds) this.commit();
    return { baseOffset, lastOffset: this.logEndOffset - 1 };
  }

  /** Moves the high watermark to the end. */
  commit(): void {
    this.highWatermark = this.logEndOffset;
    for (const moved of this.listeners) moved(this.highWatermark);
  }

  read(offset: number, maxBytes: number, done: (batches: Uint8Array | CoordinatorLogError) => void): void {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (const batch of this.batches) {
      if (new BatchView(batch).nextOffset <= offset) continue;
      if (size > 0 && size + batch.length > maxBytes) break;
      chunks.push(batch);
      size += batch.length;
    }
    done(new Uint8Array(Buffer.concat(chunks)));
  }

  onHighWatermark(moved: (highWatermark: number) => void): () => void {
    this.listeners.push(moved);
    return () => void (this.listeners = this.listeners.filter((other) => other !== moved));
  }
}

/** A replica on this broker: its core over its log. */
import type { AppendOrigin, AppendOutcome } from '../../log/append-outcome';
import type { PartitionLog } from '../../log/partition-log';
import { PartitionCore } from './partition-core';

export class Partition {
  readonly core: PartitionCore;
  private readonly highWatermarkListeners = new Set<() => void>();

  constructor(
    readonly log: PartitionLog,
    brokerId: number,
    private readonly flushBeforeAck: boolean,
    /** Told after the log has grown or the high watermark has moved: parked requests may end. */
    private readonly advanced: (partition: Partition) => void,
  ) {
    this.core = new PartitionCore(brokerId, log, flushBeforeAck);
  }

  get key(): string {
    return `${this.log.topicPartition.topic}-${this.log.topicPartition.partition}`;
  }

  onHighWatermark(listener: () => void): () => void {
    this.highWatermarkListeners.add(listener);
    return () => this.highWatermarkListeners.delete(listener);
  }

  /** Appends validated batches as leader. Throws LogStorageError. */
  append(bytes: Uint8Array, origin: AppendOrigin): AppendOutcome {
    const outcome = this.log.append(bytes, this.core.leaderEpoch, origin);
    if (outcome.status === 'appended') {
      if (this.flushBeforeAck || outcome.isFlushDue) this.log.flush(() => this.advance());
      this.advance();
    }
    return outcome;
  }

  /** Recomputes what is committed and wakes whoever waits for it. */
  advance(): void {
    if (this.core.advanceHighWatermark()) for (const listener of this.highWatermarkListeners) listener();
    this.advanced(this);
  }
}

/** A partition that this broker leads, as a coordinator sees it. */
import { LogStorageError } from '../../log/log-error';
import { readBatches } from '../../log/log-reader';
import { ErrorCode } from '../../wire/base/error-codes';
import type { Partition } from '../replication/partition';
import { CoordinatorLogError, type AppendedBatch, type AppendOptions, type CoordinatorLog } from './coordinator-log';

export class PartitionCoordinatorLog implements CoordinatorLog {
  constructor(private readonly partition: Partition) {}

  get logStartOffset(): number {
    return this.partition.log.logStartOffset;
  }
  get logEndOffset(): number {
    return this.partition.log.logEndOffset;
  }
  get highWatermark(): number {
    return this.partition.log.highWatermark;
  }
  get maxBatchBytes(): number {
    return this.partition.log.config.maxMessageBytes;
  }

  append(batch: Uint8Array, _options: AppendOptions): AppendedBatch {
    const errorCode = this.partition.core.checkLeader(-1);
    if (errorCode !== ErrorCode.NONE) throw new CoordinatorLogError(errorCode, `not the leader of ${this.partition.key}`);
    if (this.partition.core.isUnderMinIsr(this.partition.log.config.minInsyncReplicas)) {
      throw new CoordinatorLogError(ErrorCode.NOT_ENOUGH_REPLICAS, `${this.partition.key} has too few in-sync replicas`);
    }
    return this.mapping(() => {
      const outcome = this.partition.append(batch, 'coordinator');
      if (outcome.status === 'refused') throw new CoordinatorLogError(outcome.errorCode, outcome.message);
      return outcome;
    });
  }

  read(offset: number, maxBytes: number, done: (batches: Uint8Array | CoordinatorLogError) => void): void {
    let result: Uint8Array | CoordinatorLogError;
    try {
      result = this.mapping(() => readBatches(this.partition.log, offset, maxBytes, this.partition.log.logEndOffset));
    } catch (error) {
      if (!(error instanceof CoordinatorLogError)) throw error;
      result = error;
    }
    done(result);
  }

  onHighWatermark(moved: (highWatermark: number) => void): () => void {
    return this.partition.onHighWatermark(() => moved(this.partition.log.highWatermark));
  }

  private mapping<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof LogStorageError) throw new CoordinatorLogError(error.errorCode, error.message);
      throw error;
    }
  }
}

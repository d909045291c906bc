/** One partition's committed batches from an offset on, one answer in memory at a time. */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BatchView } from '../../wire/record/batch';
import { committedBatches, type CommittedBatch } from '../copy/committed-batches-core';

const MAX_BYTES = 4 * 1024 * 1024;

export class PartitionReader {
  private queue: readonly CommittedBatch[] = [];
  private head = 0;

  constructor(
    private readonly cluster: ClusterClient,
    private readonly topic: string,
    private readonly partition: number,
    private offset: number,
    private readonly endOffset: number,
  ) {}

  /** The batch that is next; null at the end. Rejects with an ExchangeError or a ServerError. */
  async peek(): Promise<BatchView | null> {
    while (this.head >= this.queue.length) {
      if (this.offset >= this.endOffset) return null;
      await this.fetch();
    }
    const batch = this.queue[this.head]!;
    return batch.baseOffset >= this.endOffset ? null : new BatchView(batch.bytes);
  }

  skip(): void {
    this.head++;
  }

  private async fetch(): Promise<void> {
    const options = { maxBytes: MAX_BYTES, maxWaitMs: 0, readCommitted: true };
    const { records, abortedTransactions } = await this.cluster.fetch(this.topic, this.partition, this.offset, options);
    const { batches, nextOffset, problem } = committedBatches(records, this.offset, abortedTransactions);
    const where = `${this.topic}-${this.partition}`;
    if (problem !== null) throw new ServerError(ErrorCode.CORRUPT_MESSAGE, `${where}: ${problem}`);
    // A log may end with offsets that have no record.
    if (nextOffset === this.offset) this.offset = this.endOffset;
    else this.offset = nextOffset;
    this.queue = batches;
    this.head = 0;
  }
}

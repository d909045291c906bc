/**
 * Reads one partition of a topic from its start, and then what has come since, record by record: for MirrorMaker's own topics.
 * Aborted records of transactions are left out. One answer is in memory at a time.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BatchView } from '../../wire/record/batch';
import { type DecodedRecord, decodeRecords } from '../../wire/record/records';
import { committedBatches } from '../copy/committed-batches-core';

export interface TailTaker {
  record(record: DecodedRecord): void;
  /** The topic is another one than before, or lost its end: all of it is read anew. */
  restart(): void;
}

const MAX_BYTES = 1024 * 1024;

export class TopicTail {
  private position = -1;
  private topicId: string | null = null;

  constructor(
    private readonly client: ClusterClient,
    readonly topic: string,
    private readonly partition = 0,
  ) {}

  /** Resolves when all is read that is committed by now; a topic that is not there is empty. */
  async readToEnd(taker: TailTaker): Promise<void> {
    const [view] = await this.client.metadata([this.topic]);
    const isThere = view?.errorCode === ErrorCode.NONE;
    if (!isThere && view?.errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      throw new ServerError(view?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, `topic ${this.topic}`);
    if (!isThere || this.partition >= view.leaders.length) return this.forget(taker);
    const startOffset = await this.client.listOffset(this.topic, this.partition, -2);
    const endOffset = await this.client.listOffset(this.topic, this.partition, -1, true);
    if (this.topicId !== null && (this.topicId !== view.topicId || endOffset < this.position)) this.forget(taker);
    this.topicId = view.topicId;
    this.position = Math.max(this.position, startOffset);
    while (this.position < endOffset) await this.readSome(taker);
  }

  private forget(taker: TailTaker): void {
    if (this.topicId !== null) taker.restart();
    this.topicId = null;
    this.position = -1;
  }

  private async readSome(taker: TailTaker): Promise<void> {
    const from = this.position;
    const options = { maxBytes: MAX_BYTES, maxWaitMs: 0, readCommitted: true };
    const { records, abortedTransactions } = await this.client.fetch(this.topic, this.partition, from, options);
    const { batches, nextOffset, problem } = committedBatches(records, from, abortedTransactions);
    for (const { bytes } of batches) {
      for (const record of decodeRecords(new BatchView(bytes, 0))) if (record.offset >= from) taker.record(record);
    }
    if (problem !== null) throw new Error(`${this.topic}-${this.partition}: ${problem}`);
    if (nextOffset === from) throw new ServerError(ErrorCode.OFFSET_NOT_AVAILABLE, `${this.topic} at ${from}`);
    this.position = nextOffset;
  }
}

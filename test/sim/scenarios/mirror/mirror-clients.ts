/** Who writes, commits and reads around a simulated mirror: patient clients over the house's own cluster client. */

import { decodeCheckpoint, type Checkpoint } from '../../../../mirror/formats/checkpoint';
import type { Env } from '../../../../log/env';
import { ErrorCode } from '../../../../wire/base/error-codes';
import { ServerError } from '../../../../wire/broker-link';
import { ExchangeError } from '../../../../wire/client-connection';
import { ClusterClient } from '../../../../wire/cluster-client';
import { BatchView, batchSizeAt } from '../../../../wire/record/batch';
import { decodeRecords, encodeBatch, type DecodedRecord } from '../../../../wire/record/records';
import { PORT, type ClusterName } from './mirror-config';
import type { SourcePartition, StoredRecord } from './mirror-ghost';

const RETRY_MS = 50;

export class PatientClient {
  readonly cluster: ClusterClient;
  private producerId = -1;
  private readonly sequences = new Map<SourcePartition, number>();

  constructor(
    private readonly env: Env,
    readonly name: ClusterName,
  ) {
    this.cluster = new ClusterClient(env, { bootstrap: [{ host: name, port: PORT }], clientId: 'play', requestTimeoutMs: 2_000, connectTimeoutMs: 500 });
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.env.timers.set(delayMs, resolve));
  }

  /** Until it succeeds: whoever is down comes back. */
  async patiently<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ServerError) && !(error instanceof ExchangeError)) throw error;
      }
      await this.pause(RETRY_MS);
    }
  }

  /** One idempotent batch; resolves when it is acknowledged, and its records are known at their offsets. */
  async send(to: SourcePartition, topic: string, partition: number, values: readonly string[]): Promise<void> {
    if (this.producerId < 0) {
      this.producerId = await this.patiently(async () => {
        const { errorCode, producerId } = await this.cluster.ask('any', 'InitProducerId', { transactionalId: null, transactionTimeoutMs: 60_000 });
        if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, 'InitProducerId');
        return producerId;
      });
    }
    for (const value of values) to.sent.add(value);
    const baseSequence = this.sequences.get(to) ?? 0;
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: this.env.clock.wallMs() }));
    const { producerId } = this;
    const batch = encodeBatch({ records, producerId, producerEpoch: 0, baseSequence }, this.env.crc32c);
    const { baseOffset } = await this.patiently(() => this.cluster.produce(topic, partition, batch.slice()));
    this.sequences.set(to, baseSequence + values.length);
    values.forEach((value, index) => to.acked.push({ offset: baseOffset + index, value }));
  }

  /** Everything that is there, in order; a topic that is not there holds nothing. */
  async readWhole(topic: string, partition: number): Promise<readonly StoredRecord[]> {
    const records = await this.patiently(() => this.readRecords(topic, partition));
    return records.map(({ offset, value }) => ({ offset, value: Buffer.from(value ?? []).toString() }));
  }

  async checkpoints(): Promise<readonly Checkpoint[]> {
    const records = await this.patiently(() => this.readRecords('A.checkpoints.internal', 0));
    return records.flatMap(({ key, value }) => {
      const checkpoint = key === null || value === null ? null : decodeCheckpoint({ key, value });
      return checkpoint === null ? [] : [checkpoint];
    });
  }

  private async readRecords(topic: string, partition: number): Promise<DecodedRecord[]> {
    const [view] = await this.cluster.metadata([topic]);
    if (view?.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION || partition >= (view?.leaders.length ?? 0)) return [];
    const found: DecodedRecord[] = [];
    let next = await this.cluster.listOffset(topic, partition, -2);
    for (;;) {
      const fetched = await this.cluster.fetch(topic, partition, next, { maxWaitMs: 0 });
      if (next >= fetched.highWatermark) return found;
      next = recordsIn(fetched.records, next, found);
    }
  }
}

/** Adds the records of the whole batches from `next` on; gives what comes behind them. */
function recordsIn(bytes: Uint8Array, next: number, found: DecodedRecord[]): number {
  const batch = new BatchView();
  for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
    const size = batchSizeAt(bytes, at);
    if (size < 0 || at + size > bytes.length) break;
    batch.moveTo(bytes, at);
    found.push(...decodeRecords(batch).filter(({ offset }) => offset >= next));
    next = batch.nextOffset;
  }
  return next;
}

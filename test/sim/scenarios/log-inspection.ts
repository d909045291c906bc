/** Reading a partition's log from outside: through its own reader, and from the platter. */

import { resolveTopicConfig } from '../../../log/log-config';
import type { LogConfig } from '../../../log/log-config';
import type { LogManagerSettings } from '../../../log/log-manager';
import { readBatches } from '../../../log/log-reader';
import { logServerKeys } from '../../../log/log-server-config';
import type { PartitionLog } from '../../../log/partition-log';
import { BATCH_HEADER_BYTES, BatchView, batchSizeAt } from '../../../wire/record/batch';
import { decodeRecords } from '../../../wire/record/records';
import { createCrc32c } from '../crc32c';
import type { SimDisk } from '../sim-disk';
import { GAP, type GhostRecord, type Recovered } from './log-ghost';

export const TOPIC_ID = 'q83vASNFZ4mrze8BI0VniQ';
export const PARTITION = { topic: 't', partition: 0 };
export const LOG_DIRECTORY = '/data';
/** So many producers. */
export const PRODUCERS = 3;

/** Small segments, so that a schedule meets many of them. */
export function logConfig(): LogConfig {
  const overrides = { 'internal.segment.bytes': '2048', 'index.interval.bytes': '200', 'retention.bytes': '4000' };
  return resolveTopicConfig(logServerKeys.resolve(new Map()).config, new Map(Object.entries(overrides)));
}

export function managerSettings(config: LogConfig): LogManagerSettings {
  return {
    maxOpenSegmentFiles: 4,
    retentionCheckIntervalMs: Infinity,
    flushSchedulerIntervalMs: Infinity,
    recoveryPointIntervalMs: Infinity,
    logStartIntervalMs: Infinity,
    highWatermarkIntervalMs: Infinity,
    producerIdExpirationMs: 86_400_000,
    isForReplicas: () => true,
    configOf: () => config,
    directoryFailed: () => undefined,
  };
}

export interface LastBatch {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
}

export interface ReadLog extends Recovered {
  readonly batchStarts: readonly number[];
  /** The last batch of each producer id. */
  readonly lastBatches: ReadonlyMap<number, LastBatch>;
}

/** Everything in the log from its start offset on. Throws when its offsets go back; the ghost knows where there are gaps. */
export function readLog(log: PartitionLog): ReadLog {
  const records: GhostRecord[] = [];
  const batchStarts: number[] = [];
  const lastBatches = new Map<number, LastBatch>();
  let offset = log.logStartOffset;
  while (offset < log.logEndOffset) {
    const bytes = readBatches(log, offset, 1024 * 1024, log.logEndOffset);
    const from = offset;
    for (const batch of batchesIn(bytes)) {
      batchStarts.push(batch.baseOffset);
      if (batch.producerId >= 0) lastBatches.set(batch.producerId, { bytes: batch.bytes.slice(), baseOffset: batch.baseOffset });
      for (const record of recordsOf(batch)) {
        if (record.offset < log.logStartOffset) continue;
        while (record.offset > log.logStartOffset + records.length) records.push(GAP);
        if (record.offset !== log.logStartOffset + records.length) throw new Error(`offset ${record.offset} again`);
        records.push(record);
      }
      offset = batch.nextOffset;
    }
    if (offset <= from) throw new Error(`nothing to read at ${from}, though the log ends at ${log.logEndOffset}`);
  }
  return { startOffset: log.logStartOffset, records, batchStarts, lastBatches };
}

/** Records by offset as the platter has them, by durable names; what does not decode ends its file. */
export function durableLog(disk: SimDisk, directory: string): ReadonlyMap<number, GhostRecord> {
  const found = new Map<number, GhostRecord>();
  for (const name of disk.names(directory, 'durable') ?? []) {
    if (!name.endsWith('.log')) continue;
    for (const batch of batchesIn(disk.durableContent(`${directory}/${name}`)!)) {
      for (const record of recordsOf(batch)) found.set(record.offset, record);
    }
  }
  return found;
}

const crc32c = createCrc32c();

function* batchesIn(bytes: Uint8Array): Generator<BatchView> {
  const batch = new BatchView();
  for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
    const size = batchSizeAt(bytes, at);
    if (size < BATCH_HEADER_BYTES || at + size > bytes.length) return;
    batch.moveTo(bytes, at);
    if (!batch.isCrcValid(crc32c)) return;
    yield batch;
  }
}

function recordsOf(batch: BatchView): (GhostRecord & { readonly offset: number })[] {
  const { producerId, baseSequence, baseOffset } = batch;
  return decodeRecords(batch).map(({ offset, value }) => ({
    offset,
    value: Buffer.from(value ?? []).toString(),
    epoch: batch.partitionLeaderEpoch,
    producerId,
    sequence: baseSequence + offset - baseOffset,
  }));
}

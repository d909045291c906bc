/** What two clusters hold, in a form that can be compared. */
import type { ClusterClient } from '../../../wire/cluster-client';
import { BatchField, type BatchView } from '../../../wire/record/batch';
import { decodeRecords, type DecodedRecord } from '../../../wire/record/records';
import { CopyBench } from '../../mirror/support/copy-bench';

export interface PartitionContent {
  readonly batches: readonly BatchView[];
  readonly records: readonly DecodedRecord[];
}

export async function recordsOf(client: ClusterClient, topic: string, partition: number): Promise<PartitionContent> {
  const batches = (await CopyBench.batches(client, topic, partition)).filter((batch) => !batch.isControl);
  return { batches, records: batches.flatMap((batch) => decodeRecords(batch)) };
}

export function textOf({ key, value, timestampMs, headers }: DecodedRecord): string {
  const text = (bytes: Uint8Array | null): string | null =>
    bytes === null ? null : Buffer.from(bytes).toString('latin1');
  return JSON.stringify([
    text(key),
    text(value),
    timestampMs,
    headers.map((header) => [header.key, text(header.value)]),
  ]);
}

/** The last record of each key; deleted ones are not there. */
export function effective(records: readonly DecodedRecord[]): Record<string, string> {
  const last: Record<string, string> = {};
  for (const record of records) {
    const key = Buffer.from(record.key!).toString();
    if (record.value === null) delete last[key];
    else last[key] = textOf(record);
  }
  return Object.fromEntries(Object.entries(last).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The batch without what a mirror and a leader write: offset, epochs, checksum, producer. */
export function headerless(batch: BatchView): Buffer {
  const bytes = Buffer.from(batch.bytes);
  bytes.fill(0, BatchField.baseOffset, BatchField.batchLength);
  bytes.fill(0, BatchField.partitionLeaderEpoch, BatchField.magic);
  bytes.fill(0, BatchField.crc, BatchField.attributes);
  bytes.fill(0, BatchField.producerId, BatchField.recordsCount);
  return bytes;
}

/** Reads partitions from outside, as a client does, and looks at every byte that comes. */
import { BatchView, batchSizeAt } from '../../../wire/record/batch';
import { type DecodedRecord, decodeRecords } from '../../../wire/record/records';
import type { ClusterClient } from '../../../wire/cluster-client';
import { clientEnv, withClient } from './client-env';
import type { Guarantee, Ledger } from './ledger';

const EARLIEST_TIMESTAMP = -2;

/** Every record from `fromOffset` to the high watermark. Throws on a batch whose checksum is wrong. */
export async function readPartition(
  client: ClusterClient,
  topic: string,
  partition: number,
  fromOffset = 0,
): Promise<DecodedRecord[]> {
  const all: DecodedRecord[] = [];
  let offset = fromOffset;
  for (;;) {
    const { records, highWatermark } = await client.fetch(topic, partition, offset, { maxWaitMs: 0, minBytes: 0 });
    const batches = decodeBatches(records);
    for (const record of batches) if (record.offset >= offset) all.push(record);
    offset = (batches.at(-1)?.offset ?? offset - 1) + 1;
    if (offset >= highWatermark) return all;
    if (batches.length === 0) throw new Error(`${topic}-${partition}: nothing at ${offset}, below ${highWatermark}`);
  }
}

export interface WrittenTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly ledger: Ledger;
}

/** Reads every partition whole and says what is wrong with it. */
export function problemsOf(port: number, written: WrittenTopic, guarantee: Guarantee): Promise<string[]> {
  const { topic, partitions, ledger } = written;
  return withClient(port, async (client) => {
    const problems: string[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const firstOffset = await client.listOffset(topic, partition, EARLIEST_TIMESTAMP);
      const records = await readPartition(client, topic, partition, firstOffset);
      problems.push(...ledger.problems(partition, records, guarantee, firstOffset));
    }
    return problems;
  });
}

function decodeBatches(bytes: Uint8Array): DecodedRecord[] {
  const records: DecodedRecord[] = [];
  for (let at = 0; ;) {
    const sizeBytes = batchSizeAt(bytes, at);
    if (sizeBytes < 0 || at + sizeBytes > bytes.length) return records;
    const batch = new BatchView(bytes, at);
    if (!batch.isCrcValid(clientEnv.crc32c)) throw new Error(`the batch at ${batch.baseOffset} has a wrong checksum`);
    records.push(...decodeRecords(batch));
    at += sizeBytes;
  }
}

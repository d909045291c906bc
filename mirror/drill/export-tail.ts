/** The end of a log as a segment file of Kafka's: kafka-dump-log and every tool for segments can read it back. */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BATCH_HEADER_BYTES, batchSizeAt, BatchView } from '../../wire/record/batch';
import type { ExportedTail } from './receipt';

/** Where receipts go. What has been written is on the disk when a call has resolved. */
export interface DrillFiles {
  /** A new file; one that is there with another content is kept, and the new one gets another name. */
  writeNew(path: string, text: string): Promise<void>;
  /** A new file, filled piece by piece. */
  create(path: string): Promise<DrillFile>;
}

export interface DrillFile {
  /** As it came to be called. */
  readonly path: string;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const MAX_BYTES = 4 * 1024 * 1024;
const NAME_DIGITS = 20;

/** Every batch from `fromOffset` to `endOffset`, markers and what was aborted included, byte for byte. */
export async function exportTail(
  files: DrillFiles,
  cluster: ClusterClient,
  topic: string,
  partition: number,
  fromOffset: number,
  endOffset: number,
): Promise<ExportedTail> {
  const file = await files.create(`${topic}-${partition}/${String(fromOffset).padStart(NAME_DIGITS, '0')}.log`);
  const counts = { bytes: 0, batches: 0, records: 0 };
  try {
    for (let offset = fromOffset; offset < endOffset; ) {
      const { records } = await cluster.fetch(topic, partition, offset, { maxBytes: MAX_BYTES, maxWaitMs: 0 });
      const nextOffset = await writeBatches(file, records, offset, counts);
      if (nextOffset === offset) throw new ServerError(ErrorCode.OFFSET_NOT_AVAILABLE, `${topic}-${partition} cannot be exported at ${offset}`);
      offset = nextOffset;
    }
  } finally {
    await file.close();
  }
  return { file: file.path, ...counts };
}

/** The whole batches of an answer, without those that end before `offset`. Gives the offset behind them. */
async function writeBatches(file: DrillFile, answer: Uint8Array, offset: number, counts: { bytes: number; batches: number; records: number }): Promise<number> {
  let nextOffset = offset;
  for (let at = 0; at < answer.length; ) {
    const size = batchSizeAt(answer, at);
    if (size < BATCH_HEADER_BYTES || size > answer.length - at) break;
    const batch = new BatchView(answer, at);
    at += size;
    if (batch.lastOffset < nextOffset) continue;
    await file.write(batch.bytes);
    nextOffset = batch.nextOffset;
    counts.bytes += size;
    counts.batches++;
    if (!batch.isControl) counts.records += batch.recordsCount;
  }
  return nextOffset;
}

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
  let [bytes, batches, records] = [0, 0, 0];
  for (let offset = fromOffset; offset < endOffset; ) {
    const before = offset;
    const fetched = await cluster.fetch(topic, partition, offset, { maxBytes: MAX_BYTES, maxWaitMs: 0 });
    for (let at = 0; at < fetched.records.length; ) {
      const size = batchSizeAt(fetched.records, at);
      if (size < BATCH_HEADER_BYTES || size > fetched.records.length - at) break;
      const batch = new BatchView(fetched.records, at);
      at += size;
      if (batch.lastOffset < offset) continue;
      await file.write(batch.bytes);
      offset = batch.nextOffset;
      bytes += size;
      batches++;
      if (!batch.isControl) records += batch.recordsCount;
    }
    if (offset === before) throw new ServerError(ErrorCode.OFFSET_NOT_AVAILABLE, `${topic}-${partition} cannot be exported at ${offset}`);
  }
  await file.close();
  return { file: file.path, bytes, batches, records };
}

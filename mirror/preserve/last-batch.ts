/** Looks whether a mirror's last batch is its source's, before anything is appended behind it. */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BATCH_HEADER_BYTES, batchSizeAt, BatchView } from '../../wire/record/batch';
import type { FlowPartition } from '../flow/flow-partition';
import { isSameBatch, mayBeCompacted } from './batch-identity';

const MAX_BYTES = 1024 * 1024;

/**
 * False when the source has another batch there. True when both have the same, and when the source has none any more
 * (expired, compacted): then there is nothing that could tell.
 */
export async function lastBatchesAgree(
  { source, target }: { readonly source: ClusterClient; readonly target: ClusterClient },
  { sourceTopic, targetTopic, partition }: FlowPartition,
  logEndOffset: number,
): Promise<boolean> {
  const offset = logEndOffset - 1;
  const [there, here] = await Promise.all([batchAt(source, sourceTopic, partition, offset), batchAt(target, targetTopic, partition, offset)]);
  if (there === null || here === null) return true;
  return isSameBatch(there, here) || mayBeCompacted(there, here);
}

/** The batch that covers `offset`; null where there is none. */
export async function batchAt(cluster: ClusterClient, topic: string, partition: number, offset: number): Promise<BatchView | null> {
  const records = await recordsAt(cluster, topic, partition, offset);
  const size = records === null ? -1 : batchSizeAt(records, 0);
  if (records === null || size < BATCH_HEADER_BYTES || size > records.length) return null;
  for (let at = 0; at < records.length; ) {
    const bytes = batchSizeAt(records, at);
    if (bytes < BATCH_HEADER_BYTES || bytes > records.length - at) return null;
    const batch = new BatchView(records, at);
    if (batch.lastOffset >= offset) return batch.baseOffset <= offset ? batch : null;
    at += bytes;
  }
  return null;
}

async function recordsAt(cluster: ClusterClient, topic: string, partition: number, offset: number): Promise<Uint8Array | null> {
  try {
    return (await cluster.fetch(topic, partition, offset, { maxBytes: MAX_BYTES, maxWaitMs: 0 })).records;
  } catch (error) {
    if (error instanceof ServerError && error.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return null;
    throw error;
  }
}

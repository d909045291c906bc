/**
 * How far MirrorMaker 2 had copied a flow, from the topic in which its Connect workers keep it, so that its users go on where
 * it stopped. (KIP-382; formats in mirror/formats/connect-offset.ts)
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { BatchView } from '../../wire/record/batch';
import { decodeRecords } from '../../wire/record/records';
import { decodeConnectOffset } from '../formats/connect-offset';
import { committedBatches } from '../copy/committed-batches-core';

/** Source offsets to go on with, by `topic:partition`. Empty when there is no such topic. */
export async function readMm2Positions(
  target: ClusterClient,
  sourceAlias: string,
): Promise<ReadonlyMap<string, number>> {
  const topic = `mm2-offsets.${sourceAlias}.internal`;
  const positions = new Map<string, number>();
  const [view] = await target.metadata([topic]);
  if (view === undefined || view.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return positions;
  if (view.errorCode !== ErrorCode.NONE) throw new ServerError(view.errorCode, topic);
  for (let partition = 0; partition < view.leaders.length; partition++) {
    await readPartition(target, topic, partition, sourceAlias, positions);
  }
  return positions;
}

async function readPartition(
  target: ClusterClient,
  topic: string,
  partition: number,
  sourceAlias: string,
  into: Map<string, number>,
): Promise<void> {
  const endOffset = await target.listOffset(topic, partition, -1, true);
  for (let at = await target.listOffset(topic, partition, -2); at < endOffset;) {
    const fetched = await target.fetch(topic, partition, at, { maxWaitMs: 0, readCommitted: true });
    const { batches, nextOffset, problem } = committedBatches(fetched.records, at, fetched.abortedTransactions);
    if (problem !== null || nextOffset === at)
      throw new ServerError(ErrorCode.CORRUPT_MESSAGE, `${topic}-${partition}`);
    for (const { bytes } of batches) {
      for (const { key, value } of decodeRecords(new BatchView(bytes))) note(key, value, sourceAlias, into);
    }
    at = nextOffset;
  }
}

/** The last entry of a partition counts; one without an offset takes it back. */
function note(key: Uint8Array | null, value: Uint8Array | null, alias: string, into: Map<string, number>): void {
  const entry = key === null ? null : decodeConnectOffset(key, value);
  if (entry === null || entry.cluster !== alias) return;
  const name = `${entry.topic}:${entry.partition}`;
  if (entry.offset === null) into.delete(name);
  else into.set(name, entry.offset + 1);
}

/**
 * I17: a snapshot says what a replay of the log up to its end says; hence the images of all nodes are equal at equal offsets,
 * since each node writes snapshots of its own image.
 */

import { readControlRecords } from '../../../../../controller/raft/control-batches';
import { MetadataImage } from '../../../../../controller/metadata/image';
import { TransactionBuffer } from '../../../../../controller/metadata/transaction-buffer';
import { BatchView } from '../../../../../wire/record/batch';
import { recordsOf } from '../committed-metadata';
import type { DiskBatch } from '../disk-batches';
import { DiskBatches } from '../disk-batches';

/** Why the snapshot with this end is not what the log says; null when it is. `log` begins at offset 0. */
export function snapshotObjection(snapshot: Uint8Array, endOffset: number, log: readonly DiskBatch[]): string | null {
  const batches = [...DiskBatches.batchesIn(snapshot)].length;
  if (batches === 0) return 'it is empty';
  const { image, hasFooter } = imageOfSnapshot(snapshot);
  if (!hasFooter) return 'it has no footer';
  const replayed = imageOfLog(log, endOffset);
  const said = linesOf(image);
  const meant = linesOf(replayed);
  const odd = [...said].find((text) => !meant.has(text));
  if (odd !== undefined) return `it says ${odd}, and the log does not`;
  const missing = [...meant].find((text) => !said.has(text));
  return missing === undefined ? null : `the log says ${missing}, and it does not`;
}

function imageOfSnapshot(bytes: Uint8Array): { readonly image: MetadataImage; readonly hasFooter: boolean } {
  const image = new MetadataImage();
  let hasFooter = false;
  for (const batch of DiskBatches.batchesIn(bytes)) {
    if (batch.isControl) hasFooter ||= readControlRecords(new BatchView(batch.bytes)).some(({ type }) => type === 'snapshotFooter');
    else for (const record of recordsOf(batch)) image.replay(record, null);
  }
  return { image, hasFooter };
}

/** A replay of everything below `endOffset`. */
export function imageOfLog(log: readonly DiskBatch[], endOffset: number): MetadataImage {
  const image = new MetadataImage();
  const transaction = new TransactionBuffer();
  for (const batch of log) {
    if (batch.isControl || batch.endOffset > endOffset) continue;
    for (const record of recordsOf(batch)) transaction.feed(record, (one) => image.replay(one, null));
  }
  return image;
}

/** Everything that an image says, a line each; by a way of its own, since what writes snapshots may be what is wrong. */
export function linesOf(image: MetadataImage): ReadonlySet<string> {
  const lines = new Set<string>();
  const add = (what: string, value: unknown): void => void lines.add(`${what} ${JSON.stringify(value, plain)}`);
  const { features, cluster, topics, configs, quotas, security } = image;
  for (const feature of features.all()) add('feature', feature);
  for (const broker of cluster.brokers.values()) add('broker', broker);
  for (const controller of cluster.controllers.values()) add('controller', controller);
  for (const topic of topics.all()) {
    add('topic', [topic.name, topic.id]);
    for (const id of topics.partitionIds(topic)) add(`partition ${topic.name}-${id}`, topics.partition(topic, id));
  }
  for (const { resource, configs: values } of configs.all()) for (const [key, value] of values) add('config', [resource, key, value]);
  for (const { entity, quotas: values } of quotas.all()) for (const [key, value] of values) add('quota', [[...entity], key, value]);
  add('next producer id', image.nextProducerId);
  for (const acl of security.acls.values()) add('acl', acl);
  for (const credential of security.scramCredentials()) add('scram', credential);
  for (const token of security.delegationTokens.values()) add('token', token);
  return lines;
}

const plain = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Map ? [...(value as ReadonlyMap<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1)) : value;
};

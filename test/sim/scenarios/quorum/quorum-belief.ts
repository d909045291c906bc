/** What the platters of a quorum hold: which records, and which vote. Read from outside, by durable names and content. */
import { BATCH_HEADER_BYTES, BatchView, batchSizeAt } from '../../../../wire/record/batch';
import { parseElectionState, QUORUM_STATE_FILE, type ElectionState } from '../../../../controller/raft/quorum-state';
import { parseSnapshotFileName } from '../../../../controller/raft/snapshots';
import { createCrc32c } from '../../crc32c';
import type { SimDisk } from '../../sim-disk';
import { PARTITION_DIRECTORY } from './quorum-node';

const crc32c = createCrc32c();

/** What a disk is sure to give back after a loss of power. */
export interface DurableLog {
  /** Offset to the epoch of its record. */
  readonly epochs: ReadonlyMap<number, number>;
  /** Everything below is in a snapshot. */
  readonly snapshotEnd: number;
}

export function durableLog(disk: SimDisk): DurableLog {
  const epochs = new Map<number, number>();
  let snapshotEnd = 0;
  for (const name of disk.names(PARTITION_DIRECTORY, 'durable') ?? []) {
    const snapshot = parseSnapshotFileName(name);
    if (snapshot !== null) snapshotEnd = Math.max(snapshotEnd, snapshot.offset);
    if (name.endsWith('.log')) readEpochs(disk.durableContent(`${PARTITION_DIRECTORY}/${name}`) ?? new Uint8Array(0), epochs);
  }
  return { epochs, snapshotEnd };
}

function readEpochs(bytes: Uint8Array, into: Map<number, number>): void {
  const batch = new BatchView();
  for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
    const size = batchSizeAt(bytes, at);
    if (size < BATCH_HEADER_BYTES || at + size > bytes.length) return;
    batch.moveTo(bytes, at);
    if (!batch.isCrcValid(crc32c)) return;
    for (let offset = batch.baseOffset; offset < batch.nextOffset; offset++) into.set(offset, batch.partitionLeaderEpoch);
  }
}

export function durableElection(disk: SimDisk): ElectionState | null {
  const bytes = disk.durableContent(`${PARTITION_DIRECTORY}/${QUORUM_STATE_FILE}`);
  return bytes === null ? null : parseElectionState(Buffer.from(bytes).toString(), QUORUM_STATE_FILE);
}

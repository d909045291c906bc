/**
 * The two files that a format leaves for the first leader: `bootstrap.checkpoint`, the first metadata records, and the
 * 0-0 checkpoint of the metadata partition, the first voters. Both look like snapshots. (KIP-853)
 */
import type { Crc32c, Random } from '../../wire/base/env';
import { BatchView } from '../../wire/record/batch';
import { decodeRecords } from '../../wire/record/records';
import type { Disk } from '../../log/disk';
import { readWholeFile, replaceFile } from '../../log/small-file';
import { makeDurableDirectory } from '../../log/durable-directory';
import { SnapshotEncoder, SnapshotWriter } from './snapshot-writer';
import { BOOTSTRAP_SNAPSHOT_ID, SnapshotError, SnapshotStore } from './snapshots';
import type { VoterSet } from './voter-set';

export const BOOTSTRAP_FILE = 'bootstrap.checkpoint';

export interface BootstrapPorts {
  readonly disk: Disk;
  readonly random: Random;
  readonly crc32c: Crc32c;
  readonly wallMs: number;
}

/** Durable when it returns; replaces what an interrupted format left. */
export function writeBootstrapFile(directory: string, values: readonly Uint8Array[], ports: BootstrapPorts): void {
  const chunks: Uint8Array[] = [];
  const header = { lastContainedLogTimestampMs: 0, kraftVersion: 0, voters: null };
  const encoder = new SnapshotEncoder(0, header, ports.wallMs, ports.crc32c, (bytes) => chunks.push(bytes));
  encoder.append(values);
  encoder.finish();
  replaceFile(ports.disk, directory, BOOTSTRAP_FILE, Buffer.concat(chunks));
}

/** The values of its records; null when the directory has no such file. Throws SnapshotError when it cannot be read. */
export function readBootstrapFile(disk: Disk, directory: string, crc32c: Crc32c): Uint8Array[] | null {
  const path = `${directory}/${BOOTSTRAP_FILE}`;
  const bytes = readWholeFile(disk, path);
  if (bytes === null) return null;
  const values: Uint8Array[] = [];
  for (let position = 0; position < bytes.length;) {
    const batch = new BatchView().moveTo(bytes, position);
    if (!batch.isCrcValid(crc32c)) throw new SnapshotError(`${path}: bad checksum at ${position}`);
    position += batch.sizeBytes;
    if (batch.isControl) continue;
    for (const { value } of decodeRecords(batch)) if (value !== null) values.push(value);
  }
  return values;
}

/** Durable when it returns; replaces what an interrupted format left. */
export function writeVotersCheckpoint(partitionDirectory: string, voters: VoterSet, ports: BootstrapPorts): void {
  makeDurableDirectory(ports.disk, partitionDirectory);
  const store = new SnapshotStore(ports.disk, partitionDirectory, ports.random);
  store.recover(0);
  const header = { lastContainedLogTimestampMs: ports.wallMs, kraftVersion: 1, voters };
  new SnapshotWriter(store.create(BOOTSTRAP_SNAPSHOT_ID), header, ports.wallMs, ports.crc32c).freezeSync();
}

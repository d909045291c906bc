/** Producer snapshot files: `<first offset not covered>.snapshot`, with a checksum of their own. */
import type { Crc32c } from '../wire/base/env';
import type { Disk } from './disk';
import { PRODUCER_SNAPSHOT_SUFFIX, parseSegmentFileName, segmentFileName } from './file-names';
import type { ProducerSnapshotEntry, ProducerState } from './producer-state';
import { readWholeFile, replaceFile, unlinkIfPresent, type Durability } from './small-file';

const VERSION = 1;
const HEADER_BYTES = 10;
const CRC_AT = 2;
const CHECKED_FROM = 6;
const ENTRY_BYTES = 46;

export function encodeProducerSnapshot(state: ProducerState, crc32c: Crc32c): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + state.size * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, VERSION);
  view.setInt32(CHECKED_FROM, state.size);
  let at = HEADER_BYTES;
  for (const entry of state.entries()) {
    view.setBigInt64(at, BigInt(entry.producerId));
    view.setInt16(at + 8, entry.producerEpoch);
    view.setInt32(at + 10, entry.lastSequence);
    view.setBigInt64(at + 14, BigInt(entry.lastOffset));
    view.setInt32(at + 22, entry.offsetDelta);
    view.setBigInt64(at + 26, BigInt(entry.timestampMs));
    view.setInt32(at + 34, entry.coordinatorEpoch);
    view.setBigInt64(at + 38, BigInt(entry.currentTxnFirstOffset));
    at += ENTRY_BYTES;
  }
  view.setUint32(CRC_AT, crc32c(bytes.subarray(CHECKED_FROM)));
  return bytes;
}

/** The entries, or null when the file is not a whole snapshot. */
export function decodeProducerSnapshot(bytes: Uint8Array, crc32c: Crc32c): ProducerSnapshotEntry[] | null {
  if (bytes.length < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getInt32(CHECKED_FROM);
  if (view.getInt16(0) !== VERSION || count < 0 || bytes.length !== HEADER_BYTES + count * ENTRY_BYTES) return null;
  if (view.getUint32(CRC_AT) !== crc32c(bytes.subarray(CHECKED_FROM))) return null;
  const int64 = (at: number): number => view.getInt32(at) * 4294967296 + view.getUint32(at + 4);
  return Array.from({ length: count }, (_, i) => {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    return {
      producerId: int64(at),
      producerEpoch: view.getInt16(at + 8),
      lastSequence: view.getInt32(at + 10),
      lastOffset: int64(at + 14),
      offsetDelta: view.getInt32(at + 22),
      timestampMs: int64(at + 26),
      coordinatorEpoch: view.getInt32(at + 34),
      currentTxnFirstOffset: int64(at + 38),
    };
  });
}

export function writeProducerSnapshot(
  disk: Disk,
  directory: string,
  offset: number,
  state: ProducerState,
  crc32c: Crc32c,
  durability: Durability,
): void {
  const name = segmentFileName(offset, PRODUCER_SNAPSHOT_SUFFIX);
  replaceFile(disk, directory, name, encodeProducerSnapshot(state, crc32c), durability);
}

/** Offsets of the snapshot files in `directory`, ascending. */
export function listProducerSnapshots(disk: Disk, directory: string): number[] {
  return disk
    .listSync(directory)
    .map(parseSegmentFileName)
    .filter((file) => file !== null && file.suffix === PRODUCER_SNAPSHOT_SUFFIX)
    .map((file) => file?.offset ?? 0)
    .sort((a, b) => a - b);
}

/** Restores the newest whole snapshot that covers nothing past `endOffset`; returns its offset, or null for none. */
export function loadProducerSnapshot(
  disk: Disk,
  directory: string,
  endOffset: number,
  state: ProducerState,
  crc32c: Crc32c,
  damaged: (path: string) => void,
): number | null {
  const offsets = listProducerSnapshots(disk, directory).filter((offset) => offset <= endOffset);
  for (const offset of offsets.reverse()) {
    const path = `${directory}/${segmentFileName(offset, PRODUCER_SNAPSHOT_SUFFIX)}`;
    const bytes = readWholeFile(disk, path);
    const entries = bytes === null ? null : decodeProducerSnapshot(bytes, crc32c);
    if (entries !== null) {
      entries.forEach((entry) => state.restore(entry));
      return offset;
    }
    damaged(path);
    unlinkIfPresent(disk, path);
  }
  return null;
}

export function deleteProducerSnapshots(disk: Disk, directory: string, where: (offset: number) => boolean): void {
  for (const offset of listProducerSnapshots(disk, directory)) {
    if (where(offset)) disk.unlinkSync(`${directory}/${segmentFileName(offset, PRODUCER_SNAPSHOT_SUFFIX)}`);
  }
}

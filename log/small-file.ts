/**
 * Small files that are read whole and replaced whole: write `<name>.tmp`, fsync, rename, fsync the directory, so that a
 * reader after any crash sees the old content or the new one.
 */
import type { Disk } from './disk';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

/** The file's bytes, or null when it does not exist. Throws DiskError. */
export function readWholeFile(disk: Disk, path: string): Uint8Array | null {
  if (disk.statSync(path) === null) return null;
  const file = disk.openSync(path, 'read');
  try {
    const bytes = new Uint8Array(file.sizeSync());
    const read = file.readSync(0, bytes);
    return bytes.subarray(0, read);
  } finally {
    file.closeSync();
  }
}

export function readTextFile(disk: Disk, path: string): string | null {
  const bytes = readWholeFile(disk, path);
  return bytes === null ? null : decoder.decode(bytes);
}

/** 'durable' survives loss of power; 'cached' survives the end of the process only. */
export type Durability = 'durable' | 'cached';

/** Replaces `directory/name` atomically, by default durably. Throws DiskError. */
export function replaceFile(
  disk: Disk,
  directory: string,
  name: string,
  content: Uint8Array | string,
  durability: Durability = 'durable',
): void {
  const path = `${directory}/${name}`;
  const temporary = `${path}.tmp`;
  const file = disk.openSync(temporary, 'create');
  try {
    file.truncateSync(0);
    file.writeSync(0, [typeof content === 'string' ? encoder.encode(content) : content]);
    if (durability === 'durable') file.syncSync();
  } finally {
    file.closeSync();
  }
  disk.renameSync(temporary, path);
  if (durability === 'durable') disk.syncDirectorySync(directory);
}

export function unlinkIfPresent(disk: Disk, path: string): void {
  if (disk.statSync(path) !== null) disk.unlinkSync(path);
}

/** Makes a file's content durable, if there is such a file. Throws DiskError. */
export function syncFile(disk: Disk, path: string): void {
  if (disk.statSync(path) === null) return;
  const file = disk.openSync(path, 'write');
  try {
    file.syncSync();
  } finally {
    file.closeSync();
  }
}

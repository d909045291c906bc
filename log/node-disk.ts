/**
 * The binding of the disk port to node:fs. The files `node-*.ts` of this folder belong to it; nobody else imports node:fs.
 *
 * Whatever node:fs throws leaves as a DiskError. The thread pool is shared with the rest of the process, hence the slots
 * for fsyncs (`node-fsync-slots.ts`).
 */
import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as timers from 'node:timers';
import type { Disk, DiskError, DiskFile, FileStat, OpenMode } from './disk';
import { lockFile } from './node-directory-lock';
import { mapped, toDiskError } from './node-disk-error';
import { NodeDiskFile } from './node-disk-file';
import type { FsyncSlots } from './node-fsync-slots';
import { processFsyncSlots } from './node-fsync-slots';
import { volatilityTokenOf } from './node-volatility';

const realSetImmediate = timers.setImmediate;

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  write: O_RDWR,
  create: O_RDWR | O_CREAT,
  createNew: O_RDWR | O_CREAT | O_EXCL,
};

export interface NodeDiskOptions {
  /** Syncs say that they have happened, and have not. For brokers in tests, which outlive no power loss. */
  readonly unsafeNoSync?: boolean;
  /** Nobody else knows the directories: locks are not taken, and the system's binary for them is not loaded. */
  readonly isPrivate?: boolean;
  readonly slots?: FsyncSlots;
}

export class NodeDisk implements Disk {
  readonly #unsafeNoSync: boolean;
  readonly #isPrivate: boolean;
  readonly #slots: FsyncSlots;

  constructor(options: NodeDiskOptions = {}) {
    this.#unsafeNoSync = options.unsafeNoSync ?? false;
    this.#isPrivate = options.isPrivate ?? false;
    this.#slots = options.slots ?? processFsyncSlots;
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    const fd = mapped(path, () => fs.openSync(path, FLAGS[mode], 0o644));
    return new NodeDiskFile(path, fd, { slots: this.#slots, unsafeNoSync: this.#unsafeNoSync });
  }

  renameSync(from: string, to: string): void {
    mapped(from, () => fs.renameSync(from, to));
  }

  unlinkSync(path: string): void {
    mapped(path, () => fs.unlinkSync(path));
  }

  unlink(path: string, done: (error: DiskError | null) => void): void {
    fs.unlink(path, (error) => done(error === null ? null : toDiskError(error, path)));
  }

  makeDirectorySync(path: string): void {
    mapped(path, () => makeDirectories(path));
  }

  removeDirectorySync(path: string): void {
    mapped(path, () => fs.rmdirSync(path));
  }

  listSync(path: string): readonly string[] {
    return mapped(path, () => fs.readdirSync(path)).sort();
  }

  statSync(path: string): FileStat | null {
    const stat = mapped(path, () => fs.statSync(path, { throwIfNoEntry: false }));
    if (stat === undefined) return null;
    return { sizeBytes: stat.size, modifiedMs: Math.floor(stat.mtimeMs), isDirectory: stat.isDirectory() };
  }

  isLinkSync(path: string): boolean {
    return mapped(path, () => fs.lstatSync(path, { throwIfNoEntry: false }))?.isSymbolicLink() ?? false;
  }

  syncDirectory(path: string, done: (error: DiskError | null) => void): void {
    if (this.#unsafeNoSync) {
      realSetImmediate(() => done(null));
      return;
    }
    this.#slots.run('directories', (finished) => {
      fsyncDirectory(path, (error) => {
        finished();
        done(error);
      });
    });
  }

  syncDirectorySync(path: string): void {
    if (this.#unsafeNoSync) return;
    mapped(path, () => {
      const fd = fs.openSync(path || '/', O_RDONLY);
      try {
        fs.fsyncSync(fd);
      } catch (error) {
        if (!isWindowsRefusal(error)) throw error;
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  freeBytes(path: string): number {
    const { bavail, bsize } = mapped(path, () => fs.statfsSync(path));
    return bavail * bsize;
  }

  absolutePath(path: string): string {
    return resolve(path);
  }

  totalBytes(path: string): number {
    const { blocks, bsize } = mapped(path, () => fs.statfsSync(path));
    return blocks * bsize;
  }

  lockSync(path: string): { release(): void } {
    return this.#isPrivate ? { release: () => undefined } : lockFile(path);
  }

  volatilityToken(path: string): string {
    return mapped(path, () => volatilityTokenOf(path));
  }
}

/**
 * Not node:fs's `recursive`: that never returns (Node 20) where a parent exists in which nothing can be made, below /proc
 * or in a working directory that has been deleted.
 */
function makeDirectories(path: string): void {
  try {
    fs.mkdirSync(path);
  } catch (error) {
    if (isDirectory(path)) return;
    const parent = dirname(path);
    if ((error as { code?: unknown }).code !== 'ENOENT' || parent === path) throw error;
    makeDirectories(parent);
    fs.mkdirSync(path);
  }
}

function isDirectory(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function fsyncDirectory(path: string, done: (error: DiskError | null) => void): void {
  fs.open(path || '/', O_RDONLY, (openError, fd) => {
    if (openError !== null) {
      done(toDiskError(openError, path));
      return;
    }
    fs.fsync(fd, (syncError) => {
      fs.close(fd, () => done(syncError === null || isWindowsRefusal(syncError) ? null : toDiskError(syncError, path)));
    });
  });
}

/** Windows has no fsync of directories, and needs none: it refuses the call on a handle opened for reading. */
function isWindowsRefusal(error: unknown): boolean {
  return process.platform === 'win32' && (error as { code?: unknown }).code === 'EPERM';
}

/**
 * The binding of the disk port to Node's file system. Beside `wire/base/node-*.ts` nobody else touches files.
 *
 * Synchronous calls finish whole or throw; errors become DiskErrors whatever realm they come from. At most half of the
 * thread pool's threads are in an fsync at once, so that reads and name look-ups are not stuck behind a slow disk.
 */
import * as fs from 'node:fs';
import { DiskError, type Disk, type DiskFile, type FileStat, type OpenMode } from './disk';
import { diskErrorFrom } from './node-disk-error';
import { NodeDiskFile } from './node-disk-file';
import { lockFile } from './node-lock';
import { SyncQueue } from './node-sync-queue';
import { readVolatilityToken } from './node-volatility';

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
  createNew: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
};

export interface NodeDiskOptions {
  /**
   * Syncs complete without reaching the disk: for brokers inside tests, whose data dies with them anyway. Everything else
   * behaves the same.
   */
  readonly withoutSync?: boolean;
}

export class NodeDisk implements Disk {
  private readonly syncs: SyncQueue;

  constructor(private readonly options: NodeDiskOptions = {}) {
    this.syncs = new SyncQueue(options.withoutSync === true);
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    const fd = mapped(path, () => fs.openSync(path, FLAGS[mode], 0o644));
    return new NodeDiskFile(path, fd, this.syncs);
  }

  renameSync(from: string, to: string): void {
    mapped(from, () => fs.renameSync(from, to));
  }

  unlinkSync(path: string): void {
    mapped(path, () => fs.unlinkSync(path));
  }

  makeDirectorySync(path: string): void {
    mapped(path, () => fs.mkdirSync(path, { recursive: true }));
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

  syncDirectory(path: string, done: (error: DiskError | null) => void): void {
    this.syncs.run(done, (finished) => {
      fs.open(path || '/', fs.constants.O_RDONLY, (openError, fd) => {
        if (openError !== null) return finished(diskErrorFrom(openError, path));
        fs.fsync(fd, (error) => fs.close(fd, () => finished(error === null ? null : diskErrorFrom(error, path))));
      });
    });
  }

  syncDirectorySync(path: string): void {
    if (this.options.withoutSync === true) return;
    mapped(path, () => {
      const fd = fs.openSync(path || '/', fs.constants.O_RDONLY);
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  freeBytes(path: string): number {
    const { bavail, bsize } = mapped(path, () => fs.statfsSync(path));
    return bavail * bsize;
  }

  lockSync(path: string): { release(): void } {
    return lockFile(path);
  }

  volatilityToken(path: string): string {
    return mapped(path, () => readVolatilityToken(path));
  }
}

function mapped<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw diskErrorFrom(error, path);
  }
}

/**
 * The locks of a broker's log directories, taken before anything in them is read or changed: another process that runs on
 * one of them, Apache Kafka included, keeps us out.
 */
import { isDiskError } from './directory-state';
import type { Disk } from './disk';
import { LOCK_FILE } from './file-names';
import { makeDurableDirectory } from './durable-directory';

/** A log directory is in use by another process. */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError';
}

export class DirectoryLocks {
  private readonly locks: { release(): void }[] = [];

  private constructor(readonly paths: readonly string[]) {}

  /** Makes missing directories and locks all, or none. Throws DirectoryLockedError or DiskError. */
  static take(disk: Disk, paths: readonly string[]): DirectoryLocks {
    const taken = new DirectoryLocks(paths);
    try {
      for (const path of paths) {
        makeDurableDirectory(disk, path);
        taken.locks.push(lockOne(disk, path));
      }
      return taken;
    } catch (error) {
      taken.release();
      throw error;
    }
  }

  release(): void {
    for (const lock of this.locks.splice(0)) lock.release();
  }
}

function lockOne(disk: Disk, path: string): { release(): void } {
  try {
    return disk.lockSync(`${path}/${LOCK_FILE}`);
  } catch (error) {
    if (!isDiskError(error) || error.code !== 'EACCES') throw error;
    throw new DirectoryLockedError(`Log directory ${path} is locked: another broker runs on it. Stop that one, or give this one another log.dirs.`);
  }
}

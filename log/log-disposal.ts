/**
 * Puts logs away that are no part of the broker any more: their directories get a name that says so, and what is to be
 * deleted goes after file.delete.delay.ms, unless its disk has failed.
 */
import type { Env } from './env';
import { deletedDirectoryName, strayDirectoryName } from './file-names';
import type { FileRemoval } from './file-removal';
import type { LogDirectory } from './log-directory';
import { LogStorageError } from './log-error';
import type { PartitionLog } from './partition-log';

export class LogDisposal {
  constructor(
    private readonly env: Env,
    private readonly removal: FileRemoval,
    private readonly later: (delayMs: number, run: () => void) => void,
  ) {}

  /** Closes the log; its files go later. */
  delete(log: PartitionLog, directory: LogDirectory | undefined): void {
    log.close();
    if (directory === undefined || directory.state.isOffline) return;
    const renamed = `${directory.path}/${deletedDirectoryName(log.topicPartition, this.uniqueHex())}`;
    skippingFailed(() => {
      log.guarded(() => this.env.disk.renameSync(log.directory, renamed));
      this.later(log.config.fileDeleteDelayMs, () => this.removal.removeDirectory(renamed));
    });
  }

  /** Closes the log and keeps its files, under a name that ends in `-stray`, for a person to look at. */
  setAside(log: PartitionLog, directory: LogDirectory, why: string): void {
    log.close();
    const renamed = `${directory.path}/${strayDirectoryName(log.topicPartition, this.uniqueHex())}`;
    skippingFailed(() => {
      log.guarded(() => this.env.disk.renameSync(log.directory, renamed));
      this.env.logger.warn(`${log.directory} ${why}; it is kept as ${renamed}`);
    });
  }

  uniqueHex(): string {
    const bytes = new Uint8Array(16);
    this.env.random('log.delete').bytes(bytes);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

/** Runs `work`; of a directory that cannot be written its state has said what is wrong, and others go on. */
export function skippingFailed(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof LogStorageError)) throw error;
  }
}

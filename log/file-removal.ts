/**
 * Deletes files that nobody needs any more, off the event loop: to free a segment of a gigabyte takes the file system
 * hundreds of milliseconds.
 *
 * One at a time, so that deletions leave the thread pool to flushes. What is left when the process ends lies under a name
 * by which the next start knows it for deleted. A disk that refuses is told to the logger, and tried again by that start.
 */
import type { Logger } from '../wire/base/env';
import { isDiskError } from './directory-state';
import type { Disk, DiskError } from './disk';

interface Removal {
  readonly path: string;
  readonly isDirectory: boolean;
}

export class FileRemoval {
  private queue: Removal[] = [];
  private isBusy = false;
  private isStopped = false;
  private stopped: () => void = () => undefined;

  constructor(
    private readonly disk: Disk,
    private readonly logger: Logger,
  ) {}

  unlink(paths: readonly string[]): void {
    this.queue.push(...paths.map((path) => ({ path, isDirectory: false })));
    this.next();
  }

  /** Its files, then the directory. Of a link to a directory the link alone: what it leads to is somebody else's. */
  removeDirectory(path: string): void {
    try {
      if (this.disk.isLinkSync(path)) return this.unlink([path]);
      const names = this.disk.listSync(path);
      this.unlink(names.map((name) => `${path}/${name}`));
    } catch (error) {
      return this.report(error);
    }
    this.queue.push({ path, isDirectory: true });
    this.next();
  }

  /** Begins no more; resolves when nothing is under way. */
  stop(): Promise<void> {
    this.isStopped = true;
    this.queue = [];
    return this.isBusy ? new Promise((resolve) => (this.stopped = resolve)) : Promise.resolve();
  }

  private next(): void {
    if (this.isBusy) return;
    for (let removal = this.queue.shift(); removal !== undefined; removal = this.queue.shift()) {
      if (!removal.isDirectory) return this.unlinkOne(removal.path);
      this.removeEmptied(removal.path);
    }
  }

  private unlinkOne(path: string): void {
    this.isBusy = true;
    this.disk.unlink(path, (error) => {
      this.isBusy = false;
      // Its directory may have been renamed or deleted meanwhile: then somebody else cares for it.
      if (error !== null && error.code !== 'ENOENT') this.report(error);
      if (this.isStopped) this.stopped();
      else this.next();
    });
  }

  private removeEmptied(path: string): void {
    try {
      this.disk.removeDirectorySync(path);
    } catch (error) {
      this.report(error);
    }
  }

  private report(error: unknown): void {
    if (!isDiskError(error)) throw error;
    this.logger.error(`not deleted yet: ${(error as DiskError).message}`);
  }
}

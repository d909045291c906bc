/** Where a failback's receipt and the records that it exports go: new files, synced, and never written over. */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DrillFile, DrillFiles } from '../../mirror/drill/export-tail';

const MAX_NAMES = 1000;

export class DirectoryFiles implements DrillFiles {
  constructor(private readonly directory: string) {}

  writeNew(path: string, text: string): Promise<void> {
    const { fd } = this.open(path);
    writeWhole(fd, Buffer.from(text));
    this.finish(fd, path);
    return Promise.resolve();
  }

  create(path: string): Promise<DrillFile> {
    const { fd, name } = this.open(path);
    return Promise.resolve({
      path: name,
      write: (bytes: Uint8Array) => Promise.resolve(writeWhole(fd, bytes)),
      close: () => Promise.resolve(this.finish(fd, name)),
    });
  }

  /** `receipt.json`, or `receipt.2.json` when that is there. */
  private open(path: string): { readonly fd: number; readonly name: string } {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    for (let count = 1; ; count++) {
      const name = count === 1 ? path : path.replace(/(\.[^.]*)$/, `.${count}$1`);
      try {
        return { fd: openSync(join(this.directory, name), 'wx'), name };
      } catch (error) {
        const isTaken = error !== null && typeof error === 'object' && 'code' in error && error.code === 'EEXIST';
        if (!isTaken || count === MAX_NAMES) throw error;
      }
    }
  }

  /** The file and its name are on the disk before anything is cut off because of it. */
  private finish(fd: number, path: string): void {
    fsyncSync(fd);
    closeSync(fd);
    const directory = openSync(dirname(join(this.directory, path)), 'r');
    fsyncSync(directory);
    closeSync(directory);
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/**
 * A file or directory of the simulated file system, twice: as the page cache shows it and as it would survive a loss of
 * power. What lies between the two is the list of pending changes, in order.
 */

import { FileImage } from './file-image';

export const SECTOR_BYTES = 512;
/** Past this many pending changes the older half reaches the platter by itself, as the kernel's write-back does. */
const WRITE_BACK_CHANGES = 4096;

export type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number };

export class FileNode {
  readonly isDirectory = false;
  readonly current = new FileImage();
  readonly durable = new FileImage();
  pending: FileChange[] = [];
  /** Changes that have left `pending` for good; position of pending[0] in the file's history. */
  settled = 0;
  /** Names that lead here, in the page cache and on the platter. */
  names = 0;
  durableNames = 0;
  handles = 0;
  modifiedMs = 0;
  /** A sync failed: page cache and platter differ, and no later sync mends it. */
  hasLostSync = false;
  /** A sync of the file has succeeded: its name may have reached the journal with it. */
  wasSynced = false;
  /** Nobody had the file, so its page cache was thrown away; should its name survive, it is read from the platter. */
  isEvicted = false;

  constructor(readonly id: number) {}

  /** The file's history so far: what a sync that starts now covers. */
  get mark(): number {
    return this.settled + this.pending.length;
  }

  get isGone(): boolean {
    return this.names === 0 && this.durableNames === 0 && this.handles === 0;
  }

  change(change: FileChange): void {
    apply(this.current, change);
    this.pending.push(change);
    if (this.pending.length > WRITE_BACK_CHANGES) this.settle(this.settled + WRITE_BACK_CHANGES / 2);
  }

  /** Everything before `mark` is on the platter. */
  settle(mark: number): void {
    const count = Math.max(0, mark - this.settled);
    for (const change of this.pending.slice(0, count)) apply(this.durable, change);
    this.pending.splice(0, count);
    this.settled += count;
  }

  /** A sync up to `mark` failed: the kernel calls the pages clean, whether or not it keeps them. */
  loseSync(mark: number, keepPages: boolean): void {
    const count = Math.max(0, mark - this.settled);
    this.pending.splice(0, count);
    this.settled += count;
    this.hasLostSync = true;
    if (keepPages) return;
    this.current.copyFrom(this.durable);
    for (const change of this.pending) apply(this.current, change);
  }

  /** The power is back: what is on the platter is all there is. */
  reload(): void {
    this.settled += this.pending.length;
    this.pending = [];
    this.hasLostSync = false;
    this.isEvicted = false;
    this.current.copyFrom(this.durable);
  }
}

export class DirectoryNode {
  readonly isDirectory = true;
  readonly current = new Map<string, Node>();
  readonly durable = new Map<string, Node>();
  names = 0;
  durableNames = 0;
  modifiedMs = 0;
  private readonly sorted: { current: readonly string[] | null; durable: readonly string[] | null } = { current: null, durable: null };

  constructor(readonly id: number) {}

  /** The names in it, sorted; the same array for as long as they are the same. */
  sortedNames(which: 'current' | 'durable'): readonly string[] {
    this.sorted[which] ??= [...this[which].keys()].sort();
    return this.sorted[which];
  }

  /** To be called whenever names have changed. */
  namesChanged(which: 'current' | 'durable'): void {
    this.sorted[which] = null;
  }
}

export type Node = FileNode | DirectoryNode;

export function apply(image: FileImage, change: FileChange): void {
  if (change.kind === 'write') image.write(change.position, change.bytes);
  else image.truncate(change.sizeBytes);
}

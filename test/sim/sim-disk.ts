/**
 * A simulated disk: what is shared by all processes of a host and outlives them. Processes reach it through a port each
 * (disk-port.ts); checkers look at it here.
 *
 * Invariants: the end of a process leaves the page cache as it is, except that what was in flight may be done, undone or
 * half done; a loss of power leaves what syncs covered and a seeded part of the rest (power-loss.ts). Nothing here
 * changes by itself.
 */

import { DiskError } from '../../log/disk';
import type { DiskErrorCode } from '../../log/disk';
import { DiskFaults, usualDelays } from './disk-faults';
import type { DiskDelays } from './disk-faults';
import { FileTree } from './file-tree';
import type { FileNode, Node } from './inode';
import { drawLossMode, loseFileChanges, loseNameChanges } from './power-loss';
import type { LossMode } from './power-loss';
import type { SimProcess } from './process';
import type { SimRandom } from './random';

export interface SimDiskOptions {
  /** Room for file content. Default: endless. */
  readonly capacityBytes?: number;
  /** Open files for each process. Default: endless. */
  readonly maxOpenFiles?: number;
}

export class SimDisk {
  readonly faults: DiskFaults;
  readonly delays: DiskDelays = usualDelays();
  capacityBytes: number;
  maxOpenFiles: number;
  /** Without a journal: unsynced changes of names survive in any combination, not in order. Default false. */
  namesInAnyOrder = false;
  /** @internal */
  tree = new FileTree();
  /** @internal */
  usedBytes = 0;
  /** Files whose page cache and platter may differ. */
  private dirty = new Set<FileNode>();
  private readonly locks = new Map<string, SimProcess>();
  private boots = 1;
  private mounts = 1;

  constructor(
    readonly name: string,
    readonly random: SimRandom,
    options: SimDiskOptions = {},
  ) {
    this.faults = new DiskFaults(random);
    this.capacityBytes = options.capacityBytes ?? Infinity;
    this.maxOpenFiles = options.maxOpenFiles ?? Infinity;
  }

  get totalBytes(): number {
    return this.capacityBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.usedBytes);
  }

  get volatilityToken(): string {
    return `${this.name}-boot-${this.boots}-mount-${this.mounts}`;
  }

  /** The file as a process reads it now; null when there is none. */
  currentContent(path: string): Uint8Array | null {
    return contentOf(this.tree.find(path), (file) => file.current.content());
  }

  /** The file as it is sure to survive a loss of power now, by name and content; null when it may be gone. */
  durableContent(path: string): Uint8Array | null {
    return contentOf(this.tree.findDurable(path), (file) => file.durable.content());
  }

  /** Names in a directory, sorted: as a process sees them, or as they are sure to survive. Null when there is none. */
  names(path: string, which: 'current' | 'durable'): readonly string[] | null {
    const node = which === 'current' ? this.tree.find(path) : this.tree.findDurable(path);
    return node === null || !node.isDirectory ? null : node.sortedNames(which);
  }

  /** Whether a sync of the file has failed since it was last loaded: nobody may believe its page cache. */
  hasLostSync(path: string): boolean {
    const node = this.tree.find(path);
    return node !== null && !node.isDirectory && node.hasLostSync;
  }

  /** Every file's path, sorted. */
  paths(which: 'current' | 'durable' = 'current'): readonly string[] {
    const found: string[] = [];
    const visit = (node: Node, path: string): void => {
      if (!node.isDirectory) found.push(path);
      else for (const [name, child] of node[which]) visit(child, `${path}/${name}`);
    };
    visit(this.tree.root, '');
    return found.sort();
  }

  /** Overwrites bytes at rest, on the platter and in the page cache, as a flipped bit or a misdirected write does. */
  corrupt(path: string, position: number, bytes: Uint8Array): void {
    const file = this.tree.file(path);
    file.settle(file.mark);
    file.durable.write(position, bytes);
    file.current.write(position, bytes);
  }

  /** Puts a file there, durable, as if it had always been. Parents are made. */
  place(path: string, content: Uint8Array): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    this.tree.makeDirectories(parent);
    const node = this.tree.find(path);
    const file = node === null ? this.tree.createFile(path) : this.tree.file(path);
    file.settle(file.mark);
    for (const image of [file.current, file.durable]) {
      image.truncate(0);
      image.write(0, content);
    }
    this.syncEverything();
    this.recount();
  }

  /** All that is pending reaches the platter, as after a clean unmount. */
  syncEverything(): void {
    for (const file of this.dirty) file.settle(file.mark);
    this.dirty.clear();
    for (const change of this.tree.pending) this.tree.applyDurable(change);
    this.tree.reload();
  }

  /** The power goes. Every process of the host must be dead already. Returns what kind of loss it was. */
  losePower(mode: LossMode = drawLossMode(this.random)): LossMode {
    loseNameChanges(this.tree, mode, this.random, this.namesInAnyOrder);
    for (const file of this.dirty) {
      loseFileChanges(file, mode, this.random);
      file.reload();
    }
    this.dirty.clear();
    for (const file of this.tree.reload()) if (file.isEvicted) file.reload();
    this.recount();
    this.boots++;
    return mode;
  }

  /** The disk is replaced by an empty one. */
  wipe(): void {
    this.tree = new FileTree();
    this.dirty = new Set();
    this.usedBytes = 0;
    this.boots++;
    this.mounts++;
  }

  /** What is durable now; `restore` brings it back, as a backup does. */
  snapshot(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.paths('durable').map((path) => [path, this.durableContent(path)!]));
  }

  restore(snapshot: ReadonlyMap<string, Uint8Array>): void {
    this.wipe();
    for (const [path, content] of snapshot) this.place(path, content);
  }

  /** @internal */
  noteDirty(file: FileNode): void {
    this.dirty.add(file);
  }

  /** @internal Nobody can reach the file any more, now or after a loss of power. */
  forgetIfGone(file: FileNode): void {
    if (file.names === 0 && file.handles === 0) {
      this.usedBytes -= file.current.allocatedBytes;
      file.current.truncate(0);
      file.isEvicted = true;
    }
    if (file.isGone) this.dirty.delete(file);
  }

  /** @internal */
  lock(path: string, process: SimProcess): () => void {
    const holder = this.locks.get(path);
    if (holder !== undefined && !holder.isDead) throw new DiskError('EACCES', path, `locked by ${holder.name}`);
    this.locks.set(path, process);
    return () => {
      if (this.locks.get(path) === process) this.locks.delete(path);
    };
  }

  /** @internal */
  error(code: DiskErrorCode, path: string): DiskError {
    return new DiskError(code, path, `${code} (simulated): ${path}`);
  }

  private recount(): void {
    this.usedBytes = 0;
    for (const path of this.paths()) this.usedBytes += this.tree.file(path).current.allocatedBytes;
  }
}

function contentOf(node: Node | null, read: (file: FileNode) => Uint8Array): Uint8Array | null {
  return node === null || node.isDirectory ? null : read(node);
}

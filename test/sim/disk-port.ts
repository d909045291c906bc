/**
 * The Disk port of one simulated process.
 *
 * Blocking calls act at once; asynchronous ones act on the page cache when they complete. While an asynchronous write is
 * in flight its bytes must not change, and while a read is, its target shows 0xDD: whoever breaks the port's rules is found.
 * When the process dies each operation in flight is done, undone or (a write) half done, by chance.
 */

import { DiskError } from '../../log/disk';
import type { Disk, DiskFile, FileStat, OpenMode } from '../../log/disk';
import { SimDiskFile } from './disk-file';
import type { DiskPortWorld, FilePort, InFlight } from './disk-file';
import type { Delay, DiskOperation } from './disk-faults';
import { FileNode } from './inode';
import type { SimProcess } from './process';
import type { SimDisk } from './sim-disk';

export class SimDiskPort implements Disk, FilePort {
  /** @internal */
  readonly inFlight = new Set<InFlight>();
  /** @internal */
  openFiles = 0;
  private readonly handles = new Set<SimDiskFile>();

  constructor(
    /** @internal */ readonly disk: SimDisk,
    /** @internal */ readonly process: SimProcess,
    /** @internal */ readonly world: DiskPortWorld,
  ) {
    process.onEnd(() => this.processEnded());
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    const { tree } = this.disk;
    if (!this.enter(mode === 'read' || mode === 'write' ? 'read' : 'open', path)) return this.deadFile(path, mode);
    this.strike('open', path);
    if (this.openFiles >= this.disk.maxOpenFiles) throw this.disk.error('EMFILE', path);
    const found = tree.find(path);
    if (found !== null && mode === 'createNew') throw this.disk.error('EEXIST', path);
    const isNew = found === null && (mode === 'create' || mode === 'createNew');
    const node = isNew ? tree.createFile(path) : tree.file(path);
    if (isNew) node.modifiedMs = this.world.wallMs();
    return this.opened(new SimDiskFile(this, path, node, mode));
  }

  renameSync(from: string, to: string): void {
    if (!this.enter('rename', to)) return;
    this.strike('rename', from);
    const replaced = this.disk.tree.find(to);
    this.disk.tree.rename(from, to);
    if (replaced !== null && !replaced.isDirectory) this.disk.forgetIfGone(replaced);
  }

  unlinkSync(path: string): void {
    if (!this.enter('unlink', path)) return;
    this.strike('unlink', path);
    const node = this.disk.tree.find(path);
    this.disk.tree.remove(path, false);
    if (node !== null && !node.isDirectory) this.disk.forgetIfGone(node);
  }

  unlink(path: string, done: (error: DiskError | null) => void): void {
    if (!this.enter('unlink', path)) return;
    const remove = (): void => {
      const node = this.disk.tree.find(path);
      if (node === null || node.isDirectory) return;
      this.disk.tree.remove(path, false);
      this.disk.forgetIfGone(node);
    };
    const operation: InFlight = { abandon: () => this.disk.random.chance(0.5) && remove() };
    this.startOperation(operation, this.disk.delays.sync, () => {
      const code = this.disk.tree.find(path) === null ? 'ENOENT' : this.disk.faults.strike('unlink', path);
      if (code === null) remove();
      done(code === null ? null : this.disk.error(code, path));
    });
  }

  makeDirectorySync(path: string): void {
    if (!this.enter('makeDirectory', path)) return;
    this.strike('makeDirectory', path);
    this.disk.tree.makeDirectories(path);
  }

  removeDirectorySync(path: string): void {
    if (!this.enter('removeDirectory', path)) return;
    this.strike('removeDirectory', path);
    this.disk.tree.remove(path, true);
  }

  listSync(path: string): readonly string[] {
    this.process.observe();
    return [...this.disk.tree.directory(path).current.keys()].sort();
  }

  /** There are no links here. */
  isLinkSync(): boolean {
    return false;
  }

  statSync(path: string): FileStat | null {
    this.process.observe();
    const node = this.disk.tree.find(path);
    if (node === null) return null;
    const sizeBytes = node.isDirectory ? 0 : node.current.sizeBytes;
    return { sizeBytes, modifiedMs: node.modifiedMs, isDirectory: node.isDirectory };
  }

  syncDirectory(path: string, done: (error: DiskError | null) => void): void {
    if (!this.enter('syncDirectory', path)) return;
    const directory = this.disk.tree.find(path);
    const { mark } = this.disk.tree;
    const settle = (): void => {
      if (directory?.isDirectory === true) this.disk.tree.settle(directory, mark);
    };
    const operation: InFlight = { abandon: () => this.disk.random.chance(0.5) && settle() };
    this.startOperation(operation, this.disk.delays.sync, () => {
      const code = directory?.isDirectory === true ? this.disk.faults.strike('syncDirectory', path) : 'ENOENT';
      if (code === null) settle();
      done(code === null ? null : this.disk.error(code, path));
    });
  }

  syncDirectorySync(path: string): void {
    if (!this.enter('syncDirectory', path)) return;
    this.spend(this.disk.delays.blockingSync);
    const directory = this.disk.tree.directory(path);
    this.strike('syncDirectory', path);
    this.disk.tree.settle(directory, this.disk.tree.mark);
  }

  freeBytes(): number {
    this.process.observe();
    return this.disk.freeBytes;
  }

  absolutePath(path: string): string {
    return path.startsWith('/') ? path : `/${path}`;
  }

  totalBytes(): number {
    this.process.observe();
    return this.disk.totalBytes;
  }

  lockSync(path: string): { release(): void } {
    if (!this.enter('lock', path)) return { release: () => {} };
    const release = this.disk.lock(path, this.process);
    if (this.disk.tree.find(path) === null) this.disk.tree.createFile(path);
    return { release: () => this.process.observe() && release() };
  }

  volatilityToken(): string {
    this.process.observe();
    return this.disk.volatilityToken;
  }

  /** @internal */
  enter(operation: DiskOperation | 'lock', path: string): boolean {
    if (operation === 'read') return this.process.observe();
    if (!this.process.enter(operation, path)) return false;
    this.world.trace.note(operation, this.world.scheduler.nowMs, this.process.owner.id, path.length, path.charCodeAt(path.length - 1));
    return true;
  }

  /** @internal */
  strike(operation: DiskOperation, path: string): void {
    const code = this.disk.faults.strike(operation, path);
    if (code !== null) throw this.disk.error(code, path);
  }

  /** @internal */
  spend(delay: Delay): void {
    if (delay[1] > 0) this.world.scheduler.spend(this.process.owner, this.disk.random.spread(delay[0], delay[1]));
  }

  /** @internal */
  startOperation(operation: InFlight, delay: Delay, complete: () => void): void {
    this.inFlight.add(operation);
    const delayMs = this.disk.random.spread(delay[0], delay[1]);
    this.world.scheduler.at(delayMs, this.process.owner, () => {
      this.inFlight.delete(operation);
      complete();
    });
  }

  /** @internal */
  closed(file: SimDiskFile): void {
    this.handles.delete(file);
    this.openFiles--;
    file.node.handles--;
    this.disk.forgetIfGone(file.node);
  }

  private opened(file: SimDiskFile): SimDiskFile {
    this.handles.add(file);
    this.openFiles++;
    file.node.handles++;
    return file;
  }

  /** A dead process opens what is there, or a file that nobody will ever see. */
  private deadFile(path: string, mode: OpenMode): DiskFile {
    const found = this.disk.tree.find(path);
    const node = found === null || found.isDirectory ? new FileNode(-1) : found;
    return new SimDiskFile(this, path, node, mode);
  }

  private processEnded(): void {
    for (const operation of this.inFlight) operation.abandon();
    this.inFlight.clear();
    for (const file of this.handles) this.closed(file);
  }
}


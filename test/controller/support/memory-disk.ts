/**
 * A disk in memory that knows what would survive: content is durable once synced, names once their directory is.
 * `killAfter` makes the process die before the k-th call; `afterPowerLoss` and `afterKill` give what the next one finds.
 */
import { DiskError, type Disk, type DiskFile, type FileStat, type OpenMode } from '../../../log/disk';

interface Inode {
  content: Uint8Array;
  /** What loss of power leaves of it. */
  durable: Uint8Array;
}

/** The process is dead: nothing that it does afterwards has an effect. */
export class Killed extends Error {}

export class MemoryDisk implements Disk {
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private directories = new Set<string>(['']);
  private durableDirectories = new Set<string>(['']);
  private pending: (() => void)[] = [];
  private callsLeft = Number.POSITIVE_INFINITY;
  calls = 0;
  /** The next sync fails with this. */
  syncFailure: DiskError | null = null;

  killAfter(calls: number): void {
    this.callsLeft = calls;
  }

  get isDead(): boolean {
    return this.callsLeft < 0;
  }

  /** What a process that starts after kill -9 finds: everything written. */
  afterKill(): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [path, inode] of this.names) disk.names.set(path, { content: inode.content, durable: inode.durable });
    disk.directories = new Set(this.directories);
    disk.durableNames = new Map([...this.durableNames].map(([path, inode]) => [path, { ...inode }]));
    for (const [path, inode] of disk.names)
      if (this.durableNames.get(path) === this.names.get(path)) disk.durableNames.set(path, inode);
    disk.durableDirectories = new Set(this.durableDirectories);
    return disk;
  }

  /** What a process that starts after loss of power finds: what was synced. */
  afterPowerLoss(): MemoryDisk {
    const disk = new MemoryDisk();
    disk.directories = new Set(this.durableDirectories);
    disk.durableDirectories = new Set(this.durableDirectories);
    for (const [path, inode] of this.durableNames) {
      if (!this.durableDirectories.has(parentOf(path))) continue;
      const survivor = { content: inode.durable, durable: inode.durable };
      disk.names.set(path, survivor);
      disk.durableNames.set(path, survivor);
    }
    return disk;
  }

  /** Runs completions of asynchronous calls until none is left. */
  settle(): void {
    while (this.pending.length > 0) this.pending.shift()?.();
  }

  get hasPending(): boolean {
    return this.pending.length > 0;
  }

  paths(): string[] {
    return [...this.names.keys()].sort();
  }

  content(path: string): Uint8Array {
    return this.inode(path).content;
  }

  put(path: string, content: Uint8Array | string): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    this.addDirectory(parentOf(path), true);
    const inode = { content: bytes, durable: bytes };
    this.names.set(path, inode);
    this.durableNames.set(path, inode);
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    this.call();
    const known = this.names.get(path);
    if (mode === 'createNew' && known !== undefined) throw new DiskError('EEXIST', path, 'exists');
    if (known === undefined) {
      if (mode === 'read' || mode === 'write') throw new DiskError('ENOENT', path, 'no such file');
      if (!this.directories.has(parentOf(path))) throw new DiskError('ENOENT', path, 'no such directory');
      this.names.set(path, { content: new Uint8Array(0), durable: new Uint8Array(0) });
    }
    return this.fileAt(path, this.inode(path));
  }

  private fileAt(path: string, inode: Inode): DiskFile {
    const disk = this;
    return {
      path,
      writeSync(position, chunks) {
        disk.call();
        let at = position;
        for (const chunk of chunks) {
          const size = Math.max(inode.content.length, at + chunk.length);
          const content = new Uint8Array(size);
          content.set(inode.content);
          content.set(chunk, at);
          inode.content = content;
          at += chunk.length;
        }
      },
      readSync(position, into) {
        disk.call();
        const slice = inode.content.subarray(position, position + into.length);
        into.set(slice);
        return slice.length;
      },
      write(position, chunks, done) {
        this.writeSync(position, chunks);
        disk.later(() => done(null));
      },
      read(position, into, done) {
        const bytes = this.readSync(position, into);
        disk.later(() => done(null, bytes));
      },
      sync(done) {
        disk.call();
        const failure = disk.takeSyncFailure();
        const content = inode.content;
        disk.later(() => {
          if (failure === null) inode.durable = content;
          done(failure);
        });
      },
      syncSync() {
        disk.call();
        const failure = disk.takeSyncFailure();
        if (failure !== null) throw failure;
        inode.durable = inode.content;
      },
      truncateSync(sizeBytes) {
        disk.call();
        const content = new Uint8Array(sizeBytes);
        content.set(inode.content.subarray(0, sizeBytes));
        inode.content = content;
      },
      sizeSync: () => inode.content.length,
      closeSync: () => undefined,
    };
  }

  renameSync(from: string, to: string): void {
    this.call();
    this.names.set(to, this.inode(from));
    this.names.delete(from);
  }

  unlinkSync(path: string): void {
    this.call();
    this.inode(path);
    this.names.delete(path);
  }

  unlink(path: string, done: (error: DiskError | null) => void): void {
    this.unlinkSync(path);
    queueMicrotask(() => done(null));
  }

  makeDirectorySync(path: string): void {
    this.call();
    this.addDirectory(path, false);
  }

  removeDirectorySync(path: string): void {
    this.call();
    this.directories.delete(path);
  }

  listSync(path: string): readonly string[] {
    this.call();
    if (!this.directories.has(path)) throw new DiskError('ENOENT', path, 'no such directory');
    const children = new Set<string>();
    for (const name of [...this.names.keys(), ...this.directories])
      if (parentOf(name) === path && name !== path) children.add(name.slice(path.length + 1));
    return [...children].sort();
  }

  /** There are no links here. */
  isLinkSync(): boolean {
    return false;
  }

  statSync(path: string): FileStat | null {
    this.call();
    if (path === '/' || this.directories.has(path)) return { sizeBytes: 0, modifiedMs: 0, isDirectory: true };
    const inode = this.names.get(path);
    return inode === undefined ? null : { sizeBytes: inode.content.length, modifiedMs: 0, isDirectory: false };
  }

  syncDirectory(path: string, done: (error: DiskError | null) => void): void {
    this.syncDirectorySync(path);
    this.later(() => done(null));
  }

  syncDirectorySync(directory: string): void {
    this.call();
    const path = directory === '/' ? '' : directory;
    for (const name of [...this.durableNames.keys()]) if (parentOf(name) === path) this.durableNames.delete(name);
    for (const [name, inode] of this.names) if (parentOf(name) === path) this.durableNames.set(name, inode);
    for (const name of this.directories) if (parentOf(name) === path) this.durableDirectories.add(name);
  }

  freeBytes(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  totalBytes(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  lockSync(): { release(): void } {
    return { release: () => undefined };
  }

  absolutePath(path: string): string {
    return path;
  }

  volatilityToken(): string {
    return 'token';
  }

  private inode(path: string): Inode {
    const inode = this.names.get(path);
    if (inode === undefined) throw new DiskError('ENOENT', path, 'no such file');
    return inode;
  }

  private addDirectory(path: string, durable: boolean): void {
    if (path === '') return;
    this.addDirectory(parentOf(path), durable);
    this.directories.add(path);
    if (durable) this.durableDirectories.add(path);
  }

  private takeSyncFailure(): DiskError | null {
    const failure = this.syncFailure;
    this.syncFailure = null;
    return failure;
  }

  private later(run: () => void): void {
    this.pending.push(run);
  }

  private call(): void {
    this.calls += 1;
    this.callsLeft -= 1;
    if (this.callsLeft < 0) throw new Killed('the process is dead');
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '' : path.slice(0, slash);
}

/** A disk that fails on request: the real one, with rules in front of it. */
import { DiskError, type Disk, type DiskErrorCode, type DiskFile } from '../../log/disk';

type Operation = 'open' | 'rename' | 'read' | 'write' | 'sync' | 'freeBytes';

interface Rule {
  readonly operation: Operation;
  readonly path: RegExp;
  readonly code: DiskErrorCode;
  /** How many more operations fail. */
  left: number;
  /** Reads and writes of fewer bytes pass. */
  readonly minBytes: number;
}

export class FaultyDisk implements Disk {
  private readonly rules: Rule[] = [];

  constructor(private readonly inner: Disk) {}

  /** The next `times` operations of this kind on paths that match fail, reads and writes if they have `minBytes`. */
  fail(operation: Operation, path: RegExp, code: DiskErrorCode = 'EIO', times = Infinity, minBytes = 0): void {
    this.rules.push({ operation, path, code, left: times, minBytes });
  }

  private check(operation: Operation, path: string, sizeBytes = 0): void {
    const rule = this.rules.find(
      (each) => each.operation === operation && each.left > 0 && each.path.test(path) && sizeBytes >= each.minBytes,
    );
    if (rule === undefined) return;
    rule.left -= 1;
    throw new DiskError(rule.code, path, `${rule.code}: ${operation} fails in this test`);
  }

  private failure(operation: Operation, path: string): DiskError | null {
    try {
      this.check(operation, path);
      return null;
    } catch (error) {
      return error as DiskError;
    }
  }

  openSync(...[path, mode]: Parameters<Disk['openSync']>): DiskFile {
    this.check('open', path);
    return this.guard(this.inner.openSync(path, mode));
  }

  private guard(file: DiskFile): DiskFile {
    const { path } = file;
    return {
      path,
      writeSync: (position, chunks) => {
        this.check('write', path);
        file.writeSync(position, chunks);
      },
      readSync: (position, into) => {
        this.check('read', path, into.length);
        return file.readSync(position, into);
      },
      write: (position, chunks, done) => file.write(position, chunks, (error) => done(error ?? this.failure('write', path))),
      read: (position, into, done) =>
        file.read(position, into, (error, bytes) => done(error ?? this.failure('read', path), bytes)),
      sync: (done) => file.sync((error) => done(error ?? this.failure('sync', path))),
      syncSync: () => {
        this.check('sync', path);
        file.syncSync();
      },
      truncateSync: (sizeBytes) => file.truncateSync(sizeBytes),
      sizeSync: () => file.sizeSync(),
      closeSync: () => file.closeSync(),
    };
  }

  renameSync(from: string, to: string): void {
    this.check('rename', from);
    this.inner.renameSync(from, to);
  }

  totalBytes(path: string): number {
    return this.inner.totalBytes(path);
  }
  freeBytes(path: string): number {
    this.check('freeBytes', path);
    return this.inner.freeBytes(path);
  }

  unlinkSync = (path: string): void => this.inner.unlinkSync(path);
  unlink: Disk['unlink'] = (path, done) => this.inner.unlink(path, done);
  makeDirectorySync = (path: string): void => this.inner.makeDirectorySync(path);
  removeDirectorySync = (path: string): void => this.inner.removeDirectorySync(path);
  listSync = (path: string): readonly string[] => this.inner.listSync(path);
  statSync: Disk['statSync'] = (path) => this.inner.statSync(path);
  isLinkSync: Disk['isLinkSync'] = (path) => this.inner.isLinkSync(path);
  syncDirectory: Disk['syncDirectory'] = (path, done) => this.inner.syncDirectory(path, done);
  syncDirectorySync = (path: string): void => this.inner.syncDirectorySync(path);
  lockSync: Disk['lockSync'] = (path) => this.inner.lockSync(path);
  absolutePath = (path: string): string => this.inner.absolutePath(path);
  volatilityToken = (path: string): string => this.inner.volatilityToken(path);
}

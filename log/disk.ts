/**
 * The disk port. Paths are absolute or relative to the process; separators are '/'.
 *
 * Synchronous calls complete fully or throw a DiskError. Asynchronous ones settle once, never in the caller's turn.
 * After a failed sync the file is dead: its page cache can no longer be believed.
 */

export type DiskErrorCode = 'ENOSPC' | 'EIO' | 'EMFILE' | 'ENOENT' | 'EEXIST' | 'EACCES' | 'ENOTDIR' | 'OTHER';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  constructor(
    readonly code: DiskErrorCode,
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** 'read': must exist. 'write': must exist, read and write. 'create': made when missing. 'createNew': must not exist. */
export type OpenMode = 'read' | 'write' | 'create' | 'createNew';

export interface DiskFile {
  readonly path: string;
  writeSync(position: number, chunks: readonly Uint8Array[]): void;
  /** Returns the bytes read; fewer than asked only at the end of the file. */
  readSync(position: number, into: Uint8Array): number;
  write(position: number, chunks: readonly Uint8Array[], done: (error: DiskError | null) => void): void;
  read(position: number, into: Uint8Array, done: (error: DiskError | null, bytes: number) => void): void;
  /** Covers what was written before this call. */
  sync(done: (error: DiskError | null) => void): void;
  /** For start, shutdown and small files; never on the data path. */
  syncSync(): void;
  truncateSync(sizeBytes: number): void;
  sizeSync(): number;
  closeSync(): void;
}

export interface FileStat {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isDirectory: boolean;
}

export interface Disk {
  openSync(path: string, mode: OpenMode): DiskFile;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  /** For large files: to free their blocks takes long. */
  unlink(path: string, done: (error: DiskError | null) => void): void;
  /** Makes missing parents too; no error when it exists. */
  makeDirectorySync(path: string): void;
  /** Removes an empty directory. */
  removeDirectorySync(path: string): void;
  /** Names in the directory, sorted. */
  listSync(path: string): readonly string[];
  statSync(path: string): FileStat | null;
  /** Whether the name is a symbolic link, wherever it leads; false when there is nothing. */
  isLinkSync(path: string): boolean;
  syncDirectory(path: string, done: (error: DiskError | null) => void): void;
  syncDirectorySync(path: string): void;
  /** The path from the root, by which others than this process know it too. */
  absolutePath(path: string): string;
  /** Space left for this process on the file system of `path`. */
  freeBytes(path: string): number;
  /** Of the file system of `path`, whoever has it. */
  totalBytes(path: string): number;
  /** An exclusive lock that Kafka's own lock sees; DiskError EACCES when another process holds it. */
  lockSync(path: string): { release(): void };
  /** Boot id and mount identity: changes exactly when writes that were not synced may be gone. */
  volatilityToken(path: string): string;
}

/** Side jobs on other threads (or inline, in the simulator). Input and output bytes are copied, never shared. */
export interface Workers {
  run(job: string, input: Uint8Array, done: (result: Uint8Array | Error) => void): void;
}

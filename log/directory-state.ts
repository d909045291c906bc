/**
 * Whether a log directory can be written.
 *
 * online: yes. full: an append met ENOSPC, or records would have taken the reserve; records are refused, reads go on, and it
 * comes back by itself when space is free. offline: a read, write or fsync failed otherwise; what the page cache holds can
 * no longer be believed, so it stays offline until a restart.
 *
 * The reserve is for what makes room again, and for a start on a full disk: the metadata log, checkpoints, new files.
 */
import type { Env } from './env';
import type { DiskError } from './disk';
import { LogStorageError } from './log-error';

const MB = 1024 * 1024;
/** Records leave so much space alone. */
const RESERVE_BYTES = 4 * MB;
/** How much is appended between two looks at the free space. */
const LOOK_BYTES = 256 * 1024;
/** Space that must be free before a full directory takes records again. */
const REOPEN_FREE_BYTES = 8 * MB;
const PROBE_INTERVAL_MS = 200;

export type DirectoryCondition = 'online' | 'full' | 'offline';
/** What is to be written: clients' records, or what the broker needs to go on and may take from the reserve. */
export type WriteUse = 'records' | 'reserve';

export class DirectoryState {
  private current: DirectoryCondition = 'online';
  private nextProbeMs = 0;
  /** Appended since the last look at the free space; the first append of a life looks. */
  private unseenBytes = LOOK_BYTES;
  private reason = '';
  private fatalError: DiskError | null = null;

  constructor(
    private readonly env: Env,
    readonly path: string,
    /** Told when the directory goes offline, once. */
    private readonly wentOffline: (reason: string) => void,
  ) {}

  get condition(): DirectoryCondition {
    return this.current;
  }

  get isOffline(): boolean {
    return this.current === 'offline';
  }

  /** What took the directory offline. */
  get failure(): DiskError | null {
    return this.fatalError;
  }

  /** Throws LogStorageError unless a write of so many bytes may be tried. */
  assertWritable(sizeBytes: number, use: WriteUse): void {
    if (this.current !== 'offline' && (use === 'reserve' || this.hasRoomFor(sizeBytes))) return;
    throw new LogStorageError(`log directory ${this.path} is ${this.current}: ${this.reason}`);
  }

  private hasRoomFor(sizeBytes: number): boolean {
    if (this.current === 'full') return this.hasSpaceAgain();
    this.unseenBytes += sizeBytes;
    if (this.unseenBytes < LOOK_BYTES) return true;
    this.unseenBytes = 0;
    const freeBytes = this.freeBytes();
    if (freeBytes >= RESERVE_BYTES + sizeBytes) return true;
    this.becomeFull(`${freeBytes} bytes are free, and ${RESERVE_BYTES} are kept for metadata and recovery`);
    return false;
  }

  /** Throws LogStorageError when nothing of the directory may be read. */
  assertReadable(): void {
    if (this.current === 'offline') throw new LogStorageError(`log directory ${this.path} is offline: ${this.reason}`);
  }

  private hasSpaceAgain(): boolean {
    const now = this.env.clock.monotonicMs();
    if (now < this.nextProbeMs) return false;
    this.nextProbeMs = now + PROBE_INTERVAL_MS;
    if (this.freeBytes() < REOPEN_FREE_BYTES) return false;
    this.current = 'online';
    this.unseenBytes = LOOK_BYTES;
    this.env.logger.info(`Log directory ${this.path} has free space again and takes appends.`);
    return true;
  }

  private freeBytes(): number {
    try {
      return this.env.disk.freeBytes(this.path);
    } catch (error) {
      if (isDiskError(error)) throw this.failed(error);
      throw error;
    }
  }

  /** Maps a failed write: ENOSPC makes the directory full, EMFILE refuses this append alone, the rest is fatal to it. */
  writeFailed(error: DiskError): LogStorageError {
    if (error.code !== 'ENOSPC') return this.failed(error);
    this.becomeFull(error.message);
    return new LogStorageError(`log directory ${this.path} is full: ${error.message}`);
  }

  private becomeFull(cause: string): void {
    if (this.current !== 'online') return;
    this.current = 'full';
    this.reason = cause;
    this.nextProbeMs = this.env.clock.monotonicMs() + PROBE_INTERVAL_MS;
    const advice = `Reads go on; records are refused until ${REOPEN_FREE_BYTES} bytes are free. Delete topics, lower retention or add space.`;
    this.env.logger.error(`Log directory ${this.path} is full. ${advice}`, { cause });
  }

  /** Runs disk work whose failure takes the directory offline. */
  guarded<T>(work: () => T): T {
    return mapping(work, (error) => this.failed(error));
  }

  /** Runs disk work that must not stop half-way: whatever fails takes the directory offline. */
  guardedWhole<T>(work: () => T): T {
    return mapping(work, (error) => this.failedHalfWay(error));
  }

  /** Runs a write; a full disk is no failure. */
  guardedWrite<T>(work: () => T): T {
    return mapping(work, (error) => this.writeFailed(error));
  }

  /** A failed read, fsync or other operation: the directory goes offline. Too few descriptors are no fault of the disk. */
  failed(error: DiskError): LogStorageError {
    if (error.code === 'EMFILE') return new LogStorageError(`too many open files: ${error.message}`);
    return this.failedHalfWay(error);
  }

  /** Something was begun that has to be done whole: the directory goes offline, whatever was in the way. */
  failedHalfWay(error: DiskError): LogStorageError {
    if (this.current !== 'offline') {
      this.current = 'offline';
      this.fatalError = error;
      this.reason = error.message;
      const advice = 'It stays offline until the broker is restarted; check the disk first.';
      this.env.logger.error(`Log directory ${this.path} failed and is offline. ${advice}`, { cause: error.message });
      this.wentOffline(error.message);
    }
    return new LogStorageError(`log directory ${this.path} is offline: ${error.message}`);
  }
}

function mapping<T>(work: () => T, map: (error: DiskError) => LogStorageError): T {
  try {
    return work();
  } catch (error) {
    if (isDiskError(error)) throw map(error);
    throw error;
  }
}

/** Realm-safe: errors of the disk port carry this name. */
export function isDiskError(error: unknown): error is DiskError {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === 'DiskError';
}

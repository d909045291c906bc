/**
 * Part of the binding (`node-disk.ts`): one open file.
 *
 * Invariants: a descriptor is closed only when nothing of it is in flight, since its number may be another file's at once;
 * a sync starts only after every write issued before it has ended, and those asked for meanwhile share the next one; after
 * a failed sync every further use fails.
 */
import * as fs from 'node:fs';
import * as timers from 'node:timers';
import { invariant } from '../wire/base/invariant';
import { DiskError } from './disk';
import type { DiskFile } from './disk';
import { toDiskError } from './node-disk-error';
import type { FsyncSlots } from './node-fsync-slots';

const realSetImmediate = timers.setImmediate;

type Done = (error: DiskError | null) => void;

export interface NodeFileOptions {
  readonly slots: FsyncSlots;
  /** Says that it has synced, and has not: tests that care for speed and not for power loss. */
  readonly unsafeNoSync: boolean;
}

/** Syncs that one fsync will serve, and the last write that it has to cover. */
interface SyncRound {
  readonly done: Done[];
  writes: number;
}

export class NodeDiskFile implements DiskFile {
  readonly #fd: number;
  readonly #options: NodeFileOptions;
  #isClosed = false;
  #inFlight = 0;
  #dead: DiskError | null = null;
  /** Sequence numbers of asynchronous writes: issued ever, and those that have not ended. */
  #writesIssued = 0;
  readonly #writesInFlight = new Set<number>();
  /** Waits for writes to end, or for the sync before it. */
  #nextSync: SyncRound | null = null;
  /** Covers nothing that is still in flight; waits for a slot. */
  #queuedSync: SyncRound | null = null;
  #isSyncing = false;
  #fsyncGroup: string | undefined;

  constructor(
    readonly path: string,
    fd: number,
    options: NodeFileOptions,
  ) {
    this.#fd = fd;
    this.#options = options;
  }

  writeSync(position: number, chunks: readonly Uint8Array[]): void {
    this.#use();
    try {
      writeFully(this.#fd, position, chunks);
    } catch (error) {
      throw toDiskError(error, this.path);
    }
  }

  readSync(position: number, into: Uint8Array): number {
    this.#use();
    try {
      return readFully(this.#fd, position, into);
    } catch (error) {
      throw toDiskError(error, this.path);
    }
  }

  write(position: number, chunks: readonly Uint8Array[], done: Done): void {
    if (this.#failsLater(done)) return;
    const write = ++this.#writesIssued;
    this.#writesInFlight.add(write);
    this.#inFlight += 1;
    const ended = (error: DiskError | null): void => {
      this.#writesInFlight.delete(write);
      this.#landed();
      done(error);
      if (!this.#isClosed) this.#startSync();
    };
    writePart(this.#fd, position, withoutEmpty(chunks), (error) => {
      ended(error === null ? null : toDiskError(error, this.path));
    });
  }

  read(position: number, into: Uint8Array, done: (error: DiskError | null, bytes: number) => void): void {
    if (this.#failsLater((error) => done(error, 0))) return;
    this.#inFlight += 1;
    readPart(this.#fd, position, into, 0, (error, bytes) => {
      this.#landed();
      done(error === null ? null : toDiskError(error, this.path), bytes);
    });
  }

  sync(done: Done): void {
    if (this.#failsLater(done)) return;
    if (this.#options.unsafeNoSync && this.#writesInFlight.size === 0) {
      realSetImmediate(() => done(null));
      return;
    }
    if (this.#queuedSync !== null && this.#writesInFlight.size === 0) {
      this.#queuedSync.done.push(done);
      return;
    }
    this.#nextSync ??= { done: [], writes: 0 };
    this.#nextSync.done.push(done);
    this.#nextSync.writes = this.#writesIssued;
    this.#startSync();
  }

  syncSync(): void {
    this.#use();
    invariant(this.#writesInFlight.size === 0, `syncSync of ${this.path} with asynchronous writes in flight`);
    if (this.#options.unsafeNoSync) return;
    try {
      fs.fdatasyncSync(this.#fd);
    } catch (error) {
      throw this.#die(toDiskError(error, this.path));
    }
  }

  truncateSync(sizeBytes: number): void {
    this.#use();
    invariant(this.#writesInFlight.size === 0, `truncation of ${this.path} with asynchronous writes in flight`);
    try {
      fs.ftruncateSync(this.#fd, sizeBytes);
    } catch (error) {
      throw toDiskError(error, this.path);
    }
  }

  sizeSync(): number {
    this.#use();
    try {
      return fs.fstatSync(this.#fd).size;
    } catch (error) {
      throw toDiskError(error, this.path);
    }
  }

  closeSync(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#inFlight === 0) this.#closeDescriptor();
  }

  #use(): void {
    invariant(!this.#isClosed, `use of ${this.path} after its close`);
    if (this.#dead !== null) throw this.#deadAgain(this.#dead);
  }

  /** True when the call fails without reaching the disk; `done` hears of it in a later turn. */
  #failsLater(done: Done): boolean {
    invariant(!this.#isClosed, `use of ${this.path} after its close`);
    const dead = this.#dead;
    if (dead === null) return false;
    realSetImmediate(() => done(this.#deadAgain(dead)));
    return true;
  }

  #deadAgain(first: DiskError): DiskError {
    return new DiskError(first.code, this.path, `an earlier fsync failed: ${first.message}`);
  }

  #die(error: DiskError): DiskError {
    this.#dead ??= error;
    return error;
  }

  #landed(): void {
    this.#inFlight -= 1;
    if (this.#isClosed && this.#inFlight === 0) this.#closeDescriptor();
  }

  #closeDescriptor(): void {
    try {
      fs.closeSync(this.#fd);
    } catch (error) {
      // The descriptor is gone either way; what a close can report (a delayed write) only a sync may be asked for.
      this.#die(toDiskError(error, this.path));
    }
  }

  #startSync(): void {
    const round = this.#nextSync;
    if (round === null || this.#isSyncing) return;
    for (const write of this.#writesInFlight) if (write <= round.writes) return;
    this.#nextSync = null;
    this.#queuedSync = round;
    this.#isSyncing = true;
    this.#inFlight += 1;
    this.#options.slots.run(this.#group(), (finished) => {
      this.#queuedSync = null;
      const ended = (error: unknown): void => {
        finished();
        this.#syncEnded(round, error);
      };
      if (this.#options.unsafeNoSync) realSetImmediate(() => ended(null));
      else fs.fdatasync(this.#fd, ended);
    });
  }

  #syncEnded(round: SyncRound, error: unknown): void {
    const failure = error === null ? null : this.#die(toDiskError(error, this.path));
    this.#isSyncing = false;
    this.#landed();
    for (const done of round.done) done(failure);
    if (failure === null) this.#startSync();
    else this.#failWaiting(failure);
  }

  /** Files of one device take turns with those of the others. */
  #group(): string {
    this.#fsyncGroup ??= deviceOf(this.#fd);
    return this.#fsyncGroup;
  }

  /** The file is dead: what waits behind the failed sync fails with it. */
  #failWaiting(failure: DiskError): void {
    const waiting = this.#nextSync?.done ?? [];
    this.#nextSync = null;
    for (const done of waiting) done(this.#deadAgain(failure));
  }
}

function deviceOf(fd: number): string {
  try {
    return String(fs.fstatSync(fd).dev);
  } catch {
    // Only the order of turns depends on it; what is wrong with the file its sync will say.
    return '';
  }
}

function withoutEmpty(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  return chunks.some((chunk) => chunk.length === 0) ? chunks.filter((chunk) => chunk.length > 0) : chunks;
}

/** The chunks that are left when `written` bytes of them are on disk. */
function remaining(chunks: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let left = written;
  let index = 0;
  while (index < chunks.length && left >= chunks[index]!.length) left -= chunks[index++]!.length;
  const rest = chunks.slice(index);
  if (left > 0) rest[0] = rest[0]!.subarray(left);
  return rest;
}

function writeFully(fd: number, position: number, chunks: readonly Uint8Array[]): void {
  let at = position;
  let rest = withoutEmpty(chunks);
  while (rest.length > 0) {
    const written =
      rest.length === 1 ? fs.writeSync(fd, rest[0]!, 0, rest[0]!.length, at) : fs.writevSync(fd, rest, at);
    if (written === 0) throw noProgress();
    at += written;
    rest = remaining(rest, written);
  }
}

function writePart(fd: number, position: number, chunks: readonly Uint8Array[], done: (error: unknown) => void): void {
  if (chunks.length === 0) {
    realSetImmediate(() => done(null));
    return;
  }
  fs.writev(fd, chunks, position, (error, written) => {
    if (error !== null) return done(error);
    if (written === 0) return done(noProgress());
    const rest = remaining(chunks, written);
    if (rest.length === 0) done(null);
    else writePart(fd, position + written, rest, done);
  });
}

function readFully(fd: number, position: number, into: Uint8Array): number {
  let total = 0;
  while (total < into.length) {
    const bytes = fs.readSync(fd, into, total, into.length - total, position + total);
    if (bytes === 0) break;
    total += bytes;
  }
  return total;
}

function readPart(
  fd: number,
  position: number,
  into: Uint8Array,
  already: number,
  done: (error: unknown, bytes: number) => void,
): void {
  fs.read(fd, into, already, into.length - already, position + already, (error, bytes) => {
    if (error !== null) return done(error, already);
    const total = already + bytes;
    if (bytes === 0 || total === into.length) done(null, total);
    else readPart(fd, position, into, total, done);
  });
}

/** A write that takes nothing and reports no error would loop for ever. */
function noProgress(): { code: string; message: string } {
  return { code: 'EIO', message: 'a write wrote nothing' };
}

/**
 * The snapshot files of the metadata log: `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`. (KIP-630)
 *
 * Invariants: a file under its final name is whole and durable: it is written as `….checkpoint.part`, fsynced, renamed,
 * the directory fsynced. The log is never cut without a snapshot at its start, and the newest one is always kept. The
 * 0-0 checkpoint, which formatting writes, names the first voters and is never served to others.
 */
import type { Random } from '../../wire/base/env';
import { invariant } from '../../wire/base/invariant';
import type { Disk, DiskError, DiskFile } from '../../log/disk';
import { compareOffsetAndEpoch, type OffsetAndEpoch } from './replica-key';

const CHECKPOINT = '.checkpoint';
const PART = '.checkpoint.part';
const DELETED = '.checkpoint.deleted';
const NAME = /^(\d{20})-(\d{10})\.checkpoint$/;

export const BOOTSTRAP_SNAPSHOT_ID: OffsetAndEpoch = { offset: 0, epoch: 0 };

/** A snapshot or the log around it cannot be what this node wrote: it does not start. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

export function snapshotFileName(id: OffsetAndEpoch): string {
  return `${String(id.offset).padStart(20, '0')}-${String(id.epoch).padStart(10, '0')}${CHECKPOINT}`;
}

/** The id in a file's name, or null when it is not a finished snapshot. */
export function parseSnapshotFileName(name: string): OffsetAndEpoch | null {
  const match = NAME.exec(name);
  if (match === null) return null;
  const id = { offset: Number(match[1]), epoch: Number(match[2]) };
  return Number.isSafeInteger(id.offset) && id.epoch <= 0x7fffffff ? id : null;
}

export function sameSnapshot(a: OffsetAndEpoch, b: OffsetAndEpoch): boolean {
  return a.offset === b.offset && a.epoch === b.epoch;
}

/** Bytes on their way into a snapshot. Nothing is visible under the final name before `freeze` is done. */
export class RawSnapshotWriter {
  sizeBytes = 0;
  private isFrozen = false;

  constructor(
    readonly id: OffsetAndEpoch,
    private readonly disk: Disk,
    private readonly directory: string,
    private readonly file: DiskFile,
    private readonly frozen: () => void,
  ) {}

  append(bytes: Uint8Array): void {
    invariant(!this.isFrozen, 'a frozen snapshot is appended to');
    this.file.writeSync(this.sizeBytes, [bytes]);
    this.sizeBytes += bytes.length;
  }

  /** Makes the snapshot durable and visible. */
  freeze(done: (error: DiskError | null) => void): void {
    this.isFrozen = true;
    this.file.sync((error) => {
      this.file.closeSync();
      if (error !== null) return done(error);
      this.disk.renameSync(this.file.path, `${this.directory}/${snapshotFileName(this.id)}`);
      this.disk.syncDirectory(this.directory, (directoryError) => {
        if (directoryError === null) this.frozen();
        done(directoryError);
      });
    });
  }

  /** The same at once, for formatting. */
  freezeSync(): void {
    this.isFrozen = true;
    this.file.syncSync();
    this.file.closeSync();
    this.disk.renameSync(this.file.path, `${this.directory}/${snapshotFileName(this.id)}`);
    this.disk.syncDirectorySync(this.directory);
    this.frozen();
  }

  /** Drops what was written. */
  abandon(): void {
    if (this.isFrozen) return;
    this.isFrozen = true;
    this.file.closeSync();
    this.disk.unlinkSync(this.file.path);
  }
}

/** Reads a finished snapshot by position. */
export class RawSnapshotReader {
  readonly sizeBytes: number;

  constructor(
    readonly id: OffsetAndEpoch,
    private readonly file: DiskFile,
  ) {
    this.sizeBytes = file.sizeSync();
  }

  read(position: number, maxBytes: number): Uint8Array {
    const into = new Uint8Array(Math.max(0, Math.min(maxBytes, this.sizeBytes - position)));
    const bytes = this.file.readSync(position, into);
    return into.subarray(0, bytes);
  }

  close(): void {
    this.file.closeSync();
  }
}

export class SnapshotStore {
  private ids: OffsetAndEpoch[];

  constructor(
    private readonly disk: Disk,
    private readonly directory: string,
    private readonly random: Random,
  ) {
    this.ids = disk
      .listSync(directory)
      .map(parseSnapshotFileName)
      .filter((id): id is OffsetAndEpoch => id !== null)
      .sort(compareByOffset);
  }

  /** Oldest first. */
  get all(): readonly OffsetAndEpoch[] {
    return this.ids;
  }

  get latest(): OffsetAndEpoch | null {
    return this.ids.at(-1) ?? null;
  }

  get earliest(): OffsetAndEpoch | null {
    return this.ids[0] ?? null;
  }

  has(id: OffsetAndEpoch): boolean {
    return this.ids.some((known) => sameSnapshot(known, id));
  }

  /** Clears away what an earlier process left: unfinished and deleted files, and snapshots below the log's start. */
  recover(logStartOffset: number): void {
    // A snapshot renamed by a process that died before it synced is believed from here on, so it has to stay.
    this.disk.syncDirectorySync(this.directory);
    for (const name of this.disk.listSync(this.directory)) {
      if (name.endsWith(PART) || name.endsWith(DELETED)) this.disk.unlinkSync(`${this.directory}/${name}`);
    }
    for (const id of this.ids.filter(({ offset }) => offset < logStartOffset)) {
      this.disk.unlinkSync(`${this.directory}/${snapshotFileName(id)}`);
    }
    this.ids = this.ids.filter(({ offset }) => offset >= logStartOffset);
  }

  create(id: OffsetAndEpoch): RawSnapshotWriter {
    const suffix = String(this.random.below(2 ** 31));
    const stem = snapshotFileName(id).slice(0, -CHECKPOINT.length);
    const file = this.disk.openSync(`${this.directory}/${stem}-${suffix}${PART}`, 'createNew');
    return new RawSnapshotWriter(id, this.disk, this.directory, file, () => {
      if (!this.has(id)) this.ids = [...this.ids, id].sort(compareByOffset);
    });
  }

  open(id: OffsetAndEpoch): RawSnapshotReader {
    invariant(this.has(id), `no snapshot ${snapshotFileName(id)}`);
    return new RawSnapshotReader(id, this.disk.openSync(`${this.directory}/${snapshotFileName(id)}`, 'read'));
  }

  sizeOf(id: OffsetAndEpoch): number {
    return this.disk.statSync(`${this.directory}/${snapshotFileName(id)}`)?.sizeBytes ?? 0;
  }

  /** Takes the snapshot out of sight; returns what removes the file for good, to be called when no reader can hold it. */
  delete(id: OffsetAndEpoch): () => void {
    this.ids = this.ids.filter((known) => !sameSnapshot(known, id));
    const path = `${this.directory}/${snapshotFileName(id)}`;
    const deleted = `${path}.deleted`;
    this.disk.renameSync(path, deleted);
    return () => {
      if (this.disk.statSync(deleted) !== null) this.disk.unlinkSync(deleted);
    };
  }
}

function compareByOffset(a: OffsetAndEpoch, b: OffsetAndEpoch): number {
  return a.offset - b.offset || a.epoch - b.epoch;
}

/** What a restart must do to the log before anything reads it. */
export interface LogPosition {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly lastEpoch: number;
}

/**
 * The snapshot that the log must be cut back to, or null. Throws SnapshotError when the log starts above 0 and no
 * snapshot tells what lay below.
 */
export function snapshotToTruncateTo(latest: OffsetAndEpoch | null, log: LogPosition): OffsetAndEpoch | null {
  if (log.startOffset > 0 && (latest === null || latest.offset < log.startOffset)) {
    throw new SnapshotError(
      `the metadata log starts at ${log.startOffset} and there is no snapshot at or above it: records below are lost`,
    );
  }
  if (latest === null) return null;
  const isAhead = compareOffsetAndEpoch(latest, { offset: log.endOffset, epoch: log.lastEpoch }) > 0;
  return isAhead ? latest : null;
}

export interface RetentionPolicy {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/**
 * The oldest snapshot if it should go: there is a newer one, and all together are too large, or it is too old.
 * (metadata.max.retention.bytes and .ms)
 */
export function snapshotToDelete(
  ids: readonly OffsetAndEpoch[],
  totalBytes: number,
  timestampOfOldestMs: () => number,
  policy: RetentionPolicy,
  nowMs: number,
): OffsetAndEpoch | null {
  const [oldest, next] = ids;
  if (oldest === undefined || next === undefined) return null;
  const isTooLarge = policy.maxBytes >= 0 && totalBytes > policy.maxBytes;
  if (isTooLarge || (policy.maxAgeMs >= 0 && nowMs - timestampOfOldestMs() > policy.maxAgeMs)) return oldest;
  return null;
}

/** Removing a segment's files: renamed first, so that a crash never leaves half a segment that looks whole. */
import type { Disk } from './disk';
import {
  DELETED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  PRODUCER_SNAPSHOT_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './file-names';
import type { LogSegment } from './segment';

const SUFFIXES = [LOG_SUFFIX, OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX, PRODUCER_SNAPSHOT_SUFFIX];

/** A segment whose files have got their `.deleted` names. */
export interface RemovedSegment {
  /** Lets go of the file and says which are to be unlinked, once readers have had their time. */
  release(): readonly string[];
}

/**
 * Removes the oldest segments of a log, each durably before anything else happens: should power be lost in between, what is
 * left has no gap and no half-written segment of which no flush takes care any more. Throws DiskError.
 */
export function removeOldestFiles(disk: Disk, directory: string, segments: readonly LogSegment[]): RemovedSegment[] {
  return segments.map((segment) => {
    const removed = removeSegmentFiles(disk, segment);
    disk.syncDirectorySync(directory);
    return removed;
  });
}

/** The same for segments that nobody waits for: their files are unlinked too. Throws DiskError. */
export function removeOldestNow(disk: Disk, directory: string, segments: readonly LogSegment[]): void {
  for (const segment of removeOldestFiles(disk, directory, segments)) unlinkAll(disk, segment);
}

/** Renames the files to `.deleted`; who unlinks them, and when, is the caller's business. Throws DiskError. */
export function removeSegmentFiles(disk: Disk, segment: LogSegment): RemovedSegment {
  const renamed: string[] = [];
  segment.isRemoved = true;
  for (const suffix of SUFFIXES) {
    const path = segment.path(suffix);
    if (disk.statSync(path) === null) continue;
    disk.renameSync(path, path + DELETED_SUFFIX);
    renamed.push(path + DELETED_SUFFIX);
  }
  segment.file.path += DELETED_SUFFIX;
  return {
    release: () => {
      segment.file.close();
      return renamed;
    },
  };
}

/** Removes a segment that nobody reads, at once. Throws DiskError. */
export function removeSegmentNow(disk: Disk, segment: LogSegment): void {
  unlinkAll(disk, removeSegmentFiles(disk, segment));
}

function unlinkAll(disk: Disk, removed: RemovedSegment): void {
  for (const path of removed.release()) disk.unlinkSync(path);
}

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

/**
 * Removes the oldest segments of a log, each durably before anything else happens: should power be lost in between, what is
 * left has no gap and no half-written segment of which no flush takes care any more. Returns what unlinks the files of each.
 * Throws DiskError.
 */
export function removeOldestFiles(disk: Disk, directory: string, segments: readonly LogSegment[], when: 'now' | 'later'): (() => void)[] {
  return segments.map((segment) => {
    const unlink = removeSegmentFiles(disk, segment, when);
    disk.syncDirectorySync(directory);
    return unlink;
  });
}

/**
 * Renames the files to `.deleted` and unlinks them: 'now', or by the returned function after file.delete.delay.ms, when
 * readers have let go. Throws DiskError.
 */
export function removeSegmentFiles(disk: Disk, segment: LogSegment, when: 'now' | 'later'): () => void {
  const renamed: string[] = [];
  segment.isRemoved = true;
  for (const suffix of SUFFIXES) {
    const path = segment.path(suffix);
    if (disk.statSync(path) === null) continue;
    disk.renameSync(path, path + DELETED_SUFFIX);
    renamed.push(path + DELETED_SUFFIX);
  }
  segment.file.path += DELETED_SUFFIX;
  const unlink = (): void => {
    segment.file.close();
    for (const path of renamed) if (disk.statSync(path) !== null) disk.unlinkSync(path);
  };
  if (when === 'now') unlink();
  return unlink;
}

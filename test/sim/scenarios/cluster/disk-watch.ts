/** Sees when a process cuts a segment's file: truncations are rare, and each may be the wrong one. */

import type { Disk, DiskFile } from '../../../../log/disk';
import { parsePartitionDirectoryName, parseSegmentFileName } from '../../../../log/file-names';

/** A segment is about to be cut to `sizeBytes`, which is less than it has. */
export type SegmentCut = (directory: string, baseOffset: number, sizeBytes: number) => void;

/** `disk`, with `cut` told before each truncation of a partition's segment. */
export function watchCuts(disk: Disk, cut: SegmentCut): Disk {
  const watching = Object.create(disk) as Disk;
  watching.openSync = (path, mode) => {
    const file = disk.openSync(path, mode);
    const segment = segmentAt(path);
    if (segment === null) return file;
    const watched = Object.create(file) as DiskFile;
    watched.truncateSync = (sizeBytes) => {
      if (sizeBytes < file.sizeSync()) cut(segment.directory, segment.baseOffset, sizeBytes);
      file.truncateSync(sizeBytes);
    };
    return watched;
  };
  return watching;
}

function segmentAt(path: string): { readonly directory: string; readonly baseOffset: number } | null {
  const [directory, name] = path.split('/').slice(-2);
  if (directory === undefined || name === undefined) return null;
  const file = parseSegmentFileName(name);
  if (file === null || file.suffix !== '.log' || parsePartitionDirectoryName(directory) === null) return null;
  return { directory, baseOffset: file.offset };
}

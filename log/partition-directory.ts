/** The directory of a partition, and the file in it that says whose it is. */
import type { Disk } from './disk';
import { PARTITION_METADATA } from './file-names';
import { readTextFile, replaceFile } from './small-file';

/**
 * Makes the directory, with the file that says whose it is, and both durable: the metadata quorum keeps its vote in it, and a
 * vote may be given before the first record comes. Throws DiskError.
 */
export function makePartitionDirectory(disk: Disk, logDirectory: string, path: string, topicId: string): void {
  disk.makeDirectorySync(path);
  if (disk.statSync(`${path}/${PARTITION_METADATA}`) !== null) return;
  disk.syncDirectorySync(logDirectory);
  replaceFile(disk, path, PARTITION_METADATA, `version: 0\ntopic_id: ${topicId}`);
}

/** '' when the file is not there, or says nothing: a crash may have taken it. */
export function readTopicId(disk: Disk, path: string): string {
  const text = readTextFile(disk, `${path}/${PARTITION_METADATA}`);
  return /^topic_id: (\S{22})\s*$/m.exec(text ?? '')?.[1] ?? '';
}

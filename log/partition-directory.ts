/** The directory of a partition that must survive before anything is flushed into its log. */
import type { Disk } from './disk';
import { PARTITION_METADATA } from './file-names';
import { replaceFile } from './small-file';

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

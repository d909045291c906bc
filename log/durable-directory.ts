/** Making a directory so that loss of power leaves it: its name is durable once its parent has been synced. */
import { DiskError, type Disk } from './disk';

/**
 * Makes the directory and its missing parents, durably. One that is there already may be the work of a process that died
 * before it synced, so the parents are synced in any case, as far up as this process may read.
 */
export function makeDurableDirectory(disk: Disk, path: string): void {
  disk.makeDirectorySync(path);
  for (let parent = parentOf(path); ; parent = parentOf(parent)) {
    if (!syncIfAllowed(disk, parent) || parent === '/' || parent === '.') return;
  }
}

/** False for a directory that is not ours to read: nothing of ours was made in it. */
function syncIfAllowed(disk: Disk, directory: string): boolean {
  try {
    disk.syncDirectorySync(directory);
    return true;
  } catch (error) {
    if (error instanceof DiskError && error.code === 'EACCES') return false;
    throw error;
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}

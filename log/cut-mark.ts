/**
 * Evidence of a truncation to offset 0 that was not synced. Other truncations lower the recovery point below the new end, so
 * that the next start syncs what it finds; below 0 there is no recovery point. The mark is a file: it outlives the process,
 * which is all that is asked of it, since after a loss of power the cut itself may be gone as well.
 */
import type { Disk } from './disk';

/** By its end every other program takes it for a leftover. */
export const CUT_MARK = 'truncation.deleted';

/** Runs `cut`, which is durable when it returns, with the mark in place while it is not. Throws DiskError. */
export function whileCut(disk: Disk, directory: string, offset: number, cut: () => void): void {
  if (offset > 0) return cut();
  disk.openSync(`${directory}/${CUT_MARK}`, 'create').closeSync();
  cut();
  disk.unlinkSync(`${directory}/${CUT_MARK}`);
}

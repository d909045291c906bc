/** The flush of a clean stop: several logs side by side, since the disk joins their syncs. */
import type { DiskError } from './disk';
import type { LogDirectory } from './log-directory';
import type { PartitionLog } from './partition-log';

/** Logs that are flushed at once. */
const FLUSHES_AT_END = 16;

/** A directory of which something could not be flushed is not marked as cleanly stopped. */
export async function flushAtEnd(
  logs: IterableIterator<PartitionLog>,
  directoryOf: (log: PartitionLog) => LogDirectory | undefined,
): Promise<void> {
  const lane = async (): Promise<void> => {
    for (const log of logs) await flushOne(log, directoryOf(log));
  };
  await Promise.all(Array.from({ length: FLUSHES_AT_END }, lane));
}

async function flushOne(log: PartitionLog, directory: LogDirectory | undefined): Promise<void> {
  if (log.directoryState.isOffline || !log.hasUnsynced) return;
  const error = await new Promise<DiskError | null>((resolve) => log.flush(resolve));
  if (error !== null && directory !== undefined) directory.isStateWritten = false;
}

/** In which directory a replica is to lie, and which of two logs is the replica. */
import { partitionDirectoryName, type TopicPartition } from './file-names';
import type { LogDirectory } from './log-directory';
import { LogStorageError } from './log-error';
import type { PartitionLog } from './partition-log';

/** Clients may name partitions that never come. */
const MAX_PREFERRED = 100_000;

/** Where replicas that are not here yet are to be made. */
export class PreferredDirectories {
  private readonly paths = new Map<string, string>();

  prefer(topicPartition: TopicPartition, path: string): void {
    if (this.paths.size < MAX_PREFERRED) this.paths.set(partitionDirectoryName(topicPartition), path);
  }

  of(topicPartition: TopicPartition): string | undefined {
    return this.paths.get(partitionDirectoryName(topicPartition));
  }

  forget(topicPartition: TopicPartition): void {
    this.paths.delete(partitionDirectoryName(topicPartition));
  }
}

/** The preferred one if it works; else the one with the fewest partitions, as Kafka places new replicas. Throws LogStorageError. */
export function directoryForNew(
  directories: readonly LogDirectory[],
  logs: Iterable<PartitionLog>,
  preferredPath: string | undefined,
): LogDirectory {
  const online = directories.filter((directory) => !directory.state.isOffline);
  const preferred = online.find(({ path }) => path === preferredPath);
  if (preferred !== undefined) return preferred;
  if (online.length === 1 && online[0] !== undefined) return online[0];
  const counts = new Map(online.map((directory) => [directory.state, 0]));
  for (const log of logs) {
    const count = counts.get(log.directoryState);
    if (count !== undefined) counts.set(log.directoryState, count + 1);
  }
  const [best] = online.sort((a, b) => (counts.get(a.state) ?? 0) - (counts.get(b.state) ?? 0));
  if (best === undefined) throw new LogStorageError('every log directory is offline');
  return best;
}

export interface SettledTwins {
  readonly kept: PartitionLog;
  readonly other: PartitionLog;
  /** The metadata has the replica where it is, and the other log holds no record more. */
  readonly isOtherUseless: boolean;
}

/** Two logs of one partition: the replica is where the metadata has it; when that is in neither, the longer one is. */
export function settleTwins(one: PartitionLog, two: PartitionLog, registeredPath: string | null): SettledTwins {
  const isOne =
    registeredPath === one.parentDirectory ||
    (registeredPath !== two.parentDirectory && one.logEndOffset > two.logEndOffset);
  const [kept, other] = isOne ? [one, two] : [two, one];
  const isOtherUseless = registeredPath === kept.parentDirectory && kept.logEndOffset >= other.logEndOffset;
  return { kept, other, isOtherUseless };
}

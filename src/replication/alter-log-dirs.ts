/** What AlterReplicaLogDirs asks of one replica: that it lie in that directory of this broker. (KIP-113) */
import { futureDirectoryName, type TopicPartition } from '../../log/file-names';
import { LogStorageError } from '../../log/log-error';
import type { LogManager } from '../../log/log-manager';
import { ErrorCode } from '../../wire/base/error-codes';
import type { ReplicaManager } from './replica-manager';

/** Of a name on a disk. */
const MAX_NAME_LENGTH = 255;
const ANY_HEX = '0'.repeat(32);

/**
 * The error code to answer. The move goes on after the answer; another directory named later ends it, the present one takes
 * it back. A replica that is not here yet will be made there (REPLICA_NOT_AVAILABLE); `isKnown`: the metadata has it.
 */
export function alterLogDir(
  replicas: ReplicaManager,
  logs: LogManager,
  topicPartition: TopicPartition,
  absolutePath: string,
  isKnown: boolean,
): number {
  if (futureDirectoryName(topicPartition, ANY_HEX).length > MAX_NAME_LENGTH) return ErrorCode.INVALID_TOPIC_EXCEPTION;
  const directory = logs.directoryAt(absolutePath);
  if (directory === undefined) return ErrorCode.LOG_DIR_NOT_FOUND;
  if (directory.state.isOffline || isOffline(replicas, topicPartition)) return ErrorCode.KAFKA_STORAGE_ERROR;
  const { path } = directory;
  const { moves } = replicas;
  const partition = replicas.find(topicPartition.topic, topicPartition.partition);
  if (partition === undefined) {
    logs.preferred.prefer(topicPartition, path);
    return isKnown ? ErrorCode.REPLICA_NOT_AVAILABLE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (moves.destinationOf(partition) === path) return ErrorCode.NONE;
  moves.cancel(partition);
  if (partition.log.parentDirectory === path) return ErrorCode.NONE;
  // A directory that is away may hold the copy of an earlier move, or the log itself.
  if (logs.directoryList.some(({ state }) => state.isOffline)) return ErrorCode.KAFKA_STORAGE_ERROR;
  try {
    const { topicId, config } = partition.log;
    moves.begin(partition, logs.futures.create(directory, topicPartition, topicId, config));
    return ErrorCode.NONE;
  } catch (error) {
    if (!(error instanceof LogStorageError)) throw error;
    return error.errorCode;
  }
}

/** Its log cannot be used, or could not be made. */
function isOffline(replicas: ReplicaManager, { topic, partition }: TopicPartition): boolean {
  const found = replicas.leader(topic, '', partition, -1, true);
  return !found.ok && found.errorCode === ErrorCode.KAFKA_STORAGE_ERROR;
}

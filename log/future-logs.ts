/**
 * Logs on their way to another directory of this broker (KIP-113): copies in `<topic>-<partition>.<32 hex digits>-future`,
 * which take their originals' places when they have everything.
 *
 * Invariants: a partition has one at most; a future log is recovered whole at a start, so that none of its files need be
 * believed; when it takes the place everything in it has been synced, and its name before the original loses its own.
 */
import type { Env } from './env';
import { futureDirectoryName, partitionDirectoryName, PARTITION_METADATA, type TopicPartition } from './file-names';
import type { LogConfig } from './log-config';
import type { LogContext } from './log-context';
import type { LogDirectory } from './log-directory';
import type { LogDisposal } from './log-disposal';
import { PartitionLog } from './partition-log';
import { readTopicId } from './partition-directory';
import { emptyLog, loadLog } from './recovery';
import { replaceFile } from './small-file';

/** What its manager does for it. */
export interface FutureLogParts {
  readonly env: Env;
  readonly disposal: LogDisposal;
  contextFor(directory: LogDirectory, topicPartition: TopicPartition): LogContext;
  directoryOf(log: PartitionLog): LogDirectory | undefined;
}

export class FutureLogs {
  private readonly logs = new Map<string, PartitionLog>();

  constructor(private readonly parts: FutureLogParts) {}

  get all(): Iterable<PartitionLog> {
    return this.logs.values();
  }

  get(topicPartition: TopicPartition): PartitionLog | undefined {
    return this.logs.get(partitionDirectoryName(topicPartition));
  }

  /** One that lies on the disk. A second one of a partition is left from a move that was given up, and goes. */
  load(directory: LogDirectory, name: string, topicPartition: TopicPartition, config: LogConfig): void {
    const path = `${directory.path}/${name}`;
    const context = this.parts.contextFor(directory, topicPartition);
    const input = { context, directory: path, config, wasCleanlyStopped: false, recoveryPoint: 0, logStartOffset: 0 };
    const log = new PartitionLog(context, topicPartition, path, readTopicId(this.parts.env.disk, path), config, loadLog(input));
    if (this.get(topicPartition) === undefined) this.logs.set(partitionDirectoryName(topicPartition), log);
    else this.parts.disposal.delete(log, directory);
  }

  /** A new, empty one. Throws LogStorageError. */
  create(directory: LogDirectory, topicPartition: TopicPartition, topicId: string, config: LogConfig): PartitionLog {
    const { env, disposal } = this.parts;
    directory.state.assertWritable(0, 'reserve');
    return directory.state.guardedWrite(() => {
      const path = `${directory.path}/${futureDirectoryName(topicPartition, disposal.uniqueHex())}`;
      env.disk.makeDirectorySync(path);
      replaceFile(env.disk, path, PARTITION_METADATA, `version: 0\ntopic_id: ${topicId}`, 'cached');
      const context = this.parts.contextFor(directory, topicPartition);
      const log = new PartitionLog(context, topicPartition, path, topicId, config, emptyLog(context, path, config));
      this.logs.set(partitionDirectoryName(topicPartition), log);
      return log;
    });
  }

  /** It is of no use any more: its files go. */
  remove(topicPartition: TopicPartition): void {
    const log = this.forget(topicPartition);
    if (log !== undefined) this.parts.disposal.delete(log, this.parts.directoryOf(log));
  }

  /** Nothing more is done with it in this life: its files stay. */
  abandon(topicPartition: TopicPartition): void {
    this.forget(topicPartition)?.close();
  }

  private forget(topicPartition: TopicPartition): PartitionLog | undefined {
    const log = this.get(topicPartition);
    this.logs.delete(partitionDirectoryName(topicPartition));
    return log;
  }

  /**
   * Gives it the partition's own name, with everything in it synced; what is in `original`'s memory alone, it takes over.
   * Throws LogStorageError; then it is still a future log, and its directory offline.
   */
  promote(topicPartition: TopicPartition, original: PartitionLog | undefined): PartitionLog | undefined {
    const log = this.get(topicPartition);
    const directory = log === undefined ? undefined : this.parts.directoryOf(log);
    if (log === undefined || directory === undefined) return undefined;
    if (original !== undefined) log.takeOver(original);
    const path = `${directory.path}/${partitionDirectoryName(topicPartition)}`;
    log.guarded(() => {
      log.flushNow();
      log.writeClosingFiles();
      // A point of the partition's former life here may lie beyond its end.
      directory.claim(topicPartition, log.logStartOffset, log.logEndOffset);
      this.parts.env.disk.renameSync(log.directory, path);
      this.parts.env.disk.syncDirectorySync(directory.path);
    });
    log.renamedTo(path);
    this.forget(topicPartition);
    return log;
  }

  close(): void {
    for (const log of this.logs.values()) log.close();
    this.logs.clear();
  }
}

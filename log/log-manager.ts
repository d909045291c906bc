/**
 * All logs of a broker: loading at start, creation and deletion, retention, flushing and checkpoints by time, and the
 * clean stop.
 *
 * Invariants: a partition's log is in one directory; after a clean stop the files alone say everything.
 */
import type { TimerHandle } from '../wire/base/env';
import { directoryForNew, PreferredDirectories, settleTwins } from './directory-choice';
import type { DirectoryLocks } from './directory-locks';
import { isDiskError } from './directory-state';
import type { Env } from './env';
import { FilePool } from './file-pool';
import { FileRemoval } from './file-removal';
import { flushAtEnd } from './final-flush';
import { FutureLogs } from './future-logs';
import {
  PARTITION_METADATA,
  isDeletedDirectoryName,
  parseFutureDirectoryName,
  parsePartitionDirectoryName,
  partitionDirectoryName,
  type TopicPartition,
} from './file-names';
import type { LogConfig } from './log-config';
import { newLogCounters, type LogCounters } from './log-counters';
import type { LogContext } from './log-context';
import { LogCheckpoints } from './log-checkpoints';
import { LogDirectory } from './log-directory';
import { LogDisposal, skippingFailed } from './log-disposal';
import { LogStorageError } from './log-error';
import { PartitionLog } from './partition-log';
import { makePartitionDirectory, readTopicId } from './partition-directory';
import { emptyLog, loadLog } from './recovery';
import { applyRetention } from './retention';
import { replaceFile } from './small-file';
import { removeOldestFiles } from './segment-removal';

export const METADATA_LOG_DIRECTORY = '__cluster_metadata-0';

export interface LogManagerSettings {
  readonly maxOpenSegmentFiles: number;
  readonly retentionCheckIntervalMs: number;
  readonly flushSchedulerIntervalMs: number;
  readonly recoveryPointIntervalMs: number;
  readonly logStartIntervalMs: number;
  readonly highWatermarkIntervalMs: number;
  readonly producerIdExpirationMs: number;
  /** Whether replicas may lie in a directory; one that is for the metadata log alone holds none. */
  isForReplicas(directory: string): boolean;
  /** The config of a topic whose log is found on disk. */
  configOf(topic: string): LogConfig;
  directoryFailed(directory: string, reason: string): void;
  /** The path of the directory in which the metadata has the replica here; null when it does not say. Default: it does not. */
  registeredDirectory?(topicPartition: TopicPartition): string | null;
}

export class LogManager {
  readonly counters: LogCounters = newLogCounters();
  private readonly logs = new Map<string, PartitionLog>();
  /** Those for replicas. */
  private readonly directories: LogDirectory[] = [];
  /** For the metadata log alone: it is recovered in full at each start, so no checkpoint or mark speaks of it. */
  private readonly apart: LogDirectory[] = [];
  private readonly pool: FilePool;
  private readonly checkpoints: LogCheckpoints;
  private readonly removal: FileRemoval;
  private readonly disposal: LogDisposal;
  readonly futures: FutureLogs;
  readonly preferred = new PreferredDirectories();
  private readonly timers = new Set<TimerHandle>();
  private stopped = false;
  /** Every log on disk has been loaded. */
  private isLoaded = false;

  private constructor(
    private readonly env: Env,
    private readonly settings: LogManagerSettings,
    private readonly locks: DirectoryLocks,
  ) {
    this.pool = new FilePool(env.disk, settings.maxOpenSegmentFiles);
    this.checkpoints = new LogCheckpoints(env, this.directories, this.logs);
    this.removal = new FileRemoval(env.disk, env.logger);
    this.disposal = new LogDisposal(env, this.removal, (delayMs, run) => this.later(delayMs, run));
    this.futures = new FutureLogs({
      env,
      disposal: this.disposal,
      contextFor: (directory, topicPartition) => this.contextFor(directory, topicPartition),
      directoryOf: (log) => this.directoryOf(log),
    });
  }

  /** Opens locked log directories; `close` lets go of the locks. Throws DiskError. */
  static open(env: Env, settings: LogManagerSettings, locks: DirectoryLocks): LogManager {
    const manager = new LogManager(env, settings, locks);
    for (const path of locks.paths) {
      const directory = LogDirectory.open(env, path, settings.directoryFailed);
      (settings.isForReplicas(path) ? manager.directories : manager.apart).push(directory);
    }
    return manager;
  }

  /**
   * Loads every partition found on disk, one turn of the loop each. Call once the topics' configs are known. Ends early when
   * the manager is closed meanwhile.
   */
  async loadAll(): Promise<void> {
    for (const directory of this.directories) {
      for (const name of this.env.disk.listSync(directory.path)) {
        if (name === METADATA_LOG_DIRECTORY) continue;
        if (isDeletedDirectoryName(name)) {
          this.removal.removeDirectory(`${directory.path}/${name}`);
          continue;
        }
        if (!this.loadOne(directory, name)) continue;
        await new Promise<void>((resolve) => this.env.timers.soon(resolve));
        if (this.stopped) return;
      }
    }
    this.isLoaded = true;
  }

  /** False for what is no log. */
  private loadOne(directory: LogDirectory, name: string): boolean {
    const future = parseFutureDirectoryName(name);
    const topicPartition = future ?? parsePartitionDirectoryName(name);
    if (topicPartition === null || this.env.disk.statSync(`${directory.path}/${name}`)?.isDirectory !== true) return false;
    const config = this.settings.configOf(topicPartition.topic);
    const other = this.get(topicPartition.topic, topicPartition.partition);
    if (future !== null) this.futures.load(directory, name, topicPartition, config);
    else if (other === undefined) this.load(directory, topicPartition, config);
    else this.settleTwice(other, this.load(directory, topicPartition, config));
    return true;
  }

  /** A process was killed between the two names that a move changes: the replica is where the metadata has it. */
  private settleTwice(first: PartitionLog, second: PartitionLog): void {
    const { topicPartition } = first;
    const registered = this.settings.registeredDirectory?.(topicPartition) ?? null;
    const { kept, other, isOtherUseless } = settleTwins(first, second, registered);
    const directory = this.directoryOf(other);
    this.logs.set(partitionDirectoryName(topicPartition), kept);
    if (directory === undefined) return;
    directory.forget(topicPartition);
    if (isOtherUseless) this.disposal.delete(other, directory);
    else this.disposal.setAside(other, directory, `is not the replica, which is in ${kept.directory}`);
  }

  /** Starts retention, flushing and checkpoints by time. */
  startSchedules(): void {
    const { settings } = this;
    this.every(settings.retentionCheckIntervalMs, () => this.applyRetention());
    this.every(settings.flushSchedulerIntervalMs, () => this.flushDue());
    this.every(settings.recoveryPointIntervalMs, () => this.checkpoints.moveRecoveryPoints());
    this.every(settings.logStartIntervalMs, () => this.writeLogStarts());
    this.every(settings.highWatermarkIntervalMs, () => this.writeHighWatermarks());
  }

  private every(intervalMs: number, run: () => void): void {
    if (!Number.isFinite(intervalMs) || intervalMs <= 0) return;
    const handle = this.env.timers.set(intervalMs, () => {
      this.timers.delete(handle);
      if (this.stopped) return;
      run();
      this.every(intervalMs, run);
    });
    this.timers.add(handle);
  }

  get all(): Iterable<PartitionLog> {
    return this.logs.values();
  }

  /** Those for replicas, of which a directory for the metadata log alone is none. */
  get directoryList(): readonly LogDirectory[] {
    return this.directories;
  }

  directoryAt(absolutePath: string): LogDirectory | undefined {
    return this.directories.find(({ path }) => this.env.disk.absolutePath(path) === absolutePath);
  }

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.logs.get(partitionDirectoryName({ topic, partition }));
  }

  /** The high watermark of the last checkpoint, bounded to the log. */
  storedHighWatermark(log: PartitionLog): number {
    const stored = this.directoryOf(log)?.stored.highWatermarks.get(partitionDirectoryName(log.topicPartition));
    return stored?.offset ?? log.logStartOffset;
  }

  directoryOf(log: PartitionLog): LogDirectory | undefined {
    return this.directories.find((directory) => directory.state === log.directoryState);
  }

  /** The log of a replica on this broker, made when it is not there. Throws LogStorageError. */
  getOrCreate(topicPartition: TopicPartition, topicId: string, config: LogConfig): PartitionLog {
    const known = this.get(topicPartition.topic, topicPartition.partition);
    if (known !== undefined) return known;
    const directory = directoryForNew(this.directories, this.logs.values(), this.preferred.of(topicPartition));
    directory.state.assertWritable(0, 'reserve');
    this.preferred.forget(topicPartition);
    try {
      return this.create(directory, topicPartition, topicId, config);
    } catch (error) {
      if (isDiskError(error)) throw directory.state.writeFailed(error);
      throw error;
    }
  }

  private create(directory: LogDirectory, topicPartition: TopicPartition, topicId: string, config: LogConfig): PartitionLog {
    const path = `${directory.path}/${partitionDirectoryName(topicPartition)}`;
    const { disk } = this.env;
    const isNew = disk.statSync(path) === null;
    if (isNew) disk.makeDirectorySync(path);
    // The log's first flush makes it durable, before anything counts as flushed.
    replaceFile(disk, path, PARTITION_METADATA, `version: 0\ntopic_id: ${topicId}`, 'cached');
    if (!isNew) return this.load(directory, topicPartition, config);
    const context = this.contextFor(directory, topicPartition);
    return this.add(directory, new PartitionLog(context, topicPartition, path, topicId, config, emptyLog(context, path, config)));
  }

  /** Gives a log whose partition.metadata a crash has taken the id that the metadata log knows. Throws LogStorageError. */
  adopt(log: PartitionLog, topicId: string): void {
    log.guarded(() => replaceFile(this.env.disk, log.directory, PARTITION_METADATA, `version: 0\ntopic_id: ${topicId}`));
    log.topicId = topicId;
    this.env.logger.warn(`${log.directory} had no topic id; it belongs to the topic with id ${topicId}`);
  }

  private load(directory: LogDirectory, topicPartition: TopicPartition, config: LogConfig): PartitionLog {
    const name = partitionDirectoryName(topicPartition);
    const recoveryPoint = directory.stored.recoveryPoints.get(name)?.offset ?? 0;
    return this.add(directory, this.openLog(directory, topicPartition, config, directory.wasCleanlyStopped, recoveryPoint));
  }

  private add(directory: LogDirectory, log: PartitionLog): PartitionLog {
    directory.claim(log.topicPartition, log.logStartOffset, log.logEndOffset);
    this.logs.set(partitionDirectoryName(log.topicPartition), log);
    return log;
  }

  private openLog(
    directory: LogDirectory,
    topicPartition: TopicPartition,
    config: LogConfig,
    wasCleanlyStopped: boolean,
    recoveryPoint: number,
  ): PartitionLog {
    const name = partitionDirectoryName(topicPartition);
    const path = `${directory.path}/${name}`;
    const context = this.contextFor(directory, topicPartition);
    const logStartOffset = directory.stored.logStarts.get(name)?.offset ?? 0;
    const loaded = loadLog({ context, directory: path, config, wasCleanlyStopped, recoveryPoint, logStartOffset });
    return new PartitionLog(context, topicPartition, path, readTopicId(this.env.disk, path), config, loaded);
  }

  private contextFor(directory: LogDirectory, topicPartition: TopicPartition): LogContext {
    const isMetadata = partitionDirectoryName(topicPartition) === METADATA_LOG_DIRECTORY;
    return {
      env: this.env,
      state: directory.state,
      use: isMetadata ? 'reserve' : 'records',
      pool: this.pool,
      counters: this.counters,
      lowerRecoveryPoint: (offset) => directory.lowerRecoveryPoint(topicPartition, offset),
    };
  }

  /**
   * The log of the metadata quorum. It is not among `all`: the quorum alone writes it, and it is always recovered in
   * full, since its snapshots keep it short.
   */
  openMetadataLog(directoryPath: string, topicId: string, config: LogConfig): PartitionLog {
    const directory = [...this.directories, ...this.apart].find((candidate) => candidate.path === directoryPath);
    if (directory === undefined) throw new LogStorageError(`${directoryPath} is not among the log directories`);
    const path = `${directory.path}/${METADATA_LOG_DIRECTORY}`;
    makePartitionDirectory(this.env.disk, directory.path, path, topicId);
    return this.openLog(directory, { topic: '__cluster_metadata', partition: 0 }, config, false, 0);
  }

  /** Takes the log away at once, and its future one; their files go after file.delete.delay.ms, unless a disk has failed. */
  remove(topicPartition: TopicPartition): void {
    this.futures.remove(topicPartition);
    const log = this.takeOut(topicPartition);
    if (log !== undefined) this.disposal.delete(log, this.directoryOf(log));
  }

  /**
   * Puts the log of a partition that the metadata does not know aside, unread and undeleted: its directory gets a name
   * that ends in `-stray`, for a person to look at. A copy of it on its way elsewhere goes.
   */
  setAside(topicPartition: TopicPartition): void {
    this.futures.remove(topicPartition);
    const log = this.takeOut(topicPartition);
    const directory = log === undefined ? undefined : this.directoryOf(log);
    if (log !== undefined && directory !== undefined) this.disposal.setAside(log, directory, 'belongs to no topic of this cluster');
  }

  private takeOut(topicPartition: TopicPartition): PartitionLog | undefined {
    const name = partitionDirectoryName(topicPartition);
    const log = this.logs.get(name);
    this.logs.delete(name);
    if (log !== undefined) this.directoryOf(log)?.forget(topicPartition);
    return log;
  }

  /**
   * The partition's future log takes the place of the one that is there, if any, whose files go. Throws LogStorageError; then
   * nothing has changed but that the future log's directory is offline.
   */
  promoteFuture(topicPartition: TopicPartition): PartitionLog | undefined {
    const original = this.get(topicPartition.topic, topicPartition.partition);
    const log = this.futures.promote(topicPartition, original);
    if (log === undefined) return undefined;
    if (original !== undefined) this.takeOut(topicPartition);
    this.logs.set(partitionDirectoryName(topicPartition), log);
    const start = log.segments[0]?.baseOffset ?? 0;
    if (log.logStartOffset > start) this.checkpoints.writeLogStarts();
    if (original === undefined) return log;
    this.disposal.delete(original, this.directoryOf(original));
    // Else loss of power could bring its name back.
    skippingFailed(() => original.guarded(() => this.env.disk.syncDirectorySync(original.parentDirectory)));
    return log;
  }

  private later(delayMs: number, run: () => void): void {
    const handle = this.env.timers.set(delayMs, () => {
      this.timers.delete(handle);
      if (!this.stopped) run();
    });
    this.timers.add(handle);
  }

  /** Removes what retention allows, in every log. */
  applyRetention(): void {
    const nowMs = this.env.clock.wallMs();
    for (const log of this.logs.values()) {
      if (log.directoryState.isOffline) continue;
      skippingFailed(() => {
        const removed = applyRetention(log, nowMs);
        for (const segment of log.guarded(() => removeOldestFiles(this.env.disk, log.directory, removed))) {
          this.later(log.config.fileDeleteDelayMs, () => this.removal.unlink(segment.release()));
        }
      });
      log.producers.expire(nowMs - this.settings.producerIdExpirationMs);
    }
  }

  private flushDue(): void {
    const nowMs = this.env.clock.monotonicMs();
    for (const log of this.logs.values()) {
      if (!log.directoryState.isOffline && log.isFlushDueAt(nowMs)) log.flush(() => undefined);
    }
  }

  writeRecoveryPoints(): void {
    this.checkpoints.writeRecoveryPoints();
  }

  writeLogStarts(): void {
    this.checkpoints.writeLogStarts();
  }

  writeHighWatermarks(): void {
    this.checkpoints.writeHighWatermarks();
  }

  /** A broker has been registered: with that epoch its directories can be recognised after kill -9. Throws DiskError. */
  noteBrokerEpoch(brokerEpoch: number): void {
    this.checkpoints.forEachOnlineDirectory((directory) => directory.noteBrokerEpoch(brokerEpoch));
  }

  /** Flushes and closes everything so that the next start believes the files. Also closes after a failure, without marks. */
  async close(brokerEpoch: number): Promise<void> {
    this.stopped = true;
    this.checkpoints.stop();
    for (const directory of this.directories) directory.isStateWritten = true;
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    await this.removal.stop();
    // A start that failed half-way knows only some of the logs: what the files say of the others must stay.
    if (this.isLoaded) await this.writeFinalState();
    for (const log of this.logs.values()) log.close();
    this.futures.close();
    this.checkpoints.forEachOnlineDirectory((directory) => {
      if (this.isLoaded && directory.isStateWritten) directory.writeCleanShutdownMarker(brokerEpoch);
    });
    this.locks.release();
  }

  private async writeFinalState(): Promise<void> {
    await flushAtEnd(this.logs.values(), (log) => this.directoryOf(log));
    await this.checkpoints.writeClosingFiles();
    this.writeRecoveryPoints();
    this.writeLogStarts();
    this.writeHighWatermarks();
  }
}

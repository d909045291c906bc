/**
 * One entry of log.dirs: its checkpoints, whether it was stopped cleanly, and whether it can be written.
 */
import { CheckpointError, readOffsetCheckpoint, writeOffsetCheckpoint, type PartitionOffset } from './checkpoint';
import { DirectoryState } from './directory-state';
import type { Env } from './env';
import {
  CLEAN_SHUTDOWN_MARKER,
  HIGH_WATERMARK_CHECKPOINT,
  LOG_START_CHECKPOINT,
  RECOVERY_POINT_CHECKPOINT,
  partitionDirectoryName,
  type TopicPartition,
} from './file-names';
import { readTextFile, replaceFile, unlinkIfPresent, type Durability } from './small-file';

/** Ours, beside Kafka's files: what must hold for unsynced writes of the last run to be there still. */
const VOLATILITY_FILE = '.moldau_volatility';

export interface StoredOffsets {
  readonly recoveryPoints: ReadonlyMap<string, PartitionOffset>;
  readonly logStarts: ReadonlyMap<string, PartitionOffset>;
  readonly highWatermarks: ReadonlyMap<string, PartitionOffset>;
}

export class LogDirectory {
  readonly state: DirectoryState;
  /** False once a write of a clean stop has failed: the stop is then not marked as clean. */
  isStateWritten = true;
  private writtenRecoveryPoints: ReadonlyMap<string, PartitionOffset>;
  private writtenLogStarts: ReadonlyMap<string, PartitionOffset>;
  /** Partitions whose logs are gone in this life, and what the checkpoints still say of them. */
  private readonly gone = new Set<string>();
  /** What this life has written, by file. */
  private readonly checkpoints = new Map<string, readonly PartitionOffset[]>();

  private constructor(
    private readonly env: Env,
    readonly path: string,
    readonly wasCleanlyStopped: boolean,
    /** Broker epoch of the last clean stop, for BrokerRegistration.PreviousBrokerEpoch (KIP-966); -1 when unknown. */
    readonly previousBrokerEpoch: number,
    /** After an unclean stop: the page cache of the last run cannot have been lost (same boot, same mount). */
    readonly keptUnsyncedWrites: boolean,
    readonly stored: StoredOffsets,
    wentOffline: (directory: string, reason: string) => void,
  ) {
    this.writtenRecoveryPoints = stored.recoveryPoints;
    this.writtenLogStarts = stored.logStarts;
    this.state = new DirectoryState(env, path, (reason) => wentOffline(path, reason));
  }

  /** Opens a directory that is locked. Throws DiskError. */
  static open(env: Env, path: string, wentOffline: (directory: string, reason: string) => void): LogDirectory {
    const { disk } = env;
    const marker = readTextFile(disk, `${path}/${CLEAN_SHUTDOWN_MARKER}`);
    const token = disk.volatilityToken(path);
    const keptUnsyncedWrites = readTextFile(disk, `${path}/${VOLATILITY_FILE}`) === token;
    replaceFile(disk, path, VOLATILITY_FILE, token);
    // The marker goes before anything is written: a crash from here on is an unclean stop.
    unlinkIfPresent(disk, `${path}/${CLEAN_SHUTDOWN_MARKER}`);
    disk.syncDirectorySync(path);
    const stored = readStoredOffsets(env, path);
    return new LogDirectory(env, path, marker !== null, brokerEpochOf(marker), keptUnsyncedWrites, stored, wentOffline);
  }

  /** What a crash would recover the partition from. */
  recoveryPointOf(topicPartition: TopicPartition): number {
    return this.writtenRecoveryPoints.get(partitionDirectoryName(topicPartition))?.offset ?? 0;
  }

  writeRecoveryPoints(entries: readonly PartitionOffset[]): void {
    this.writeCheckpoint(RECOVERY_POINT_CHECKPOINT, entries);
    this.writtenRecoveryPoints = byName(entries);
  }

  /** The partition's log is gone: what the checkpoints say of it goes when they are written next. */
  forget(topicPartition: TopicPartition): void {
    this.gone.add(partitionDirectoryName(topicPartition));
  }

  /** A log begins its life here, or goes on with it: what the checkpoints say of it must not be of an earlier one. */
  claim(topicPartition: TopicPartition, logStartOffset: number, logEndOffset: number): void {
    this.lowerRecoveryPoint(topicPartition, logEndOffset);
    this.lowerLogStart(topicPartition, logStartOffset);
    this.gone.delete(partitionDirectoryName(topicPartition));
  }

  /** Makes sure that a crash from now on recovers the partition from `offset` or before; the other points stay as they are. */
  lowerRecoveryPoint(topicPartition: TopicPartition, offset: number): void {
    const name = partitionDirectoryName(topicPartition);
    if (this.recoveryPointOf(topicPartition) <= offset) return;
    this.writeRecoveryPoints([...this.others(this.writtenRecoveryPoints, name), { ...topicPartition, offset }]);
  }

  private lowerLogStart(topicPartition: TopicPartition, offset: number): void {
    const name = partitionDirectoryName(topicPartition);
    if ((this.writtenLogStarts.get(name)?.offset ?? 0) <= offset) return;
    this.writeLogStarts(this.others(this.writtenLogStarts, name));
  }

  /** A topic that is made again meets the entries of its former self; those of all its partitions go at once. */
  private others(entries: ReadonlyMap<string, PartitionOffset>, name: string): PartitionOffset[] {
    return [...entries].filter(([other]) => other !== name && !this.gone.has(other)).map(([, entry]) => entry);
  }

  writeLogStarts(entries: readonly PartitionOffset[]): void {
    this.writeCheckpoint(LOG_START_CHECKPOINT, entries);
    this.writtenLogStarts = byName(entries);
  }

  /** They come every few seconds and may be lost: one that is too low is made good by the leader. */
  writeHighWatermarks(entries: readonly PartitionOffset[]): void {
    this.writeCheckpoint(HIGH_WATERMARK_CHECKPOINT, entries, 'cached');
  }

  /** What it says already is not written again: an idle broker leaves the disk alone. */
  private writeCheckpoint(name: string, entries: readonly PartitionOffset[], durability: Durability = 'durable'): void {
    const before = this.checkpoints.get(name);
    if (before !== undefined && isSame(before, entries)) return;
    this.checkpoints.delete(name);
    writeOffsetCheckpoint(this.env.disk, this.path, name, entries, durability);
    this.checkpoints.set(name, entries);
  }

  /** The last write of a clean stop. */
  writeCleanShutdownMarker(brokerEpoch: number): void {
    replaceFile(this.env.disk, this.path, CLEAN_SHUTDOWN_MARKER, JSON.stringify({ version: 0, brokerEpoch }));
  }
}

function byName(entries: readonly PartitionOffset[]): ReadonlyMap<string, PartitionOffset> {
  return new Map(entries.map((entry) => [partitionDirectoryName(entry), entry]));
}

function isSame(some: readonly PartitionOffset[], others: readonly PartitionOffset[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ topic, partition, offset }, i) => {
      const other = others[i];
      return other?.offset === offset && other.partition === partition && other.topic === topic;
    })
  );
}

function brokerEpochOf(marker: string | null): number {
  if (marker === null || marker === '') return -1;
  try {
    const parsed: unknown = JSON.parse(marker);
    const epoch = typeof parsed === 'object' && parsed !== null ? (parsed as { brokerEpoch?: unknown }).brokerEpoch : undefined;
    return typeof epoch === 'number' ? epoch : -1;
  } catch {
    // The marker's presence is what matters; one that cannot be parsed merely names no epoch.
    return -1;
  }
}

function readStoredOffsets(env: Env, path: string): StoredOffsets {
  const read = (name: string): ReadonlyMap<string, PartitionOffset> => {
    try {
      return byName(readOffsetCheckpoint(env.disk, path, name));
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      env.logger.warn(`${error.message}; going on without it, which costs a longer recovery`);
      return new Map();
    }
  };
  return {
    recoveryPoints: read(RECOVERY_POINT_CHECKPOINT),
    logStarts: read(LOG_START_CHECKPOINT),
    highWatermarks: read(HIGH_WATERMARK_CHECKPOINT),
  };
}

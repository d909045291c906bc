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
import { readTextFile, replaceFile, unlinkIfPresent } from './small-file';

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
  /** Partitions that are gone since the recovery points were written. */
  private readonly gone = new Set<string>();

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

  writeRecoveryPoints(entries: readonly PartitionOffset[]): void {
    writeOffsetCheckpoint(this.env.disk, this.path, RECOVERY_POINT_CHECKPOINT, entries);
    this.writtenRecoveryPoints = new Map(entries.map((entry) => [partitionDirectoryName(entry), entry]));
    this.gone.clear();
  }

  /** The partition's log is gone. Its recovery point goes with the next ones that are written. */
  forget(topicPartition: TopicPartition): void {
    this.gone.add(partitionDirectoryName(topicPartition));
  }

  /** Makes sure that a crash from now on recovers the partition from `offset` or before; the other points stay as they are. */
  lowerRecoveryPoint(topicPartition: TopicPartition, offset: number): void {
    const name = partitionDirectoryName(topicPartition);
    if ((this.writtenRecoveryPoints.get(name)?.offset ?? 0) <= offset) return;
    // A topic that is made again meets the points of its former self: all of them go at once.
    const others = [...this.writtenRecoveryPoints].filter(([other]) => other !== name && !this.gone.has(other));
    this.writeRecoveryPoints([...others.map(([, entry]) => entry), { ...topicPartition, offset }]);
  }

  writeLogStarts(entries: readonly PartitionOffset[]): void {
    writeOffsetCheckpoint(this.env.disk, this.path, LOG_START_CHECKPOINT, entries);
  }

  writeHighWatermarks(entries: readonly PartitionOffset[]): void {
    writeOffsetCheckpoint(this.env.disk, this.path, HIGH_WATERMARK_CHECKPOINT, entries);
  }

  /** The last write of a clean stop. */
  writeCleanShutdownMarker(brokerEpoch: number): void {
    replaceFile(this.env.disk, this.path, CLEAN_SHUTDOWN_MARKER, JSON.stringify({ version: 0, brokerEpoch }));
  }
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
  const read = (name: string): Map<string, PartitionOffset> => {
    try {
      return new Map(readOffsetCheckpoint(env.disk, path, name).map((entry) => [partitionDirectoryName(entry), entry]));
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

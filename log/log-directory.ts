/**
 * One entry of log.dirs: its checkpoints, whether it was stopped cleanly, and whether it can be written.
 */
import { CheckpointError, readOffsetCheckpoint, writeOffsetCheckpoint, type PartitionOffset } from './checkpoint';
import { DirectoryState, isDiskError } from './directory-state';
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

/** Ours, beside Kafka's files: which broker this life is, and what must hold for its unsynced writes to be there still. */
const LIFE_FILE = '.moldau_volatility';
const NO_EPOCH = -1;

interface Life {
  readonly token: string;
  readonly brokerEpoch: number;
}

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
    /**
     * Broker epoch of the last life, if everything that it wrote is here: after a clean stop, or when only the process ended
     * (same boot, same mount, no failure of the disk). For BrokerRegistration.PreviousBrokerEpoch (KIP-966); else -1.
     */
    readonly previousBrokerEpoch: number,
    private readonly volatilityToken: string,
    readonly stored: StoredOffsets,
    wentOffline: (directory: string, reason: string) => void,
  ) {
    this.writtenRecoveryPoints = stored.recoveryPoints;
    this.writtenLogStarts = stored.logStarts;
    this.state = new DirectoryState(env, path, (reason) => {
      this.disown();
      wentOffline(path, reason);
    });
  }

  /** Opens a directory that is locked. Throws DiskError. */
  static open(env: Env, path: string, wentOffline: (directory: string, reason: string) => void): LogDirectory {
    const { disk } = env;
    const marker = readTextFile(disk, `${path}/${CLEAN_SHUTDOWN_MARKER}`);
    const token = disk.volatilityToken(path);
    const life = lifeOf(readTextFile(disk, `${path}/${LIFE_FILE}`));
    const keptEpoch = life?.token === token ? life.brokerEpoch : NO_EPOCH;
    const previousBrokerEpoch = marker === null ? keptEpoch : brokerEpochOf(marker);
    // Until it is registered anew it is still who it was: it may die before.
    replaceFile(disk, path, LIFE_FILE, textOf({ token, brokerEpoch: previousBrokerEpoch }));
    // The marker goes before anything is written: a crash from here on is an unclean stop.
    unlinkIfPresent(disk, `${path}/${CLEAN_SHUTDOWN_MARKER}`);
    disk.syncDirectorySync(path);
    const stored = readStoredOffsets(env, path);
    return new LogDirectory(env, path, marker !== null, previousBrokerEpoch, token, stored, wentOffline);
  }

  /** Whoever finds this directory after kill -9 may say that it was this broker. Throws DiskError. */
  noteBrokerEpoch(brokerEpoch: number): void {
    // Not synced: after loss of power it must not count anyway.
    replaceFile(this.env.disk, this.path, LIFE_FILE, textOf({ token: this.volatilityToken, brokerEpoch }), 'cached');
  }

  /** A failed disk may have dropped what was written to it. */
  private disown(): void {
    try {
      this.noteBrokerEpoch(NO_EPOCH);
    } catch (error) {
      if (!isDiskError(error)) throw error;
      this.env.logger.warn(`${this.path}/${LIFE_FILE} could not be written: ${error.message}; check the disk before the next start.`);
    }
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

/** The marker's presence is what matters; one that cannot be parsed merely names no epoch. */
function brokerEpochOf(marker: string): number {
  const { brokerEpoch } = fieldsOf(marker);
  return typeof brokerEpoch === 'number' ? brokerEpoch : NO_EPOCH;
}

/** Null when there is no such file, or none that we can read. */
function lifeOf(text: string | null): Life | null {
  const { token, brokerEpoch } = fieldsOf(text ?? '');
  return typeof token === 'string' && typeof brokerEpoch === 'number' ? { token, brokerEpoch } : null;
}

function textOf(life: Life): string {
  return JSON.stringify({ version: 0, ...life });
}

/** Of a JSON object; none of anything else. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    // Torn by a crash, or not ours.
    return {};
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

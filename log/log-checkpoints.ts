/**
 * Checkpoints of all logs: recovery points, log starts, high watermarks.
 *
 * Invariant: a recovery point is written only after everything below it has been synced, the epochs with it.
 */
import { isDiskError } from './directory-state';
import type { Env } from './env';
import type { LogDirectory } from './log-directory';
import type { PartitionLog } from './partition-log';

const SLICE_MS = 5;

export class LogCheckpoints {
  private stopped = false;

  constructor(
    private readonly env: Env,
    private readonly directories: readonly LogDirectory[],
    private readonly logs: ReadonlyMap<string, PartitionLog>,
  ) {}

  /** Nothing comes by itself any more. */
  stop(): void {
    this.stopped = true;
  }

  /** A directory that cannot be written is late (full), or goes offline. */
  forEachOnlineDirectory(write: (directory: LogDirectory, logs: readonly PartitionLog[]) => void): void {
    for (const directory of this.directories) {
      if (directory.state.isOffline) continue;
      const logs = [...this.logs.values()].filter((log) => log.directoryState === directory.state);
      try {
        write(directory, logs);
      } catch (error) {
        if (!isDiskError(error)) throw error;
        directory.isStateWritten = false;
        if (error.code === 'ENOSPC') this.env.logger.warn(`checkpoints of ${directory.path} are late: ${error.message}`);
        else directory.state.failed(error);
      }
    }
  }

  /** What the next start believes, in slices: each log costs several syncs, and the node still has its part in the quorum. */
  async writeClosingFiles(): Promise<void> {
    const { clock, timers } = this.env;
    const begun = new Set<PartitionLog>();
    for (let isDone = false; !isDone; ) {
      isDone = true;
      const endMs = clock.monotonicMs() + SLICE_MS;
      this.forEachOnlineDirectory((_, logs) => {
        for (const log of logs) {
          if (begun.has(log)) continue;
          isDone &&= begun.size === 0 || clock.monotonicMs() < endMs;
          if (!isDone) return;
          begun.add(log);
          log.writeClosingFiles();
        }
      });
      if (!isDone) await new Promise<void>((resolve) => timers.soon(resolve));
    }
  }

  /** Writes recovery points, after the epochs of the logs whose points move: in slices, since each costs two syncs. */
  moveRecoveryPoints(): void {
    this.persistEpochs([...this.logs.values()]);
  }

  private persistEpochs(logs: PartitionLog[]): void {
    const { clock, timers } = this.env;
    const deadlineMs = clock.monotonicMs() + SLICE_MS;
    while (logs.length > 0 && clock.monotonicMs() < deadlineMs) {
      const log = logs.pop();
      if (log === undefined || !this.mayMove(log)) continue;
      try {
        log.epochs.persist();
      } catch (error) {
        if (!isDiskError(error)) throw error;
        // The next step meets the same, and knows what to do about it.
        logs = [];
      }
    }
    if (logs.length === 0) this.writeRecoveryPoints();
    else timers.soon(() => !this.stopped && this.persistEpochs(logs));
  }

  private mayMove(log: PartitionLog): boolean {
    if (log.isClosed || log.directoryState.isOffline || !log.epochs.needsPersist) return false;
    const directory = this.directories.find(({ state }) => state === log.directoryState);
    return log.flushedOffset > (directory?.recoveryPointOf(log.topicPartition) ?? 0);
  }

  writeRecoveryPoints(): void {
    this.forEachOnlineDirectory((directory, logs) => {
      for (const log of logs) if (this.mayMove(log)) log.epochs.persist();
      directory.writeRecoveryPoints(logs.map((log) => ({ ...log.topicPartition, offset: log.flushedOffset })));
    });
  }

  writeLogStarts(): void {
    this.forEachOnlineDirectory((directory, logs) => {
      const moved = logs.filter((log) => log.logStartOffset > (log.segments[0]?.baseOffset ?? 0));
      directory.writeLogStarts(moved.map((log) => ({ ...log.topicPartition, offset: log.logStartOffset })));
    });
  }

  writeHighWatermarks(): void {
    this.forEachOnlineDirectory((directory, logs) => {
      directory.writeHighWatermarks(logs.map((log) => ({ ...log.topicPartition, offset: log.highWatermark })));
    });
  }
}

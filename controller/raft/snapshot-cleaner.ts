/**
 * Deletes old snapshots and the log below the next one, once a minute. (metadata.max.retention.bytes and .ms)
 *
 * Invariant: the log's start moves only onto a snapshot that stays. Files of deleted snapshots go a minute later, when no
 * reader holds them any more.
 */
import type { Clock, Crc32c, Logger, TimerHandle, Timers } from '../../wire/base/env';
import type { ControlState } from './control-state';
import type { RaftLog } from './raft-log';
import type { OffsetAndEpoch } from './replica-key';
import { SnapshotReader } from './snapshot-reader';
import { snapshotFileName, snapshotToDelete, type RetentionPolicy, type SnapshotStore } from './snapshots';

const CLEAN_INTERVAL_MS = 60_000;
const FILE_DELETE_DELAY_MS = 60_000;

export interface SnapshotCleanerParts {
  readonly log: RaftLog;
  readonly snapshots: SnapshotStore;
  readonly retention: RetentionPolicy;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly crc32c: Crc32c;
  readonly logger: Logger;
  readonly fatal: (why: string, error: unknown) => void;
}

export class SnapshotCleaner {
  private readonly timersSet = new Set<TimerHandle>();

  constructor(
    private readonly parts: SnapshotCleanerParts,
    private readonly control: ControlState,
  ) {}

  start(): void {
    this.after(CLEAN_INTERVAL_MS, () => {
      this.clean();
      this.start();
    });
  }

  stop(): void {
    for (const timer of this.timersSet) timer.cancel();
    this.timersSet.clear();
  }

  /** Deletes everything that is due. */
  clean(): void {
    const { log, snapshots, retention, clock, logger } = this.parts;
    for (;;) {
      const oldest = snapshotToDelete(
        snapshots.all,
        this.totalBytes(),
        () => this.timestampOf(snapshots.all[0]),
        retention,
        clock.wallMs(),
      );
      const next = snapshots.all[1];
      if (oldest === null || next === undefined || next.offset > log.endOffset) return;
      logger.info('deleting a metadata snapshot', { snapshot: snapshotFileName(oldest), logStartOffset: next.offset });
      this.after(FILE_DELETE_DELAY_MS, snapshots.delete(oldest));
      log.deleteBefore(next.offset);
      this.control.dropBefore(next.offset);
    }
  }

  private totalBytes(): number {
    const { log, snapshots } = this.parts;
    return snapshots.all.reduce((sum, id) => sum + snapshots.sizeOf(id), log.sizeBytes);
  }

  private timestampOf(id: OffsetAndEpoch | undefined): number {
    if (id === undefined) return Number.POSITIVE_INFINITY;
    const reader = new SnapshotReader(this.parts.snapshots.open(id), this.parts.crc32c);
    try {
      reader.next();
      return reader.lastContainedLogTimestampMs;
    } finally {
      reader.close();
    }
  }

  private after(delayMs: number, run: () => void): void {
    const handle = this.parts.timers.set(delayMs, () => {
      this.timersSet.delete(handle);
      try {
        run();
      } catch (error) {
        this.parts.fatal('cleaning metadata snapshots failed', error);
      }
    });
    this.timersSet.add(handle);
  }
}

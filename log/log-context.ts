/** What a partition's log is made from: the parts that all logs of a directory share, and what loading found. */
import type { DirectoryState, WriteUse } from './directory-state';
import type { Env } from './env';
import type { FilePool } from './file-pool';
import type { LeaderEpochCache } from './leader-epoch-cache';
import type { LogCounters } from './log-counters';
import type { ProducerState } from './producer-state';
import type { LogSegment } from './segment';

/** What loading found: everything a log starts from. */
export interface LoadedLog {
  readonly segments: LogSegment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly flushedOffset: number;
  /** The files are those of a clean stop: nothing was repaired or made. */
  readonly isAsCleanlyStopped: boolean;
  readonly producers: ProducerState;
  readonly epochs: LeaderEpochCache;
}

export interface LogContext {
  readonly env: Env;
  readonly state: DirectoryState;
  /** Whether this log may grow into the directory's reserve. */
  readonly use: WriteUse;
  readonly pool: FilePool;
  readonly counters: LogCounters;
  /**
   * Called before a log is cut back to `offset`: a recovery point beyond it would make the next start believe bytes that are
   * written after the cut and not yet synced. Throws DiskError.
   */
  readonly lowerRecoveryPoint: (offset: number) => void;
}

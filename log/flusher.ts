/**
 * Group commit of one log: at most one round of fsyncs in flight; whoever asks meanwhile shares the next round.
 *
 * Invariants: `flushedOffset` moves only when the sync that covers it has succeeded for the same generation of the log (a
 * truncation in between makes the completion worthless), and directory entries of new files are synced with them.
 */
import { isDiskError } from './directory-state';
import type { DiskError } from './disk';
import type { Env } from './env';
import { PARTITION_METADATA } from './file-names';
import type { LogSegment } from './segment';
import { syncFile } from './small-file';
import type { Histogram } from '../wire/metrics/histogram';

export interface FlushTarget {
  readonly directory: string;
  /** The log directory: the partition's own entry in it has to be durable too. */
  readonly parentDirectory: string;
  readonly logEndOffset: number;
  readonly generation: number;
  readonly isClosed: boolean;
  /** Why nothing of this log can be made durable any more, or null. */
  readonly flushFailure: DiskError | null;
  /** Segments with bytes that no sync has covered, oldest first, and whether each is closed for appends. */
  dirtySegments(): readonly LogSegment[];
  isActive(segment: LogSegment): boolean;
  /** Files beside a rolled segment that recovery trusts once the recovery point has passed them. */
  trustedFilesOf(segment: LogSegment): readonly string[];
  flushed(offset: number): void;
  failed(error: DiskError): void;
}

export type FlushDone = (error: DiskError | null) => void;

export class Flusher {
  private isRunning = false;
  private waiting: FlushDone[] = [];
  private running: FlushDone[] = [];
  private directoryEntriesDirty = true;
  /** The file that says whose log this is was written without a sync of its own. */
  private isIdentitySynced = false;

  constructor(
    private readonly env: Env,
    private readonly target: FlushTarget,
    private readonly times: Histogram,
  ) {}

  /** Files have come or gone: their directory's entries have to be synced too. */
  noteNames(): void {
    this.directoryEntriesDirty = true;
  }

  /** Files have come or gone since the directory was last synced. */
  get hasUnsyncedNames(): boolean {
    return this.directoryEntriesDirty;
  }

  /** Something of the log, be it a truncation or a new file's name, would not survive loss of power. */
  get hasUnsynced(): boolean {
    const { logEndOffset } = this.target;
    return this.isRunning || this.target.dirtySegments().length > 0 || (this.directoryEntriesDirty && logEndOffset > 0);
  }

  /** Calls back, never in the caller's turn, when everything appended before this call is durable, or cannot be. */
  flush(done: FlushDone): void {
    this.waiting.push(done);
    if (!this.isRunning) this.startRound();
  }

  /** Syncs everything before it returns, which stops the loop: for what is short, and must be durable in this turn. */
  flushNow(): void {
    const { disk } = this.env;
    const { directory, parentDirectory, logEndOffset } = this.target;
    for (const segment of this.target.dirtySegments()) {
      if (!this.target.isActive(segment)) for (const path of this.target.trustedFilesOf(segment)) syncFile(disk, path);
      segment.file.current.syncSync();
      segment.isDirty = false;
    }
    syncFile(disk, `${directory}/${PARTITION_METADATA}`);
    this.isIdentitySynced = true;
    disk.syncDirectorySync(directory);
    disk.syncDirectorySync(parentDirectory);
    this.directoryEntriesDirty = false;
    this.target.flushed(logEndOffset);
  }

  private startRound(): void {
    this.isRunning = true;
    this.running = this.waiting;
    this.waiting = [];
    const { logEndOffset, generation } = this.target;
    const steps = this.steps();
    const startedMs = this.env.clock.monotonicMs();
    const next = (error: DiskError | null): void => {
      const step = error === null ? steps.shift() : undefined;
      if (step !== undefined) return step(next);
      this.times.record(this.env.clock.monotonicMs() - startedMs);
      this.finishRound(error, logEndOffset, generation);
    };
    next(null);
  }

  private steps(): ((done: FlushDone) => void)[] {
    const { flushFailure } = this.target;
    // No later sync mends a failed one, even if the system calls it a success.
    if (flushFailure !== null) return [(done) => this.env.timers.soon(() => done(flushFailure))];
    const steps: ((done: FlushDone) => void)[] = [];
    for (const segment of this.target.dirtySegments()) {
      if (!this.target.isActive(segment)) steps.push((done) => this.syncFiles(this.target.trustedFilesOf(segment), done));
      steps.push((done) => this.syncSegment(segment, done));
    }
    if (!this.isIdentitySynced && steps.length > 0) steps.push((done) => this.syncIdentity(done));
    if (this.directoryEntriesDirty) steps.push((done) => this.syncDirectories(done));
    if (steps.length === 0) steps.push((done) => this.env.timers.soon(() => done(null)));
    return steps;
  }

  private syncSegment(segment: LogSegment, done: FlushDone): void {
    if (this.target.isClosed || segment.isRemoved) return done(null);
    const held = this.attempt(() => segment.file.hold(), done);
    if (held === null) return;
    // What is written from here on is not covered; what a failed sync has covered nobody knows.
    segment.isDirty = false;
    held.file.sync((error) => {
      held.release();
      if (error !== null) segment.isDirty = true;
      done(error);
    });
  }

  private syncDirectories(done: FlushDone): void {
    const { directory, parentDirectory, isClosed } = this.target;
    if (isClosed) return done(null);
    this.directoryEntriesDirty = false;
    const finished = (error: DiskError | null): void => {
      if (error !== null) this.directoryEntriesDirty = true;
      done(error);
    };
    this.env.disk.syncDirectory(directory, (error) => {
      if (error !== null) finished(error);
      else this.env.disk.syncDirectory(parentDirectory, finished);
    });
  }

  private syncIdentity(done: FlushDone): void {
    this.syncFiles([`${this.target.directory}/${PARTITION_METADATA}`], (error) => {
      if (error === null) this.isIdentitySynced = true;
      done(error);
    });
  }

  private syncFiles(paths: readonly string[], done: FlushDone): void {
    const files = [...paths];
    const next = (): void => {
      const path = files.shift();
      if (path === undefined || this.target.isClosed) return done(null);
      if (this.env.disk.statSync(path) === null) return next();
      const file = this.attempt(() => this.env.disk.openSync(path, 'write'), done);
      file?.sync((error) => {
        file.closeSync();
        if (error === null) next();
        else done(error);
      });
    };
    next();
  }

  /** Runs a disk call that may throw; null when it has, and `failed` has been told. */
  private attempt<T>(call: () => T, failed: FlushDone): T | null {
    try {
      return call();
    } catch (error) {
      if (!isDiskError(error)) throw error;
      failed(error);
      return null;
    }
  }

  private finishRound(error: DiskError | null, endOffset: number, generation: number): void {
    const failure = error ?? this.target.flushFailure;
    // A log that was closed meanwhile, because its topic went, has files that are gone.
    if (this.target.isClosed) return this.settle(failure);
    if (failure !== null) this.target.failed(failure);
    else if (generation === this.target.generation) this.target.flushed(endOffset);
    this.settle(failure);
  }

  private settle(failure: DiskError | null): void {
    const finished = this.running;
    this.running = [];
    this.isRunning = false;
    if (this.waiting.length > 0) this.startRound();
    for (const done of finished) done(failure);
  }
}

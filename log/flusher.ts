/**
 * Group commit of one log: at most one round of fsyncs in flight; whoever asks meanwhile shares the next round.
 *
 * Invariants: `flushedOffset` moves only when the sync that covers it has succeeded for the same generation of the log (a
 * truncation in between makes the completion worthless), and directory entries of new files are synced with them.
 */
import { isDiskError } from './directory-state';
import type { DiskError, DiskFile } from './disk';
import type { Env } from './env';
import type { LogSegment } from './segment';
import { OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX } from './file-names';

export interface FlushTarget {
  readonly directory: string;
  /** The log directory: the partition's own entry in it has to be durable too. */
  readonly parentDirectory: string;
  readonly logEndOffset: number;
  readonly generation: number;
  readonly isClosed: boolean;
  /** Segments with bytes that no sync has covered, oldest first, and whether each is closed for appends. */
  dirtySegments(): readonly LogSegment[];
  isActive(segment: LogSegment): boolean;
  flushed(offset: number): void;
  failed(error: DiskError): void;
}

export type FlushDone = (error: DiskError | null) => void;

export class Flusher {
  private isRunning = false;
  private waiting: FlushDone[] = [];
  private running: FlushDone[] = [];
  private directoryEntriesDirty = true;

  constructor(
    private readonly env: Env,
    private readonly target: FlushTarget,
  ) {}

  /** New files: their directory's entries have to be synced too. */
  noteNewFile(): void {
    this.directoryEntriesDirty = true;
  }

  /** Calls back, never in the caller's turn, when everything appended before this call is durable, or cannot be. */
  flush(done: FlushDone): void {
    this.waiting.push(done);
    if (!this.isRunning) this.startRound();
  }

  private startRound(): void {
    this.isRunning = true;
    this.running = this.waiting;
    this.waiting = [];
    const { logEndOffset, generation } = this.target;
    const steps = this.steps();
    const next = (error: DiskError | null): void => {
      const step = error === null ? steps.shift() : undefined;
      if (step === undefined) this.finishRound(error, logEndOffset, generation);
      else step(next);
    };
    next(null);
  }

  private steps(): ((done: FlushDone) => void)[] {
    const steps: ((done: FlushDone) => void)[] = [];
    for (const segment of this.target.dirtySegments()) {
      segment.isDirty = false;
      if (!this.target.isActive(segment)) steps.push((done) => this.syncIndexes(segment, done));
      steps.push((done) => this.syncSegment(segment, done));
    }
    if (this.directoryEntriesDirty) {
      this.directoryEntriesDirty = false;
      steps.push((done) => this.env.disk.syncDirectory(this.target.directory, done));
      steps.push((done) => this.env.disk.syncDirectory(this.target.parentDirectory, done));
    }
    if (steps.length === 0) steps.push((done) => this.env.timers.soon(() => done(null)));
    return steps;
  }

  private syncSegment(segment: LogSegment, done: FlushDone): void {
    if (this.target.isClosed) return done(null);
    const { file, release } = segment.file.hold();
    file.sync((error) => {
      release();
      done(error);
    });
  }

  /** Index files of a rolled segment are trusted after a crash once the recovery point has passed them. */
  private syncIndexes(segment: LogSegment, done: FlushDone): void {
    const files = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX].map((suffix) => segment.path(suffix));
    const next = (): void => {
      const path = files.shift();
      if (path === undefined || this.target.isClosed || this.env.disk.statSync(path) === null) return done(null);
      const file = this.open(path, done);
      file?.sync((error) => {
        file.closeSync();
        if (error === null) next();
        else done(error);
      });
    };
    next();
  }

  private open(path: string, failed: FlushDone): DiskFile | null {
    try {
      return this.env.disk.openSync(path, 'write');
    } catch (error) {
      if (!isDiskError(error)) throw error;
      failed(error);
      return null;
    }
  }

  private finishRound(error: DiskError | null, endOffset: number, generation: number): void {
    if (error !== null) this.target.failed(error);
    else if (generation === this.target.generation) this.target.flushed(endOffset);
    const finished = this.running;
    this.running = [];
    this.isRunning = false;
    if (this.waiting.length > 0) this.startRound();
    for (const done of finished) done(error);
  }
}

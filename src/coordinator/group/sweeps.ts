/**
 * Long work over many offsets, done slice by slice so that no turn of the loop grows with their number: expiry, deletion of
 * groups, deletion of topics. Pure.
 *
 * One slice is under way at a time; the next begins when the tombstones of the last have committed, in a later turn. Jobs take
 * turns, so that a client's DeleteGroups does not wait for a whole expiry. A failed write ends its job: expiry comes round
 * again, and a client is told.
 */

import type { CoordinatorRecord } from './group-records';
import type { GroupScope } from './group-scope';

/** Rows looked at and tombstones written in one slice, at most. */
export const SLICE_ROWS = 10_000;
export const SLICE_RECORDS = 1_000;

const SWEEP_KEY = 'sweep';

export interface SweepJob {
  readonly name: string;
  /** Adds at most about SLICE_RECORDS tombstones; true when nothing is left to do. */
  slice(scope: GroupScope, records: CoordinatorRecord[]): boolean;
  /** Called in the step of the last slice, after its records were handed over. */
  finish(scope: GroupScope): void;
  /** A slice could not be written. */
  fail(scope: GroupScope, errorCode: number): void;
}

export class Sweeps {
  private readonly jobs: SweepJob[] = [];
  /** The job whose slice is being written. */
  private writing: SweepJob | null = null;
  private scheduled = false;

  has(name: string): boolean {
    return this.writing?.name === name || this.jobs.some((job) => job.name === name);
  }

  /** Starts at once when nothing else is under way. */
  add(scope: GroupScope, job: SweepJob): void {
    this.jobs.push(job);
    if (this.writing === null && !this.scheduled) this.slice(scope);
  }

  /** The sweep timer fired. */
  resume(scope: GroupScope): void {
    this.scheduled = false;
    if (this.writing === null) this.slice(scope);
  }

  written(scope: GroupScope): void {
    if (this.writing !== null) this.jobs.push(this.writing);
    this.writing = null;
    this.schedule(scope);
  }

  failed(scope: GroupScope, errorCode: number): void {
    this.writing?.fail(scope, errorCode);
    this.writing = null;
    this.schedule(scope);
  }

  private slice(scope: GroupScope): void {
    const job = this.jobs.shift();
    if (job === undefined) return;
    const records: CoordinatorRecord[] = [];
    const isDone = job.slice(scope, records);
    if (isDone) {
      if (records.length > 0) scope.write(records, { replay: true, atomic: false });
      job.finish(scope);
    } else if (records.length > 0) {
      this.writing = job;
      scope.write(records, { replay: true, atomic: false, continuation: { kind: 'sweep' } });
    } else {
      this.jobs.push(job);
    }
    if (this.writing === null) this.schedule(scope);
  }

  private schedule(scope: GroupScope): void {
    if (this.scheduled || this.jobs.length === 0) return;
    this.scheduled = true;
    scope.startTimer(SWEEP_KEY, 0, { kind: 'sweep' });
  }
}

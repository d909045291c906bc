/** Side jobs, simulated: a job runs inline on a copy of its input when it is given, and its result arrives later. */

import type { Workers } from '../../log/disk';
import type { SimProcess } from './process';
import type { SimRandom } from './random';
import type { Scheduler } from './scheduler';

export type WorkerJob = (input: Uint8Array) => Uint8Array;
export type WorkerJobs = Readonly<Record<string, WorkerJob>>;

export class SimWorkers implements Workers {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly process: SimProcess,
    private readonly random: SimRandom,
    private readonly jobs: WorkerJobs,
  ) {}

  run(job: string, input: Uint8Array, done: (result: Uint8Array | Error) => void): void {
    if (!this.process.observe()) return;
    const result = this.perform(job, input.slice());
    this.scheduler.at(this.random.spread(0.05, 5), this.process.owner, () => done(result));
  }

  private perform(name: string, input: Uint8Array): Uint8Array | Error {
    const job = this.jobs[name];
    if (job === undefined) return new Error(`no such job: ${name}`);
    try {
      return job(input).slice();
    } catch (error) {
      // As a worker does: what a job throws is its result.
      return error as Error;
    }
  }
}

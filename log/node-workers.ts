/**
 * Part of the binding (`node-disk.ts`): the Workers port without threads. Jobs run on the event loop, in a later turn.
 *
 * Every job is a pure function from bytes to bytes, so that a binding with threads can take its place unseen.
 */
import * as timers from 'node:timers';
import type { Workers } from './disk';

const realSetImmediate = timers.setImmediate;

export type Job = (input: Uint8Array) => Uint8Array;

export class InlineWorkers implements Workers {
  readonly #jobs: Readonly<Record<string, Job>>;

  constructor(jobs: Readonly<Record<string, Job>> = {}) {
    this.#jobs = jobs;
  }

  run(job: string, input: Uint8Array, done: (result: Uint8Array | Error) => void): void {
    const copy = input.slice();
    realSetImmediate(() => done(this.#result(job, copy)));
  }

  #result(job: string, input: Uint8Array): Uint8Array | Error {
    const run = this.#jobs[job];
    if (run === undefined) return new Error(`no worker knows the job ${job}`);
    try {
      return run(input);
    } catch (error) {
      // Of whatever realm it is: the caller is told by an Error of ours.
      return new Error(String((error as { message?: unknown }).message ?? error));
    }
  }
}

/**
 * Part of the binding (`node-disk.ts`): at most half of the thread pool waits for fsyncs.
 *
 * libuv runs reads, names of hosts and fsyncs on the same few threads; when slow fsyncs hold them all, a cached read takes
 * as long as an fsync. The pool is the process's, and so are the slots. Waiting jobs are started round-robin by device,
 * so that a slow disk does not keep the others waiting behind its whole queue.
 */

type Job = (finished: () => void) => void;

export class FsyncSlots {
  #running = 0;
  /** Group -> its waiting jobs. The map's order is the order of turns. */
  readonly #waiting = new Map<string, Job[]>();

  constructor(readonly slots: number) {}

  get running(): number {
    return this.#running;
  }

  /** Runs `job` now or when a slot is free; it calls `finished` once. */
  run(group: string, job: Job): void {
    if (this.#running < this.slots) {
      this.#start(job);
      return;
    }
    const queue = this.#waiting.get(group);
    if (queue === undefined) this.#waiting.set(group, [job]);
    else queue.push(job);
  }

  #start(job: Job): void {
    this.#running += 1;
    job(() => {
      this.#running -= 1;
      const next = this.#takeNext();
      if (next !== undefined) this.#start(next);
    });
  }

  #takeNext(): Job | undefined {
    for (const [group, queue] of this.#waiting) {
      const job = queue.shift();
      this.#waiting.delete(group);
      if (queue.length > 0) this.#waiting.set(group, queue);
      if (job !== undefined) return job;
    }
    return undefined;
  }
}

/** Half of the pool that libuv was started with (4 threads unless told), but one at least. */
export function fsyncSlotsOfProcess(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE']);
  return Math.max(1, Math.floor((Number.isInteger(threads) && threads > 0 ? threads : 4) / 2));
}

/** The slots that all disks of this process share. */
export const processFsyncSlots = new FsyncSlots(fsyncSlotsOfProcess());

/** fsyncs in flight, at most half of the thread pool's threads at once; the rest wait in order. */
import type { DiskError } from './disk';

const DEFAULT_POOL_THREADS = 4;

type Done = (error: DiskError | null) => void;
type Start = (finished: Done) => void;

export class SyncQueue {
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly maxInFlight: number;

  constructor(
    /** Syncs complete without being done. */
    readonly isOff: boolean,
  ) {
    const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? DEFAULT_POOL_THREADS);
    this.maxInFlight = Math.max(1, Math.floor((Number.isInteger(threads) && threads > 0 ? threads : DEFAULT_POOL_THREADS) / 2));
  }

  /** Runs a sync, now or when there is room for it; `done` comes in a later turn. */
  run(done: Done, start: Start): void {
    if (this.isOff) {
      setImmediate(() => done(null));
      return;
    }
    const begin = (): void => {
      this.inFlight++;
      start((error) => {
        this.inFlight--;
        this.waiting.shift()?.();
        done(error);
      });
    };
    if (this.inFlight < this.maxInFlight) begin();
    else this.waiting.push(begin);
  }
}

/**
 * Work that is done again and again, one run at a time. A run that fails is told and tried again at its next time; the same
 * failure is told once until it has passed.
 */
import type { Logger, TimerHandle, Timers } from '../../wire/base/env';

export interface RepeatingOptions {
  /** From the end of one run to the next. */
  readonly intervalMs: number;
  /** Default: 0. */
  readonly firstDelayMs?: number;
  /** As in "cannot <what>: <why>". */
  readonly what: string;
}

export class Repeating {
  private timer: TimerHandle | null = null;
  private isClosed = false;
  private failure: string | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly timers: Timers,
    private readonly logger: Logger,
    private readonly options: RepeatingOptions,
    private readonly run: () => Promise<void>,
  ) {
    this.set(options.firstDelayMs ?? 0);
  }

  /** No run begins after this; resolves when the last one has ended. */
  close(): Promise<void> {
    this.isClosed = true;
    this.timer?.cancel();
    return this.running;
  }

  private set(delayMs: number): void {
    if (this.isClosed) return;
    this.timer = this.timers.set(delayMs, () => {
      this.running = this.once();
    });
  }

  private async once(): Promise<void> {
    const { what, intervalMs } = this.options;
    try {
      await this.run();
      if (this.failure !== null) this.logger.info(`can ${what} again`);
      this.failure = null;
    } catch (error) {
      const why =
        error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
      if (!this.isClosed && why !== this.failure)
        this.logger.warn(`cannot ${what}: ${why}; trying again each ${intervalMs} ms`);
      this.failure = why;
    }
    this.set(intervalMs);
  }
}

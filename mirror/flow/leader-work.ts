/** What is done again and again for a flow by the process that leads it, and by no other. No run begins after `close`. */
import type { FlowContext, FlowPart } from './flow-part';
import { Repeating, type RepeatingOptions } from './repeating';

export class LeaderWork implements FlowPart {
  private repeating: Repeating | null = null;
  private isClosed = false;

  /** `options`: null for work that the settings turn off. */
  constructor(
    private readonly context: Pick<FlowContext, 'env' | 'logger'>,
    private readonly options: RepeatingOptions | null,
    private readonly run: () => Promise<void>,
  ) {}

  lead(): void {
    const { env, logger } = this.context;
    if (this.options === null || this.isClosed || this.repeating !== null) return;
    this.repeating = new Repeating(env.timers, logger, this.options, this.run);
  }

  unlead(): void {
    void this.repeating?.close();
    this.repeating = null;
  }

  close(): void {
    this.isClosed = true;
    this.unlead();
  }
}

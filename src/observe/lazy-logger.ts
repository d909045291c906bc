/**
 * A logger that is made when the first line comes that is let through: what says nothing loads nothing. For the library,
 * whose start is to cost little.
 */
import type { LogFields, Logger } from '../../wire/base/env';

const RANK = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** Lines of this level and above are written. */
export type LowestLevel = keyof typeof RANK;

/** `create` is called at most once, for the logger and all its children. */
export function lazyLogger(lowest: LowestLevel, create: () => Logger): Logger {
  let root: Logger | null = null;
  const made = (): Logger => (root ??= create());
  return new LazyLogger(RANK[lowest], made);
}

class LazyLogger implements Logger {
  private target: Logger | null = null;

  constructor(
    private readonly lowest: number,
    private readonly make: () => Logger,
  ) {}

  child(subsystem: string): Logger {
    return new LazyLogger(this.lowest, () => this.made().child(subsystem));
  }

  debug(message: string, fields?: LogFields): void {
    if (this.lowest <= RANK.debug) this.made().debug(message, fields);
  }

  info(message: string, fields?: LogFields): void {
    if (this.lowest <= RANK.info) this.made().info(message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    if (this.lowest <= RANK.warn) this.made().warn(message, fields);
  }

  error(message: string, fields?: LogFields): void {
    if (this.lowest <= RANK.error) this.made().error(message, fields);
  }

  private made(): Logger {
    return (this.target ??= this.make());
  }
}

/** The last lines that a simulated process has logged, for a failure's report. Formatting waits until somebody looks. */

import type { LogFields, Logger } from '../../wire/base/env';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogLine {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly subsystem: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** A bounded ring of lines. */
export class LogRing {
  private readonly lines: LogLine[] = [];
  private next = 0;

  constructor(private readonly maxLines: number) {}

  add(line: LogLine): void {
    this.lines[this.next] = line;
    this.next = (this.next + 1) % this.maxLines;
  }

  /** Oldest first. */
  all(): readonly LogLine[] {
    return [...this.lines.slice(this.next), ...this.lines.slice(0, this.next)];
  }

  text(): string {
    return this.all().map(format).join('\n');
  }
}

export class SimLogger implements Logger {
  constructor(
    private readonly ring: LogRing,
    private readonly nowMs: () => number,
    private readonly subsystem = '',
  ) {}

  child(subsystem: string): Logger {
    const name = this.subsystem === '' ? subsystem : `${this.subsystem}.${subsystem}`;
    return new SimLogger(this.ring, this.nowMs, name);
  }

  debug(message: string, fields?: LogFields): void {
    this.add('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.add('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.add('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.add('error', message, fields);
  }

  private add(level: LogLevel, message: string, fields: LogFields | undefined): void {
    this.ring.add({ atMs: this.nowMs(), level, subsystem: this.subsystem, message, fields });
  }
}

function format(line: LogLine): string {
  const fields = line.fields === undefined ? '' : ` ${JSON.stringify(line.fields)}`;
  return `${line.atMs.toFixed(3)} ${line.level} ${line.subsystem}: ${line.message}${fields}`;
}

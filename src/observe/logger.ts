/**
 * Text for people: the Logger port over pino, one child per subsystem, each with a level of its own.
 *
 * Names are dotted like Kafka's (`kafka.server`, `kafka.server.ReplicaManager`), and a logger without a level of its own
 * has the nearest one above it, as in log4j. Lines are written synchronously: the last line before an end is there.
 * Loading this file loads pino, so only the server does.
 */
import { type Logger as Pino, pino } from 'pino';
import type { LogFields, Logger } from '../../wire/base/env';
import { textLine } from './log-line';
import { type LogLevel, type LoggerLevels, PINO_LEVELS } from './log-level';

export interface LoggerOptions {
  /** One JSON object a line for programs, or one readable line for people. */
  readonly format: 'json' | 'text';
  readonly level: LogLevel;
  /** Only with 'text'. */
  readonly colours?: boolean;
  /** Takes whole lines, each with its line feed. Default: standard error, synchronously. */
  readonly write?: (line: string) => void;
}

/** The root logger, and the levels of all of them (KIP-412 changes these while the broker runs). */
export function createLogger(options: LoggerOptions): { readonly logger: Logger; readonly levels: LoggerLevels } {
  const out = options.write === undefined ? pino.destination({ dest: 2, sync: true }) : { write: options.write };
  const colours = options.colours === true;
  const destination =
    options.format === 'json' ? out : { write: (line: string): void => void out.write(textLine(line, colours)) };
  const settings = { base: null, level: 'trace', formatters: { level: (label: string) => ({ level: label }) } };
  const registry = new Registry(pino(settings, destination), options.level);
  return { logger: registry.named(''), levels: registry };
}

/** Every logger that was ever asked for, by its full name; the root's is empty. */
class Registry implements LoggerLevels {
  private readonly loggers = new Map<string, NamedLogger>();
  private readonly own = new Map<string, LogLevel>();

  constructor(
    private readonly root: Pino,
    private readonly rootLevel: LogLevel,
  ) {}

  named(name: string): NamedLogger {
    const known = this.loggers.get(name);
    if (known !== undefined) return known;
    const sink = this.root.child(name === '' ? {} : { logger: name });
    sink.level = PINO_LEVELS[this.levelOf(name)];
    const logger = new NamedLogger(this, name, sink);
    this.loggers.set(name, logger);
    return logger;
  }

  list(): readonly { readonly name: string; readonly level: LogLevel }[] {
    const names = [...this.loggers.keys()].filter((name) => name !== '').sort();
    return ['', ...names].map((name) => ({ name: name === '' ? 'root' : name, level: this.levelOf(name) }));
  }

  has(name: string): boolean {
    return name === 'root' || this.loggers.has(name);
  }

  set(name: string, level: LogLevel): void {
    this.own.set(name === 'root' ? '' : name, level);
    this.spread();
  }

  reset(name: string): void {
    this.own.delete(name === 'root' ? '' : name);
    this.spread();
  }

  private spread(): void {
    for (const [name, logger] of this.loggers) logger.sink.level = PINO_LEVELS[this.levelOf(name)];
  }

  private levelOf(name: string): LogLevel {
    for (let at = name; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
      const level = this.own.get(at);
      if (level !== undefined) return level;
    }
    return this.own.get('') ?? this.rootLevel;
  }
}

class NamedLogger implements Logger {
  constructor(
    private readonly registry: Registry,
    private readonly name: string,
    readonly sink: Pino,
  ) {}

  child(subsystem: string): Logger {
    return this.registry.named(this.name === '' ? subsystem : `${this.name}.${subsystem}`);
  }

  debug(message: string, fields?: LogFields): void {
    if (fields === undefined) this.sink.debug(message);
    else this.sink.debug(fields, message);
  }

  info(message: string, fields?: LogFields): void {
    if (fields === undefined) this.sink.info(message);
    else this.sink.info(fields, message);
  }

  warn(message: string, fields?: LogFields): void {
    if (fields === undefined) this.sink.warn(message);
    else this.sink.warn(fields, message);
  }

  error(message: string, fields?: LogFields): void {
    if (fields === undefined) this.sink.error(message);
    else this.sink.error(fields, message);
  }
}

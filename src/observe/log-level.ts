/** Kafka's names for levels, and what the broker-loggers resource needs of the loggers (KIP-412). */

export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const PINO_LEVELS: Readonly<Record<LogLevel, string>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
  OFF: 'silent',
};

export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

export interface LoggerLevels {
  /** Every logger with the level in force; the root logger is called `root`. */
  list(): readonly { readonly name: string; readonly level: LogLevel }[];
  has(name: string): boolean;
  set(name: string, level: LogLevel): void;
  /** Back to the level of the logger above. */
  reset(name: string): void;
}

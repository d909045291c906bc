/** What commands share that run until they are told to end: logging, signals, and how they fail. */
import type { Logger } from '../../wire/base/env';
import { createLogger } from '../observe/logger';
import { isLogLevel } from '../observe/log-level';
import { signalHandler } from './ending';

/** Lines for people on a terminal, JSON lines elsewhere; both on standard error. */
export function commandLogger(): Logger {
  const isTerminal = process.stderr.isTTY;
  const asked = process.env['MOLDAU_LOG_FORMAT'];
  const format = asked === 'text' || asked === 'json' ? asked : isTerminal ? 'text' : 'json';
  const level = (process.env['MOLDAU_LOG_LEVEL'] ?? 'info').toUpperCase();
  const colours = isTerminal && process.env['NO_COLOR'] === undefined;
  return createLogger({ format, colours, level: isLogLevel(level) ? level : 'INFO' }).logger;
}

/** The first signal calls `stop`, another one ends the process at once. */
export function stopOnSignals(stop: () => void): void {
  const say = (line: string): void => void process.stderr.write(`moldau: ${line}\n`);
  // Signals come from outside of what is simulated; the handler itself gets its clock and its exit passed.
  const onSignal = signalHandler({ stop, say, exit: (code) => process.exit(code), nowMs: () => performance.now() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/** Whoever read what this process prints may leave (`moldau server | head`): the process goes on. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

export function endOnUncaughtErrors(logger: Logger, who: string): void {
  const end = (kind: string) => (error: unknown) => {
    logger.error(`${kind}: ${messageOf(error)}`, { stack: stackOf(error) });
    fail([`${who} ended because of an error that nothing handled: ${messageOf(error)}`]);
  };
  process.on('uncaughtException', end('uncaught exception'));
  process.on('unhandledRejection', end('unhandled rejection'));
}

export function fail(problems: readonly string[]): never {
  for (const problem of problems) process.stderr.write(`moldau: ${problem}\n`);
  process.exit(1);
}

export function messageOf(error: unknown): string {
  return error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
}

function stackOf(error: unknown): string | null {
  return error !== null && typeof error === 'object' && 'stack' in error ? String(error.stack) : null;
}

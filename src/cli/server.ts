/**
 * `moldau server`: builds the configuration, starts the node, says in a few lines where it is, and ends it in order.
 *
 * Exit codes: 0 after a stop by signal, 1 when it could not start, had to end by itself, or was told a second time to end,
 * which it then does at once.
 */
import { readFileSync } from 'node:fs';
import type { Logger } from '../../wire/base/env';
import { createLogger } from '../observe/logger';
import { isLogLevel } from '../observe/log-level';
import type { BrokerConfig } from '../config/broker-config';
import type { RunningBroker } from '../running-broker';
import { version } from '../version';
import { banner } from './banner';
import { signalHandler } from './ending';
import { servesParent } from './parent';
import { type ServerFlags, serverConfig } from './server-config';
import { startNode } from './start-node';
import { startFailure } from './start-failure';

export async function serve(flags: ServerFlags): Promise<void> {
  const built = serverConfig(flags, { environment: process.env, readFile: (path) => readFileSync(path, 'utf8') });
  if (!built.ok) return fail(built.problems);
  for (const warning of built.warnings) process.stderr.write(`moldau: warning: ${warning}\n`);
  outliveReaders();
  const logger = serverLogger();
  endOnUncaughtErrors(logger);
  let broker: RunningBroker;
  try {
    broker = await startNode(built.config, logger);
  } catch (error) {
    return fail([startFailure(error, built.config)]);
  }
  stopOnSignals(broker, logger);
  process.stdout.write(readyText(broker, built.config));
  servesParent(broker, (error) => fail([`Stopping failed: ${messageOf(error)}`]));
  try {
    await broker.closed;
  } catch (error) {
    return fail([`The broker had to end: ${messageOf(error)}`]);
  }
  process.exit(0);
}

function readyText(broker: RunningBroker, config: BrokerConfig): string {
  const facts = {
    version,
    nodeId: config.nodeId,
    startMs: process.uptime() * 1000,
    isOneOfSeveral: isOneOfSeveral(config),
    flushBeforeAck: config.get('log.flush.before.ack'),
    controllerListenerNames: config.controllerListenerNames,
  };
  return banner(broker, facts);
}

/** A broker alone has its controllers elsewhere; a controller may name others as voters or to find the quorum. */
function isOneOfSeveral({ isController, quorumVoters, quorumBootstrapServers }: BrokerConfig): boolean {
  return !isController || quorumVoters.length > 1 || quorumBootstrapServers.length > 1;
}

/** Lines for people on a terminal, JSON lines elsewhere; both on standard error. */
function serverLogger(): Logger {
  const isTerminal = process.stderr.isTTY;
  const asked = process.env['MOLDAU_LOG_FORMAT'];
  const format = asked === 'text' || asked === 'json' ? asked : isTerminal ? 'text' : 'json';
  const level = (process.env['MOLDAU_LOG_LEVEL'] ?? 'info').toUpperCase();
  const colours = isTerminal && process.env['NO_COLOR'] === undefined;
  return createLogger({ format, colours, level: isLogLevel(level) ? level : 'INFO' }).logger;
}

function stopOnSignals(broker: RunningBroker, logger: Logger): void {
  const stop = (): void => {
    broker.stop().catch((error: unknown) => {
      logger.error(`stopping failed: ${messageOf(error)}`);
      process.exit(1);
    });
  };
  const say = (line: string): void => void process.stderr.write(`moldau: ${line}\n`);
  // Signals come from outside of what is simulated; the handler itself gets its clock and its exit passed.
  const onSignal = signalHandler({ stop, say, exit: (code) => process.exit(code), nowMs: () => performance.now() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/** Whoever read what this process prints may leave (`moldau server | head`): the broker goes on. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function endOnUncaughtErrors(logger: Logger): void {
  const end = (kind: string) => (error: unknown) => {
    logger.error(`${kind}: ${messageOf(error)}`, { stack: stackOf(error) });
    fail([`The broker ended because of an error that nothing handled: ${messageOf(error)}`]);
  };
  process.on('uncaughtException', end('uncaught exception'));
  process.on('unhandledRejection', end('unhandled rejection'));
}

function fail(problems: readonly string[]): never {
  for (const problem of problems) process.stderr.write(`moldau: ${problem}\n`);
  process.exit(1);
}

function messageOf(error: unknown): string {
  return error !== null && typeof error === 'object' && 'message' in error ? String(error.message) : String(error);
}

function stackOf(error: unknown): string | null {
  return error !== null && typeof error === 'object' && 'stack' in error ? String(error.stack) : null;
}

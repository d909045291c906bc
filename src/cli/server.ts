/**
 * `moldau server`: builds the configuration, starts the node, says in a few lines where it is, and ends it in order.
 *
 * Exit codes: 0 after a stop by signal, 1 when it could not start, had to end by itself, or was told a second time to end,
 * which it then does at once.
 */
import { readFileSync } from 'node:fs';
import type { Logger } from '../../wire/base/env';
import type { BrokerConfig } from '../config/broker-config';
import type { RunningBroker } from '../running-broker';
import { version } from '../version';
import { banner } from './banner';
import { servesParent } from './parent';
import { commandLogger, endOnUncaughtErrors, fail, messageOf, outliveReaders, stopOnSignals } from './process-setup';
import { type ServerFlags, serverConfig } from './server-config';
import { startNode } from './start-node';
import { startFailure } from './start-failure';

export async function serve(flags: ServerFlags): Promise<void> {
  const built = serverConfig(flags, { environment: process.env, readFile: (path) => readFileSync(path, 'utf8') });
  if (!built.ok) return fail(built.problems);
  for (const warning of built.warnings) process.stderr.write(`moldau: warning: ${warning}\n`);
  outliveReaders();
  const logger = commandLogger();
  endOnUncaughtErrors(logger, 'The broker');
  let broker: RunningBroker;
  try {
    broker = await startNode(built.config, logger);
  } catch (error) {
    return fail([startFailure(error, built.config)]);
  }
  stopBrokerOnSignals(broker, logger);
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

function stopBrokerOnSignals(broker: RunningBroker, logger: Logger): void {
  stopOnSignals(() => {
    broker.stop().catch((error: unknown) => {
      logger.error(`stopping failed: ${messageOf(error)}`);
      process.exit(1);
    });
  });
}

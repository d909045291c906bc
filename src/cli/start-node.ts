/** Puts the real ports together and starts a broker on them. */
import type { Logger } from '../../wire/base/env';
import type { BrokerConfig } from '../config/broker-config';
import type { RunningBroker } from '../running-broker';

export async function startNode(config: BrokerConfig, logger: Logger): Promise<RunningBroker> {
  logger.info('starting', { nodeId: config.nodeId });
  throw new Error('this build has no broker in it');
}

/** Composition root: puts the floors together into a broker on the ports that it is given. */
import type { Env } from '../log/env';
import type { BrokerConfig } from './config/broker-config';
import type { RunningBroker } from './running-broker';

export function startBrokerNode(env: Env, config: BrokerConfig): Promise<RunningBroker> {
  env.logger.info('starting', { nodeId: config.nodeId });
  return Promise.reject(new Error('this build has no broker in it'));
}

/** Puts the real ports together and starts a broker on them. */
import { NodeDisk } from '../../log/node-disk';
import { InlineWorkers } from '../../log/node-workers';
import type { Logger } from '../../wire/base/env';
import { createNodeBaseEnv } from '../../wire/base/node-env';
import { startBrokerNode } from '../broker';
import type { BrokerConfig } from '../config/broker-config';
import type { RunningBroker } from '../running-broker';

export function startNode(config: BrokerConfig, logger: Logger): Promise<RunningBroker> {
  const env = { ...createNodeBaseEnv({ logger }), disk: new NodeDisk(), workers: new InlineWorkers() };
  return startBrokerNode(env, config);
}

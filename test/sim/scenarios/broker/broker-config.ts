/** Configurations of simulated brokers. */

import { buildBrokerConfig } from '../../../../src/config/build-config';
import type { BrokerConfig } from '../../../../src/config/broker-config';
import { withNodeDefaults } from '../../../../src/config/layers';

export const BROKER_HOST = 'broker1';
export const BROKER_PORT = 9092;
/** The second is there for replicas that move between them. */
export const DIRECTORIES = ['/data', '/more'] as const;

/** A node that is broker and controller, with small segments so that a short schedule meets many. */
export function singleBrokerConfig(flushBeforeAck: boolean, directories: readonly string[]): BrokerConfig {
  const texts = new Map([
    ['listeners', `PLAINTEXT://${BROKER_HOST}:${BROKER_PORT},CONTROLLER://${BROKER_HOST}:9093`],
    ['log.dirs', directories.join()],
    // A replica is copied in small pieces.
    ['replica.fetch.max.bytes', '300'],
    ['offsets.topic.num.partitions', '1'],
    ['group.initial.rebalance.delay.ms', '0'],
    ['log.flush.before.ack', String(flushBeforeAck)],
  ]);
  const built = buildBrokerConfig(withNodeDefaults([{ origin: 'the simulation', texts }]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}

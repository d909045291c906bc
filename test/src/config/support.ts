import type { BrokerConfig } from '../../../src/config/broker-config';
import { buildBrokerConfig } from '../../../src/config/build-config';
import { overrideLayer, withNodeDefaults } from '../../../src/config/layers';

/** The configuration of a node without a file and with these overrides. */
export function brokerWith(...flags: string[]): BrokerConfig {
  const built = buildBrokerConfig(withNodeDefaults([overrideLayer(flags).layer]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}

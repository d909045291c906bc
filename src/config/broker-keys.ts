/** Every key of a broker: the ones that each floor defines, together. All of Apache Kafka 4.3's are known here. */
import { defineConfig } from '../../wire/base/config-definition';
import { logServerKeys } from '../../log/log-server-config';
import { groupKeys } from './keys/group-keys';
import { metricsKeys } from './keys/metrics-keys';
import { networkKeys } from './keys/network-keys';
import { quorumKeys } from './keys/quorum-keys';
import { quotaKeys } from './keys/quota-keys';
import { remoteKeys } from './keys/remote-keys';
import { replicationKeys } from './keys/replication-keys';
import { securityKeys } from './keys/security-keys';
import { transactionKeys } from './keys/transaction-keys';

export const brokerKeys = defineConfig({
  ...quorumKeys.definitions,
  ...networkKeys.definitions,
  ...metricsKeys.definitions,
  ...logServerKeys.definitions,
  ...replicationKeys.definitions,
  ...groupKeys.definitions,
  ...transactionKeys.definitions,
  ...quotaKeys.definitions,
  ...securityKeys.definitions,
  ...remoteKeys.definitions,
});

export type BrokerKeys = typeof brokerKeys.definitions;
export type BrokerKey = keyof BrokerKeys;

const LISTENER_PREFIX = /^listener\.name\.([^.]+)\.(.+)$/;

/** `listener.name.<listener>.<key>` taken apart; null for a plain key. */
export function listenerKey(key: string): { readonly listener: string; readonly key: string } | null {
  const match = LISTENER_PREFIX.exec(key);
  return match?.[1] === undefined || match[2] === undefined ? null : { listener: match[1], key: match[2] };
}

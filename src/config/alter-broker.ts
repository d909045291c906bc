/**
 * Checks changes of a broker's dynamic configs (KIP-226) with Kafka's error codes, as pure functions.
 *
 * Every refused broker change is INVALID_REQUEST. A key that nobody knows is accepted and stored: it may belong to a
 * plugin. Listener keys need the prefix of a listener.
 */
import {
  type Alteration,
  type AlterRules,
  type ConfigOp,
  alterAll,
  alterIncrementally,
  refusedAlteration,
} from '../../wire/base/config-alter';
import { ErrorCode } from '../../wire/base/error-codes';
import type { BrokerConfig } from './broker-config';
import { brokerKeys, listenerKey } from './broker-keys';

/** The resource's name: '' is the cluster's default, else a broker id. */
export type BrokerResource = string;

/** Keys of a pool's size: one step may at most halve or double it. */
const POOL_SIZES = new Set([
  'background.threads',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'num.replica.fetchers',
  'log.cleaner.threads',
]);

/** Keys that may carry a listener's prefix although they are cluster-wide. */
const PREFIXABLE = new Set(['max.connections', 'max.connection.creation.rate', 'num.network.threads']);

/** IncrementalAlterConfigs of a broker or of the cluster's default. `current` is what that resource has. */
export function alterBrokerConfigs(
  config: BrokerConfig,
  resource: BrokerResource,
  current: ReadonlyMap<string, string>,
  ops: readonly ConfigOp[],
): Alteration {
  const rules: AlterRules = {
    find: (key) => brokerKeys.find(key),
    inherited: (key) => (brokerKeys.has(key) ? config.text(key) : null),
    notAListCode: ErrorCode.INVALID_REQUEST,
  };
  return checked(config, resource, alterIncrementally(current, ops, rules));
}

/** Legacy AlterConfigs of a broker or of the cluster's default. */
export function replaceBrokerConfigs(
  config: BrokerConfig,
  resource: BrokerResource,
  current: ReadonlyMap<string, string>,
  entries: readonly { readonly name: string; readonly value: string | null }[],
): Alteration {
  return checked(config, resource, alterAll(current, entries));
}

function checked(config: BrokerConfig, resource: BrokerResource, altered: Alteration): Alteration {
  if (!altered.ok) return altered;
  for (const [key, value] of altered.changes) {
    const problem = value === null ? scopeProblem(resource, key) : changeProblem(config, resource, key, value);
    if (problem !== null) return refusedAlteration(ErrorCode.INVALID_REQUEST, problem);
  }
  const { dynamicDefault, dynamicBroker } = config.texts;
  const next =
    resource === ''
      ? config.withDynamic(altered.values, dynamicBroker)
      : config.withDynamic(dynamicDefault, altered.values);
  const broken = next.problems[0];
  return broken === undefined ? altered : refusedAlteration(ErrorCode.INVALID_REQUEST, broken);
}

function changeProblem(config: BrokerConfig, resource: BrokerResource, key: string, value: string): string | null {
  const scope = scopeProblem(resource, key);
  if (scope !== null) return scope;
  const base = listenerKey(key)?.key ?? key;
  const parsed = brokerKeys.parse(base, value);
  if (parsed !== null && !parsed.ok) return parsed.problem.message;
  if (!POOL_SIZES.has(key) || !brokerKeys.has(key) || parsed === null) return null;
  const [now, next] = [Number(config.get(key)), Number(parsed.value)];
  if (next > now * 2 || next < now / 2) {
    return `Dynamic update of ${key} from ${now} to ${next} is refused: one step at most halves or doubles it.`;
  }
  return null;
}

/** Why this key cannot be changed on this resource, whatever its value. */
function scopeProblem(resource: BrokerResource, key: string): string | null {
  const prefixed = listenerKey(key);
  const base = prefixed?.key ?? key;
  const definition = brokerKeys.find(base);
  // Nobody knows it: it may belong to a plugin.
  if (definition === undefined) return null;
  const isPerBroker = prefixed === null ? definition.dynamic === 'broker' : !PREFIXABLE.has(base);
  if (prefixed === null && definition.dynamic === undefined) return `Cannot update these configs dynamically: [${key}]`;
  if (prefixed === null && definition.dynamic === 'listener') {
    return `${key} can be changed only with the prefix of a listener: listener.name.<name>.${key}`;
  }
  if (resource === '' && isPerBroker) return `Cannot update these configs at default cluster level: [${key}]`;
  return null;
}

/** What DescribeConfigs says about a broker, and about the cluster's defaults for brokers. */
import {
  CONFIG_SOURCE,
  type ConfigSynonym,
  type DescribeOptions,
  type DescribedConfig,
  askedKeys,
  brokerSynonyms,
  describedConfig,
  namesOfBrokerKey,
} from '../../wire/base/config-describe';
import type { BrokerConfig } from './broker-config';
import { brokerKeys, listenerKey } from './broker-keys';

/** The configs of the broker itself. `names` null or empty: all that are not internal, and whatever was set. */
export function describeBrokerConfigs(
  config: BrokerConfig,
  names: readonly string[] | null,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const { dynamicBroker, dynamicDefault, static: fromFile } = config.texts;
  const set = [...fromFile.keys(), ...dynamicDefault.keys(), ...dynamicBroker.keys()];
  const shown = brokerKeys.keys.filter((key) => brokerKeys.find(key)?.internal !== true);
  return askedKeys([...new Set([...shown, ...set])], names).map((name) => {
    const synonyms = synonymsOf(config, name);
    const value = brokerKeys.has(name) ? config.text(name) : (synonyms[0]?.value ?? null);
    return described(name, value, synonyms, options);
  });
}

/** The broker resource with the empty name: only the cluster-wide dynamic values that are set. */
export function describeClusterDefaults(
  config: BrokerConfig,
  names: readonly string[] | null,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  const set = config.texts.dynamicDefault;
  return askedKeys([...set.keys()], names).map((name) => {
    const value = set.get(name) ?? null;
    return described(name, value, [{ name, value, source: CONFIG_SOURCE.dynamicDefaultBroker }], options);
  });
}

/** True for the keys that a running broker takes over; a name with a listener's prefix counts as read-only (KIP-226). */
export function isDynamicBrokerKey(name: string): boolean {
  return brokerKeys.find(name)?.dynamic !== undefined;
}

function described(
  name: string,
  value: string | null,
  synonyms: readonly ConfigSynonym[],
  options: DescribeOptions,
): DescribedConfig {
  const definition = brokerKeys.find(name) ?? brokerKeys.find(listenerKey(name)?.key ?? name);
  return describedConfig({ name, value, readOnly: !isDynamicBrokerKey(name), definition, synonyms }, options);
}

function synonymsOf(config: BrokerConfig, name: string): readonly ConfigSynonym[] {
  const prefixed = listenerKey(name);
  const names = prefixed === null ? namesOfBrokerKey(name) : [name, prefixed.key];
  const synonyms = brokerSynonyms(name, names, config.texts, (key) => brokerKeys.find(key));
  return isThrottle(name) ? synonyms.filter(({ source }) => source !== CONFIG_SOURCE.default) : synonyms;
}

/** The rates of throttles for replication are no part of Kafka's own configuration, which knows no default of theirs. */
function isThrottle(name: string): boolean {
  const key = brokerKeys.find(name);
  return key?.internal === true && key.dynamic !== undefined;
}

/** What DescribeConfigs and CreateTopics say about the configs of one topic. */
import {
  type BrokerTexts,
  CONFIG_SOURCE,
  type ConfigSynonym,
  type DescribeOptions,
  type DescribedConfig,
  askedKeys,
  brokerSynonyms,
  describedConfig,
  namesOfBrokerKey,
} from '../wire/base/config-describe';
import { defaultText, parseConfig } from '../wire/base/config-definition';
import { formatValue } from '../wire/base/config-text';
import { topicKeys } from './log-config';
import { type LogServerConfig, logServerKeys } from './log-server-config';
import { TOPIC_SYNONYMS, brokerDefault } from './topic-synonyms';

/** What is needed of a broker's configuration; a BrokerConfig is one. */
export interface DescribableLogServer extends LogServerConfig {
  readonly texts: BrokerTexts;
}

type Overrides = ReadonlyMap<string, string>;

/** DescribeConfigs (32) of a topic. `names` null or empty: every config that is not internal, or is set. */
export function describeTopicConfigs(
  broker: DescribableLogServer,
  overrides: Overrides,
  names: readonly string[] | null,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  return askedKeys(shownKeys(overrides), names).map((name) => {
    const own = ownSynonym(name, overrides);
    const stronger = TOPIC_SYNONYMS[name]?.[0].key;
    const behind =
      stronger === undefined
        ? []
        : brokerSynonyms(stronger, namesOfBrokerKey(stronger), broker.texts, (key) => logServerKeys.find(key));
    const synonyms = own === null ? behind : [own, ...behind];
    return describedConfig({ ...stateOf(broker, overrides, name), synonyms }, options);
  });
}

/**
 * The configs of a new topic as CreateTopics (19) returns them since version 5: every one, with the source of its value.
 * Other than DescribeConfigs this counts log.retention.hours and its like as a source (KIP-525).
 */
export function effectiveTopicConfigs(broker: DescribableLogServer, overrides: Overrides): readonly DescribedConfig[] {
  return askedKeys(shownKeys(overrides), null).map((name) => {
    const state = stateOf(broker, overrides, name);
    const given = ownSynonym(name, overrides) ?? givenByBroker(broker, name);
    // The controller gives back what it was sent, as it was written.
    const value = overrides.get(name) ?? state.value;
    return describedConfig({ ...state, value, synonyms: given === null ? [] : [given] }, {});
  });
}

/** One of them; null for what is not shown. Asked for each of thousands of partitions, so nothing else is looked at. */
export function effectiveTopicValue(broker: LogServerConfig, overrides: Overrides, name: string): string | null {
  const own = overrides.get(name);
  const definition = topicKeys.find(name);
  if (definition === undefined || (definition.internal === true && own === undefined)) return null;
  return own ?? valueText(broker, overrides, name);
}

function stateOf(broker: LogServerConfig, overrides: Overrides, name: string) {
  return { name, value: valueText(broker, overrides, name), readOnly: false, definition: topicKeys.find(name) };
}

function shownKeys(overrides: Overrides): readonly string[] {
  return topicKeys.keys.filter((key) => topicKeys.find(key)?.internal !== true || overrides.has(key));
}

function ownSynonym(name: string, overrides: Overrides): ConfigSynonym | null {
  const text = overrides.get(name);
  return text === undefined ? null : { name, value: normalText(name, text), source: CONFIG_SOURCE.topic };
}

function givenByBroker(broker: DescribableLogServer, name: string): ConfigSynonym | null {
  const synonyms = TOPIC_SYNONYMS[name] ?? [];
  const { dynamicBroker, dynamicDefault, static: fromFile } = broker.texts;
  const origins = [
    [dynamicBroker, CONFIG_SOURCE.dynamicBroker],
    [dynamicDefault, CONFIG_SOURCE.dynamicDefaultBroker],
    [fromFile, CONFIG_SOURCE.staticBroker],
  ] as const;
  for (const [texts, source] of origins) {
    const found = synonyms.find(({ key }) => texts.has(key));
    if (found !== undefined) return { name: found.key, value: texts.get(found.key) ?? null, source };
  }
  return null;
}

/** The value in force, as text. */
function valueText(broker: LogServerConfig, overrides: Overrides, name: string): string | null {
  const own = overrides.get(name);
  if (own !== undefined) return normalText(name, own);
  const definition = topicKeys.find(name);
  if (definition === undefined) return null;
  const value = brokerDefault(broker, name);
  return value === undefined || value === null ? defaultText(definition) : formatValue(definition.type, value);
}

/** A stored text as Kafka prints it; as it stands when it is not allowed any more. */
function normalText(name: string, text: string): string {
  const definition = topicKeys.find(name);
  if (definition === undefined) return text;
  const parsed = parseConfig(name, definition, text);
  return parsed.ok ? parsed.text : text;
}

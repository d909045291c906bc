/**
 * What DescribeConfigs says about a value: where it comes from, and which other values stand behind it (KIP-226, KIP-569).
 *
 * A synonym is a value that would be in force if the ones before it went away: this broker's dynamic value, the cluster's,
 * the static one, the built-in default, most specific first.
 */
import { type ConfigDefinition, defaultText } from './config-definition';
import { CONFIG_TYPE_CODES } from './config-text';

/** DescribeConfigs' ConfigSource codes. */
export const CONFIG_SOURCE = {
  unknown: 0,
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  brokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const;

/** A broker's values as texts, by where they were given. */
export interface BrokerTexts {
  readonly static: ReadonlyMap<string, string>;
  readonly dynamicDefault: ReadonlyMap<string, string>;
  readonly dynamicBroker: ReadonlyMap<string, string>;
}

export interface ConfigSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
}

/** One entry of a DescribeConfigs response, with its field names. */
export interface DescribedConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly ConfigSynonym[];
  readonly configType: number;
  readonly documentation: string | null;
}

export interface DescribeOptions {
  readonly includeSynonyms?: boolean;
  readonly includeDocumentation?: boolean;
}

/** How one key of a resource stands. */
export interface ConfigState {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  /** undefined: nobody knows the key, so its value may be a secret. */
  readonly definition: ConfigDefinition | undefined;
  /** Most specific first; the first one is where the value comes from. */
  readonly synonyms: readonly ConfigSynonym[];
}

/** Turns a state into the response's entry: hides secrets, and leaves out what was not asked for. */
export function describedConfig(state: ConfigState, options: DescribeOptions): DescribedConfig {
  const { name, readOnly, definition } = state;
  const isSensitive = definition === undefined || definition.type === 'password';
  const hidden = (value: string | null) => (isSensitive ? null : value);
  const synonyms = state.synonyms.map((synonym) => ({ ...synonym, value: hidden(synonym.value) }));
  return {
    name,
    value: hidden(state.value),
    readOnly,
    configSource: synonyms[0]?.source ?? CONFIG_SOURCE.default,
    isSensitive,
    synonyms: options.includeSynonyms === true ? synonyms : [],
    configType: definition === undefined ? 0 : CONFIG_TYPE_CODES[definition.type],
    documentation: options.includeDocumentation === true ? (definition?.documentation ?? null) : null,
  };
}

/** DescribeConfigs returns everything when no names are given, and also when the list is empty. */
export function askedKeys(all: readonly string[], names: readonly string[] | null): readonly string[] {
  if (names === null || names.length === 0) return [...all].sort();
  const known = new Set(all);
  return [...new Set(names)].filter((name) => known.has(name));
}

/**
 * The synonyms of a broker key: for each origin, from the most specific, every name of `names`. What stands before the
 * first entry that has the asked name itself is left out, as Kafka does: log.retention.hours never shows behind an unset
 * log.retention.ms.
 */
export function brokerSynonyms(
  name: string,
  names: readonly string[],
  texts: BrokerTexts,
  find: (key: string) => ConfigDefinition | undefined,
): readonly ConfigSynonym[] {
  const origins = [
    [texts.dynamicBroker, CONFIG_SOURCE.dynamicBroker],
    [texts.dynamicDefault, CONFIG_SOURCE.dynamicDefaultBroker],
    [texts.static, CONFIG_SOURCE.staticBroker],
  ] as const;
  const synonyms: ConfigSynonym[] = [];
  for (const [given, source] of origins) {
    for (const each of names) {
      const value = given.get(each);
      if (value !== undefined) synonyms.push({ name: each, value, source });
    }
  }
  for (const each of names) {
    const definition = find(each);
    const value = definition === undefined ? null : defaultText(definition);
    if (value !== null) synonyms.push({ name: each, value, source: CONFIG_SOURCE.default });
  }
  const first = synonyms.findIndex((synonym) => synonym.name === name);
  return first < 0 ? [] : synonyms.slice(first);
}

/** Keys that say the same thing in other units, the strongest first. */
const SAME_THING: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
];

/** Every name under which a broker key's value may be given. */
export function namesOfBrokerKey(key: string): readonly string[] {
  if (key === 'log.flush.interval.ms') return [key, 'log.flush.scheduler.interval.ms'];
  return SAME_THING.find((names) => names.includes(key)) ?? [key];
}

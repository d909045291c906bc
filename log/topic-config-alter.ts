/**
 * Checks changes of a topic's configs with Kafka's error codes, as pure functions: the controller calls them before it
 * writes a record, CreateTopics before it makes a topic.
 */
import {
  type Alteration,
  type AlterRules,
  type ConfigOp,
  alterAll,
  alterIncrementally,
  refusedAlteration,
} from '../wire/base/config-alter';
import { defaultText } from '../wire/base/config-definition';
import { formatValue } from '../wire/base/config-text';
import { ErrorCode } from '../wire/base/error-codes';
import { IGNORED_TOPIC_KEYS, resolveTopicConfig, topicKeys } from './log-config';
import type { LogServerConfig } from './log-server-config';
import { brokerDefault } from './topic-synonyms';

type Values = ReadonlyMap<string, string>;

/** IncrementalAlterConfigs of a topic: SET, DELETE, APPEND, SUBTRACT. */
export function alterTopicConfigs(broker: LogServerConfig, current: Values, ops: readonly ConfigOp[]): Alteration {
  const asked = ops.filter(({ name }) => !IGNORED_TOPIC_KEYS.has(name));
  return checked(broker, current, alterIncrementally(current, asked, topicRules(broker)));
}

/** Legacy AlterConfigs of a topic: `entries` are all that it has afterwards. */
export function replaceTopicConfigs(
  broker: LogServerConfig,
  current: Values,
  entries: readonly { readonly name: string; readonly value: string | null }[],
): Alteration {
  const asked = entries.filter(({ name }) => !IGNORED_TOPIC_KEYS.has(name));
  return checked(broker, current, alterAll(current, asked));
}

/** The configs of a topic that is to be made. A null value is INVALID_CONFIG here, as in Kafka. */
export function newTopicConfigs(
  broker: LogServerConfig,
  entries: readonly { readonly name: string; readonly value: string | null }[],
): Alteration {
  const unset = entries.filter(({ value }) => value === null).map(({ name }) => name);
  if (unset.length > 0) {
    return refusedAlteration(
      ErrorCode.INVALID_CONFIG,
      `Null value not supported for topic configs: ${unset.join(',')}`,
    );
  }
  return replaceTopicConfigs(broker, new Map(), entries);
}

/** A sentence about the first value of a topic's configs that is not allowed; null when all are. */
export function topicConfigProblem(broker: LogServerConfig, current: Values, values: Values): string | null {
  for (const [key, text] of values) {
    const parsed = topicKeys.parse(key, text);
    if (parsed === null) return `Unknown topic config name: ${key}`;
    if (!parsed.ok) return parsed.problem.message;
  }
  const config = resolveTopicConfig(broker, values);
  if (config.minCompactionLagMs > config.maxCompactionLagMs) {
    const [min, max] = [config.minCompactionLagMs, config.maxCompactionLagMs];
    return `min.compaction.lag.ms (${min}) must be at most max.compaction.lag.ms (${max}).`;
  }
  if (config.remoteStorageEnable)
    return 'Tiered storage is disabled in this broker: remote.storage.enable cannot be set.';
  if (current.get('remote.storage.enable')?.toLowerCase() === 'true' && !config.remoteLogDeleteOnDisable) {
    return 'remote.storage.enable can go back to false only together with remote.log.delete.on.disable=true.';
  }
  return null;
}

function topicRules(broker: LogServerConfig): AlterRules {
  return {
    find: (key) => topicKeys.find(key),
    inherited: (key) => {
      const definition = topicKeys.find(key);
      if (definition === undefined) return null;
      const value = brokerDefault(broker, key);
      return value === undefined || value === null ? defaultText(definition) : formatValue(definition.type, value);
    },
    notAListCode: ErrorCode.INVALID_CONFIG,
  };
}

function checked(broker: LogServerConfig, current: Values, altered: Alteration): Alteration {
  if (!altered.ok) return altered;
  const problem = topicConfigProblem(broker, current, altered.values);
  return problem === null ? altered : refusedAlteration(ErrorCode.INVALID_CONFIG, problem);
}

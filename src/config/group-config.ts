/**
 * Configs of one group (resource type GROUP, KIP-848, KIP-932, KIP-1071): overrides over the broker's `group.` keys over
 * the defaults. A value outside the broker's bounds (`group.consumer.min.session.timeout.ms` and its like) is refused when
 * it is set, and brought within them when they were tightened later.
 */
import {
  type Alteration,
  type AlterRules,
  type ConfigOp,
  alterIncrementally,
  refusedAlteration,
} from '../../wire/base/config-alter';
import { type Validator, defaultText, defineConfig } from '../../wire/base/config-definition';
import {
  CONFIG_SOURCE,
  type DescribeOptions,
  type DescribedConfig,
  askedKeys,
  brokerSynonyms,
  describedConfig,
} from '../../wire/base/config-describe';
import { ErrorCode } from '../../wire/base/error-codes';
import { anyOf, atLeast, oneOf } from '../../wire/base/config-validators';
import type { BrokerConfig } from './broker-config';
import { brokerKeys } from './broker-keys';

const DURATION: Validator<string> = {
  allowed: 'by_duration:<ISO 8601 duration>',
  accepts: (value) => /^by_duration:P(?=.)/i.test(value),
};
const SHARE_OFFSET_RESET = anyOf(oneOf('earliest', 'latest'), DURATION);

export const groupConfigKeys = defineConfig({
  'consumer.assignment.interval.ms': { type: 'int', default: 1000, validator: atLeast(0) },
  'consumer.heartbeat.interval.ms': { type: 'int', default: 5000, validator: atLeast(1) },
  'consumer.session.timeout.ms': { type: 'int', default: 45000, validator: atLeast(1) },
  'share.assignment.interval.ms': { type: 'int', default: 1000, validator: atLeast(0) },
  'share.auto.offset.reset': { type: 'string', default: 'latest', validator: SHARE_OFFSET_RESET },
  'share.delivery.count.limit': { type: 'int', default: 5, validator: atLeast(2) },
  'share.heartbeat.interval.ms': { type: 'int', default: 5000, validator: atLeast(1) },
  'share.isolation.level': {
    type: 'string',
    default: 'read_uncommitted',
    validator: oneOf('read_committed', 'read_uncommitted'),
  },
  'share.partition.max.record.locks': { type: 'int', default: 2000, validator: atLeast(100) },
  'share.record.lock.duration.ms': { type: 'int', default: 30000, validator: atLeast(1000) },
  'share.renew.acknowledge.enable': { type: 'boolean', default: true },
  'share.session.timeout.ms': { type: 'int', default: 45000, validator: atLeast(1) },
  'streams.assignment.interval.ms': { type: 'int', default: 1000, validator: atLeast(0) },
  'streams.heartbeat.interval.ms': { type: 'int', default: 5000, validator: atLeast(1) },
  'streams.initial.rebalance.delay.ms': { type: 'int', default: 3000, validator: atLeast(0) },
  'streams.num.standby.replicas': { type: 'int', default: 0, validator: atLeast(0) },
  'streams.session.timeout.ms': { type: 'int', default: 45000, validator: atLeast(1) },
});

type Values = ReadonlyMap<string, string>;

/** The value in force of one key of a group. */
export function groupConfigText(broker: BrokerConfig, overrides: Values, key: string): string | null {
  const own = overrides.get(key);
  if (own !== undefined) return within(broker, key, own);
  return inherited(broker, key);
}

/** DescribeConfigs (32) of a group, which need not exist. */
export function describeGroupConfigs(
  broker: BrokerConfig,
  overrides: Values,
  names: readonly string[] | null,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  return askedKeys(groupConfigKeys.keys, names).map((name) => {
    const definition = groupConfigKeys.find(name);
    const value = groupConfigText(broker, overrides, name);
    const behind = brokerKeys.has(`group.${name}`)
      ? brokerSynonyms(`group.${name}`, [`group.${name}`], broker.texts, (key) => brokerKeys.find(key))
      : [{ name, value: inherited(broker, name), source: CONFIG_SOURCE.default }];
    const synonyms = overrides.has(name) ? [{ name, value, source: CONFIG_SOURCE.group }, ...behind] : behind;
    return describedConfig({ name, value, readOnly: false, definition, synonyms }, options);
  });
}

/** IncrementalAlterConfigs (44) of a group. */
export function alterGroupConfigs(broker: BrokerConfig, current: Values, ops: readonly ConfigOp[]): Alteration {
  const rules: AlterRules = {
    find: (key) => groupConfigKeys.find(key),
    inherited: (key) => inherited(broker, key),
    notAListCode: ErrorCode.INVALID_CONFIG,
  };
  const altered = alterIncrementally(current, ops, rules);
  if (!altered.ok) return altered;
  for (const [key, text] of altered.values) {
    const problem = groupConfigProblem(broker, key, text);
    if (problem !== null) return refusedAlteration(ErrorCode.INVALID_CONFIG, problem);
  }
  return altered;
}

function groupConfigProblem(broker: BrokerConfig, key: string, text: string): string | null {
  const parsed = groupConfigKeys.parse(key, text);
  if (parsed === null) return `Unknown group config name: ${key}`;
  if (!parsed.ok) return parsed.problem.message;
  if (within(broker, key, parsed.text) === parsed.text) return null;
  const [min, max] = boundKeys(key).map((bound) => (brokerKeys.has(bound) ? broker.text(bound) : null));
  const bounds = [min === null ? null : `at least ${min}`, max === null ? null : `at most ${max}`];
  return `${key} (${text}) must be ${bounds.filter((bound) => bound !== null).join(' and ')}.`;
}

function inherited(broker: BrokerConfig, key: string): string | null {
  const brokerKey = `group.${key}`;
  if (brokerKeys.has(brokerKey)) return within(broker, key, broker.text(brokerKey) ?? '');
  const definition = groupConfigKeys.find(key);
  return definition === undefined ? null : defaultText(definition);
}

/** `consumer.session.timeout.ms` -> the broker's smallest and largest; a key without bounds names keys that do not exist. */
function boundKeys(key: string): readonly [string, string] {
  const dot = key.indexOf('.');
  const [type, rest] = [key.slice(0, dot), key.slice(dot + 1)];
  return [
    `group.${type}.min.${rest}`,
    rest === 'num.standby.replicas' ? 'group.streams.max.standby.replicas' : `group.${type}.max.${rest}`,
  ];
}

function within(broker: BrokerConfig, key: string, text: string): string {
  const [min, max] = boundKeys(key).map((bound) => (brokerKeys.has(bound) ? Number(broker.text(bound)) : null));
  if (min !== null && min !== undefined && Number(text) < min) return String(min);
  return max !== null && max !== undefined && Number(text) > max ? String(max) : text;
}

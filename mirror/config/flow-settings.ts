/** One flow's settings from its keys; `A->B.<key>` counts before `<key>`. */
import type { ConfigValues } from '../../wire/base/config-definition';
import type { ClusterSettings, FlowSettings, NameFilter } from '../flow/settings';
import { defaultPolicy } from '../naming/default-policy';
import { identityPolicy } from '../naming/identity-policy';
import { PatternError } from '../naming/java-pattern';
import { nameFilter } from '../naming/name-filter';
import type { ReplicationPolicy } from '../naming/replication-policy';
import { valueOf } from './cluster-settings';
import { type FlowKeys, flowKeys, onlyClasses } from './flow-keys';

type Values = ConfigValues<FlowKeys>;

/** null when a problem was added. */
export function flowSettings(
  texts: ReadonlyMap<string, string>,
  source: ClusterSettings,
  target: ClusterSettings,
  problems: string[],
): FlowSettings | null {
  const prefix = `${source.alias}->${target.alias}.`;
  const given = new Map<string, string>();
  for (const key of flowKeys.keys) {
    const text = texts.get(prefix + key) ?? texts.get(key);
    if (text !== undefined) given.set(key, text);
  }
  const { config } = flowKeys.resolve(given);
  const before = problems.length;
  refuseClasses(texts, prefix, problems);
  const policy = policyOf(config, source.alias, problems);
  const topics = filterOf(config, 'topics', problems);
  const groups = filterOf(config, 'groups', problems);
  const configProperties = excludeFilter(config, problems);
  const reset = valueOf(
    texts,
    [`${prefix}source.consumer.`, `${source.alias}.consumer.`, `${prefix}consumer.`],
    'auto.offset.reset',
  );
  if (problems.length > before || policy === null || reset === null) return null;
  return {
    ...{ source, target, policy, topics, groups, configProperties },
    isEnabled: config.get('enabled'),
    preservesOffsets: config.get('offsets.preserve'),
    useDefaultsFrom: config.get('use.defaults.from') === 'source' ? 'source' : 'target',
    replicationFactor: config.get('replication.factor'),
    startsAt: reset === 'latest' ? 'latest' : 'earliest',
    ...intervalsOf(config),
    emitsOffsetSyncs: config.get('emit.offset-syncs.enabled'),
    replicatesHeartbeats: config.get('heartbeats.replication.enabled'),
    offsetSyncsLocation: config.get('offset-syncs.topic.location') === 'target' ? 'target' : 'source',
    offsetSyncsReplicationFactor: config.get('offset-syncs.topic.replication.factor'),
    checkpointsReplicationFactor: config.get('checkpoints.topic.replication.factor'),
    heartbeatsReplicationFactor: config.get('heartbeats.topic.replication.factor'),
    offsetLagMax: config.get('offset.lag.max'),
  };
}

function intervalsOf(config: Values) {
  const ms = (isOn: boolean, seconds: number): number | null => (isOn && seconds > 0 ? seconds * 1000 : null);
  return {
    refreshTopicsMs: ms(config.get('refresh.topics.enabled'), config.get('refresh.topics.interval.seconds')),
    refreshGroupsMs: ms(config.get('refresh.groups.enabled'), config.get('refresh.groups.interval.seconds')),
    syncTopicConfigsMs: ms(config.get('sync.topic.configs.enabled'), config.get('sync.topic.configs.interval.seconds')),
    syncGroupOffsetsMs: ms(config.get('sync.group.offsets.enabled'), config.get('sync.group.offsets.interval.seconds')),
    emitCheckpointsMs: ms(config.get('emit.checkpoints.enabled'), config.get('emit.checkpoints.interval.seconds')),
    emitHeartbeatsMs: ms(config.get('emit.heartbeats.enabled'), config.get('emit.heartbeats.interval.seconds')),
  };
}

function policyOf(config: Values, sourceAlias: string, problems: string[]): ReplicationPolicy | null {
  const settings = {
    separator: config.get('replication.policy.separator'),
    usesSeparatorInternally: config.get('replication.policy.internal.topic.separator.enabled'),
  };
  const className = config.get('replication.policy.class');
  if (!/^[a-zA-Z0-9._-]+$/.test(settings.separator)) {
    problems.push(
      `Invalid value ${settings.separator} for configuration replication.policy.separator: it becomes part of topic names, which have letters, digits, ".", "_" and "-" only.`,
    );
    return null;
  }
  // Strimzi's class of the same name does what Kafka's does.
  if (/(^|\.)IdentityReplicationPolicy$/.test(className)) return identityPolicy(settings, sourceAlias);
  if (className === 'org.apache.kafka.connect.mirror.DefaultReplicationPolicy') return defaultPolicy(settings);
  problems.push(
    `Invalid value ${className} for configuration replication.policy.class: Moldau has org.apache.kafka.connect.mirror.DefaultReplicationPolicy and IdentityReplicationPolicy.`,
  );
  return null;
}

function filterOf(config: Values, key: 'topics' | 'groups', problems: string[]): NameFilter {
  return orProblem(key, problems, () => nameFilter(config.get(key), config.get(`${key}.exclude`)));
}

/** What is excluded is listed; everything else is accepted. */
function excludeFilter(config: Values, problems: string[]): NameFilter {
  const key = 'config.properties.exclude';
  return orProblem(key, problems, () => nameFilter(['.*'], config.get(key)));
}

function orProblem(key: string, problems: string[], make: () => NameFilter): NameFilter {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    problems.push(`Invalid value in configuration ${key}: ${error.message}.`);
    return { accepts: () => false };
  }
}

function refuseClasses(texts: ReadonlyMap<string, string>, prefix: string, problems: string[]): void {
  for (const [key, own] of Object.entries(onlyClasses)) {
    const className = texts.get(prefix + key) ?? texts.get(key);
    if (className === undefined || className.split('.').at(-1) === own) continue;
    problems.push(
      `Invalid value ${className} for configuration ${key}: Moldau has ${own} only, and cannot run classes of Java.`,
    );
  }
}

/**
 * Which of a source topic's configs its copy gets: those that the source does not have by default; and back to the default
 * what it has, or to the source's default with `use.defaults.from=source` (KIP-894). Pure.
 *
 * As MirrorMaker 2, but only what differs is changed, and only keys that the target knows.
 */
import { type ConfigChange, type TopicConfig, TopicConfigSource } from '../../wire/cluster-admin';
import type { FlowSettings } from '../flow/settings';

type Rules = Pick<FlowSettings, 'configProperties' | 'useDefaultsFrom'>;

/** What belongs to the mirror itself, and is never another cluster's to say. */
const OWN_PREFIX = 'mirror.';

/** Of a topic that is to be created. */
export function configsToCreate(flow: Rules, source: readonly TopicConfig[]): ConfigChange[] {
  return source
    .filter((config) => isSynced(flow, config) && (!isDefault(config) || flow.useDefaultsFrom === 'source'))
    .map(({ name, value }) => ({ name, value }));
}

/** Of a topic that is there. */
export function configChanges(
  flow: Rules,
  source: readonly TopicConfig[],
  target: readonly TopicConfig[],
): ConfigChange[] {
  const onTarget = new Map(target.map((config) => [config.name, config]));
  const changes: ConfigChange[] = [];
  for (const config of source) {
    const copy = onTarget.get(config.name);
    if (copy === undefined || !isSynced(flow, config)) continue;
    const isOwn = copy.source === TopicConfigSource.topic;
    const { name, value } = config;
    if (isDefault(config) && flow.useDefaultsFrom === 'target') {
      if (isOwn) changes.push({ name, value: null });
    } else if (!isOwn || copy.value !== value) changes.push({ name, value });
  }
  return changes;
}

function isSynced(flow: Rules, { name, value, source, isReadOnly, isSensitive }: TopicConfig): boolean {
  const isOurs = name.startsWith(OWN_PREFIX);
  const isFixed = isReadOnly || isSensitive || source === TopicConfigSource.staticBroker;
  return value !== null && !isOurs && !isFixed && flow.configProperties.accepts(name);
}

function isDefault({ source }: TopicConfig): boolean {
  return source === TopicConfigSource.default;
}

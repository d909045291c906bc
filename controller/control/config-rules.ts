/** What the controller needs to know of configuration keys; the broker that defines them supplies it. */
import type { ConfigResource, Configs } from '../metadata/config-resource';
import type { ApiError } from './api-error';

export interface EffectiveConfig {
  readonly name: string;
  readonly value: string | null;
  readonly isReadOnly: boolean;
  /** DescribeConfigs' source codes. */
  readonly source: number;
  readonly isSensitive: boolean;
}

/** Where a topic's value may come from, the first that has it wins; the static configuration comes last. */
export interface TopicConfigLayers {
  readonly topic: Configs;
  /** Dynamic configs of this controller's node. */
  readonly node: Configs;
  /** Dynamic defaults of the cluster. */
  readonly cluster: Configs;
}

export interface ConfigRules {
  /** Whether the resource may have these configs: `all` is what would hold, `existing` what holds. Null: it may. */
  validate(resource: ConfigResource, all: Configs, existing: Configs): ApiError | null;
  /** Whether the key takes a list, so that APPEND and SUBTRACT mean something. */
  isList(resourceType: number, key: string): boolean;
  /** What APPEND and SUBTRACT start from when the key is unset. */
  defaultValue(resourceType: number, key: string): string | null;
  /** Every config of a topic, sorted by name. */
  effectiveTopicConfigs(layers: TopicConfigLayers): readonly EffectiveConfig[];
  /** One config of a topic. */
  topicConfig(key: string, layers: TopicConfigLayers): string | null;
}

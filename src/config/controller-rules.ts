/** What the controller asks about configuration keys, answered from the definitions of topics and brokers. */
import type { ApiError } from '../../controller/control/api-error';
import type { ConfigRules, EffectiveConfig, TopicConfigLayers } from '../../controller/control/config-rules';
import { invalidTopicName } from '../../controller/control/topic-names';
import { ConfigResourceType, type ConfigResource, type Configs } from '../../controller/metadata/config-resource';
import { topicKeys } from '../../log/log-config';
import { topicConfigProblem } from '../../log/topic-config-alter';
import { effectiveTopicConfigs, effectiveTopicValue } from '../../log/topic-config-describe';
import { ErrorCode } from '../../wire/base/error-codes';
import { replaceBrokerConfigs } from './alter-broker';
import type { BrokerConfig } from './broker-config';
import { brokerKeys } from './broker-keys';

export class BrokerConfigRules implements ConfigRules {
  /** `config` is the static configuration of this node. */
  constructor(private readonly config: BrokerConfig) {}

  validate(resource: ConfigResource, all: Configs, existing: Configs): ApiError | null {
    switch (resource.type) {
      case ConfigResourceType.topic:
        return (
          topicNameProblem(resource.name) ??
          refusal(ErrorCode.INVALID_CONFIG, topicConfigProblem(this.config, existing, all))
        );
      case ConfigResourceType.broker:
        return this.validateBroker(resource.name, all, existing);
      default:
        return {
          code: ErrorCode.INVALID_REQUEST,
          message: `Configs of resource type ${resource.type} are not served yet.`,
        };
    }
  }

  private validateBroker(name: string, all: Configs, existing: Configs): ApiError | null {
    const entries = [...all].map(([key, value]) => ({ name: key, value }));
    const altered = replaceBrokerConfigs(this.config, name, existing, entries);
    return altered.ok ? null : { code: altered.errorCode, message: altered.message };
  }

  isList(resourceType: number, key: string): boolean {
    return definitionOf(resourceType, key)?.type === 'list';
  }

  defaultValue(resourceType: number, key: string): string | null {
    if (resourceType === ConfigResourceType.topic) return this.topicConfig(key, NO_LAYERS);
    return brokerKeys.has(key) ? this.config.text(key) : null;
  }

  effectiveTopicConfigs(layers: TopicConfigLayers): readonly EffectiveConfig[] {
    return effectiveTopicConfigs(this.under(layers), layers.topic)
      .map(({ name, value, readOnly, configSource, isSensitive }) => ({
        name,
        value,
        isReadOnly: readOnly,
        source: configSource,
        isSensitive,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  topicConfig(key: string, layers: TopicConfigLayers): string | null {
    return effectiveTopicValue(this.under(layers), layers.topic, key);
  }

  /** The node's configuration with the dynamic values of these layers. */
  private under({ node, cluster }: TopicConfigLayers): BrokerConfig {
    return node.size === 0 && cluster.size === 0 ? this.config : this.config.withDynamic(cluster, node).config;
  }
}

const NO_LAYERS: TopicConfigLayers = { topic: new Map(), node: new Map(), cluster: new Map() };

function definitionOf(resourceType: number, key: string): { readonly type: string } | undefined {
  return resourceType === ConfigResourceType.topic ? topicKeys.find(key) : brokerKeys.find(key);
}

function topicNameProblem(name: string): ApiError | null {
  if (name === '')
    return refusal(ErrorCode.INVALID_REQUEST, 'Topics have no default that all of them share: name one.');
  return refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, invalidTopicName(name));
}

function refusal(code: number, message: string | null): ApiError | null {
  return message === null ? null : { code, message };
}

/** The topics that the broker makes for itself, and what a topic gets that is made because somebody named it. */
import type { BrokerConfig } from './config/broker-config';
import type { TopicToCreate } from './topic-creator';

export const OFFSETS_TOPIC = '__consumer_offsets';
export const TRANSACTIONS_TOPIC = '__transaction_state';
export const SHARE_STATE_TOPIC = '__share_group_state';

const INTERNAL_TOPICS: ReadonlySet<string> = new Set([OFFSETS_TOPIC, TRANSACTIONS_TOPIC, SHARE_STATE_TOPIC]);

export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name);
}

/** What Kafka's AutoTopicCreationManager asks for. */
export function newTopicSettings(name: string, config: BrokerConfig): Omit<TopicToCreate, 'name'> {
  if (name !== OFFSETS_TOPIC) {
    return {
      numPartitions: config.get('num.partitions'),
      replicationFactor: config.get('default.replication.factor'),
      configs: new Map(),
    };
  }
  return {
    numPartitions: config.get('offsets.topic.num.partitions'),
    replicationFactor: config.get('offsets.topic.replication.factor'),
    configs: new Map([
      ['cleanup.policy', 'compact'],
      ['compression.type', 'producer'],
      ['segment.bytes', String(config.get('offsets.topic.segment.bytes'))],
    ]),
  };
}

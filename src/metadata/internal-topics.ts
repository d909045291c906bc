/** The topics that the broker makes for itself, and what a topic gets that is made because somebody named it. */
import type { BrokerConfig } from '../config/broker-config';
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
  switch (name) {
    case OFFSETS_TOPIC:
      return {
        numPartitions: config.get('offsets.topic.num.partitions'),
        replicationFactor: config.get('offsets.topic.replication.factor'),
        configs: new Map([
          ['cleanup.policy', 'compact'],
          ['compression.type', 'producer'],
          ['segment.bytes', String(config.get('offsets.topic.segment.bytes'))],
        ]),
      };
    case TRANSACTIONS_TOPIC:
      return {
        numPartitions: config.get('transaction.state.log.num.partitions'),
        replicationFactor: config.get('transaction.state.log.replication.factor'),
        configs: new Map([
          ['cleanup.policy', 'compact'],
          ['compression.type', 'uncompressed'],
          ['min.insync.replicas', String(config.get('transaction.state.log.min.isr'))],
          ['segment.bytes', String(config.get('transaction.state.log.segment.bytes'))],
          ['unclean.leader.election.enable', 'false'],
        ]),
      };
    case SHARE_STATE_TOPIC:
      return {
        numPartitions: config.get('share.coordinator.state.topic.num.partitions'),
        replicationFactor: config.get('share.coordinator.state.topic.replication.factor'),
        configs: new Map([
          ['cleanup.policy', 'delete'],
          ['compression.type', 'producer'],
          ['min.insync.replicas', String(config.get('share.coordinator.state.topic.min.isr'))],
          ['retention.ms', '-1'],
          ['segment.bytes', String(config.get('share.coordinator.state.topic.segment.bytes'))],
        ]),
      };
    default:
      return {
        numPartitions: config.get('num.partitions'),
        replicationFactor: config.get('default.replication.factor'),
        configs: new Map(),
      };
  }
}

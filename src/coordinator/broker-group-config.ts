/** The group coordinator's settings out of the broker's configuration. */
import type { BrokerConfig } from '../config/broker-config';
import type { GroupConfig } from './group/group-config';

export function groupConfigOf(config: BrokerConfig): GroupConfig {
  return {
    groupMinSessionTimeoutMs: config.get('group.min.session.timeout.ms'),
    groupMaxSessionTimeoutMs: config.get('group.max.session.timeout.ms'),
    groupMaxSize: config.get('group.max.size'),
    groupInitialRebalanceDelayMs: config.get('group.initial.rebalance.delay.ms'),
    groupCoordinatorAppendLingerMs: config.get('group.coordinator.append.linger.ms'),
    offsetMetadataMaxBytes: config.get('offset.metadata.max.bytes'),
    offsetsRetentionMinutes: config.get('offsets.retention.minutes'),
    offsetsRetentionCheckIntervalMs: config.get('offsets.retention.check.interval.ms'),
    offsetsCommitTimeoutMs: config.get('offsets.commit.timeout.ms'),
    offsetsLoadBufferSize: config.get('offsets.load.buffer.size'),
    offsetsTopicCompressionCodec: config.get('offsets.topic.compression.codec'),
  };
}

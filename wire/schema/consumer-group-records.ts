/**
 * Records of `__consumer_offsets` for consumer groups (KIP-848). A key begins with its type (`apiKey`) as an int16, a value with
 * its version as an int16.
 *
 * `classicMemberMetadata` and `assignmentEpochs` are nullable, but null is not their default: Kafka's definitions say
 * `null` where its generator wants "null", and so it starts them empty. Whoever means null writes it.
 */
import { array, bytes, int32, int64, int8, message, string, struct, uuid } from '../schema';
import type { Infer } from '../schema';

export const ConsumerGroupMetadataKey = message(
  'ConsumerGroupMetadataKey',
  { type: 'coordinator-key', apiKey: 3, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type ConsumerGroupMetadataKey = Infer<typeof ConsumerGroupMetadataKey>;

export const ConsumerGroupMetadataValue = message(
  'ConsumerGroupMetadataValue',
  { type: 'coordinator-value', apiKey: 3, validVersions: '0', flexibleVersions: '0+' },
  {
    epoch: int32('0+'),
    metadataHash: int64('0+', { tag: 0, default: 0 }),
  },
);
export type ConsumerGroupMetadataValue = Infer<typeof ConsumerGroupMetadataValue>;

export const ConsumerGroupPartitionMetadataKey = message(
  'ConsumerGroupPartitionMetadataKey',
  { type: 'coordinator-key', apiKey: 4, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type ConsumerGroupPartitionMetadataKey = Infer<typeof ConsumerGroupPartitionMetadataKey>;

export const ConsumerGroupPartitionMetadataValue = message(
  'ConsumerGroupPartitionMetadataValue',
  { type: 'coordinator-value', apiKey: 4, validVersions: '0', flexibleVersions: '0+' },
  {
    topics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
      numPartitions: int32('0+'),
      partitionMetadata: array('0+', {
        partition: int32('0+'),
        racks: array('0+', 'string'),
      }),
    }),
  },
);
export type ConsumerGroupPartitionMetadataValue = Infer<typeof ConsumerGroupPartitionMetadataValue>;

export const ConsumerGroupMemberMetadataKey = message(
  'ConsumerGroupMemberMetadataKey',
  { type: 'coordinator-key', apiKey: 5, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ConsumerGroupMemberMetadataKey = Infer<typeof ConsumerGroupMemberMetadataKey>;

export const ConsumerGroupMemberMetadataValue = message(
  'ConsumerGroupMemberMetadataValue',
  { type: 'coordinator-value', apiKey: 5, validVersions: '0', flexibleVersions: '0+' },
  {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', 'string'),
    subscribedTopicRegex: string('0+', { nullable: '0+' }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    serverAssignor: string('0+', { nullable: '0+' }),
    classicMemberMetadata: struct(
      '0+',
      {
        sessionTimeoutMs: int32('0+'),
        supportedProtocols: array('0+', {
          name: string('0+'),
          metadata: bytes('0+'),
        }),
      },
      { nullable: '0+', tag: 0 },
    ),
  },
);
export type ConsumerGroupMemberMetadataValue = Infer<typeof ConsumerGroupMemberMetadataValue>;

export const ConsumerGroupTargetAssignmentMetadataKey = message(
  'ConsumerGroupTargetAssignmentMetadataKey',
  { type: 'coordinator-key', apiKey: 6, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type ConsumerGroupTargetAssignmentMetadataKey = Infer<typeof ConsumerGroupTargetAssignmentMetadataKey>;

export const ConsumerGroupTargetAssignmentMetadataValue = message(
  'ConsumerGroupTargetAssignmentMetadataValue',
  { type: 'coordinator-value', apiKey: 6, validVersions: '0', flexibleVersions: '0+' },
  {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { tag: 0, default: 0, ignorable: true }),
  },
);
export type ConsumerGroupTargetAssignmentMetadataValue = Infer<typeof ConsumerGroupTargetAssignmentMetadataValue>;

export const ConsumerGroupTargetAssignmentMemberKey = message(
  'ConsumerGroupTargetAssignmentMemberKey',
  { type: 'coordinator-key', apiKey: 7, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ConsumerGroupTargetAssignmentMemberKey = Infer<typeof ConsumerGroupTargetAssignmentMemberKey>;

export const ConsumerGroupTargetAssignmentMemberValue = message(
  'ConsumerGroupTargetAssignmentMemberValue',
  { type: 'coordinator-value', apiKey: 7, validVersions: '0', flexibleVersions: '0+' },
  {
    topicPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', 'int32'),
    }),
  },
);
export type ConsumerGroupTargetAssignmentMemberValue = Infer<typeof ConsumerGroupTargetAssignmentMemberValue>;

export const ConsumerGroupCurrentMemberAssignmentKey = message(
  'ConsumerGroupCurrentMemberAssignmentKey',
  { type: 'coordinator-key', apiKey: 8, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ConsumerGroupCurrentMemberAssignmentKey = Infer<typeof ConsumerGroupCurrentMemberAssignmentKey>;

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'int32'),
  assignmentEpochs: array('0+', 'int32', { nullable: '0+', tag: 0 }),
};

export const ConsumerGroupCurrentMemberAssignmentValue = message(
  'ConsumerGroupCurrentMemberAssignmentValue',
  { type: 'coordinator-value', apiKey: 8, validVersions: '0', flexibleVersions: '0+' },
  {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    assignedPartitions: array('0+', topicPartitions),
    partitionsPendingRevocation: array('0+', topicPartitions),
  },
);
export type ConsumerGroupCurrentMemberAssignmentValue = Infer<typeof ConsumerGroupCurrentMemberAssignmentValue>;

export const ConsumerGroupRegularExpressionKey = message(
  'ConsumerGroupRegularExpressionKey',
  { type: 'coordinator-key', apiKey: 16, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    regularExpression: string('0'),
  },
);
export type ConsumerGroupRegularExpressionKey = Infer<typeof ConsumerGroupRegularExpressionKey>;

export const ConsumerGroupRegularExpressionValue = message(
  'ConsumerGroupRegularExpressionValue',
  { type: 'coordinator-value', apiKey: 16, validVersions: '0', flexibleVersions: '0+' },
  {
    topics: array('0+', 'string'),
    version: int64('0+'),
    timestamp: int64('0+'),
  },
);
export type ConsumerGroupRegularExpressionValue = Infer<typeof ConsumerGroupRegularExpressionValue>;

/**
 * Records of `__consumer_offsets` for share groups (KIP-932), and of `__share_group_state` for their partitions. A key begins
 * with its type (`apiKey`) as an int16, a value with its version as an int16; the two topics number their types apart.
 */
import { array, int16, int32, int64, int8, message, string, uuid } from '../schema';
import type { Infer } from '../schema';

export const ShareGroupMetadataKey = message(
  'ShareGroupMetadataKey',
  { type: 'coordinator-key', apiKey: 11, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type ShareGroupMetadataKey = Infer<typeof ShareGroupMetadataKey>;

export const ShareGroupMetadataValue = message(
  'ShareGroupMetadataValue',
  { type: 'coordinator-value', apiKey: 11, validVersions: '0', flexibleVersions: '0+' },
  {
    epoch: int32('0+'),
    metadataHash: int64('0+'),
  },
);
export type ShareGroupMetadataValue = Infer<typeof ShareGroupMetadataValue>;

export const ShareGroupMemberMetadataKey = message(
  'ShareGroupMemberMetadataKey',
  { type: 'coordinator-key', apiKey: 10, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ShareGroupMemberMetadataKey = Infer<typeof ShareGroupMemberMetadataKey>;

export const ShareGroupMemberMetadataValue = message(
  'ShareGroupMemberMetadataValue',
  { type: 'coordinator-value', apiKey: 10, validVersions: '0', flexibleVersions: '0+' },
  {
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', 'string'),
  },
);
export type ShareGroupMemberMetadataValue = Infer<typeof ShareGroupMemberMetadataValue>;

export const ShareGroupTargetAssignmentMetadataKey = message(
  'ShareGroupTargetAssignmentMetadataKey',
  { type: 'coordinator-key', apiKey: 12, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type ShareGroupTargetAssignmentMetadataKey = Infer<typeof ShareGroupTargetAssignmentMetadataKey>;

export const ShareGroupTargetAssignmentMetadataValue = message(
  'ShareGroupTargetAssignmentMetadataValue',
  { type: 'coordinator-value', apiKey: 12, validVersions: '0', flexibleVersions: '0+' },
  {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { tag: 0, default: 0, ignorable: true }),
  },
);
export type ShareGroupTargetAssignmentMetadataValue = Infer<typeof ShareGroupTargetAssignmentMetadataValue>;

export const ShareGroupTargetAssignmentMemberKey = message(
  'ShareGroupTargetAssignmentMemberKey',
  { type: 'coordinator-key', apiKey: 13, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ShareGroupTargetAssignmentMemberKey = Infer<typeof ShareGroupTargetAssignmentMemberKey>;

export const ShareGroupTargetAssignmentMemberValue = message(
  'ShareGroupTargetAssignmentMemberValue',
  { type: 'coordinator-value', apiKey: 13, validVersions: '0', flexibleVersions: '0+' },
  {
    topicPartitions: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', 'int32'),
    }),
  },
);
export type ShareGroupTargetAssignmentMemberValue = Infer<typeof ShareGroupTargetAssignmentMemberValue>;

export const ShareGroupCurrentMemberAssignmentKey = message(
  'ShareGroupCurrentMemberAssignmentKey',
  { type: 'coordinator-key', apiKey: 14, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type ShareGroupCurrentMemberAssignmentKey = Infer<typeof ShareGroupCurrentMemberAssignmentKey>;

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'int32'),
};

export const ShareGroupCurrentMemberAssignmentValue = message(
  'ShareGroupCurrentMemberAssignmentValue',
  { type: 'coordinator-value', apiKey: 14, validVersions: '0', flexibleVersions: '0+' },
  {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    assignedPartitions: array('0+', topicPartitions),
  },
);
export type ShareGroupCurrentMemberAssignmentValue = Infer<typeof ShareGroupCurrentMemberAssignmentValue>;

export const ShareGroupStatePartitionMetadataKey = message(
  'ShareGroupStatePartitionMetadataKey',
  { type: 'coordinator-key', apiKey: 15, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type ShareGroupStatePartitionMetadataKey = Infer<typeof ShareGroupStatePartitionMetadataKey>;

const topicPartitionsInfo = {
  topicId: uuid('0+'),
  topicName: string('0+'),
  partitions: array('0+', 'int32'),
};

const topicInfo = {
  topicId: uuid('0+'),
  topicName: string('0+'),
};

export const ShareGroupStatePartitionMetadataValue = message(
  'ShareGroupStatePartitionMetadataValue',
  { type: 'coordinator-value', apiKey: 15, validVersions: '0', flexibleVersions: '0+' },
  {
    initializingTopics: array('0+', topicPartitionsInfo),
    initializedTopics: array('0+', topicPartitionsInfo),
    deletingTopics: array('0+', topicInfo),
  },
);
export type ShareGroupStatePartitionMetadataValue = Infer<typeof ShareGroupStatePartitionMetadataValue>;

export const ShareSnapshotKey = message(
  'ShareSnapshotKey',
  { type: 'coordinator-key', apiKey: 0, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    topicId: uuid('0'),
    partition: int32('0'),
  },
);
export type ShareSnapshotKey = Infer<typeof ShareSnapshotKey>;

export const ShareSnapshotValue = message(
  'ShareSnapshotValue',
  { type: 'coordinator-value', apiKey: 0, validVersions: '0', flexibleVersions: '0+' },
  {
    snapshotEpoch: int32('0+'),
    stateEpoch: int32('0+'),
    leaderEpoch: int32('0+'),
    startOffset: int64('0+'),
    deliveryCompleteCount: int32('0+', { tag: 0, default: -1 }),
    createTimestamp: int64('0+'),
    writeTimestamp: int64('0+'),
    stateBatches: array('0+', {
      firstOffset: int64('0+'),
      lastOffset: int64('0+'),
      deliveryState: int8('0+'),
      deliveryCount: int16('0+'),
    }),
  },
);
export type ShareSnapshotValue = Infer<typeof ShareSnapshotValue>;

export const ShareUpdateKey = message(
  'ShareUpdateKey',
  { type: 'coordinator-key', apiKey: 1, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    topicId: uuid('0'),
    partition: int32('0'),
  },
);
export type ShareUpdateKey = Infer<typeof ShareUpdateKey>;

export const ShareUpdateValue = message(
  'ShareUpdateValue',
  { type: 'coordinator-value', apiKey: 1, validVersions: '0', flexibleVersions: '0+' },
  {
    snapshotEpoch: int32('0+'),
    leaderEpoch: int32('0+'),
    startOffset: int64('0+'),
    deliveryCompleteCount: int32('0+', { tag: 0, default: -1 }),
    stateBatches: array('0+', {
      firstOffset: int64('0+'),
      lastOffset: int64('0+'),
      deliveryState: int8('0+'),
      deliveryCount: int16('0+'),
    }),
  },
);
export type ShareUpdateValue = Infer<typeof ShareUpdateValue>;

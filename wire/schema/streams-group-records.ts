/**
 * Records of `__consumer_offsets` for groups of Kafka Streams (KIP-1071). A key begins with its type (`apiKey`) as an int16, a
 * value with its version as an int16.
 *
 * `lastAssignmentConfigs` and `assignmentEpochs` are nullable, but empty by default (see consumer-group-records.ts).
 */
import { array, int16, int32, int64, int8, message, string, struct, uint16 } from '../schema';
import type { Infer } from '../schema';

export const StreamsGroupMetadataKey = message(
  'StreamsGroupMetadataKey',
  { type: 'coordinator-key', apiKey: 17, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type StreamsGroupMetadataKey = Infer<typeof StreamsGroupMetadataKey>;

const lastAssignmentConfig = {
  key: string('0+'),
  value: string('0+'),
};

export const StreamsGroupMetadataValue = message(
  'StreamsGroupMetadataValue',
  { type: 'coordinator-value', apiKey: 17, validVersions: '0', flexibleVersions: '0+' },
  {
    epoch: int32('0+'),
    metadataHash: int64('0+'),
    validatedTopologyEpoch: int32('0+', { tag: 0, default: -1 }),
    lastAssignmentConfigs: array('0+', lastAssignmentConfig, { nullable: '0+', tag: 1 }),
  },
);
export type StreamsGroupMetadataValue = Infer<typeof StreamsGroupMetadataValue>;

export const StreamsGroupMemberMetadataKey = message(
  'StreamsGroupMemberMetadataKey',
  { type: 'coordinator-key', apiKey: 19, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type StreamsGroupMemberMetadataKey = Infer<typeof StreamsGroupMemberMetadataKey>;

const endpoint = {
  host: string('0+'),
  port: uint16('0+'),
};

const keyValue = {
  key: string('0+'),
  value: string('0+'),
};

export const StreamsGroupMemberMetadataValue = message(
  'StreamsGroupMemberMetadataValue',
  { type: 'coordinator-value', apiKey: 19, validVersions: '0', flexibleVersions: '0+' },
  {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    topologyEpoch: int32('0+'),
    processId: string('0+'),
    userEndpoint: struct('0+', endpoint, { nullable: '0+', default: null }),
    clientTags: array('0+', keyValue),
  },
);
export type StreamsGroupMemberMetadataValue = Infer<typeof StreamsGroupMemberMetadataValue>;

export const StreamsGroupTargetAssignmentMetadataKey = message(
  'StreamsGroupTargetAssignmentMetadataKey',
  { type: 'coordinator-key', apiKey: 20, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type StreamsGroupTargetAssignmentMetadataKey = Infer<typeof StreamsGroupTargetAssignmentMetadataKey>;

export const StreamsGroupTargetAssignmentMetadataValue = message(
  'StreamsGroupTargetAssignmentMetadataValue',
  { type: 'coordinator-value', apiKey: 20, validVersions: '0', flexibleVersions: '0+' },
  {
    assignmentEpoch: int32('0+'),
    assignmentTimestamp: int64('0+', { tag: 0, default: 0, ignorable: true }),
  },
);
export type StreamsGroupTargetAssignmentMetadataValue = Infer<typeof StreamsGroupTargetAssignmentMetadataValue>;

export const StreamsGroupTargetAssignmentMemberKey = message(
  'StreamsGroupTargetAssignmentMemberKey',
  { type: 'coordinator-key', apiKey: 21, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type StreamsGroupTargetAssignmentMemberKey = Infer<typeof StreamsGroupTargetAssignmentMemberKey>;

const taskIds = {
  subtopologyId: string('0+'),
  partitions: array('0+', 'int32'),
};

export const StreamsGroupTargetAssignmentMemberValue = message(
  'StreamsGroupTargetAssignmentMemberValue',
  { type: 'coordinator-value', apiKey: 21, validVersions: '0', flexibleVersions: '0+' },
  {
    activeTasks: array('0+', taskIds),
    standbyTasks: array('0+', taskIds),
    warmupTasks: array('0+', taskIds),
  },
);
export type StreamsGroupTargetAssignmentMemberValue = Infer<typeof StreamsGroupTargetAssignmentMemberValue>;

export const StreamsGroupCurrentMemberAssignmentKey = message(
  'StreamsGroupCurrentMemberAssignmentKey',
  { type: 'coordinator-key', apiKey: 22, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
    memberId: string('0'),
  },
);
export type StreamsGroupCurrentMemberAssignmentKey = Infer<typeof StreamsGroupCurrentMemberAssignmentKey>;

const streamsGroupCurrentMemberAssignmentValueTaskIds = {
  subtopologyId: string('0+'),
  partitions: array('0+', 'int32'),
  assignmentEpochs: array('0+', 'int32', { nullable: '0+', tag: 0 }),
};

export const StreamsGroupCurrentMemberAssignmentValue = message(
  'StreamsGroupCurrentMemberAssignmentValue',
  { type: 'coordinator-value', apiKey: 22, validVersions: '0', flexibleVersions: '0+' },
  {
    memberEpoch: int32('0+'),
    previousMemberEpoch: int32('0+'),
    state: int8('0+'),
    activeTasks: array('0+', streamsGroupCurrentMemberAssignmentValueTaskIds),
    standbyTasks: array('0+', streamsGroupCurrentMemberAssignmentValueTaskIds),
    warmupTasks: array('0+', streamsGroupCurrentMemberAssignmentValueTaskIds),
    activeTasksPendingRevocation: array('0+', streamsGroupCurrentMemberAssignmentValueTaskIds),
    standbyTasksPendingRevocation: array('0+', streamsGroupCurrentMemberAssignmentValueTaskIds),
    warmupTasksPendingRevocation: array('0+', streamsGroupCurrentMemberAssignmentValueTaskIds),
  },
);
export type StreamsGroupCurrentMemberAssignmentValue = Infer<typeof StreamsGroupCurrentMemberAssignmentValue>;

export const StreamsGroupTopologyKey = message(
  'StreamsGroupTopologyKey',
  { type: 'coordinator-key', apiKey: 23, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0'),
  },
);
export type StreamsGroupTopologyKey = Infer<typeof StreamsGroupTopologyKey>;

const topicConfig = {
  key: string('0+'),
  value: string('0+'),
};

const topicInfo = {
  name: string('0+'),
  partitions: int32('0+'),
  replicationFactor: int16('0+'),
  topicConfigs: array('0+', topicConfig),
};

export const StreamsGroupTopologyValue = message(
  'StreamsGroupTopologyValue',
  { type: 'coordinator-value', apiKey: 23, validVersions: '0', flexibleVersions: '0+' },
  {
    epoch: int32('0+'),
    subtopologies: array('0+', {
      subtopologyId: string('0+'),
      sourceTopics: array('0+', 'string'),
      sourceTopicRegex: array('0+', 'string'),
      stateChangelogTopics: array('0+', topicInfo),
      repartitionSinkTopics: array('0+', 'string'),
      repartitionSourceTopics: array('0+', topicInfo),
      copartitionGroups: array('0+', {
        sourceTopics: array('0+', 'int16'),
        sourceTopicRegex: array('0+', 'int16'),
        repartitionSourceTopics: array('0+', 'int16'),
      }),
    }),
  },
);
export type StreamsGroupTopologyValue = Infer<typeof StreamsGroupTopologyValue>;

/**
 * Records of the metadata log (KIP-500, KIP-631) about nodes, topics and partitions.
 *
 * `apiKey` is the record's type. On disk a record is: unsigned varint frame version 1, unsigned varint type, unsigned varint version,
 * body. -1 and null in a change record mean "unchanged", and so does leader -2.
 */
import { array, bool, int16, int32, int64, int8, message, string, uint16, uuid } from '../schema';
import type { Infer } from '../schema';

export const RegisterBrokerRecord = message(
  'RegisterBrokerRecord',
  { type: 'metadata', apiKey: 0, validVersions: '0-4', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    isMigratingZkBroker: bool('2+', { default: false }),
    incarnationId: uuid('0+'),
    brokerEpoch: int64('0+'),
    endPoints: array('0+', {
      name: string('0+', { key: true }),
      host: string('0+'),
      port: uint16('0+'),
      securityProtocol: int16('0+'),
    }),
    features: array('0+', {
      name: string('0+', { key: true }),
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
    rack: string('0+', { nullable: '0+' }),
    fenced: bool('0+', { default: true }),
    inControlledShutdown: bool('1+', { default: false }),
    logDirs: array('3+', 'uuid', { tag: 0 }),
    cordonedLogDirs: array('4+', 'uuid', { nullable: '4+', tag: 1, default: null }),
  },
);
export type RegisterBrokerRecord = Infer<typeof RegisterBrokerRecord>;

export const UnregisterBrokerRecord = message(
  'UnregisterBrokerRecord',
  { type: 'metadata', apiKey: 1, validVersions: '0', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+'),
  },
);
export type UnregisterBrokerRecord = Infer<typeof UnregisterBrokerRecord>;

export const BrokerRegistrationChangeRecord = message(
  'BrokerRegistrationChangeRecord',
  { type: 'metadata', apiKey: 17, validVersions: '0-3', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+'),
    fenced: int8('0+', { tag: 0 }),
    inControlledShutdown: int8('1+', { tag: 1 }),
    logDirs: array('2+', 'uuid', { tag: 2 }),
    cordonedLogDirs: array('3+', 'uuid', { nullable: '3+', tag: 3, default: null }),
  },
);
export type BrokerRegistrationChangeRecord = Infer<typeof BrokerRegistrationChangeRecord>;

export const FenceBrokerRecord = message(
  'FenceBrokerRecord',
  { type: 'metadata', apiKey: 7, validVersions: '0', flexibleVersions: '0+' },
  {
    id: int32('0+'),
    epoch: int64('0+'),
  },
);
export type FenceBrokerRecord = Infer<typeof FenceBrokerRecord>;

export const UnfenceBrokerRecord = message(
  'UnfenceBrokerRecord',
  { type: 'metadata', apiKey: 8, validVersions: '0', flexibleVersions: '0+' },
  {
    id: int32('0+'),
    epoch: int64('0+'),
  },
);
export type UnfenceBrokerRecord = Infer<typeof UnfenceBrokerRecord>;

export const RegisterControllerRecord = message(
  'RegisterControllerRecord',
  { type: 'metadata', apiKey: 27, validVersions: '0', flexibleVersions: '0+' },
  {
    controllerId: int32('0+'),
    incarnationId: uuid('0+'),
    zkMigrationReady: bool('0+'),
    endPoints: array('0+', {
      name: string('0+', { key: true }),
      host: string('0+'),
      port: uint16('0+'),
      securityProtocol: int16('0+'),
    }),
    features: array('0+', {
      name: string('0+', { key: true }),
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
  },
);
export type RegisterControllerRecord = Infer<typeof RegisterControllerRecord>;

export const TopicRecord = message(
  'TopicRecord',
  { type: 'metadata', apiKey: 2, validVersions: '0', flexibleVersions: '0+' },
  {
    name: string('0+'),
    topicId: uuid('0+'),
  },
);
export type TopicRecord = Infer<typeof TopicRecord>;

export const RemoveTopicRecord = message(
  'RemoveTopicRecord',
  { type: 'metadata', apiKey: 9, validVersions: '0', flexibleVersions: '0+' },
  {
    topicId: uuid('0+'),
  },
);
export type RemoveTopicRecord = Infer<typeof RemoveTopicRecord>;

export const PartitionRecord = message(
  'PartitionRecord',
  { type: 'metadata', apiKey: 3, validVersions: '0-2', flexibleVersions: '0+' },
  {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    replicas: array('0+', 'int32'),
    isr: array('0+', 'int32'),
    removingReplicas: array('0+', 'int32'),
    addingReplicas: array('0+', 'int32'),
    leader: int32('0+', { default: -1 }),
    leaderRecoveryState: int8('0+', { tag: 0, default: 0 }),
    leaderEpoch: int32('0+', { default: -1 }),
    partitionEpoch: int32('0+', { default: -1 }),
    directories: array('1+', 'uuid'),
    eligibleLeaderReplicas: array('2+', 'int32', { nullable: '2+', tag: 1, default: null }),
    lastKnownElr: array('2+', 'int32', { nullable: '2+', tag: 2, default: null }),
  },
);
export type PartitionRecord = Infer<typeof PartitionRecord>;

export const PartitionChangeRecord = message(
  'PartitionChangeRecord',
  { type: 'metadata', apiKey: 5, validVersions: '0-2', flexibleVersions: '0+' },
  {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    isr: array('0+', 'int32', { nullable: '0+', tag: 0, default: null }),
    leader: int32('0+', { tag: 1, default: -2 }),
    replicas: array('0+', 'int32', { nullable: '0+', tag: 2, default: null }),
    removingReplicas: array('0+', 'int32', { nullable: '0+', tag: 3, default: null }),
    addingReplicas: array('0+', 'int32', { nullable: '0+', tag: 4, default: null }),
    leaderRecoveryState: int8('0+', { tag: 5, default: -1 }),
    directories: array('1+', 'uuid', { nullable: '1+', tag: 8, default: null }),
    eligibleLeaderReplicas: array('2+', 'int32', { nullable: '2+', tag: 6, default: null }),
    lastKnownElr: array('2+', 'int32', { nullable: '2+', tag: 7, default: null }),
  },
);
export type PartitionChangeRecord = Infer<typeof PartitionChangeRecord>;

export const ClearElrRecord = message(
  'ClearElrRecord',
  { type: 'metadata', apiKey: 28, validVersions: '0', flexibleVersions: '0+' },
  {
    topicName: string('0+'),
  },
);
export type ClearElrRecord = Infer<typeof ClearElrRecord>;

/**
 * What brokers ask the controller for: changes of the ISR, places of replicas, producer ids.
 *
 * AlterPartition: from 2 topics by id (KIP-841), 3 has broker epochs with the ISR (KIP-903). AssignReplicasToDirs is KIP-858.
 * `beginsLeaderEpoch` is ours, in a tag that Kafka is far from using: the same leader, in another leader epoch.
 */
import { array, bool, int16, int32, int64, int8, message, uuid } from '../schema';
import type { Infer } from '../schema';

export const AlterPartitionRequest = message(
  'AlterPartitionRequest',
  { type: 'request', apiKey: 56, validVersions: '2-3', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
    topics: array('0+', {
      topicId: uuid('2+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        leaderEpoch: int32('0+'),
        newIsr: array('0-2', 'int32'),
        newIsrWithEpochs: array('3+', {
          brokerId: int32('3+'),
          brokerEpoch: int64('3+', { default: -1 }),
        }),
        leaderRecoveryState: int8('1+', { default: 0 }),
        partitionEpoch: int32('0+'),
        beginsLeaderEpoch: bool('2+', { tag: 10000, default: false }),
      }),
    }),
  },
);
export type AlterPartitionRequest = Infer<typeof AlterPartitionRequest>;

export const AlterPartitionResponse = message(
  'AlterPartitionResponse',
  { type: 'response', apiKey: 56, validVersions: '2-3', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    topics: array('0+', {
      topicId: uuid('2+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
        isr: array('0+', 'int32'),
        leaderRecoveryState: int8('1+', { default: 0, ignorable: true }),
        partitionEpoch: int32('0+'),
      }),
    }),
  },
);
export type AlterPartitionResponse = Infer<typeof AlterPartitionResponse>;

export const AssignReplicasToDirsRequest = message(
  'AssignReplicasToDirsRequest',
  { type: 'request', apiKey: 73, validVersions: '0', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
    directories: array('0+', {
      id: uuid('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
        }),
      }),
    }),
  },
);
export type AssignReplicasToDirsRequest = Infer<typeof AssignReplicasToDirsRequest>;

export const AssignReplicasToDirsResponse = message(
  'AssignReplicasToDirsResponse',
  { type: 'response', apiKey: 73, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    directories: array('0+', {
      id: uuid('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
        }),
      }),
    }),
  },
);
export type AssignReplicasToDirsResponse = Infer<typeof AssignReplicasToDirsResponse>;

export const AllocateProducerIdsRequest = message(
  'AllocateProducerIdsRequest',
  { type: 'request', apiKey: 67, validVersions: '0', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
  },
);
export type AllocateProducerIdsRequest = Infer<typeof AllocateProducerIdsRequest>;

export const AllocateProducerIdsResponse = message(
  'AllocateProducerIdsResponse',
  { type: 'response', apiKey: 67, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    producerIdStart: int64('0+'),
    producerIdLen: int32('0+'),
  },
);
export type AllocateProducerIdsResponse = Infer<typeof AllocateProducerIdsResponse>;

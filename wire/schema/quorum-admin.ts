/**
 * The metadata quorum as tools see it, and changes of its voters (KIP-853).
 */
import { array, bool, int16, int32, int64, message, string, struct, uint16, uuid } from '../schema';
import type { Infer } from '../schema';

export const DescribeQuorumRequest = message(
  'DescribeQuorumRequest',
  { type: 'request', apiKey: 55, validVersions: '0-2', flexibleVersions: '0+' },
  {
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
      }),
    }),
  },
);
export type DescribeQuorumRequest = Infer<typeof DescribeQuorumRequest>;

const replicaState = {
  replicaId: int32('0+'),
  replicaDirectoryId: uuid('2+'),
  logEndOffset: int64('0+'),
  lastFetchTimestamp: int64('1+', { default: -1, ignorable: true }),
  lastCaughtUpTimestamp: int64('1+', { default: -1, ignorable: true }),
};

export const DescribeQuorumResponse = message(
  'DescribeQuorumResponse',
  { type: 'response', apiKey: 55, validVersions: '0-2', flexibleVersions: '0+' },
  {
    errorCode: int16('0+'),
    errorMessage: string('2+', { nullable: '2+', ignorable: true }),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('2+', { nullable: '2+', ignorable: true }),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
        highWatermark: int64('0+'),
        currentVoters: array('0+', replicaState),
        observers: array('0+', replicaState),
      }),
    }),
    nodes: array('2+', {
      nodeId: int32('2+', { key: true }),
      listeners: array('2+', {
        name: string('2+', { key: true }),
        host: string('2+'),
        port: uint16('2+'),
      }),
    }),
  },
);
export type DescribeQuorumResponse = Infer<typeof DescribeQuorumResponse>;

export const AddRaftVoterRequest = message(
  'AddRaftVoterRequest',
  { type: 'request', apiKey: 80, validVersions: '0-1', flexibleVersions: '0+' },
  {
    clusterId: string('0+', { nullable: '0+' }),
    timeoutMs: int32('0+'),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array('0+', {
      name: string('0+', { key: true }),
      host: string('0+'),
      port: uint16('0+'),
    }),
    ackWhenCommitted: bool('1+', { default: true }),
  },
);
export type AddRaftVoterRequest = Infer<typeof AddRaftVoterRequest>;

export const AddRaftVoterResponse = message(
  'AddRaftVoterResponse',
  { type: 'response', apiKey: 80, validVersions: '0-1', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', ignorable: true }),
  },
);
export type AddRaftVoterResponse = Infer<typeof AddRaftVoterResponse>;

export const RemoveRaftVoterRequest = message(
  'RemoveRaftVoterRequest',
  { type: 'request', apiKey: 81, validVersions: '0', flexibleVersions: '0+' },
  {
    clusterId: string('0+', { nullable: '0+' }),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
  },
);
export type RemoveRaftVoterRequest = Infer<typeof RemoveRaftVoterRequest>;

export const RemoveRaftVoterResponse = message(
  'RemoveRaftVoterResponse',
  { type: 'response', apiKey: 81, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', ignorable: true }),
  },
);
export type RemoveRaftVoterResponse = Infer<typeof RemoveRaftVoterResponse>;

export const UpdateRaftVoterRequest = message(
  'UpdateRaftVoterRequest',
  { type: 'request', apiKey: 82, validVersions: '0', flexibleVersions: '0+' },
  {
    clusterId: string('0+', { nullable: '0+' }),
    currentLeaderEpoch: int32('0+'),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array('0+', {
      name: string('0+', { key: true }),
      host: string('0+'),
      port: uint16('0+'),
    }),
    kRaftVersionFeature: struct('0+', {
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
  },
);
export type UpdateRaftVoterRequest = Infer<typeof UpdateRaftVoterRequest>;

export const UpdateRaftVoterResponse = message(
  'UpdateRaftVoterResponse',
  { type: 'response', apiKey: 82, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    currentLeader: struct(
      '0+',
      {
        leaderId: int32('0+', { default: -1 }),
        leaderEpoch: int32('0+', { default: -1 }),
        host: string('0+'),
        port: int32('0+'),
      },
      { tag: 0 },
    ),
  },
);
export type UpdateRaftVoterResponse = Infer<typeof UpdateRaftVoterResponse>;

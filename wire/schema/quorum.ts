/**
 * The metadata quorum (KIP-595): elections and what a leader tells its voters.
 *
 * Later versions carry voters' directory ids and endpoints (KIP-853). Vote v2 has pre-votes (KIP-996).
 */
import { array, bool, int16, int32, int64, message, records, string, struct, uint16, uuid } from '../schema';
import type { Infer } from '../schema';

export const VoteRequest = message(
  'VoteRequest',
  { type: 'request', apiKey: 52, validVersions: '0-2', flexibleVersions: '0+' },
  {
    clusterId: string('0+', { nullable: '0+', default: null }),
    voterId: int32('1+', { default: -1, ignorable: true }),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        replicaEpoch: int32('0+'),
        replicaId: int32('0+'),
        replicaDirectoryId: uuid('1+', { ignorable: true }),
        voterDirectoryId: uuid('1+', { ignorable: true }),
        lastOffsetEpoch: int32('0+'),
        lastOffset: int64('0+'),
        preVote: bool('2+'),
      }),
    }),
  },
);
export type VoteRequest = Infer<typeof VoteRequest>;

export const VoteResponse = message(
  'VoteResponse',
  { type: 'response', apiKey: 52, validVersions: '0-2', flexibleVersions: '0+' },
  {
    errorCode: int16('0+'),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
        voteGranted: bool('0+'),
      }),
    }),
    nodeEndpoints: array(
      '1+',
      {
        nodeId: int32('1+', { key: true }),
        host: string('1+'),
        port: uint16('1+'),
      },
      { tag: 0 },
    ),
  },
);
export type VoteResponse = Infer<typeof VoteResponse>;

export const BeginQuorumEpochRequest = message(
  'BeginQuorumEpochRequest',
  { type: 'request', apiKey: 53, validVersions: '0-1', flexibleVersions: '1+' },
  {
    clusterId: string('0+', { nullable: '0+', default: null }),
    voterId: int32('1+', { default: -1, ignorable: true }),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        voterDirectoryId: uuid('1+', { ignorable: true }),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
      }),
    }),
    leaderEndpoints: array(
      '1+',
      {
        name: string('1+', { key: true }),
        host: string('1+'),
        port: uint16('1+'),
      },
      { ignorable: true },
    ),
  },
);
export type BeginQuorumEpochRequest = Infer<typeof BeginQuorumEpochRequest>;

export const BeginQuorumEpochResponse = message(
  'BeginQuorumEpochResponse',
  { type: 'response', apiKey: 53, validVersions: '0-1', flexibleVersions: '1+' },
  {
    errorCode: int16('0+'),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
      }),
    }),
    nodeEndpoints: array(
      '1+',
      {
        nodeId: int32('1+', { key: true }),
        host: string('1+'),
        port: uint16('1+'),
      },
      { tag: 0 },
    ),
  },
);
export type BeginQuorumEpochResponse = Infer<typeof BeginQuorumEpochResponse>;

export const EndQuorumEpochRequest = message(
  'EndQuorumEpochRequest',
  { type: 'request', apiKey: 54, validVersions: '0-1', flexibleVersions: '1+' },
  {
    clusterId: string('0+', { nullable: '0+', default: null }),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
        preferredSuccessors: array('0', 'int32', { ignorable: true }),
        preferredCandidates: array(
          '1+',
          {
            candidateId: int32('1+'),
            candidateDirectoryId: uuid('1+'),
          },
          { ignorable: true },
        ),
      }),
    }),
    leaderEndpoints: array(
      '1+',
      {
        name: string('1+', { key: true }),
        host: string('1+'),
        port: uint16('1+'),
      },
      { ignorable: true },
    ),
  },
);
export type EndQuorumEpochRequest = Infer<typeof EndQuorumEpochRequest>;

export const EndQuorumEpochResponse = message(
  'EndQuorumEpochResponse',
  { type: 'response', apiKey: 54, validVersions: '0-1', flexibleVersions: '1+' },
  {
    errorCode: int16('0+'),
    topics: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        leaderId: int32('0+'),
        leaderEpoch: int32('0+'),
      }),
    }),
    nodeEndpoints: array(
      '1+',
      {
        nodeId: int32('1+', { key: true }),
        host: string('1+'),
        port: uint16('1+'),
      },
      { tag: 0 },
    ),
  },
);
export type EndQuorumEpochResponse = Infer<typeof EndQuorumEpochResponse>;

export const FetchSnapshotRequest = message(
  'FetchSnapshotRequest',
  { type: 'request', apiKey: 59, validVersions: '0-1', flexibleVersions: '0+' },
  {
    clusterId: string('0+', { nullable: '0+', tag: 0, default: null }),
    replicaId: int32('0+', { default: -1 }),
    maxBytes: int32('0+', { default: 0x7fffffff }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        currentLeaderEpoch: int32('0+'),
        snapshotId: struct('0+', {
          endOffset: int64('0+'),
          epoch: int32('0+'),
        }),
        position: int64('0+'),
        replicaDirectoryId: uuid('1+', { tag: 0, ignorable: true }),
      }),
    }),
  },
);
export type FetchSnapshotRequest = Infer<typeof FetchSnapshotRequest>;

export const FetchSnapshotResponse = message(
  'FetchSnapshotResponse',
  { type: 'response', apiKey: 59, validVersions: '0-1', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        index: int32('0+'),
        errorCode: int16('0+'),
        snapshotId: struct('0+', {
          endOffset: int64('0+'),
          epoch: int32('0+'),
        }),
        currentLeader: struct(
          '0+',
          {
            leaderId: int32('0+'),
            leaderEpoch: int32('0+'),
          },
          { tag: 0 },
        ),
        size: int64('0+'),
        position: int64('0+'),
        unalignedRecords: records('0+'),
      }),
    }),
    nodeEndpoints: array(
      '1+',
      {
        nodeId: int32('1+', { key: true }),
        host: string('1+'),
        port: uint16('1+'),
      },
      { tag: 0 },
    ),
  },
);
export type FetchSnapshotResponse = Infer<typeof FetchSnapshotResponse>;

/**
 * Where partitions live: elections (KIP-460), reassignments (KIP-455), log directories.
 *
 * AlterPartitionReassignments v1 may forbid a change of the replication factor. DescribeLogDirs: 3 has an error for the whole
 * response, 4 the size of the volume (KIP-827), 5 whether a directory is cordoned (KIP-1066). Null topics of
 * ElectLeaders mean all.
 */
import { array, bool, clampedInt64, int16, int32, int64, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const ElectLeadersRequest = message(
  'ElectLeadersRequest',
  { type: 'request', apiKey: 43, validVersions: '0-2', flexibleVersions: '2+' },
  {
    electionType: int8('1+'),
    topicPartitions: array(
      '0+',
      {
        topic: string('0+', { key: true }),
        partitions: array('0+', 'int32'),
      },
      { nullable: '0+' },
    ),
    timeoutMs: int32('0+', { default: 60000 }),
  },
);
export type ElectLeadersRequest = Infer<typeof ElectLeadersRequest>;

export const ElectLeadersResponse = message(
  'ElectLeadersResponse',
  { type: 'response', apiKey: 43, validVersions: '0-2', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('1+'),
    replicaElectionResults: array('0+', {
      topic: string('0+'),
      partitionResult: array('0+', {
        partitionId: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    }),
  },
);
export type ElectLeadersResponse = Infer<typeof ElectLeadersResponse>;

export const AlterPartitionReassignmentsRequest = message(
  'AlterPartitionReassignmentsRequest',
  { type: 'request', apiKey: 45, validVersions: '0-1', flexibleVersions: '0+' },
  {
    timeoutMs: int32('0+', { default: 60000 }),
    allowReplicationFactorChange: bool('1+', { default: true }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        replicas: array('0+', 'int32', { nullable: '0+', default: null }),
      }),
    }),
  },
);
export type AlterPartitionReassignmentsRequest = Infer<typeof AlterPartitionReassignmentsRequest>;

export const AlterPartitionReassignmentsResponse = message(
  'AlterPartitionReassignmentsResponse',
  { type: 'response', apiKey: 45, validVersions: '0-1', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    allowReplicationFactorChange: bool('1+', { default: true, ignorable: true }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    responses: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    }),
  },
);
export type AlterPartitionReassignmentsResponse = Infer<typeof AlterPartitionReassignmentsResponse>;

export const ListPartitionReassignmentsRequest = message(
  'ListPartitionReassignmentsRequest',
  { type: 'request', apiKey: 46, validVersions: '0', flexibleVersions: '0+' },
  {
    timeoutMs: int32('0+', { default: 60000 }),
    topics: array(
      '0+',
      {
        name: string('0+'),
        partitionIndexes: array('0+', 'int32'),
      },
      { nullable: '0+', default: null },
    ),
  },
);
export type ListPartitionReassignmentsRequest = Infer<typeof ListPartitionReassignmentsRequest>;

export const ListPartitionReassignmentsResponse = message(
  'ListPartitionReassignmentsResponse',
  { type: 'response', apiKey: 46, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        replicas: array('0+', 'int32'),
        addingReplicas: array('0+', 'int32'),
        removingReplicas: array('0+', 'int32'),
      }),
    }),
  },
);
export type ListPartitionReassignmentsResponse = Infer<typeof ListPartitionReassignmentsResponse>;

export const AlterReplicaLogDirsRequest = message(
  'AlterReplicaLogDirsRequest',
  { type: 'request', apiKey: 34, validVersions: '1-2', flexibleVersions: '2+' },
  {
    dirs: array('0+', {
      path: string('0+', { key: true }),
      topics: array('0+', {
        name: string('0+', { key: true }),
        partitions: array('0+', 'int32'),
      }),
    }),
  },
);
export type AlterReplicaLogDirsRequest = Infer<typeof AlterReplicaLogDirsRequest>;

export const AlterReplicaLogDirsResponse = message(
  'AlterReplicaLogDirsResponse',
  { type: 'response', apiKey: 34, validVersions: '1-2', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      topicName: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
);
export type AlterReplicaLogDirsResponse = Infer<typeof AlterReplicaLogDirsResponse>;

export const DescribeLogDirsRequest = message(
  'DescribeLogDirsRequest',
  { type: 'request', apiKey: 35, validVersions: '1-5', flexibleVersions: '2+' },
  {
    topics: array(
      '0+',
      {
        topic: string('0+', { key: true }),
        partitions: array('0+', 'int32'),
      },
      { nullable: '0+' },
    ),
  },
);
export type DescribeLogDirsRequest = Infer<typeof DescribeLogDirsRequest>;

export const DescribeLogDirsResponse = message(
  'DescribeLogDirsResponse',
  { type: 'response', apiKey: 35, validVersions: '1-5', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('3+', { ignorable: true }),
    results: array('0+', {
      errorCode: int16('0+'),
      logDir: string('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          partitionSize: int64('0+'),
          offsetLag: int64('0+'),
          isFutureKey: bool('0+'),
        }),
      }),
      totalBytes: clampedInt64('4+', { default: -1, ignorable: true }),
      usableBytes: clampedInt64('4+', { default: -1, ignorable: true }),
      isCordoned: bool('5+', { default: false, ignorable: true }),
    }),
  },
);
export type DescribeLogDirsResponse = Infer<typeof DescribeLogDirsResponse>;

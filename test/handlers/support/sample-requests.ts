/**
 * For each API a request as clients send it, and one that asks for things that are not there. Each is written for all
 * versions at once: `forVersion` leaves out what a version lacks.
 */
import type { ApiName } from '../../../wire/api-keys';
import { encodeBatch } from '../../../wire/record/records';
import type { RequestOf } from './wire-client';
import { crc32cOfTests } from './crc32c';

/** What there is before samples are sent: a topic with records, and a group name for each test. */
export interface World {
  readonly topic: string;
  readonly topicId: string;
  /** Another name each time. */
  fresh(prefix: string): string;
}

export interface Sample<N extends ApiName> {
  typical(world: World): RequestOf<N>;
  unknown(world: World): RequestOf<N>;
}

export type Samples = { readonly [N in ApiName]?: Sample<N> };

const UNKNOWN_ID = 'qqqqqqqqQqqqqqqqqqqqqg';
const UNKNOWN_TOPIC = 'no-such-topic';
const TOPIC_RESOURCE = 2;

function batch(): Uint8Array {
  return encodeBatch({ records: [{ key: null, value: Buffer.from('value'), timestampMs: Date.now() }] }, crc32cOfTests);
}

function named<T extends object>(world: World, isKnown: boolean, rest: T): T & { name: string; topicId: string } {
  return { name: isKnown ? world.topic : UNKNOWN_TOPIC, topicId: isKnown ? world.topicId : UNKNOWN_ID, ...rest };
}

function produceTo(world: World, isKnown: boolean): RequestOf<'Produce'> {
  const topic = named(world, isKnown, { partitionData: [{ index: 0, records: batch() }] });
  return { acks: -1, timeoutMs: 1000, topicData: [topic] };
}

function fetchFrom(world: World, isKnown: boolean): RequestOf<'Fetch'> {
  const topic = { topic: isKnown ? world.topic : UNKNOWN_TOPIC, topicId: isKnown ? world.topicId : UNKNOWN_ID };
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 65536 }];
  return { maxWaitMs: 10, minBytes: 1, sessionEpoch: 0, topics: [{ ...topic, partitions }], forgottenTopicsData: [] };
}

function listOffsetsOf(topic: string): RequestOf<'ListOffsets'> {
  const partitions = [-1, -2, Date.now()].map((timestamp, partitionIndex) => ({ partitionIndex, timestamp }));
  return { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }], timeoutMs: 1000 };
}

function deleteRecordsOf(topic: string, offsets: readonly number[]): RequestOf<'DeleteRecords'> {
  const partitions = offsets.map((offset, partitionIndex) => ({ partitionIndex, offset }));
  return { topics: [{ name: topic, partitions }], timeoutMs: 1000 };
}

const PROTOCOLS = [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]) }];

function join(groupId: string, memberId: string): RequestOf<'JoinGroup'> {
  return {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId,
    protocolType: 'consumer',
    protocols: PROTOCOLS,
  };
}

function commit(world: World, isKnown: boolean): RequestOf<'OffsetCommit'> {
  const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: 'note' }];
  return {
    groupId: world.fresh('group'),
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [named(world, isKnown, { partitions })],
  };
}

function offsetsOf(world: World, isKnown: boolean): RequestOf<'OffsetFetch'> {
  const groupId = world.fresh('group');
  const topics = [named(world, isKnown, { partitionIndexes: [0, 7] })];
  return {
    groupId,
    topics,
    groups: [
      { groupId, topics },
      { groupId: 'all-topics', topics: null },
    ],
  };
}

/** In the order of the API keys. */
export const samples: Samples = {
  Produce: { typical: (world) => produceTo(world, true), unknown: (world) => produceTo(world, false) },
  Fetch: { typical: (world) => fetchFrom(world, true), unknown: (world) => fetchFrom(world, false) },
  ListOffsets: { typical: ({ topic }) => listOffsetsOf(topic), unknown: () => listOffsetsOf(UNKNOWN_TOPIC) },
  Metadata: {
    typical: ({ topic }) => ({
      topics: [{ name: topic }],
      includeTopicAuthorizedOperations: true,
      includeClusterAuthorizedOperations: true,
    }),
    unknown: () => ({
      topics: [{ name: UNKNOWN_TOPIC }, { name: 'not a name' }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
      includeClusterAuthorizedOperations: false,
    }),
  },
  OffsetCommit: { typical: (world) => commit(world, true), unknown: (world) => commit(world, false) },
  OffsetFetch: { typical: (world) => offsetsOf(world, true), unknown: (world) => offsetsOf(world, false) },
  FindCoordinator: {
    typical: ({ fresh }) => ({ key: fresh('group'), coordinatorKeys: [fresh('group'), fresh('group')] }),
    unknown: () => ({ key: 'k', keyType: 9, coordinatorKeys: ['k', ''] }),
  },
  JoinGroup: { typical: ({ fresh }) => join(fresh('group'), ''), unknown: ({ fresh }) => join(fresh('group'), 'who') },
  Heartbeat: {
    typical: ({ fresh }) => ({ groupId: fresh('group'), generationId: 1, memberId: 'm' }),
    unknown: () => ({ groupId: '', generationId: -1, memberId: '' }),
  },
  LeaveGroup: {
    typical: ({ fresh }) => ({ groupId: fresh('group'), memberId: 'm', members: [{ memberId: 'm', reason: 'tests' }] }),
    unknown: () => ({ groupId: '', memberId: '', members: [{ memberId: '', groupInstanceId: 'i' }] }),
  },
  SyncGroup: {
    typical: ({ fresh }) => ({
      groupId: fresh('group'),
      generationId: 1,
      memberId: 'm',
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId: 'm', assignment: Buffer.from('a') }],
    }),
    unknown: () => ({ groupId: '', generationId: -1, memberId: '', assignments: [] }),
  },
  DescribeGroups: {
    typical: ({ fresh }) => ({ groups: [fresh('group')], includeAuthorizedOperations: true }),
    unknown: () => ({ groups: ['', 'no-such-group'], includeAuthorizedOperations: false }),
  },
  ListGroups: {
    typical: () => ({ statesFilter: [], typesFilter: [] }),
    unknown: () => ({ statesFilter: ['NoState'], typesFilter: ['NoType'] }),
  },
  ApiVersions: {
    typical: () => ({ clientSoftwareName: 'tests', clientSoftwareVersion: '1.0' }),
    unknown: () => ({ clientSoftwareName: '', clientSoftwareVersion: '-' }),
  },
  CreateTopics: {
    typical: ({ fresh }) => ({
      topics: [
        {
          name: fresh('topic'),
          numPartitions: 2,
          replicationFactor: 1,
          assignments: [],
          configs: [{ name: 'retention.ms', value: '1000' }],
        },
      ],
    }),
    unknown: ({ topic, fresh }) => ({
      topics: [
        { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
        { name: '?', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
        { name: fresh('topic'), numPartitions: 1, replicationFactor: 9, assignments: [], configs: [] },
        {
          name: fresh('topic'),
          numPartitions: 1,
          replicationFactor: 1,
          assignments: [],
          configs: [{ name: 'no.such.key', value: null }],
        },
      ],
    }),
  },
  DeleteTopics: {
    typical: ({ fresh }) => ({
      topics: [{ name: fresh('topic'), topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }],
      topicNames: [fresh('topic')],
      timeoutMs: 1000,
    }),
    unknown: () => ({ topics: [{ name: null, topicId: UNKNOWN_ID }], topicNames: [UNKNOWN_TOPIC, ''], timeoutMs: 0 }),
  },
  InitProducerId: {
    typical: () => ({ transactionalId: null, transactionTimeoutMs: 60_000 }),
    unknown: () => ({ transactionalId: 'transactions', transactionTimeoutMs: 60_000 }),
  },
  OffsetForLeaderEpoch: {
    typical: ({ topic }) => ({ topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }] }),
    unknown: () => ({ topics: [{ topic: UNKNOWN_TOPIC, partitions: [{ partition: 0, leaderEpoch: 99 }] }] }),
  },
  DeleteRecords: {
    typical: ({ topic }) => deleteRecordsOf(topic, [0, -1, 0]),
    unknown: ({ topic }) => ({
      topics: [...deleteRecordsOf(UNKNOWN_TOPIC, [0]).topics, ...deleteRecordsOf(topic, [-2, 1 << 30, 0, 5]).topics],
      timeoutMs: 1000,
    }),
  },
  AlterReplicaLogDirs: {
    typical: ({ topic }) => ({ dirs: [{ path: '/nowhere', topics: [{ name: topic, partitions: [0, 1] }] }] }),
    unknown: () => ({ dirs: [{ path: '', topics: [{ name: UNKNOWN_TOPIC, partitions: [0, -1] }] }] }),
  },
  DescribeLogDirs: {
    typical: () => ({ topics: null }),
    unknown: ({ topic }) => ({
      topics: [
        { topic: UNKNOWN_TOPIC, partitions: [0] },
        { topic, partitions: [99] },
      ],
    }),
  },
  DescribeConfigs: {
    typical: ({ topic }) => ({
      resources: [
        { resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: null },
        { resourceType: 4, resourceName: '1', configurationKeys: [] },
      ],
      includeSynonyms: true,
      includeDocumentation: true,
    }),
    unknown: () => ({
      resources: [
        { resourceType: TOPIC_RESOURCE, resourceName: UNKNOWN_TOPIC, configurationKeys: ['no.such.key'] },
        { resourceType: 4, resourceName: '77', configurationKeys: null },
        { resourceType: 99, resourceName: '', configurationKeys: null },
      ],
    }),
  },
  AlterConfigs: {
    typical: ({ topic }) => ({
      resources: [
        { resourceType: TOPIC_RESOURCE, resourceName: topic, configs: [{ name: 'retention.ms', value: '1000000000' }] },
      ],
      validateOnly: false,
    }),
    unknown: () => ({
      resources: [
        { resourceType: TOPIC_RESOURCE, resourceName: UNKNOWN_TOPIC, configs: [{ name: 'no.such.key', value: null }] },
      ],
      validateOnly: true,
    }),
  },
  DescribeQuorum: {
    typical: () => ({ topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] }),
    unknown: () => ({ topics: [{ topicName: UNKNOWN_TOPIC, partitions: [{ partitionIndex: 0 }] }] }),
  },
  ElectLeaders: {
    typical: ({ topic }) => ({ electionType: 0, topicPartitions: [{ topic, partitions: [0, 1] }], timeoutMs: 1000 }),
    unknown: () => ({ electionType: 1, topicPartitions: [{ topic: UNKNOWN_TOPIC, partitions: [0] }], timeoutMs: 1000 }),
  },
  AlterPartitionReassignments: {
    typical: ({ topic: name }) => ({ topics: [{ name, partitions: [{ partitionIndex: 0, replicas: [1] }] }] }),
    unknown: () => ({ topics: [{ name: UNKNOWN_TOPIC, partitions: [{ partitionIndex: 0, replicas: [7] }] }] }),
  },
  ListPartitionReassignments: {
    typical: () => ({ topics: null }),
    unknown: () => ({ topics: [{ name: UNKNOWN_TOPIC, partitionIndexes: [0] }] }),
  },
  UpdateFeatures: {
    typical: () => ({
      featureUpdates: [{ feature: 'metadata.version', maxVersionLevel: 30, upgradeType: 1 }],
      validateOnly: true,
    }),
    unknown: () => ({ featureUpdates: [{ feature: 'no.such.feature', maxVersionLevel: 1 }] }),
  },
  // The broker that answers is not the one that goes.
  UnregisterBroker: { typical: () => ({ brokerId: 1001 }), unknown: () => ({ brokerId: 1002 }) },
  CreatePartitions: {
    typical: ({ topic }) => ({
      topics: [{ name: topic, count: 5, assignments: null }],
      timeoutMs: 1000,
      validateOnly: true,
    }),
    unknown: () => ({
      topics: [{ name: UNKNOWN_TOPIC, count: 0, assignments: [{ brokerIds: [9] }] }],
      timeoutMs: 1000,
      validateOnly: false,
    }),
  },
  DeleteGroups: {
    typical: ({ fresh }) => ({ groupsNames: [fresh('group')] }),
    unknown: () => ({ groupsNames: ['', 'no-such-group'] }),
  },
  IncrementalAlterConfigs: {
    typical: ({ topic }) => ({
      resources: [
        {
          resourceType: TOPIC_RESOURCE,
          resourceName: topic,
          configs: [{ name: 'retention.ms', configOperation: 0, value: '1000000000' }],
        },
      ],
      validateOnly: false,
    }),
    unknown: () => ({
      resources: [
        {
          resourceType: TOPIC_RESOURCE,
          resourceName: UNKNOWN_TOPIC,
          configs: [{ name: 'no.such.key', configOperation: 9, value: 'x' }],
        },
      ],
      validateOnly: false,
    }),
  },
  OffsetDelete: {
    typical: ({ fresh, topic }) => ({
      groupId: fresh('group'),
      topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
    }),
    unknown: () => ({ groupId: '', topics: [{ name: UNKNOWN_TOPIC, partitions: [{ partitionIndex: -1 }] }] }),
  },
  DescribeCluster: {
    typical: () => ({ includeClusterAuthorizedOperations: true, includeFencedBrokers: true }),
    unknown: () => ({ includeClusterAuthorizedOperations: false, endpointType: 2, includeFencedBrokers: false }),
  },
  DescribeTopicPartitions: {
    typical: ({ topic }) => ({ topics: [{ name: topic }], responsePartitionLimit: 2 }),
    unknown: () => ({ topics: [{ name: UNKNOWN_TOPIC }, { name: '' }], cursor: { topicName: 'a', partitionIndex: 5 } }),
  },
  // Nobody listens there, so nobody becomes a voter.
  AddRaftVoter: {
    typical: () => ({
      clusterId: null,
      timeoutMs: 1000,
      voterId: 2,
      voterDirectoryId: UNKNOWN_ID,
      listeners: [{ name: 'CONTROLLER', host: 'localhost', port: 1 }],
    }),
    unknown: () => ({ clusterId: 'another', timeoutMs: 1000, voterId: -1, voterDirectoryId: UNKNOWN_ID, listeners: [] }),
  },
  RemoveRaftVoter: {
    typical: () => ({ clusterId: null, voterId: 2, voterDirectoryId: UNKNOWN_ID }),
    unknown: () => ({ clusterId: 'another', voterId: -1, voterDirectoryId: UNKNOWN_ID }),
  },
};

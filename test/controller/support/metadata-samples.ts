/** A log that holds every kind of metadata, for tests of images and snapshots. */
import { metadataRecord, type MetadataRecord } from '../../../controller/metadata/records';
import { MetadataImage } from '../../../controller/metadata/image';
import { imageRecords } from '../../../controller/metadata/image-records';
import { directoryOfBroker, incarnation } from './test-controls';

export const ORDERS = 'b3JkZXJzLXRvcGljLWlkLQ';
export const EVENTS = 'ZXZlbnRzLXRvcGljLWlkLQ';

export function registerRecord(brokerId: number, epoch: number): MetadataRecord {
  return metadataRecord('RegisterBrokerRecord', 4, {
    brokerId,
    isMigratingZkBroker: false,
    incarnationId: incarnation(brokerId),
    brokerEpoch: epoch,
    endPoints: [{ name: 'PLAINTEXT', host: 'localhost', port: 9092, securityProtocol: 0 }],
    features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 30 }],
    rack: brokerId === 1 ? 'r1' : null,
    fenced: true,
    inControlledShutdown: false,
    logDirs: [directoryOfBroker(brokerId)],
    cordonedLogDirs: null,
  });
}

export function partitionOf(topicId: string, partitionId: number, replicas: number[]): MetadataRecord {
  return metadataRecord('PartitionRecord', 2, {
    partitionId,
    topicId,
    replicas,
    isr: replicas,
    removingReplicas: [],
    addingReplicas: [],
    leader: replicas[0] ?? -1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: replicas.map((id) => directoryOfBroker(id)),
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  });
}

export function changeOf(topicId: string, partitionId: number, change: object): MetadataRecord {
  return metadataRecord('PartitionChangeRecord', 2, {
    partitionId,
    topicId,
    isr: null,
    leader: -2,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: -1,
    directories: null,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
    ...change,
  });
}

export const featureRecord = (name: string, featureLevel: number): MetadataRecord =>
  metadataRecord('FeatureLevelRecord', 0, { name, featureLevel });

export const topicRecord = (name: string, topicId: string): MetadataRecord =>
  metadataRecord('TopicRecord', 0, { name, topicId });

export const configRecord = (
  resourceType: number,
  resourceName: string,
  name: string,
  value: string | null,
): MetadataRecord => metadataRecord('ConfigRecord', 0, { resourceType, resourceName, name, value });

/** Every type of record that leaves a trace. */
export function sampleRecords(): MetadataRecord[] {
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
  return [
    featureRecord('metadata.version', 30),
    featureRecord('group.version', 1),
    featureRecord('share.version', 1),
    registerRecord(1, 10),
    registerRecord(2, 20),
    registerRecord(3, 30),
    metadataRecord('BrokerRegistrationChangeRecord', 0, {
      brokerId: 1,
      brokerEpoch: 10,
      fenced: -1,
      inControlledShutdown: 0,
      logDirs: [],
      cordonedLogDirs: null,
    }),
    metadataRecord('UnfenceBrokerRecord', 0, { id: 2, epoch: 20 }),
    metadataRecord('FenceBrokerRecord', 0, { id: 2, epoch: 20 }),
    metadataRecord('BrokerRegistrationChangeRecord', 3, {
      brokerId: 2,
      brokerEpoch: 20,
      fenced: 0,
      inControlledShutdown: 1,
      logDirs: [directoryOfBroker(2, 1)],
      cordonedLogDirs: [directoryOfBroker(2, 1)],
    }),
    metadataRecord('UnregisterBrokerRecord', 0, { brokerId: 3, brokerEpoch: 30 }),
    metadataRecord('RegisterControllerRecord', 0, {
      controllerId: 100,
      incarnationId: incarnation(100),
      zkMigrationReady: false,
      endPoints: [{ name: 'CONTROLLER', host: 'localhost', port: 9093, securityProtocol: 0 }],
      features: [{ name: 'kraft.version', minSupportedVersion: 0, maxSupportedVersion: 1 }],
    }),
    topicRecord('orders', ORDERS),
    partitionOf(ORDERS, 0, [1, 2]),
    partitionOf(ORDERS, 1, [2, 1]),
    partitionOf(ORDERS, 2, [2]),
    topicRecord('events', EVENTS),
    partitionOf(EVENTS, 0, [1]),
    topicRecord('gone', incarnation(9)),
    partitionOf(incarnation(9), 0, [1]),
    configRecord(2, 'gone', 'retention.ms', '1'),
    metadataRecord('RemoveTopicRecord', 0, { topicId: incarnation(9) }),
    changeOf(ORDERS, 1, { isr: [1], leader: 1, eligibleLeaderReplicas: [2] }),
    changeOf(ORDERS, 2, { leader: -1, isr: [], lastKnownElr: [2], leaderRecoveryState: 1 }),
    configRecord(2, 'orders', 'retention.ms', '1000'),
    configRecord(2, 'events', 'retention.ms', '1000'),
    configRecord(4, '', 'log.retention.ms', '5'),
    configRecord(4, '1', 'log.retention.ms', '6'),
    configRecord(4, '1', 'log.retention.ms', null),
    metadataRecord('ClientQuotaRecord', 0, {
      entity: [{ entityType: 'user', entityName: 'alice' }],
      key: 'producer_byte_rate',
      value: 1024,
      remove: false,
    }),
    metadataRecord('ClientQuotaRecord', 0, {
      entity: [{ entityType: 'client-id', entityName: null }],
      key: 'request_percentage',
      value: 12.5,
      remove: false,
    }),
    metadataRecord('ClientQuotaRecord', 0, {
      entity: [{ entityType: 'ip', entityName: '127.0.0.1' }],
      key: 'connection_creation_rate',
      value: 1,
      remove: false,
    }),
    metadataRecord('ClientQuotaRecord', 0, {
      entity: [{ entityType: 'ip', entityName: '127.0.0.1' }],
      key: 'connection_creation_rate',
      value: 0,
      remove: true,
    }),
    metadataRecord('ProducerIdsRecord', 0, { brokerId: 1, brokerEpoch: 10, nextProducerId: 4000 }),
    metadataRecord('AccessControlEntryRecord', 0, {
      id: incarnation(51),
      resourceType: 2,
      resourceName: 'orders',
      patternType: 3,
      principal: 'User:alice',
      host: '*',
      operation: 3,
      permissionType: 3,
    }),
    metadataRecord('AccessControlEntryRecord', 0, {
      id: incarnation(52),
      resourceType: 2,
      resourceName: 'events',
      patternType: 3,
      principal: 'User:bob',
      host: '*',
      operation: 3,
      permissionType: 3,
    }),
    metadataRecord('RemoveAccessControlEntryRecord', 0, { id: incarnation(52) }),
    metadataRecord('UserScramCredentialRecord', 0, {
      name: 'alice',
      mechanism: 1,
      salt: bytes('salt'),
      storedKey: bytes('stored'),
      serverKey: bytes('server'),
      iterations: 4096,
    }),
    metadataRecord('UserScramCredentialRecord', 0, {
      name: 'bob',
      mechanism: 2,
      salt: bytes('salt'),
      storedKey: bytes('stored'),
      serverKey: bytes('server'),
      iterations: 4096,
    }),
    metadataRecord('RemoveUserScramCredentialRecord', 0, { name: 'bob', mechanism: 2 }),
    metadataRecord('DelegationTokenRecord', 0, {
      owner: 'User:alice',
      requester: 'User:alice',
      renewers: ['User:bob'],
      issueTimestamp: 1,
      maxTimestamp: 3,
      expirationTimestamp: 2,
      tokenId: 'token-1',
    }),
    metadataRecord('DelegationTokenRecord', 0, {
      owner: 'User:bob',
      requester: 'User:bob',
      renewers: [],
      issueTimestamp: 1,
      maxTimestamp: 3,
      expirationTimestamp: 2,
      tokenId: 'token-2',
    }),
    metadataRecord('RemoveDelegationTokenRecord', 0, { tokenId: 'token-2' }),
    metadataRecord('ZkMigrationStateRecord', 0, { zkMigrationState: 1 }),
    metadataRecord('NoOpRecord', 0, {}),
  ];
}

export function imageOf(records: Iterable<MetadataRecord>): MetadataImage {
  const image = new MetadataImage();
  for (const record of records) image.replay(record, null);
  return image;
}

/** Comparable whatever the order in which the image came about. */
export function contentOf(image: MetadataImage): string[] {
  const readable = (_: string, value: unknown): unknown =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  return [...imageRecords(image)].map((record) => JSON.stringify(record, readable)).sort();
}

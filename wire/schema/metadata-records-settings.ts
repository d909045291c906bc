/**
 * Records of the metadata log about configurations, security and features, and its transactions (KIP-868).
 */
import { array, bool, bytes, float64, int16, int32, int64, int8, message, string, uuid } from '../schema';
import type { Infer } from '../schema';

export const ConfigRecord = message(
  'ConfigRecord',
  { type: 'metadata', apiKey: 4, validVersions: '0', flexibleVersions: '0+' },
  {
    resourceType: int8('0+'),
    resourceName: string('0+'),
    name: string('0+'),
    value: string('0+', { nullable: '0+' }),
  },
);
export type ConfigRecord = Infer<typeof ConfigRecord>;

export const ClientQuotaRecord = message(
  'ClientQuotaRecord',
  { type: 'metadata', apiKey: 14, validVersions: '0', flexibleVersions: '0+' },
  {
    entity: array('0+', {
      entityType: string('0+'),
      entityName: string('0+', { nullable: '0+' }),
    }),
    key: string('0+'),
    value: float64('0+'),
    remove: bool('0+'),
  },
);
export type ClientQuotaRecord = Infer<typeof ClientQuotaRecord>;

export const FeatureLevelRecord = message(
  'FeatureLevelRecord',
  { type: 'metadata', apiKey: 12, validVersions: '0', flexibleVersions: '0+' },
  {
    name: string('0+'),
    featureLevel: int16('0+'),
  },
);
export type FeatureLevelRecord = Infer<typeof FeatureLevelRecord>;

export const ProducerIdsRecord = message(
  'ProducerIdsRecord',
  { type: 'metadata', apiKey: 15, validVersions: '0', flexibleVersions: '0+' },
  {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
    nextProducerId: int64('0+'),
  },
);
export type ProducerIdsRecord = Infer<typeof ProducerIdsRecord>;

export const AccessControlEntryRecord = message(
  'AccessControlEntryRecord',
  { type: 'metadata', apiKey: 18, validVersions: '0', flexibleVersions: '0+' },
  {
    id: uuid('0+'),
    resourceType: int8('0+'),
    resourceName: string('0+'),
    patternType: int8('0+'),
    principal: string('0+'),
    host: string('0+'),
    operation: int8('0+'),
    permissionType: int8('0+'),
  },
);
export type AccessControlEntryRecord = Infer<typeof AccessControlEntryRecord>;

export const RemoveAccessControlEntryRecord = message(
  'RemoveAccessControlEntryRecord',
  { type: 'metadata', apiKey: 19, validVersions: '0', flexibleVersions: '0+' },
  {
    id: uuid('0+'),
  },
);
export type RemoveAccessControlEntryRecord = Infer<typeof RemoveAccessControlEntryRecord>;

export const UserScramCredentialRecord = message(
  'UserScramCredentialRecord',
  { type: 'metadata', apiKey: 11, validVersions: '0', flexibleVersions: '0+' },
  {
    name: string('0+'),
    mechanism: int8('0+'),
    salt: bytes('0+'),
    storedKey: bytes('0+'),
    serverKey: bytes('0+'),
    iterations: int32('0+'),
  },
);
export type UserScramCredentialRecord = Infer<typeof UserScramCredentialRecord>;

export const RemoveUserScramCredentialRecord = message(
  'RemoveUserScramCredentialRecord',
  { type: 'metadata', apiKey: 22, validVersions: '0', flexibleVersions: '0+' },
  {
    name: string('0+'),
    mechanism: int8('0+'),
  },
);
export type RemoveUserScramCredentialRecord = Infer<typeof RemoveUserScramCredentialRecord>;

export const DelegationTokenRecord = message(
  'DelegationTokenRecord',
  { type: 'metadata', apiKey: 10, validVersions: '0', flexibleVersions: '0+' },
  {
    owner: string('0+'),
    requester: string('0+'),
    renewers: array('0+', 'string'),
    issueTimestamp: int64('0+'),
    maxTimestamp: int64('0+'),
    expirationTimestamp: int64('0+'),
    tokenId: string('0+'),
  },
);
export type DelegationTokenRecord = Infer<typeof DelegationTokenRecord>;

export const RemoveDelegationTokenRecord = message(
  'RemoveDelegationTokenRecord',
  { type: 'metadata', apiKey: 26, validVersions: '0', flexibleVersions: '0+' },
  {
    tokenId: string('0+'),
  },
);
export type RemoveDelegationTokenRecord = Infer<typeof RemoveDelegationTokenRecord>;

export const BeginTransactionRecord = message(
  'BeginTransactionRecord',
  { type: 'metadata', apiKey: 23, validVersions: '0', flexibleVersions: '0+' },
  {
    name: string('0+', { nullable: '0+', tag: 0, default: null }),
  },
);
export type BeginTransactionRecord = Infer<typeof BeginTransactionRecord>;

export const EndTransactionRecord = message(
  'EndTransactionRecord',
  { type: 'metadata', apiKey: 24, validVersions: '0', flexibleVersions: '0+' },
  {},
);
export type EndTransactionRecord = Infer<typeof EndTransactionRecord>;

export const AbortTransactionRecord = message(
  'AbortTransactionRecord',
  { type: 'metadata', apiKey: 25, validVersions: '0', flexibleVersions: '0+' },
  {
    reason: string('0+', { nullable: '0+', tag: 0, default: null }),
  },
);
export type AbortTransactionRecord = Infer<typeof AbortTransactionRecord>;

export const NoOpRecord = message(
  'NoOpRecord',
  { type: 'metadata', apiKey: 20, validVersions: '0', flexibleVersions: '0+' },
  {},
);
export type NoOpRecord = Infer<typeof NoOpRecord>;

export const ZkMigrationStateRecord = message(
  'ZkMigrationStateRecord',
  { type: 'metadata', apiKey: 21, validVersions: '0', flexibleVersions: '0+' },
  {
    zkMigrationState: int8('0+'),
  },
);
export type ZkMigrationStateRecord = Infer<typeof ZkMigrationStateRecord>;

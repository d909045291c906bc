/**
 * Records of `__consumer_offsets` for committed offsets and classic groups.
 *
 * A key begins with its type (`apiKey`) as an int16, a value with its version as an int16. Keys are never flexible; values are
 * from version 4.
 */
import { array, bytes, int32, int64, message, string, uuid } from '../schema';
import type { Infer } from '../schema';

export const LegacyOffsetCommitKey = message(
  'LegacyOffsetCommitKey',
  { type: 'coordinator-key', apiKey: 0, validVersions: '0', flexibleVersions: 'none' },
  {
    group: string('0'),
    topic: string('0'),
    partition: int32('0'),
  },
);
export type LegacyOffsetCommitKey = Infer<typeof LegacyOffsetCommitKey>;

export const LegacyOffsetCommitValue = message(
  'LegacyOffsetCommitValue',
  { type: 'coordinator-value', apiKey: 0, validVersions: '0', flexibleVersions: 'none' },
  {
    offset: int64('0'),
    metadata: string('0'),
    commitTimestamp: int64('0'),
  },
);
export type LegacyOffsetCommitValue = Infer<typeof LegacyOffsetCommitValue>;

export const OffsetCommitKey = message(
  'OffsetCommitKey',
  { type: 'coordinator-key', apiKey: 1, validVersions: '0', flexibleVersions: 'none' },
  {
    group: string('0'),
    topic: string('0'),
    partition: int32('0'),
  },
);
export type OffsetCommitKey = Infer<typeof OffsetCommitKey>;

export const OffsetCommitValue = message(
  'OffsetCommitValue',
  { type: 'coordinator-value', apiKey: 1, validVersions: '0-4', flexibleVersions: '4+' },
  {
    offset: int64('0+'),
    leaderEpoch: int32('3+', { default: -1, ignorable: true }),
    metadata: string('0+'),
    commitTimestamp: int64('0+'),
    expireTimestamp: int64('1', { default: -1, ignorable: true }),
    topicId: uuid('4+', { tag: 0, ignorable: true }),
  },
);
export type OffsetCommitValue = Infer<typeof OffsetCommitValue>;

export const GroupMetadataKey = message(
  'GroupMetadataKey',
  { type: 'coordinator-key', apiKey: 2, validVersions: '0', flexibleVersions: 'none' },
  {
    group: string('0'),
  },
);
export type GroupMetadataKey = Infer<typeof GroupMetadataKey>;

const memberMetadata = {
  memberId: string('0+'),
  groupInstanceId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  clientId: string('0+'),
  clientHost: string('0+'),
  rebalanceTimeout: int32('1+', { default: -1, ignorable: true }),
  sessionTimeout: int32('0+'),
  subscription: bytes('0+'),
  assignment: bytes('0+'),
};

export const GroupMetadataValue = message(
  'GroupMetadataValue',
  { type: 'coordinator-value', apiKey: 2, validVersions: '0-4', flexibleVersions: '4+' },
  {
    protocolType: string('0+'),
    generation: int32('0+'),
    protocol: string('0+', { nullable: '0+' }),
    leader: string('0+', { nullable: '0+' }),
    currentStateTimestamp: int64('2+', { default: -1, ignorable: true }),
    members: array('0+', memberMetadata),
  },
);
export type GroupMetadataValue = Infer<typeof GroupMetadataValue>;

/**
 * Offsets that groups commit.
 *
 * OffsetCommit: 5 has no retention of its own any more (KIP-211); 7 has the instance id (KIP-345); 9 allows a member epoch in
 * the generation's place (KIP-848); 10 identifies topics by id alone. OffsetFetch: from 2 null topics mean all; 7 asks for
 * stable offsets (KIP-447); 8 carries many groups at once, and the fields of a single group end with 7; 10 has topic ids.
 * OffsetDelete (KIP-496) never became flexible.
 */
import { array, bool, clampedInt64, int16, int32, int64, message, string, uuid } from '../schema';
import type { Infer } from '../schema';

export const OffsetCommitRequest = message(
  'OffsetCommitRequest',
  { type: 'request', apiKey: 8, validVersions: '2-10', flexibleVersions: '8+' },
  {
    groupId: string('0+'),
    generationIdOrMemberEpoch: int32('1+', { default: -1, ignorable: true }),
    memberId: string('1+', { ignorable: true }),
    groupInstanceId: string('7+', { nullable: '7+', default: null }),
    retentionTimeMs: clampedInt64('2-4', { default: -1, ignorable: true }),
    topics: array('0+', {
      name: string('0-9', { ignorable: true }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64('0+'),
        committedLeaderEpoch: int32('6+', { default: -1, ignorable: true }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  },
);
export type OffsetCommitRequest = Infer<typeof OffsetCommitRequest>;

export const OffsetCommitResponse = message(
  'OffsetCommitResponse',
  { type: 'response', apiKey: 8, validVersions: '2-10', flexibleVersions: '8+' },
  {
    throttleTimeMs: int32('3+', { default: 0, ignorable: true }),
    topics: array('0+', {
      name: string('0-9', { ignorable: true }),
      topicId: uuid('10+', { ignorable: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
);
export type OffsetCommitResponse = Infer<typeof OffsetCommitResponse>;

export const OffsetFetchRequest = message(
  'OffsetFetchRequest',
  { type: 'request', apiKey: 9, validVersions: '1-10', flexibleVersions: '6+' },
  {
    groupId: string('0-7'),
    topics: array(
      '0-7',
      {
        name: string('0-7'),
        partitionIndexes: array('0-7', 'int32'),
      },
      { nullable: '2-7' },
    ),
    groups: array('8+', {
      groupId: string('8+'),
      memberId: string('9+', { nullable: '9+', default: null, ignorable: true }),
      memberEpoch: int32('9+', { default: -1, ignorable: true }),
      topics: array(
        '8+',
        {
          name: string('8-9', { ignorable: true }),
          topicId: uuid('10+', { ignorable: true }),
          partitionIndexes: array('8+', 'int32'),
        },
        { nullable: '8+' },
      ),
    }),
    requireStable: bool('7+', { default: false }),
  },
);
export type OffsetFetchRequest = Infer<typeof OffsetFetchRequest>;

export const OffsetFetchResponse = message(
  'OffsetFetchResponse',
  { type: 'response', apiKey: 9, validVersions: '1-10', flexibleVersions: '6+' },
  {
    throttleTimeMs: int32('3+', { default: 0, ignorable: true }),
    topics: array('0-7', {
      name: string('0-7'),
      partitions: array('0-7', {
        partitionIndex: int32('0-7'),
        committedOffset: int64('0-7'),
        committedLeaderEpoch: int32('5-7', { default: -1, ignorable: true }),
        metadata: string('0-7', { nullable: '0-7' }),
        errorCode: int16('0-7'),
      }),
    }),
    errorCode: int16('2-7', { default: 0, ignorable: true }),
    groups: array('8+', {
      groupId: string('8+'),
      topics: array('8+', {
        name: string('8-9', { ignorable: true }),
        topicId: uuid('10+', { ignorable: true }),
        partitions: array('8+', {
          partitionIndex: int32('8+'),
          committedOffset: int64('8+'),
          committedLeaderEpoch: int32('8+', { default: -1, ignorable: true }),
          metadata: string('8+', { nullable: '8+' }),
          errorCode: int16('8+'),
        }),
      }),
      errorCode: int16('8+', { default: 0 }),
    }),
  },
);
export type OffsetFetchResponse = Infer<typeof OffsetFetchResponse>;

export const OffsetDeleteRequest = message(
  'OffsetDeleteRequest',
  { type: 'request', apiKey: 47, validVersions: '0', flexibleVersions: 'none' },
  {
    groupId: string('0+'),
    topics: array('0+', {
      name: string('0+', { key: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
      }),
    }),
  },
);
export type OffsetDeleteRequest = Infer<typeof OffsetDeleteRequest>;

export const OffsetDeleteResponse = message(
  'OffsetDeleteResponse',
  { type: 'response', apiKey: 47, validVersions: '0', flexibleVersions: 'none' },
  {
    errorCode: int16('0+'),
    throttleTimeMs: int32('0+', { default: 0, ignorable: true }),
    topics: array('0+', {
      name: string('0+', { key: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+', { key: true }),
        errorCode: int16('0+'),
      }),
    }),
  },
);
export type OffsetDeleteResponse = Infer<typeof OffsetDeleteResponse>;

/**
 * Offsets of a log: by timestamp, by leader epoch, and the offset before which records are deleted.
 *
 * ListOffsets asks with special timestamps: -1 latest, -2 earliest, -3 the record with the largest timestamp (v7, KIP-734),
 * -4 earliest local (v8, KIP-405), -5 latest tiered (v9, KIP-1005), -6 earliest pending upload (v11). OffsetForLeaderEpoch
 * is KIP-320; its replica id -2 is a debugging consumer.
 */
import { array, clampedInt64, int16, int32, int64, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const ListOffsetsRequest = message(
  'ListOffsetsRequest',
  { type: 'request', apiKey: 2, validVersions: '1-11', flexibleVersions: '6+' },
  {
    replicaId: int32('0+'),
    isolationLevel: int8('2+'),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        currentLeaderEpoch: int32('4+', { default: -1, ignorable: true }),
        timestamp: clampedInt64('0+'),
      }),
    }),
    timeoutMs: int32('10+', { ignorable: true }),
  },
);
export type ListOffsetsRequest = Infer<typeof ListOffsetsRequest>;

export const ListOffsetsResponse = message(
  'ListOffsetsResponse',
  { type: 'response', apiKey: 2, validVersions: '1-11', flexibleVersions: '6+' },
  {
    throttleTimeMs: int32('2+', { default: 0, ignorable: true }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        timestamp: clampedInt64('1+', { default: -1 }),
        offset: int64('1+', { default: -1 }),
        leaderEpoch: int32('4+', { default: -1 }),
      }),
    }),
  },
);
export type ListOffsetsResponse = Infer<typeof ListOffsetsResponse>;

export const OffsetForLeaderEpochRequest = message(
  'OffsetForLeaderEpochRequest',
  { type: 'request', apiKey: 23, validVersions: '2-4', flexibleVersions: '4+' },
  {
    replicaId: int32('3+', { default: -2, ignorable: true }),
    topics: array('0+', {
      topic: string('0+', { key: true }),
      partitions: array('0+', {
        partition: int32('0+'),
        currentLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
        leaderEpoch: int32('0+'),
      }),
    }),
  },
);
export type OffsetForLeaderEpochRequest = Infer<typeof OffsetForLeaderEpochRequest>;

export const OffsetForLeaderEpochResponse = message(
  'OffsetForLeaderEpochResponse',
  { type: 'response', apiKey: 23, validVersions: '2-4', flexibleVersions: '4+' },
  {
    throttleTimeMs: int32('2+', { default: 0, ignorable: true }),
    topics: array('0+', {
      topic: string('0+', { key: true }),
      partitions: array('0+', {
        errorCode: int16('0+'),
        partition: int32('0+'),
        leaderEpoch: int32('1+', { default: -1, ignorable: true }),
        endOffset: int64('0+', { default: -1 }),
      }),
    }),
  },
);
export type OffsetForLeaderEpochResponse = Infer<typeof OffsetForLeaderEpochResponse>;

export const DeleteRecordsRequest = message(
  'DeleteRecordsRequest',
  { type: 'request', apiKey: 21, validVersions: '0-2', flexibleVersions: '2+' },
  {
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        offset: clampedInt64('0+'),
      }),
    }),
    timeoutMs: int32('0+'),
  },
);
export type DeleteRecordsRequest = Infer<typeof DeleteRecordsRequest>;

export const DeleteRecordsResponse = message(
  'DeleteRecordsResponse',
  { type: 'response', apiKey: 21, validVersions: '0-2', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    topics: array('0+', {
      name: string('0+', { key: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+', { key: true }),
        lowWatermark: int64('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
);
export type DeleteRecordsResponse = Infer<typeof DeleteRecordsResponse>;

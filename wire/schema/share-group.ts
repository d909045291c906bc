/**
 * Share groups (KIP-932), members' side. v0 of these APIs was early access and is not compatible.
 *
 * ShareFetch and ShareAcknowledge v2 allow renewing an acquired record's lock; acknowledge types are 0 gap, 1 accept, 2 release,
 * 3 reject, 4 renew.
 */
import { array, bool, int16, int32, int64, int8, message, records, string, struct, uuid } from '../schema';
import type { Infer } from '../schema';

export const ShareGroupHeartbeatRequest = message(
  'ShareGroupHeartbeatRequest',
  { type: 'request', apiKey: 76, validVersions: '1', flexibleVersions: '0+' },
  {
    groupId: string('0+'),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    rackId: string('0+', { nullable: '0+', default: null }),
    subscribedTopicNames: array('0+', 'string', { nullable: '0+', default: null }),
  },
);
export type ShareGroupHeartbeatRequest = Infer<typeof ShareGroupHeartbeatRequest>;

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'int32'),
};

export const ShareGroupHeartbeatResponse = message(
  'ShareGroupHeartbeatResponse',
  { type: 'response', apiKey: 76, validVersions: '1', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+', default: null }),
    memberEpoch: int32('0+'),
    heartbeatIntervalMs: int32('0+'),
    assignment: struct(
      '0+',
      {
        topicPartitions: array('0+', topicPartitions),
      },
      { nullable: '0+', default: null },
    ),
  },
);
export type ShareGroupHeartbeatResponse = Infer<typeof ShareGroupHeartbeatResponse>;

export const ShareFetchRequest = message(
  'ShareFetchRequest',
  { type: 'request', apiKey: 78, validVersions: '1-2', flexibleVersions: '0+' },
  {
    groupId: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+' }),
    shareSessionEpoch: int32('0+'),
    maxWaitMs: int32('0+'),
    minBytes: int32('0+'),
    maxBytes: int32('0+', { default: 0x7fffffff }),
    maxRecords: int32('1+'),
    batchSize: int32('1+'),
    shareAcquireMode: int8('2+', { default: 0, ignorable: true }),
    isRenewAck: bool('2+', { default: false }),
    topics: array('0+', {
      topicId: uuid('0+', { key: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+', { key: true }),
        partitionMaxBytes: int32('0'),
        acknowledgementBatches: array('0+', {
          firstOffset: int64('0+'),
          lastOffset: int64('0+'),
          acknowledgeTypes: array('0+', 'int8'),
        }),
      }),
    }),
    forgottenTopicsData: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', 'int32'),
    }),
  },
);
export type ShareFetchRequest = Infer<typeof ShareFetchRequest>;

export const ShareFetchResponse = message(
  'ShareFetchResponse',
  { type: 'response', apiKey: 78, validVersions: '1-2', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32('1+'),
    responses: array('0+', {
      topicId: uuid('0+', { key: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        acknowledgeErrorCode: int16('0+'),
        acknowledgeErrorMessage: string('0+', { nullable: '0+', default: null }),
        currentLeader: struct('0+', {
          leaderId: int32('0+'),
          leaderEpoch: int32('0+'),
        }),
        records: records('0+', { nullable: '0' }),
        acquiredRecords: array('0+', {
          firstOffset: int64('0+'),
          lastOffset: int64('0+'),
          deliveryCount: int16('0+'),
        }),
      }),
    }),
    nodeEndpoints: array('0+', {
      nodeId: int32('0+', { key: true }),
      host: string('0+'),
      port: int32('0+'),
      rack: string('0+', { nullable: '0+', default: null }),
    }),
  },
);
export type ShareFetchResponse = Infer<typeof ShareFetchResponse>;

export const ShareAcknowledgeRequest = message(
  'ShareAcknowledgeRequest',
  { type: 'request', apiKey: 79, validVersions: '1-2', flexibleVersions: '0+' },
  {
    groupId: string('0+', { nullable: '0+', default: null }),
    memberId: string('0+', { nullable: '0+' }),
    shareSessionEpoch: int32('0+'),
    isRenewAck: bool('2+', { default: false }),
    topics: array('0+', {
      topicId: uuid('0+', { key: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+', { key: true }),
        acknowledgementBatches: array('0+', {
          firstOffset: int64('0+'),
          lastOffset: int64('0+'),
          acknowledgeTypes: array('0+', 'int8'),
        }),
      }),
    }),
  },
);
export type ShareAcknowledgeRequest = Infer<typeof ShareAcknowledgeRequest>;

export const ShareAcknowledgeResponse = message(
  'ShareAcknowledgeResponse',
  { type: 'response', apiKey: 79, validVersions: '1-2', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32('2+', { ignorable: true }),
    responses: array('0+', {
      topicId: uuid('0+', { key: true }),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        currentLeader: struct('0+', {
          leaderId: int32('0+'),
          leaderEpoch: int32('0+'),
        }),
      }),
    }),
    nodeEndpoints: array('0+', {
      nodeId: int32('0+', { key: true }),
      host: string('0+'),
      port: int32('0+'),
      rack: string('0+', { nullable: '0+', default: null }),
    }),
  },
);
export type ShareAcknowledgeResponse = Infer<typeof ShareAcknowledgeResponse>;

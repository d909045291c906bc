/**
 * Transactions, as producers run them (KIP-98).
 *
 * InitProducerId: 3 lets a producer bump its own epoch (KIP-360); 6 is for two-phase commit (KIP-939) and not stable.
 * AddPartitionsToTxn: from 4 between brokers only, many transactions at once, or to verify (KIP-890). EndTxn v5 returns the
 * next epoch. WriteTxnMarkers v2 carries the transaction version (KIP-1228).
 */
import { array, bool, int16, int32, int64, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const InitProducerIdRequest = message(
  'InitProducerIdRequest',
  { type: 'request', apiKey: 22, validVersions: '0-6', flexibleVersions: '2+' },
  {
    transactionalId: string('0+', { nullable: '0+' }),
    transactionTimeoutMs: int32('0+'),
    producerId: int64('3+', { default: -1 }),
    producerEpoch: int16('3+', { default: -1 }),
    enable2Pc: bool('6+', { default: false }),
    keepPreparedTxn: bool('6+', { default: false }),
  },
);
export type InitProducerIdRequest = Infer<typeof InitProducerIdRequest>;

export const InitProducerIdResponse = message(
  'InitProducerIdResponse',
  { type: 'response', apiKey: 22, validVersions: '0-6', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0, ignorable: true }),
    errorCode: int16('0+'),
    producerId: int64('0+', { default: -1 }),
    producerEpoch: int16('0+'),
    ongoingTxnProducerId: int64('6+', { default: -1 }),
    ongoingTxnProducerEpoch: int16('6+', { default: -1 }),
  },
);
export type InitProducerIdResponse = Infer<typeof InitProducerIdResponse>;

const addPartitionsToTxnTopic = {
  name: string('0+', { key: true }),
  partitions: array('0+', 'int32'),
};

export const AddPartitionsToTxnRequest = message(
  'AddPartitionsToTxnRequest',
  { type: 'request', apiKey: 24, validVersions: '0-5', flexibleVersions: '3+' },
  {
    transactions: array('4+', {
      transactionalId: string('4+', { key: true }),
      producerId: int64('4+'),
      producerEpoch: int16('4+'),
      verifyOnly: bool('4+', { default: false }),
      topics: array('4+', addPartitionsToTxnTopic),
    }),
    v3AndBelowTransactionalId: string('0-3'),
    v3AndBelowProducerId: int64('0-3'),
    v3AndBelowProducerEpoch: int16('0-3'),
    v3AndBelowTopics: array('0-3', addPartitionsToTxnTopic),
  },
);
export type AddPartitionsToTxnRequest = Infer<typeof AddPartitionsToTxnRequest>;

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32('0+', { key: true }),
  partitionErrorCode: int16('0+'),
};

const addPartitionsToTxnTopicResult = {
  name: string('0+', { key: true }),
  resultsByPartition: array('0+', addPartitionsToTxnPartitionResult),
};

export const AddPartitionsToTxnResponse = message(
  'AddPartitionsToTxnResponse',
  { type: 'response', apiKey: 24, validVersions: '0-5', flexibleVersions: '3+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('4+', { ignorable: true }),
    resultsByTransaction: array('4+', {
      transactionalId: string('4+', { key: true }),
      topicResults: array('4+', addPartitionsToTxnTopicResult),
    }),
    resultsByTopicV3AndBelow: array('0-3', addPartitionsToTxnTopicResult),
  },
);
export type AddPartitionsToTxnResponse = Infer<typeof AddPartitionsToTxnResponse>;

export const AddOffsetsToTxnRequest = message(
  'AddOffsetsToTxnRequest',
  { type: 'request', apiKey: 25, validVersions: '0-4', flexibleVersions: '3+' },
  {
    transactionalId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    groupId: string('0+'),
  },
);
export type AddOffsetsToTxnRequest = Infer<typeof AddOffsetsToTxnRequest>;

export const AddOffsetsToTxnResponse = message(
  'AddOffsetsToTxnResponse',
  { type: 'response', apiKey: 25, validVersions: '0-4', flexibleVersions: '3+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
  },
);
export type AddOffsetsToTxnResponse = Infer<typeof AddOffsetsToTxnResponse>;

export const EndTxnRequest = message(
  'EndTxnRequest',
  { type: 'request', apiKey: 26, validVersions: '0-5', flexibleVersions: '3+' },
  {
    transactionalId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    committed: bool('0+'),
  },
);
export type EndTxnRequest = Infer<typeof EndTxnRequest>;

export const EndTxnResponse = message(
  'EndTxnResponse',
  { type: 'response', apiKey: 26, validVersions: '0-5', flexibleVersions: '3+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    producerId: int64('5+', { default: -1, ignorable: true }),
    producerEpoch: int16('5+', { default: -1, ignorable: true }),
  },
);
export type EndTxnResponse = Infer<typeof EndTxnResponse>;

export const TxnOffsetCommitRequest = message(
  'TxnOffsetCommitRequest',
  { type: 'request', apiKey: 28, validVersions: '0-5', flexibleVersions: '3+' },
  {
    transactionalId: string('0+'),
    groupId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    generationId: int32('3+', { default: -1 }),
    memberId: string('3+'),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        committedOffset: int64('0+'),
        committedLeaderEpoch: int32('2+', { default: -1, ignorable: true }),
        committedMetadata: string('0+', { nullable: '0+' }),
      }),
    }),
  },
);
export type TxnOffsetCommitRequest = Infer<typeof TxnOffsetCommitRequest>;

export const TxnOffsetCommitResponse = message(
  'TxnOffsetCommitResponse',
  { type: 'response', apiKey: 28, validVersions: '0-5', flexibleVersions: '3+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
      }),
    }),
  },
);
export type TxnOffsetCommitResponse = Infer<typeof TxnOffsetCommitResponse>;

export const WriteTxnMarkersRequest = message(
  'WriteTxnMarkersRequest',
  { type: 'request', apiKey: 27, validVersions: '1-2', flexibleVersions: '1+' },
  {
    markers: array('0+', {
      producerId: int64('0+'),
      producerEpoch: int16('0+'),
      transactionResult: bool('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitionIndexes: array('0+', 'int32'),
      }),
      coordinatorEpoch: int32('0+'),
      transactionVersion: int8('2+', { default: 0, ignorable: true }),
    }),
  },
);
export type WriteTxnMarkersRequest = Infer<typeof WriteTxnMarkersRequest>;

export const WriteTxnMarkersResponse = message(
  'WriteTxnMarkersResponse',
  { type: 'response', apiKey: 27, validVersions: '1-2', flexibleVersions: '1+' },
  {
    markers: array('0+', {
      producerId: int64('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
        }),
      }),
    }),
  },
);
export type WriteTxnMarkersResponse = Infer<typeof WriteTxnMarkersResponse>;

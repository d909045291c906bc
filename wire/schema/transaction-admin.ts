/**
 * Transactions as tools see them (KIP-664). ListTransactions filters by duration from 1 and by a pattern of ids from 2.
 */
import { array, clampedInt64, int16, int32, int64, message, string } from '../schema';
import type { Infer } from '../schema';

export const DescribeProducersRequest = message(
  'DescribeProducersRequest',
  { type: 'request', apiKey: 61, validVersions: '0', flexibleVersions: '0+' },
  {
    topics: array('0+', {
      name: string('0+'),
      partitionIndexes: array('0+', 'int32'),
    }),
  },
);
export type DescribeProducersRequest = Infer<typeof DescribeProducersRequest>;

export const DescribeProducersResponse = message(
  'DescribeProducersResponse',
  { type: 'response', apiKey: 61, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    topics: array('0+', {
      name: string('0+'),
      partitions: array('0+', {
        partitionIndex: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        activeProducers: array('0+', {
          producerId: int64('0+'),
          producerEpoch: int32('0+'),
          lastSequence: int32('0+', { default: -1 }),
          lastTimestamp: clampedInt64('0+', { default: -1 }),
          coordinatorEpoch: int32('0+'),
          currentTxnStartOffset: int64('0+', { default: -1 }),
        }),
      }),
    }),
  },
);
export type DescribeProducersResponse = Infer<typeof DescribeProducersResponse>;

export const DescribeTransactionsRequest = message(
  'DescribeTransactionsRequest',
  { type: 'request', apiKey: 65, validVersions: '0', flexibleVersions: '0+' },
  {
    transactionalIds: array('0+', 'string'),
  },
);
export type DescribeTransactionsRequest = Infer<typeof DescribeTransactionsRequest>;

export const DescribeTransactionsResponse = message(
  'DescribeTransactionsResponse',
  { type: 'response', apiKey: 65, validVersions: '0', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    transactionStates: array('0+', {
      errorCode: int16('0+'),
      transactionalId: string('0+'),
      transactionState: string('0+'),
      transactionTimeoutMs: int32('0+'),
      transactionStartTimeMs: int64('0+'),
      producerId: int64('0+'),
      producerEpoch: int16('0+'),
      topics: array('0+', {
        topic: string('0+', { key: true }),
        partitions: array('0+', 'int32'),
      }),
    }),
  },
);
export type DescribeTransactionsResponse = Infer<typeof DescribeTransactionsResponse>;

export const ListTransactionsRequest = message(
  'ListTransactionsRequest',
  { type: 'request', apiKey: 66, validVersions: '0-2', flexibleVersions: '0+' },
  {
    stateFilters: array('0+', 'string'),
    producerIdFilters: array('0+', 'int64'),
    durationFilter: clampedInt64('1+', { default: -1 }),
    transactionalIdPattern: string('2+', { nullable: '2+', default: null }),
  },
);
export type ListTransactionsRequest = Infer<typeof ListTransactionsRequest>;

export const ListTransactionsResponse = message(
  'ListTransactionsResponse',
  { type: 'response', apiKey: 66, validVersions: '0-2', flexibleVersions: '0+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    unknownStateFilters: array('0+', 'string'),
    transactionStates: array('0+', {
      transactionalId: string('0+'),
      producerId: int64('0+'),
      transactionState: string('0+'),
    }),
  },
);
export type ListTransactionsResponse = Infer<typeof ListTransactionsResponse>;

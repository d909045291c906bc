/**
 * Records of `__transaction_state`. v1 of the value has tagged fields for the second generation of transactions (KIP-890).
 */
import { array, int16, int32, int64, int8, message, string } from '../schema';
import type { Infer } from '../schema';

export const TransactionLogKey = message(
  'TransactionLogKey',
  { type: 'coordinator-key', apiKey: 0, validVersions: '0', flexibleVersions: 'none' },
  {
    transactionalId: string('0'),
  },
);
export type TransactionLogKey = Infer<typeof TransactionLogKey>;

export const TransactionLogValue = message(
  'TransactionLogValue',
  { type: 'coordinator-value', apiKey: 0, validVersions: '0-1', flexibleVersions: '1+' },
  {
    producerId: int64('0+'),
    previousProducerId: int64('1+', { tag: 0, default: -1 }),
    nextProducerId: int64('1+', { tag: 1, default: -1 }),
    producerEpoch: int16('0+'),
    nextProducerEpoch: int16('1+', { tag: 3, default: -1 }),
    transactionTimeoutMs: int32('0+'),
    transactionStatus: int8('0+'),
    transactionPartitions: array(
      '0+',
      {
        topic: string('0+'),
        partitionIds: array('0+', 'int32'),
      },
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: int64('0+'),
    transactionStartTimestampMs: int64('0+'),
    clientTransactionVersion: int16('1+', { tag: 2, default: 0 }),
  },
);
export type TransactionLogValue = Infer<typeof TransactionLogValue>;

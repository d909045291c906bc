/**
 * Producing records.
 *
 * Versions: 3 is the first with batches of format 2; 5 returns the log start offset; 7 allows zstd; 8 returns errors by
 * record (KIP-467); 10 names the new leader in tagged fields (KIP-951); 12 adds partitions to the transaction by the way
 * (KIP-890); 13 identifies topics by id alone (KIP-516).
 *
 * `mirror` is ours, in a tag that Kafka is far from using, and skipped by everybody who does not know it: the batches keep
 * their offsets, and are appended if the log ends at `expectedLogEndOffset` and its topic's `mirror.source` is `source`.
 * Without records it asks where the log ends (baseOffset of the answer); with `truncateToOffset` the log is cut back.
 */
import { array, int16, int32, int64, message, records, string, struct, uuid } from '../schema';
import type { Infer } from '../schema';

export const ProduceRequest = message(
  'ProduceRequest',
  { type: 'request', apiKey: 0, validVersions: '3-13', flexibleVersions: '9+' },
  {
    transactionalId: string('3+', { nullable: '3+', default: null }),
    acks: int16('0+'),
    timeoutMs: int32('0+'),
    topicData: array('0+', {
      name: string('0-12', { ignorable: true, key: true }),
      topicId: uuid('13+', { ignorable: true, key: true }),
      partitionData: array('0+', {
        index: int32('0+'),
        records: records('0+', { nullable: '0+' }),
        mirror: struct(
          '9+',
          {
            source: string('9+'),
            expectedLogEndOffset: int64('9+', { default: -1 }),
            sourceLogStartOffset: int64('9+', { default: -1 }),
            truncateToOffset: int64('9+', { default: -1 }),
          },
          { tag: 10000, nullable: '9+', default: null },
        ),
      }),
    }),
  },
);
export type ProduceRequest = Infer<typeof ProduceRequest>;

export const ProduceResponse = message(
  'ProduceResponse',
  { type: 'response', apiKey: 0, validVersions: '3-13', flexibleVersions: '9+' },
  {
    responses: array('0+', {
      name: string('0-12', { ignorable: true, key: true }),
      topicId: uuid('13+', { ignorable: true, key: true }),
      partitionResponses: array('0+', {
        index: int32('0+'),
        errorCode: int16('0+'),
        baseOffset: int64('0+'),
        logAppendTimeMs: int64('2+', { default: -1, ignorable: true }),
        logStartOffset: int64('5+', { default: -1, ignorable: true }),
        recordErrors: array(
          '8+',
          {
            batchIndex: int32('8+'),
            batchIndexErrorMessage: string('8+', { nullable: '8+', default: null }),
          },
          { ignorable: true },
        ),
        errorMessage: string('8+', { nullable: '8+', default: null, ignorable: true }),
        currentLeader: struct(
          '10+',
          {
            leaderId: int32('10+', { default: -1 }),
            leaderEpoch: int32('10+', { default: -1 }),
          },
          { tag: 0 },
        ),
      }),
    }),
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    nodeEndpoints: array(
      '10+',
      {
        nodeId: int32('10+', { key: true }),
        host: string('10+'),
        port: int32('10+'),
        rack: string('10+', { nullable: '10+', default: null }),
      },
      { tag: 0 },
    ),
  },
);
export type ProduceResponse = Infer<typeof ProduceResponse>;

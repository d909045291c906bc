/**
 * Creating, growing and deleting topics.
 *
 * CreateTopics: -1 for partitions and replication factor means the broker's default from 4 (KIP-464); 5 returns what was created;
 * 7 the id. DeleteTopics: from 6 topics by name or id, and the list of names ends with 5.
 */
import { array, bool, int16, int32, int8, message, string, uuid } from '../schema';
import type { Infer } from '../schema';

export const CreateTopicsRequest = message(
  'CreateTopicsRequest',
  { type: 'request', apiKey: 19, validVersions: '2-7', flexibleVersions: '5+' },
  {
    topics: array('0+', {
      name: string('0+', { key: true }),
      numPartitions: int32('0+'),
      replicationFactor: int16('0+'),
      assignments: array('0+', {
        partitionIndex: int32('0+', { key: true }),
        brokerIds: array('0+', 'int32'),
      }),
      configs: array('0+', {
        name: string('0+', { key: true }),
        value: string('0+', { nullable: '0+' }),
      }),
    }),
    timeoutMs: int32('0+', { default: 60000 }),
    validateOnly: bool('1+', { default: false }),
  },
);
export type CreateTopicsRequest = Infer<typeof CreateTopicsRequest>;

export const CreateTopicsResponse = message(
  'CreateTopicsResponse',
  { type: 'response', apiKey: 19, validVersions: '2-7', flexibleVersions: '5+' },
  {
    throttleTimeMs: int32('2+', { default: 0, ignorable: true }),
    topics: array('0+', {
      name: string('0+', { key: true }),
      topicId: uuid('7+', { ignorable: true }),
      errorCode: int16('0+'),
      errorMessage: string('1+', { nullable: '0+', ignorable: true }),
      topicConfigErrorCode: int16('5+', { tag: 0, ignorable: true }),
      numPartitions: int32('5+', { default: -1, ignorable: true }),
      replicationFactor: int16('5+', { default: -1, ignorable: true }),
      configs: array(
        '5+',
        {
          name: string('5+'),
          value: string('5+', { nullable: '5+' }),
          readOnly: bool('5+'),
          configSource: int8('5+', { default: -1, ignorable: true }),
          isSensitive: bool('5+'),
        },
        { nullable: '5+', ignorable: true },
      ),
    }),
  },
);
export type CreateTopicsResponse = Infer<typeof CreateTopicsResponse>;

export const DeleteTopicsRequest = message(
  'DeleteTopicsRequest',
  { type: 'request', apiKey: 20, validVersions: '1-6', flexibleVersions: '4+' },
  {
    topics: array('6+', {
      name: string('6+', { nullable: '6+', default: null }),
      topicId: uuid('6+'),
    }),
    topicNames: array('0-5', 'string', { ignorable: true }),
    timeoutMs: int32('0+'),
  },
);
export type DeleteTopicsRequest = Infer<typeof DeleteTopicsRequest>;

export const DeleteTopicsResponse = message(
  'DeleteTopicsResponse',
  { type: 'response', apiKey: 20, validVersions: '1-6', flexibleVersions: '4+' },
  {
    throttleTimeMs: int32('1+', { default: 0, ignorable: true }),
    responses: array('0+', {
      name: string('0+', { nullable: '6+', key: true }),
      topicId: uuid('6+', { ignorable: true }),
      errorCode: int16('0+'),
      errorMessage: string('5+', { nullable: '5+', default: null, ignorable: true }),
    }),
  },
);
export type DeleteTopicsResponse = Infer<typeof DeleteTopicsResponse>;

export const CreatePartitionsRequest = message(
  'CreatePartitionsRequest',
  { type: 'request', apiKey: 37, validVersions: '0-3', flexibleVersions: '2+' },
  {
    topics: array('0+', {
      name: string('0+', { key: true }),
      count: int32('0+'),
      assignments: array(
        '0+',
        {
          brokerIds: array('0+', 'int32'),
        },
        { nullable: '0+' },
      ),
    }),
    timeoutMs: int32('0+'),
    validateOnly: bool('0+'),
  },
);
export type CreatePartitionsRequest = Infer<typeof CreatePartitionsRequest>;

export const CreatePartitionsResponse = message(
  'CreatePartitionsResponse',
  { type: 'response', apiKey: 37, validVersions: '0-3', flexibleVersions: '2+' },
  {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      name: string('0+'),
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+', default: null }),
    }),
  },
);
export type CreatePartitionsResponse = Infer<typeof CreatePartitionsResponse>;

/**
 * The state of share partitions, between group coordinators, partition leaders and the share coordinator (KIP-932).
 */
import { array, int16, int32, int64, int8, message, string, uuid } from '../schema';
import type { Infer } from '../schema';

export const InitializeShareGroupStateRequest = message(
  'InitializeShareGroupStateRequest',
  { type: 'request', apiKey: 83, validVersions: '0', flexibleVersions: '0+' },
  {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        stateEpoch: int32('0+'),
        startOffset: int64('0+'),
      }),
    }),
  },
);
export type InitializeShareGroupStateRequest = Infer<typeof InitializeShareGroupStateRequest>;

export const InitializeShareGroupStateResponse = message(
  'InitializeShareGroupStateResponse',
  { type: 'response', apiKey: 83, validVersions: '0', flexibleVersions: '0+' },
  {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
    }),
  },
);
export type InitializeShareGroupStateResponse = Infer<typeof InitializeShareGroupStateResponse>;

export const ReadShareGroupStateRequest = message(
  'ReadShareGroupStateRequest',
  { type: 'request', apiKey: 84, validVersions: '0', flexibleVersions: '0+' },
  {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        leaderEpoch: int32('0+'),
      }),
    }),
  },
);
export type ReadShareGroupStateRequest = Infer<typeof ReadShareGroupStateRequest>;

export const ReadShareGroupStateResponse = message(
  'ReadShareGroupStateResponse',
  { type: 'response', apiKey: 84, validVersions: '0', flexibleVersions: '0+' },
  {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        stateEpoch: int32('0+'),
        startOffset: int64('0+'),
        stateBatches: array('0+', {
          firstOffset: int64('0+'),
          lastOffset: int64('0+'),
          deliveryState: int8('0+'),
          deliveryCount: int16('0+'),
        }),
      }),
    }),
  },
);
export type ReadShareGroupStateResponse = Infer<typeof ReadShareGroupStateResponse>;

export const WriteShareGroupStateRequest = message(
  'WriteShareGroupStateRequest',
  { type: 'request', apiKey: 85, validVersions: '0-1', flexibleVersions: '0+' },
  {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        stateEpoch: int32('0+'),
        leaderEpoch: int32('0+'),
        startOffset: int64('0+'),
        deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
        stateBatches: array('0+', {
          firstOffset: int64('0+'),
          lastOffset: int64('0+'),
          deliveryState: int8('0+'),
          deliveryCount: int16('0+'),
        }),
      }),
    }),
  },
);
export type WriteShareGroupStateRequest = Infer<typeof WriteShareGroupStateRequest>;

export const WriteShareGroupStateResponse = message(
  'WriteShareGroupStateResponse',
  { type: 'response', apiKey: 85, validVersions: '0-1', flexibleVersions: '0+' },
  {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
    }),
  },
);
export type WriteShareGroupStateResponse = Infer<typeof WriteShareGroupStateResponse>;

export const DeleteShareGroupStateRequest = message(
  'DeleteShareGroupStateRequest',
  { type: 'request', apiKey: 86, validVersions: '0', flexibleVersions: '0+' },
  {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
      }),
    }),
  },
);
export type DeleteShareGroupStateRequest = Infer<typeof DeleteShareGroupStateRequest>;

export const DeleteShareGroupStateResponse = message(
  'DeleteShareGroupStateResponse',
  { type: 'response', apiKey: 86, validVersions: '0', flexibleVersions: '0+' },
  {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
      }),
    }),
  },
);
export type DeleteShareGroupStateResponse = Infer<typeof DeleteShareGroupStateResponse>;

export const ReadShareGroupStateSummaryRequest = message(
  'ReadShareGroupStateSummaryRequest',
  { type: 'request', apiKey: 87, validVersions: '0-1', flexibleVersions: '0+' },
  {
    groupId: string('0+'),
    topics: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        leaderEpoch: int32('0+'),
      }),
    }),
  },
);
export type ReadShareGroupStateSummaryRequest = Infer<typeof ReadShareGroupStateSummaryRequest>;

export const ReadShareGroupStateSummaryResponse = message(
  'ReadShareGroupStateSummaryResponse',
  { type: 'response', apiKey: 87, validVersions: '0-1', flexibleVersions: '0+' },
  {
    results: array('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', {
        partition: int32('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+', default: null }),
        stateEpoch: int32('0+'),
        leaderEpoch: int32('0+'),
        startOffset: int64('0+'),
        deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
      }),
    }),
  },
);
export type ReadShareGroupStateSummaryResponse = Infer<typeof ReadShareGroupStateSummaryResponse>;

/** Fetch requests made in advance, and where the fields lie that a fetch loop patches or looks at. Without fetch sessions. */
import { apis, responseHeaderVersion } from '../../wire/api-keys';
import { encode } from '../../wire/codec';
import type { Input } from '../../wire/schema';
import { firstDifference } from './layout';
import type { Topic } from './topics';
import { isFlexible, requestFrame } from './wire-connection';

export interface FetchLimits {
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
}

export interface FetchLayout {
  /** In a request, with its size in front: an int64. */
  readonly fetchOffsetAt: number;
  /** In a response, without its size. */
  readonly errorAt: number;
  readonly partitionErrorAt: number;
  /** The length of the records as a varint, plus one; the records follow. */
  readonly recordsLengthAt: number;
}

const MAX_WAIT_MS = 500;

export function fetchRequest(topic: Topic, partition: number, fetchOffset: number, limits: FetchLimits) {
  return {
    maxWaitMs: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: limits.maxBytes,
    topics: [
      {
        topic: topic.name,
        topicId: topic.id,
        partitions: [{ partition, fetchOffset, partitionMaxBytes: limits.partitionMaxBytes }],
      },
    ],
    forgottenTopicsData: [],
  } satisfies Input<typeof apis.Fetch.request>;
}

export function fetchFrame(version: number, topic: Topic, partition: number, limits: FetchLimits): Buffer {
  return requestFrame(apis.Fetch, version, partition, fetchRequest(topic, partition, 0, limits));
}

export function fetchLayout(version: number, topic: Topic, limits: FetchLimits): FetchLayout {
  if (!isFlexible(apis.Fetch, version)) throw new Error(`Fetch v${version} is too old for this load generator`);
  const request = (offset: number): Buffer =>
    requestFrame(apis.Fetch, version, 0, fetchRequest(topic, 0, offset, limits));
  const headerBytes = responseHeaderVersion(apis.Fetch, version) === 1 ? 5 : 4;
  const response = (errorCode: number, partitionError: number, records: Uint8Array): Uint8Array =>
    encode(apis.Fetch.response, version, {
      errorCode,
      responses: [
        {
          topic: topic.name,
          topicId: topic.id,
          partitions: [
            {
              partitionIndex: 0,
              errorCode: partitionError,
              highWatermark: 0,
              abortedTransactions: null,
              records,
            },
          ],
        },
      ],
    });
  const plain = response(0, 0, Buffer.from([1]));
  return {
    // Only the lowest byte of the int64 differs.
    fetchOffsetAt: firstDifference(request(0), request(1)) - 7,
    errorAt: headerBytes + firstDifference(plain, response(0x0101, 0, Buffer.from([1]))),
    partitionErrorAt: headerBytes + firstDifference(plain, response(0, 0x0101, Buffer.from([1]))),
    recordsLengthAt: headerBytes + firstDifference(plain, response(0, 0, Buffer.from([2]))) - 1,
  };
}

/**
 * ListOffsets: v4 leader epoch, v7 offset of the largest timestamp (KIP-734), v8 earliest local, v9 and v11 tiered.
 * OffsetForLeaderEpoch: KIP-101, KIP-279, KIP-320.
 */
import type { Infer, Input } from '../../wire/schema';
import {
  ListOffsetsRequest,
  ListOffsetsResponse,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../wire/schema/offsets';
import { ErrorCode } from '../../wire/base/error-codes';
import { DecodeError } from '../../wire/base/errors';
import { findByTimestamp, findMaxTimestamp, type FoundTimestamp } from '../../log/log-reader';
import { LogStorageError } from '../../log/log-error';
import { DEFAULT_DECODE_LIMITS } from '../../wire/record/records';
import type { Partition } from '../replication/partition';
import { handler, type Call } from './handler';
import { mapInTurns } from './in-turns';
import { leaderLookup } from './leader-lookup';

type RequestPartition = Infer<typeof ListOffsetsRequest>['topics'][number]['partitions'][number];
type ResponsePartition = Input<typeof ListOffsetsResponse>['topics'][number]['partitions'][number];

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;

/** The version that brought each special timestamp. */
const SPECIAL_SINCE: ReadonlyMap<number, number> = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
]);

const LEADER_EPOCH_SINCE = 4;

const NOT_FOUND = { timestamp: -1, offset: -1, leaderEpoch: -1 };

export const listOffsets = handler({
  request: ListOffsetsRequest,
  response: ListOffsetsResponse,
  handle(call, request, respond) {
    const readCommitted = request.isolationLevel === 1;
    const topics = new Map<string, { name: string; partitions: ResponsePartition[] }>();
    const asked = [...byTopic(request.topics)].flatMap(([name, partitions]) => {
      topics.set(name, { name, partitions: [] });
      return [...partitions].map(([index, partition]) => ({ name, index, partition }));
    });
    // A timestamp may cost the decompression of a batch.
    const list = ({ name, index, partition }: (typeof asked)[number]): void => {
      const listed =
        partition === TWICE
          ? refused(index, ErrorCode.INVALID_REQUEST)
          : listPartition(call, name, partition, readCommitted);
      topics.get(name)?.partitions.push(listed);
    };
    mapInTurns(call, asked, list, () => respond({ topics: [...topics.values()] }));
  },
});

/** A partition that is asked for more than once: nobody knows what is meant. */
const TWICE = 'twice';

function byTopic(
  topics: Infer<typeof ListOffsetsRequest>['topics'],
): ReadonlyMap<string, ReadonlyMap<number, RequestPartition | typeof TWICE>> {
  const byName = new Map<string, Map<number, RequestPartition | typeof TWICE>>();
  for (const { name, partitions } of topics) {
    if (partitions.length === 0) continue;
    const byIndex = byName.get(name) ?? new Map<number, RequestPartition | typeof TWICE>();
    byName.set(name, byIndex);
    for (const partition of partitions) {
      const { partitionIndex } = partition;
      byIndex.set(partitionIndex, byIndex.has(partitionIndex) ? TWICE : partition);
    }
  }
  return byName;
}

function refused(partitionIndex: number, errorCode: number): ResponsePartition {
  return { partitionIndex, errorCode, ...NOT_FOUND };
}

function listPartition(
  call: Call,
  topic: string,
  requested: RequestPartition,
  readCommitted: boolean,
): ResponsePartition {
  const { partitionIndex, timestamp, currentLeaderEpoch } = requested;
  const failed = (errorCode: number): ResponsePartition => refused(partitionIndex, errorCode);
  if (timestamp < 0 && (SPECIAL_SINCE.get(timestamp) ?? Infinity) > call.apiVersion)
    return failed(ErrorCode.UNSUPPORTED_VERSION);
  const found = leaderLookup(call.services, {
    topic,
    topicId: null,
    partition: partitionIndex,
    currentLeaderEpoch,
  });
  if (!found.ok) return failed(found.errorCode);
  try {
    const { leaderEpoch, ...answer } = lookUp(found.partition, timestamp, readCommitted);
    const epoch = call.apiVersion >= LEADER_EPOCH_SINCE ? { leaderEpoch } : {};
    return { partitionIndex, errorCode: ErrorCode.NONE, ...answer, ...epoch };
  } catch (error) {
    if (error instanceof LogStorageError) return failed(error.errorCode);
    // With log.record.validation=header a batch may hold what no decoder can read.
    if (error instanceof DecodeError) return failed(ErrorCode.CORRUPT_MESSAGE);
    throw error;
  }
}

function lookUp({ log, core }: Partition, timestamp: number, readCommitted: boolean): typeof NOT_FOUND {
  const endOffset = readCommitted ? log.lastStableOffset : log.highWatermark;
  switch (timestamp) {
    case LATEST:
      return { timestamp: -1, offset: endOffset, leaderEpoch: core.leaderEpoch };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: log.logStartOffset, leaderEpoch: log.epochs.epochForOffset(log.logStartOffset) };
    case MAX_TIMESTAMP:
      return visible(findMaxTimestamp(log, DEFAULT_DECODE_LIMITS), endOffset);
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return NOT_FOUND;
    default:
      return visible(findByTimestamp(log, timestamp, DEFAULT_DECODE_LIMITS), endOffset);
  }
}

/** What lies past the committed end does not exist for a client yet. */
function visible(found: FoundTimestamp | null, endOffset: number): typeof NOT_FOUND {
  if (found === null || found.offset >= endOffset) return NOT_FOUND;
  return { timestamp: found.timestampMs, offset: found.offset, leaderEpoch: found.leaderEpoch };
}

export const offsetForLeaderEpoch = handler({
  request: OffsetForLeaderEpochRequest,
  response: OffsetForLeaderEpochResponse,
  handle(call, request, respond) {
    respond({
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
          const found = leaderLookup(call.services, { topic, topicId: null, partition, currentLeaderEpoch });
          if (!found.ok) return { partition, errorCode: found.errorCode };
          const { log } = found.partition;
          const { epoch, endOffset } = log.epochs.endOffsetFor(leaderEpoch, log.logEndOffset);
          return { partition, errorCode: ErrorCode.NONE, leaderEpoch: epoch, endOffset };
        }),
      })),
    });
  },
});

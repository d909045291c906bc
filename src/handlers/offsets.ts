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
    const reader = readerOf(request);
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
          : listPartition(call, name, partition, reader);
      topics.get(name)?.partitions.push(listed);
    };
    mapInTurns(call, asked, list, () => respond({ topics: [...topics.values()] }));
  },
});

/** Consumers see what is committed, or stable; followers, and debugging tools, the whole log. */
type Reader = 'stable' | 'committed' | 'all';

const CONSUMER = -1;
const READ_COMMITTED = 1;

function readerOf({ replicaId, isolationLevel }: Infer<typeof ListOffsetsRequest>): Reader {
  if (replicaId !== CONSUMER) return 'all';
  return isolationLevel === READ_COMMITTED ? 'stable' : 'committed';
}

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
  reader: Reader,
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
    const listed = lookUp(found.partition, timestamp, reader);
    if (listed === NOT_KNOWN_YET) return failed(notAvailable(call.apiVersion));
    const { leaderEpoch, ...answer } = listed;
    const epoch = call.apiVersion >= LEADER_EPOCH_SINCE ? { leaderEpoch } : {};
    return { partitionIndex, errorCode: ErrorCode.NONE, ...answer, ...epoch };
  } catch (error) {
    if (error instanceof LogStorageError) return failed(error.errorCode);
    // With log.record.validation=header a batch may hold what no decoder can read.
    if (error instanceof DecodeError) return failed(ErrorCode.CORRUPT_MESSAGE);
    throw error;
  }
}

const NOT_KNOWN_YET = 'not-known-yet';
const OFFSET_NOT_AVAILABLE_SINCE = 5;

function notAvailable(apiVersion: number): number {
  return apiVersion >= OFFSET_NOT_AVAILABLE_SINCE ? ErrorCode.OFFSET_NOT_AVAILABLE : ErrorCode.LEADER_NOT_AVAILABLE;
}

/**
 * After an election a leader does not know how much of what it took over is committed, until its high watermark has reached
 * the start of its epoch: consumers that ask meanwhile shall ask again (KIP-207).
 */
function lookUp({ log, core }: Partition, timestamp: number, reader: Reader): typeof NOT_FOUND | typeof NOT_KNOWN_YET {
  const endOffset = reader === 'all' ? log.logEndOffset : reader === 'stable' ? log.lastStableOffset : log.highWatermark;
  const beyond = reader !== 'all' && core.epochStartOffset > log.highWatermark ? NOT_KNOWN_YET : NOT_FOUND;
  switch (timestamp) {
    case LATEST:
      return beyond === NOT_KNOWN_YET ? beyond : { timestamp: -1, offset: endOffset, leaderEpoch: core.leaderEpoch };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: log.logStartOffset, leaderEpoch: log.epochs.epochForOffset(log.logStartOffset) };
    case MAX_TIMESTAMP:
      return visible(findMaxTimestamp(log, DEFAULT_DECODE_LIMITS), endOffset, beyond);
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return NOT_FOUND;
    default:
      return visible(findByTimestamp(log, timestamp, DEFAULT_DECODE_LIMITS), endOffset, beyond);
  }
}

/** What lies past the committed end does not exist for a client yet. */
function visible<Beyond>(found: FoundTimestamp | null, endOffset: number, beyond: Beyond): typeof NOT_FOUND | Beyond {
  if (found === null) return NOT_FOUND;
  if (found.offset >= endOffset) return beyond;
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

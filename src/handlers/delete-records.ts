/**
 * DeleteRecords (KIP-107): moves the start of logs forward; what lies wholly below goes with the next retention. The answer
 * waits until every live replica has moved too, and tells the low watermark: the lowest start among them.
 */
import type { Infer, Input } from '../../wire/schema';
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../wire/schema/offsets';
import { ErrorCode } from '../../wire/base/error-codes';
import { isCompacted, isDeleted } from '../../log/log-config';
import { isInternalTopic } from '../metadata/internal-topics';
import type { Partition } from '../replication/partition';
import { handler, type Call } from './handler';
import { mapInTurns } from './in-turns';
import { leaderLookup } from './leader-lookup';

type Response = Input<typeof DeleteRecordsResponse>;
type Result = Response['topics'][number]['partitions'][number];

/** A client's offset for everything that is committed. */
const HIGH_WATERMARK = -1;
const UNKNOWN_WATERMARK = -1;

interface Asked {
  readonly topic: string;
  readonly index: number;
  readonly offset: number;
}

/** A partition whose log start has moved here; its replicas follow. */
interface Moved {
  readonly asked: Asked;
  readonly partition: Partition;
  /** The low watermark that ends the waiting. */
  readonly offset: number;
  errorCode: number;
  lowWatermark: number;
}

type Outcome = Moved | { readonly asked: Asked; readonly errorCode: number; readonly lowWatermark: number };

export const deleteRecords = handler({
  request: DeleteRecordsRequest,
  response: DeleteRecordsResponse,
  handle(call, request, respond) {
    mapInTurns(call, eachOnce(request), (asked) => deleteBefore(call, asked), (outcomes) =>
      new DeleteRecords(call, outcomes, respond).await(request.timeoutMs),
    );
  },
});

/** Of a partition that is named twice the last offset is meant. */
function eachOnce({ topics }: Infer<typeof DeleteRecordsRequest>): Asked[] {
  const byName = new Map<string, Map<number, Asked>>();
  for (const { name, partitions } of topics) {
    const byIndex = byName.get(name) ?? new Map<number, Asked>();
    byName.set(name, byIndex);
    for (const { partitionIndex: index, offset } of partitions) byIndex.set(index, { topic: name, index, offset });
  }
  return [...byName.values()].flatMap((byIndex) => [...byIndex.values()]);
}

function deleteBefore({ services }: Call, asked: Asked): Outcome {
  const { topic, index: partition } = asked;
  const failed = (errorCode: number): Outcome => ({ asked, errorCode, lowWatermark: UNKNOWN_WATERMARK });
  const found = leaderLookup(services, { topic, topicId: null, partition, currentLeaderEpoch: -1 });
  if (!found.ok && found.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return failed(found.errorCode);
  if (isInternalTopic(topic)) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION);
  if (!found.ok) return failed(found.errorCode);
  const { log } = found.partition;
  // Records that compaction alone may remove.
  if (isCompacted(log.config) && !isDeleted(log.config)) return failed(ErrorCode.POLICY_VIOLATION);
  const offset = asked.offset === HIGH_WATERMARK ? log.highWatermark : asked.offset;
  if (offset < 0 || offset > log.highWatermark) return failed(ErrorCode.OFFSET_OUT_OF_RANGE);
  found.partition.advanceLogStart(offset);
  return { asked, partition: found.partition, offset, errorCode: ErrorCode.NONE, lowWatermark: UNKNOWN_WATERMARK };
}

class DeleteRecords {
  private readonly moved: readonly Moved[];

  constructor(
    private readonly call: Call,
    private readonly outcomes: readonly Outcome[],
    private readonly respond: (response: Response) => void,
  ) {
    this.moved = outcomes.filter((outcome) => 'partition' in outcome);
  }

  await(timeoutMs: number): void {
    const keys = this.moved.map(({ partition }) => partition.key);
    this.call.services.replicas.deletePurgatory.tryCompleteElseWatch(this, keys, timeoutMs);
  }

  tryComplete(): boolean {
    if (!this.moved.every((moved) => this.isSettled(moved))) return false;
    this.respond(this.response());
    return true;
  }

  expire(): void {
    for (const moved of this.moved) if (!this.isSettled(moved)) moved.errorCode = ErrorCode.REQUEST_TIMED_OUT;
    this.respond(this.response());
  }

  failed(error: unknown): void {
    this.call.connection.failed(error);
  }

  /** Whether nothing is left to wait for; another leader's replicas are none of ours. */
  private isSettled(moved: Moved): boolean {
    if (moved.errorCode !== ErrorCode.NONE || moved.lowWatermark !== UNKNOWN_WATERMARK) return true;
    const { partition, offset, asked } = moved;
    const isGone = this.call.services.replicas.find(asked.topic, asked.index) !== partition;
    moved.errorCode = isGone ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : partition.core.checkLeader(-1);
    if (moved.errorCode !== ErrorCode.NONE) return true;
    const { lowWatermark } = partition.core;
    if (lowWatermark < offset) return false;
    moved.lowWatermark = lowWatermark;
    return true;
  }

  private response(): Response {
    const topics = new Map<string, { name: string; partitions: Result[] }>();
    for (const { asked, errorCode, lowWatermark } of this.outcomes) {
      const topic = topics.get(asked.topic) ?? { name: asked.topic, partitions: [] };
      topics.set(asked.topic, topic);
      topic.partitions.push({ partitionIndex: asked.index, errorCode, lowWatermark });
    }
    return { topics: [...topics.values()] };
  }
}

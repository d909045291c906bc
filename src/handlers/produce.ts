/**
 * Produce. v3 batches of magic 2, v5 log start offset, v7 zstd, v8 record errors (KIP-467), v9 flexible, v10 current leader
 * (KIP-951), v13 topic ids.
 *
 * A partition's batch is validated, given its offset in place and written with one call; what waits then is only the answer:
 * for the high watermark with acks=all, for an fsync where the settings ask for one. acks=0 gets no answer, and a closed
 * connection for an error, since there is no other way to tell.
 */
import type { Infer, Input } from '../../wire/schema';
import { ProduceRequest, ProduceResponse } from '../../wire/schema/produce';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import type { AppendOutcome } from '../../log/append-outcome';
import { LogStorageError } from '../../log/log-error';
import { BATCH_HEADER_BYTES, BatchAttribute, BatchField, MAGIC_V2, magicAt } from '../../wire/record/batch';
import { validateBatch } from '../../wire/record/validation';
import { isInternalTopic } from '../metadata/internal-topics';
import type { Partition } from '../replication/partition';
import { leadersForProduce } from './current-leader';
import { handler, type Call } from './handler';
import { leaderLookup } from './leader-lookup';
import { appendMirrored } from './mirror-append';

type Request = Infer<typeof ProduceRequest>;
type Response = Input<typeof ProduceResponse>;
type PartitionData = Request['topicData'][number]['partitionData'][number];
type PartitionResponse = Response['responses'][number]['partitionResponses'][number];

const ALL = -1;
/** What one turn of the loop takes of a request; at least one partition. */
const MAX_SLICE_BYTES = 1024 * 1024;
const MAX_SLICE_PARTITIONS = 1000;
const TOPIC_IDS_SINCE = 13;
/** Kafka's own tools may write to internal topics under this client id. */
const ADMIN_CLIENT_ID = '__admin_client';

interface TopicResponse {
  readonly name: string;
  readonly topicId: string;
  readonly partitionResponses: PartitionResponse[];
}

/** One partition of a request. */
interface Entry {
  readonly topic: Request['topicData'][number];
  readonly data: PartitionData;
  /** Of its topic. */
  readonly isFirst: boolean;
}

/** What has to come before a partition's append may be answered. */
interface Pending {
  readonly partition: Partition;
  /** Of its log when it was appended: truncation makes another. */
  readonly generation: number;
  readonly response: PartitionResponse;
  readonly lastOffset: number;
  readonly needsFlush: boolean;
  errorCode: number;
}

export const produce = handler({
  request: ProduceRequest,
  response: ProduceResponse,
  mayOverlap: true,
  handle(call, request, respond) {
    return new Produce(call, request, respond).goOn(request);
  },
});

class Produce {
  private readonly pending: Pending[] = [];
  /** So many of them, from the first on, have been found settled. */
  private settledCount = 0;
  private readonly responses: TopicResponse[] = [];
  private readonly acks: number;
  private readonly timeoutMs: number;
  /** Of the request as a whole. */
  private readonly refusal: number;
  private request: Request | null = null;
  private entries: readonly Entry[] = [];
  private entriesDone = 0;
  /** A partition is led by another broker. */
  private hasMoved = false;

  constructor(
    private readonly call: Call,
    request: Request,
    private readonly respond: (response: Response | null) => void,
  ) {
    this.acks = request.acks;
    this.timeoutMs = request.timeoutMs;
    this.refusal = refusalOf(request);
  }

  /** Appends partition by partition until that is enough for one turn of the loop; what comes back goes on. */
  goOn(request: Request): ((request: Request) => ReturnType<Produce['goOn']>) | undefined {
    if (request !== this.request) this.entries = entriesOf(request);
    this.request = request;
    let sliceBytes = 0;
    for (let i = 0; this.entriesDone < this.entries.length; i++, this.entriesDone++) {
      const entry = this.entries[this.entriesDone] as Entry;
      sliceBytes += entry.data.records?.length ?? 0;
      if (i > 0 && (sliceBytes > MAX_SLICE_BYTES || i === MAX_SLICE_PARTITIONS)) return (again) => this.goOn(again);
      this.appendEntry(entry);
    }
    // Its bytes are no longer needed, and are not kept alive while the answer waits.
    this.request = null;
    this.entries = [];
    this.appended();
    return undefined;
  }

  private appendEntry({ topic: { name, topicId }, data, isFirst }: Entry): void {
    if (isFirst) this.responses.push({ name, topicId, partitionResponses: [] });
    this.responses.at(-1)?.partitionResponses.push(this.append(name, topicId, data));
  }

  private appended(): void {
    if (this.acks === 0) return this.finishUnacknowledged(this.responses);
    const answer = { responses: this.responses };
    if (this.pending.length === 0) return this.respond(this.withLeaders(answer));
    const keys = this.pending.map(({ partition }) => partition.key);
    const waiting = {
      tryComplete: () => this.isComplete() && this.finish(answer),
      expire: () => void this.finish(answer, ErrorCode.REQUEST_TIMED_OUT),
      failed: (error: unknown) => this.call.connection.failed(error),
    };
    this.call.services.replicas.producePurgatory.tryCompleteElseWatch(waiting, keys, this.timeoutMs);
  }

  private append(topic: string, topicId: string, data: PartitionData): PartitionResponse {
    if (this.refusal !== ErrorCode.NONE) return failed(data.index, this.refusal);
    const found = leaderLookup(this.call.services, {
      topic,
      topicId: this.call.apiVersion >= TOPIC_IDS_SINCE ? topicId : null,
      partition: data.index,
      currentLeaderEpoch: -1,
    });
    if (!found.ok) {
      this.hasMoved ||= found.errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER;
      return failed(data.index, found.errorCode);
    }
    const name = found.partition.log.topicPartition.topic;
    if (isInternalTopic(name) && this.call.clientId !== ADMIN_CLIENT_ID) {
      return failed(data.index, ErrorCode.INVALID_TOPIC_EXCEPTION, `Cannot append to internal topic ${name}`);
    }
    try {
      return this.appendTo(found.partition, data);
    } catch (error) {
      if (error instanceof LogStorageError) return failed(data.index, error.errorCode, error.message);
      throw error;
    }
  }

  private appendTo(partition: Partition, data: PartitionData): PartitionResponse {
    const { env, produceRules } = this.call.services;
    const { log, core } = partition;
    const minIsr = log.config.minInsyncReplicas;
    if (this.acks === ALL && core.isUnderMinIsr(minIsr)) {
      const message = `The size of the current ISR [${core.isr.join(', ')}] is insufficient to satisfy the min.isr requirement of ${minIsr} for partition ${partition.key}`;
      return failed(data.index, ErrorCode.NOT_ENOUGH_REPLICAS, message, log.logStartOffset);
    }
    if (data.mirror !== null || log.config.mirrorSource !== '') {
      const judged = appendMirrored(partition, data.mirror, data.records ?? NO_RECORDS, env.crc32c);
      return 'outcome' in judged ? this.appendedAs(partition, data, judged.outcome, -1) : { index: data.index, ...judged };
    }
    const rules = produceRules.for(log.config, this.call.apiVersion);
    const validated = validateBatch(data.records ?? NO_RECORDS, rules, env.clock.wallMs());
    if (!validated.ok) {
      const recordErrors = validated.recordErrors.map((e) => ({
        batchIndex: e.batchIndex,
        batchIndexErrorMessage: e.message,
      }));
      const { errorCode, message } = validated;
      const logStartOffset = validated.isMalformedRequest || TELLS_NO_OFFSET.has(errorCode) ? -1 : log.logStartOffset;
      return { ...failed(data.index, errorCode, message, logStartOffset), recordErrors };
    }
    return this.appendedAs(partition, data, partition.append(validated.bytes, 'client'), validated.logAppendTimeMs);
  }

  private appendedAs(
    partition: Partition,
    data: PartitionData,
    outcome: AppendOutcome,
    logAppendTimeMs: number,
  ): PartitionResponse {
    const { log } = partition;
    if (outcome.status === 'refused') return failed(data.index, outcome.errorCode, outcome.message, log.logStartOffset);
    const response = {
      index: data.index,
      errorCode: ErrorCode.NONE,
      baseOffset: outcome.baseOffset,
      logAppendTimeMs: outcome.status === 'duplicate' ? outcome.timestampMs : logAppendTimeMs,
      logStartOffset: log.logStartOffset,
    };
    const needsFlush =
      this.call.services.config.get('log.flush.before.ack') || (outcome.status === 'appended' && outcome.isFlushDue);
    const pending = {
      partition,
      generation: log.generation,
      response,
      lastOffset: outcome.lastOffset,
      needsFlush,
      errorCode: ErrorCode.NONE as number,
    };
    if (this.acks !== 0 && !this.isSettled(pending)) this.pending.push(pending);
    return response;
  }

  /** Whether nothing is left to wait for; a partition that has failed meanwhile has its error noted. */
  private isSettled(pending: Pending): boolean {
    const { partition, lastOffset, needsFlush } = pending;
    // Who has lost its leader once may find another log here when the same broker leads again.
    if (pending.errorCode !== ErrorCode.NONE) return true;
    const errorCode = partition.core.checkLeader(-1);
    // This broker may have followed another leader, been cut back, and lead again since it was looked at last.
    const isCut = partition.log.generation !== pending.generation;
    if (errorCode !== ErrorCode.NONE || isCut) {
      pending.errorCode = errorCode === ErrorCode.NONE ? ErrorCode.NOT_LEADER_OR_FOLLOWER : errorCode;
      return true;
    }
    if (needsFlush && partition.log.flushedOffset <= lastOffset) return false;
    if (this.acks !== ALL) return true;
    if (partition.log.highWatermark <= lastOffset) return false;
    // The ISR may have shrunk since the append.
    const { core, log } = partition;
    if (core.isAckedByTooFew(log.config.minInsyncReplicas)) pending.errorCode = ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
    return true;
  }

  /** Goes on where it came to a halt last: a request with very many partitions is looked at as often as they move. */
  private isComplete(): boolean {
    for (; this.settledCount < this.pending.length; this.settledCount++) {
      if (!this.isSettled(this.pending[this.settledCount] as Pending)) return false;
    }
    return true;
  }

  /** Answers; appends that are still waiting get `lateError`, since their records are there but not confirmed. */
  private finish(answer: Response, lateError: number = ErrorCode.NONE): true {
    const errors = new Map<PartitionResponse, number>();
    for (const pending of this.pending) {
      const settled = this.isSettled(pending);
      const errorCode = settled ? pending.errorCode : lateError;
      if (errorCode !== ErrorCode.NONE) errors.set(pending.response, errorCode);
      this.hasMoved ||= errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER;
    }
    this.respond(this.withLeaders(errors.size === 0 ? answer : withErrors(answer, errors)));
    return true;
  }

  /** Says who leads instead, where this broker does not (KIP-951). */
  private withLeaders(answer: Response): Response {
    if (!this.hasMoved) return answer;
    const leaders = leadersForProduce(this.call);
    const { metadata } = this.call.services;
    const responses = answer.responses.map((topic) => {
      const name = this.call.apiVersion >= TOPIC_IDS_SINCE ? metadata.topicById(topic.topicId ?? '')?.name : topic.name;
      const partitionResponses = topic.partitionResponses.map((response) => {
        const currentLeader = leaders.of(response.errorCode, name, response.index);
        return currentLeader === null ? response : { ...response, currentLeader };
      });
      return { ...topic, partitionResponses };
    });
    const { nodeEndpoints } = leaders;
    return nodeEndpoints.length === 0 ? { responses } : { responses, nodeEndpoints };
  }

  private finishUnacknowledged(responses: Response['responses']): void {
    const error = responses
      .flatMap((topic) => topic.partitionResponses)
      .find((response) => response.errorCode !== ErrorCode.NONE);
    if (error !== undefined) this.call.connection.close(`produce with acks=0 failed: ${errorName(error.errorCode)}`);
    this.respond(null);
  }
}

/** Transactions are not served yet: what belongs to one is refused with an error after which no producer tries again. */
function refusalOf({ acks, topicData }: Request): number {
  if (topicData.some(({ partitionData }) => partitionData.some(({ records }) => isTransactional(records)))) {
    return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  }
  return acks === 0 || acks === 1 || acks === ALL ? ErrorCode.NONE : ErrorCode.INVALID_REQUIRED_ACKS;
}

/** By the header alone, before anything is known to be a batch. */
function isTransactional(records: Uint8Array | null): boolean {
  if (records === null || records.length < BATCH_HEADER_BYTES || magicAt(records, 0) !== MAGIC_V2) return false;
  return ((records[BatchField.attributes + 1] ?? 0) & BatchAttribute.transactional) !== 0;
}

const NO_RECORDS = new Uint8Array(0);

/** Errors with which Kafka does not tell where the log starts, though it knows. */
const TELLS_NO_OFFSET: ReadonlySet<number> = new Set([ErrorCode.CORRUPT_MESSAGE, ErrorCode.MESSAGE_TOO_LARGE]);

function failed(
  index: number,
  errorCode: number,
  errorMessage: string | null = null,
  logStartOffset = -1,
): PartitionResponse {
  return { index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset, errorMessage };
}

/** Topics without partitions are left out, and of a partition that is named twice the last is meant, as Kafka does it. */
function eachOnce(topics: Request['topicData']): Request['topicData'] {
  const [only] = topics;
  if (topics.length === 1 && only?.partitionData.length === 1) return topics;
  const merged = new Map<string, { topic: Request['topicData'][number]; partitions: Map<number, PartitionData> }>();
  for (const topic of topics) {
    const key = `${topic.name}\n${topic.topicId}`;
    const known = merged.get(key) ?? { topic, partitions: new Map<number, PartitionData>() };
    merged.set(key, known);
    for (const data of topic.partitionData) known.partitions.set(data.index, data);
  }
  return [...merged.values()]
    .filter(({ partitions }) => partitions.size > 0)
    .map(({ topic, partitions }) => ({ ...topic, partitionData: [...partitions.values()] }));
}

function entriesOf({ topicData }: Request): Entry[] {
  return eachOnce(topicData).flatMap((topic) =>
    topic.partitionData.map((data, index) => ({ topic, data, isFirst: index === 0 })),
  );
}

function withErrors(answer: Response, errors: ReadonlyMap<PartitionResponse, number>): Response {
  return {
    responses: answer.responses.map((topic) => ({
      ...topic,
      partitionResponses: topic.partitionResponses.map((response) => {
        const errorCode = errors.get(response);
        return errorCode === undefined ? response : failed(response.index, errorCode);
      }),
    })),
  };
}

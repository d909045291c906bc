/**
 * Fetch. v4 isolation level, v5 log start offset, v7 sessions (KIP-227), v9 leader epoch (KIP-320), v11 rack (KIP-392),
 * v12 flexible and diverging epoch, v13 topic ids (KIP-516), v15 replica state, v16 node endpoints (KIP-951).
 *
 * A broker that follows fetches like a consumer, but up to the log's end, and its offset says how far it has come. Since v11
 * a consumer may fetch from a follower, too, up to the high watermark that this one knows; the leader of a partition may say
 * which one it prefers (`replica.selector.class`).
 *
 * What a partition gives is a range of a segment's file; the bytes go from there to the socket as it drains.
 */
import type { Infer, Input } from '../../wire/schema';
import { FetchRequest, FetchResponse } from '../../wire/schema/fetch';
import { ErrorCode } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import {
  hasNews,
  readPartitions,
  type FetchedPartition,
  type FetchingFollower,
  type FetchLimits,
  type FetchRead,
} from '../replication/fetch-reader';
import { partitionKey as replicaKey, type LeaderLookup } from '../replication/replica-manager';
import type { Services } from '../services';
import { NO_SESSION_ID, type FetchPartition } from '../replication/fetch-session';
import { NO_PREFERENCE, preferredInRack, RACK_AWARE_SELECTOR } from '../replication/replica-selector';
import { LogStorageError } from '../../log/log-error';
import { fileRangeBody, releaseRangesIn } from '../network/response-body';
import { leadersForFetch, type CurrentLeader, type CurrentLeaders } from './current-leader';
import { openFetchContext, replicaIdOf, TOPIC_IDS_SINCE, type FetchContext } from './fetch-context';
import { handler, type Call } from './handler';
import { replicaLookup } from './leader-lookup';

type Request = Infer<typeof FetchRequest>;
type Response = Input<typeof FetchResponse>;
type PartitionResponse = Response['responses'][number]['partitions'][number];

const READ_COMMITTED = 1;
/** Consumers that know of racks know how to read from a follower. */
const FOLLOWERS_SINCE = 11;
const UNKNOWN: readonly number[] = [ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION];
const NO_RECORDS = new Uint8Array(0);

export const fetch = handler({
  request: FetchRequest,
  response: FetchResponse,
  handle(call, request, respond) {
    const opened = openFetchContext(call, request);
    if (!opened.ok) {
      respond({ errorCode: opened.errorCode, sessionId: 0, responses: [] });
      return;
    }
    new DelayedFetch(call, request, opened.context, respond).start();
  },
});

/** A fetch until it is answered: at once, when enough bytes are there, or when its time has run out. */
class DelayedFetch {
  private readonly limits: FetchLimits;
  /** A replica that this broker follows will do. */
  private readonly mayFollow: boolean;
  /** Nobody waits for the client's end any more. */
  private settled: () => void = () => undefined;
  /** Of the partitions, how many were not there when the request came. */
  private unknownAtFirst: number | null = null;
  /** The partitions by the keys under which it waits; null until it is woken. */
  private targets: ReadonlyMap<string, FetchPartition> | null = null;
  /** What the last look at everything gave, if that was nothing and no partition has changed since. */
  private nothingRead: FetchRead | null = null;
  /** What a follower's offsets say has been noted: later they are old. */
  private isNoted = false;

  constructor(
    private readonly call: Call,
    private readonly request: Request,
    private readonly context: FetchContext,
    private readonly respond: (response: Response) => void,
  ) {
    const maxBytes = Math.min(request.maxBytes, call.services.config.get('fetch.max.bytes'));
    const follower = followerOf(request);
    const readCommitted = follower === null && request.isolationLevel === READ_COMMITTED;
    const throttle = call.services.replicas.throttles.leader;
    const preferredReplica = follower === null ? preferenceOf(call, request) : null;
    // Without a session nobody would know what a follower was told last.
    const tellsHighWatermark = follower !== null && context.sessionId !== NO_SESSION_ID && selectsByRack(call);
    const readers = { readCommitted, follower, preferredReplica, tellsHighWatermark };
    this.limits = { maxBytes, ...readers, throttle, mayExceedForFirstBatch: true };
    this.mayFollow = follower === null && call.apiVersion >= FOLLOWERS_SINCE;
  }

  start(): void {
    const { maxWaitMs } = this.request;
    if (maxWaitMs <= 0) return this.expire();
    const keys = [...this.context.partitions()].map((target) => this.keyOf(target));
    const forget = this.call.services.replicas.fetchPurgatory.tryCompleteElseWatch(this, keys, maxWaitMs);
    if (forget !== null) this.settled = this.call.connection.whenGone(forget);
  }

  private keyOf(target: FetchPartition): string {
    if (target.watchKey !== '') return target.watchKey;
    const name = this.nameOf(target);
    if (name === undefined) return replicaKey(target.topicId, target.partition);
    target.watchKey = replicaKey(name, target.partition);
    // What is looked up under this key has its name from here.
    if (this.usesTopicIds) target.resolvedName = name;
    return target.watchKey;
  }

  private lookup(target: FetchPartition): LeaderLookup {
    const { services } = this.call;
    if (target.watchKey !== '') {
      const topicId = this.usesTopicIds ? target.topicId : '';
      const partition = services.replicas.servedUnder(target.watchKey, topicId, target.currentLeaderEpoch, this.mayFollow);
      if (partition !== null) return { ok: true, partition };
    }
    if (!this.usesTopicIds) return replicaLookup(services, { ...target, topicId: null }, this.mayFollow);
    const name = services.metadata.topicById(target.topicId)?.name;
    if (name === undefined && target.resolvedName !== '') return vanished(services, target);
    target.resolvedName = name ?? '';
    return replicaLookup(services, target, this.mayFollow);
  }

  private get usesTopicIds(): boolean {
    return this.call.apiVersion >= TOPIC_IDS_SINCE;
  }

  tryComplete(key?: string): boolean {
    this.nothingRead = null;
    if (key !== undefined && !this.mayMatter(key)) return false;
    const read = this.read();
    this.unknownAtFirst ??= read.unknownCount;
    const hasVanished = read.unknownCount > this.unknownAtFirst;
    const hasNone = read.unknownCount === read.partitions.length;
    if (!read.isUrgent && !hasVanished && !hasNone && read.sizeBytes < this.request.minBytes) {
      if (read.sizeBytes === 0 && !read.holdsBack) this.nothingRead = read;
      return false;
    }
    this.answer(read);
    return true;
  }

  /** Whether a change of one partition can bring the answer about: of thousands, only that one is looked at. */
  private mayMatter(key: string): boolean {
    this.targets ??= new Map([...this.context.partitions()].map((target) => [this.keyOf(target), target]));
    const target = this.targets.get(key);
    return target === undefined || hasNews(target, this.limits, this.lookup(target));
  }

  expire(): void {
    this.answer(this.nothingRead ?? this.read());
  }

  failed(error: unknown): void {
    this.settled();
    this.call.connection.failed(error);
  }

  private read(): FetchRead {
    const notes = this.limits.follower !== null && !this.isNoted;
    this.isNoted = true;
    return readPartitions(this.context.partitions(), this.limits, (target) => this.lookup(target), notes);
  }

  /** The name of a partition that a client with ids asks for. */
  private nameOf({ topic, topicId }: FetchPartition): string | undefined {
    return this.usesTopicIds ? this.call.services.metadata.topicById(topicId)?.name : topic;
  }

  private answer(read: FetchRead): void {
    this.settled();
    this.call.services.replicas.throttles.leader.record(read.throttledBytes);
    const told = this.context.filter(read.unknownCount > 0 ? unknownLast(read.partitions) : read.partitions);
    if (read.sizeBytes > 0) this.count(told);
    const { sessionId } = this.context;
    if (!told.some(hasMoved)) {
      return this.respond({ errorCode: ErrorCode.NONE, sessionId, responses: responsesOf(told, nobody) });
    }
    const leaders = leadersForFetch(this.call);
    const responses = responsesOf(told, ({ errorCode, target }) =>
      leaders.of(errorCode, this.nameOf(target), target.partition),
    );
    this.respond({ errorCode: ErrorCode.NONE, sessionId, responses, ...endpointsIn(leaders) });
  }

  private count(told: readonly FetchedPartition[]): void {
    const { replication } = this.call.services.replicas.traffic;
    for (const { slice, traffic, target } of told) {
      if (slice === null || traffic === null) continue;
      if (this.limits.follower !== null) replication.bytesOut += slice.sizeBytes;
      else {
        traffic.bytesOut += slice.sizeBytes;
        traffic.recordsOut += slice.nextOffset - target.fetchOffset;
      }
    }
  }
}

/** An id that was known is gone: another topic has its name, or none has. */
function vanished({ metadata }: Services, { resolvedName, partition }: FetchPartition): LeaderLookup {
  const isThere = metadata.partition(resolvedName, partition) !== null;
  return { ok: false, errorCode: isThere ? ErrorCode.INCONSISTENT_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
}

/** As Kafka lists them: what is there, then ids, then topics and partitions that are not. */
function unknownLast(partitions: readonly FetchedPartition[]): FetchedPartition[] {
  const rank = ({ errorCode }: FetchedPartition): number => 1 + UNKNOWN.indexOf(errorCode);
  return [...partitions].sort((a, b) => rank(a) - rank(b));
}

/** Null for consumers, debugging ones (-2) included. */
function followerOf(request: Request): FetchingFollower | null {
  const brokerId = replicaIdOf(request);
  return brokerId < 0 ? null : { brokerId, brokerEpoch: request.replicaState.replicaEpoch };
}

function selectsByRack({ services }: Call): boolean {
  return services.config.get('replica.selector.class') === RACK_AWARE_SELECTOR;
}

/** By rack, or null: the leader is as good as any. Only for consumers. */
function preferenceOf(call: Call, { rackId }: Request): FetchLimits['preferredReplica'] {
  if (rackId === '' || !selectsByRack(call)) return null;
  const { metadata } = call.services;
  const rackOf = (brokerId: number): string | null => metadata.aliveRack(brokerId, call.connection.listenerName);
  return ({ core }, fetchOffset) =>
    core.role === 'leading' ? preferredInRack(rackId, core.leaderId, core.followersHolding(fetchOffset), rackOf) : NO_PREFERENCE;
}

/** Versions before 16 have no place for them; there are none then. */
function endpointsIn({ nodeEndpoints }: CurrentLeaders): Pick<Response, 'nodeEndpoints'> {
  return nodeEndpoints.length === 0 ? {} : { nodeEndpoints };
}

type LeaderOf = (fetched: FetchedPartition) => CurrentLeader | null;
const nobody: LeaderOf = () => null;

function hasMoved({ errorCode }: FetchedPartition): boolean {
  return errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
}

function responsesOf(told: readonly FetchedPartition[], leaderOf: LeaderOf): Response['responses'] {
  const topics = new Map<string, { topic: string; topicId: string; partitions: PartitionResponse[] }>();
  try {
    for (const fetched of told) {
      const { topic, topicId } = fetched.target;
      const key = topicId === ZERO_UUID ? topic : topicId;
      let response = topics.get(key);
      if (response === undefined) topics.set(key, (response = { topic, topicId, partitions: [] }));
      response.partitions.push(partitionResponse(fetched, leaderOf(fetched)));
    }
  } catch (error) {
    releaseRangesIn([...topics.values()]);
    throw error;
  }
  return [...topics.values()];
}

function partitionResponse(fetched: FetchedPartition, currentLeader: CurrentLeader | null): PartitionResponse {
  const { target, slice } = fetched;
  const response = {
    partitionIndex: target.partition,
    errorCode: fetched.errorCode,
    highWatermark: fetched.highWatermark,
    lastStableOffset: fetched.lastStableOffset,
    logStartOffset: fetched.logStartOffset,
    abortedTransactions: fetched.abortedTransactions,
    ...(fetched.divergingEpoch === null ? {} : { divergingEpoch: fetched.divergingEpoch }),
    ...(currentLeader === null ? {} : { currentLeader }),
    preferredReadReplica: fetched.preferredReadReplica,
    records: NO_RECORDS,
  };
  if (slice === null) return response;
  try {
    return { ...response, records: fileRangeBody(slice) };
  } catch (error) {
    if (!(error instanceof LogStorageError)) throw error;
    target.toldHighWatermark = -1;
    return { ...response, errorCode: error.errorCode, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 };
  }
}

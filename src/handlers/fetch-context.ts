/**
 * Which partitions a Fetch means and which of them its answer names: all that it lists without a session, those of the
 * session otherwise (KIP-227). Fetch v0 to v6 and session epoch -1 know no session.
 */
import type { Infer } from '../../wire/schema';
import type { FetchRequest } from '../../wire/schema/fetch';
import { ErrorCode } from '../../wire/base/error-codes';
import type { FetchedPartition } from '../replication/fetch-reader';
import {
  FINAL_EPOCH,
  INITIAL_EPOCH,
  NO_SESSION_ID,
  partitionKey,
  type FetchPartition,
  type FetchSession,
  type FetchSessionCache,
} from '../replication/fetch-session';
import { NO_PREFERENCE } from '../replication/replica-selector';
import type { Call } from './handler';

type Request = Infer<typeof FetchRequest>;

/** Partitions are named by topic id. */
export const TOPIC_IDS_SINCE = 13;

export interface FetchContext {
  readonly sessionId: number;
  partitions(): Iterable<FetchPartition>;
  /** The partitions to name in the answer; the session remembers what is told. */
  filter(fetched: readonly FetchedPartition[]): readonly FetchedPartition[];
}

export type OpenedContext =
  | { readonly ok: true; readonly context: FetchContext }
  | { readonly ok: false; readonly errorCode: number };

export function openFetchContext(call: Call, request: Request): OpenedContext {
  const sessions = call.services.fetchSessions;
  const usesTopicIds = call.apiVersion >= TOPIC_IDS_SINCE;
  const isFull = request.sessionEpoch === INITIAL_EPOCH || request.sessionEpoch === FINAL_EPOCH;
  if (!isFull) return continueSession(sessions, request, usesTopicIds);
  if (request.sessionId !== NO_SESSION_ID) sessions.remove(request.sessionId);
  const partitions = new Map(requested(request).map((partition) => [keyOf(partition), partition]));
  const isFollower = replicaIdOf(request) >= 0;
  const session = request.sessionEpoch === INITIAL_EPOCH ? sessions.create(partitions, usesTopicIds, isFollower) : null;
  return { ok: true, context: new FullContext(session?.id ?? NO_SESSION_ID, partitions) };
}

/** -1: a consumer. Since v15 the id stands in a struct, with the broker's epoch (KIP-903). */
export function replicaIdOf({ replicaId, replicaState }: Request): number {
  return replicaState.replicaId >= 0 ? replicaState.replicaId : replicaId;
}

function requested(request: Request): FetchPartition[] {
  return request.topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((p) => ({
      topic,
      topicId,
      partition: p.partition,
      fetchOffset: p.fetchOffset,
      maxBytes: p.partitionMaxBytes,
      currentLeaderEpoch: p.currentLeaderEpoch,
      lastFetchedEpoch: p.lastFetchedEpoch,
      logStartOffset: p.logStartOffset,
      toldHighWatermark: -1,
      toldLogStartOffset: -1,
      resolvedName: '',
      watchKey: '',
    })),
  );
}

function keyOf(partition: FetchPartition): string {
  return partitionKey(partition.topic, partition.topicId, partition.partition);
}

function continueSession(sessions: FetchSessionCache, request: Request, usesTopicIds: boolean): OpenedContext {
  const found = sessions.advance(request.sessionId, request.sessionEpoch, usesTopicIds);
  if (!found.ok) return found;
  const { session } = found;
  const sizeBefore = session.partitions.size;
  for (const partition of requested(request)) updateSession(session, partition);
  if (session.partitions.size > sizeBefore && !sessions.mayKeep(session)) {
    return { ok: false, errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND };
  }
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const index of partitions) session.partitions.delete(partitionKey(topic, topicId, index));
  }
  if (session.partitions.size === 0) {
    sessions.remove(session.id);
    return { ok: true, context: new FullContext(NO_SESSION_ID, session.partitions) };
  }
  return { ok: true, context: new IncrementalContext(session) };
}

function updateSession(session: FetchSession, partition: FetchPartition): void {
  const key = keyOf(partition);
  const known = session.partitions.get(key);
  if (known === undefined) {
    session.partitions.set(key, partition);
    return;
  }
  known.fetchOffset = partition.fetchOffset;
  known.maxBytes = partition.maxBytes;
  known.currentLeaderEpoch = partition.currentLeaderEpoch;
  known.lastFetchedEpoch = partition.lastFetchedEpoch;
  known.logStartOffset = partition.logStartOffset;
  // A follower that had to truncate has not taken what it was told with that: it is told again.
  if (session.isPrivileged) known.toldHighWatermark = -1;
}

/** Names every partition; a new session, if there is one, remembers what it was told first. */
class FullContext implements FetchContext {
  constructor(
    readonly sessionId: number,
    private readonly targets: ReadonlyMap<string, FetchPartition>,
  ) {}

  partitions(): Iterable<FetchPartition> {
    return this.targets.values();
  }

  filter(fetched: readonly FetchedPartition[]): readonly FetchedPartition[] {
    fetched.forEach(remember);
    return fetched;
  }
}

/** Names what is new; who gets records is served last next time. */
class IncrementalContext implements FetchContext {
  constructor(private readonly session: FetchSession) {}

  get sessionId(): number {
    return this.session.id;
  }

  partitions(): Iterable<FetchPartition> {
    return this.session.partitions.values();
  }

  filter(fetched: readonly FetchedPartition[]): readonly FetchedPartition[] {
    const told = fetched.filter(isNews);
    for (const partition of told) {
      remember(partition);
      if (partition.slice !== null) this.session.moveToEnd(keyOf(partition.target));
    }
    return told;
  }
}

function isNews(fetched: FetchedPartition): boolean {
  const { target } = fetched;
  return (
    fetched.errorCode !== ErrorCode.NONE ||
    fetched.slice !== null ||
    fetched.divergingEpoch !== null ||
    fetched.preferredReadReplica !== NO_PREFERENCE ||
    fetched.highWatermark !== target.toldHighWatermark ||
    fetched.logStartOffset !== target.toldLogStartOffset
  );
}

/** An error is told as high watermark -1, so that recovery from it is news. */
function remember(fetched: FetchedPartition): void {
  fetched.target.toldHighWatermark = fetched.errorCode === ErrorCode.NONE ? fetched.highWatermark : -1;
  fetched.target.toldLogStartOffset = fetched.logStartOffset;
}

/**
 * Incremental fetch sessions (KIP-227): the broker remembers which partitions a client follows and what it was last told,
 * so that a request names only what changed and an answer holds only what is new.
 *
 * Invariants: at most `maxSessions`, and MAX_CACHED_PARTITIONS in all of them together; an idle or smaller older one makes
 * room for a larger new one, any client's for a follower's, else the client goes on without. A session's epochs go 1, 2, ... and wrap to 1.
 */
import type { Clock, Random } from '../../wire/base/env';
import { ErrorCode } from '../../wire/base/error-codes';

export const FINAL_EPOCH = -1;
export const INITIAL_EPOCH = 0;
export const NO_SESSION_ID = 0;
const EVICTION_IDLE_MS = 120_000;
/** A client may name any partitions, there or not: about 100 MB of them. */
export const MAX_CACHED_PARTITIONS = 400_000;
const MAX_EPOCH = 0x7fffffff;

export interface FetchPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  fetchOffset: number;
  maxBytes: number;
  currentLeaderEpoch: number;
  lastFetchedEpoch: number;
  logStartOffset: number;
  /** What the client was told last; -1 forces the next answer to name the partition. */
  toldHighWatermark: number;
  toldLogStartOffset: number;
  /** The name that the topic id had when it was last looked up; '' before. */
  resolvedName: string;
  /** Under which fetches of it wait; '' until the name is known. */
  watchKey: string;
}

export function partitionKey(topic: string, topicId: string, partition: number): string {
  return `${topic === '' ? topicId : topic}\n${partition}`;
}

export class FetchSession {
  epoch = 1;
  lastUsedMs: number;
  constructor(
    readonly id: number,
    readonly usesTopicIds: boolean,
    readonly createdMs: number,
    /** In the order in which they are served next: who got data goes to the end. */
    readonly partitions: Map<string, FetchPartition>,
    /** Of a follower. */
    readonly isPrivileged: boolean,
  ) {
    this.lastUsedMs = createdMs;
  }

  /** Serves this partition last next time, so that a busy one does not starve the others. */
  moveToEnd(key: string): void {
    const partition = this.partitions.get(key);
    if (partition === undefined) return;
    this.partitions.delete(key);
    this.partitions.set(key, partition);
  }
}

export type SessionLookup =
  | { readonly ok: true; readonly session: FetchSession }
  | { readonly ok: false; readonly errorCode: number };

export class FetchSessionCache {
  private readonly sessions = new Map<number, FetchSession>();

  constructor(
    private readonly maxSessions: number,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  get size(): number {
    return this.sessions.size;
  }

  /** A new session for these partitions, or null when the cache has no room for it. */
  create(
    partitions: Map<string, FetchPartition>,
    usesTopicIds: boolean,
    isPrivileged = false,
  ): FetchSession | null {
    const nowMs = this.clock.monotonicMs();
    if (partitions.size > MAX_CACHED_PARTITIONS) return null;
    while (!this.hasRoomFor(partitions.size)) {
      if (!this.evictFor(partitions.size, isPrivileged, nowMs)) return null;
    }
    const session = new FetchSession(this.newId(), usesTopicIds, nowMs, partitions, isPrivileged);
    this.sessions.set(session.id, session);
    return session;
  }

  private hasRoomFor(partitions: number): boolean {
    return this.sessions.size < this.maxSessions && this.partitionsCount() + partitions <= MAX_CACHED_PARTITIONS;
  }

  private partitionsCount(): number {
    let count = 0;
    for (const session of this.sessions.values()) count += session.partitions.size;
    return count;
  }

  /** Whether a session that has grown may stay; it is gone otherwise. */
  mayKeep(session: FetchSession): boolean {
    if (this.partitionsCount() <= MAX_CACHED_PARTITIONS) return true;
    this.remove(session.id);
    return false;
  }

  private newId(): number {
    for (;;) {
      const id = 1 + this.random.below(MAX_EPOCH - 1);
      if (!this.sessions.has(id)) return id;
    }
  }

  private evictFor(newSize: number, isPrivileged: boolean, nowMs: number): boolean {
    let victim: FetchSession | null = null;
    for (const session of this.sessions.values()) {
      const isIdle = nowMs - session.lastUsedMs > EVICTION_IDLE_MS;
      const isSmaller = nowMs - session.createdMs > EVICTION_IDLE_MS && session.partitions.size < newSize;
      const isLess = isPrivileged && !session.isPrivileged;
      if (!isIdle && !isLess && !(isSmaller && session.isPrivileged === isPrivileged)) continue;
      if (victim === null || session.lastUsedMs < victim.lastUsedMs) victim = session;
    }
    if (victim === null) return false;
    this.sessions.delete(victim.id);
    return true;
  }

  /** The session that an incremental request continues; its epoch moves on, unless the request is refused. */
  advance(id: number, epoch: number, usesTopicIds: boolean): SessionLookup {
    const session = this.sessions.get(id);
    if (session === undefined) return { ok: false, errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND };
    if (session.epoch !== epoch) return { ok: false, errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH };
    if (session.usesTopicIds !== usesTopicIds) return { ok: false, errorCode: ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR };
    session.epoch = epoch === MAX_EPOCH ? 1 : epoch + 1;
    session.lastUsedMs = this.clock.monotonicMs();
    // Most recently used last: eviction meets idle sessions first.
    this.sessions.delete(id);
    this.sessions.set(id, session);
    return { ok: true, session };
  }

  remove(id: number): void {
    this.sessions.delete(id);
  }
}

/**
 * What a follower asks one leader for, and when: which partitions, from which offsets, and which of them wait after an
 * error. (KIP-227 for the sessions, KIP-320 and KIP-595 for the epochs)
 *
 * States of a partition: ready; waiting (until its back-off is over, or as it is throttled); settling (its offset is being found out otherwise);
 * fenced (until the metadata brings another leader epoch). Invariants: one request is on its way at a time; the leader's
 * session holds `asked` of every partition that `isKnown`, so that only what has changed is named again; an answer for
 * another epoch, generation or offset than those asked for is of no use.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { EpochEnd } from './truncation';

/** What the core needs of a log; `PartitionLog` is one. */
export interface FollowedLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly latestEpoch: number;
  readonly generation: number;
}

export interface FollowedPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly log: FollowedLog;
}

interface Asked {
  readonly fetchOffset: number;
  readonly leaderEpoch: number;
  readonly generation: number;
}

type Status = 'ready' | 'waiting' | 'settling' | 'fenced';

/** A partition and where it stands with this leader. */
export class Followed<P extends FollowedPartition = FollowedPartition> {
  status: Status = 'ready';
  dueMs = 0;
  failures = 0;
  /** What it was asked for with last; null: nothing that comes is meant for it. */
  asked: Asked | null = null;
  /** The leader's session has it. */
  isKnown = false;
  /** It had all that was committed when the leader answered last, in this leader epoch. */
  isInSync = false;

  constructor(
    readonly partition: P,
    readonly key: string,
  ) {}
}

export interface PartitionName {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/** The next request. */
export interface FetchPlan<P extends FollowedPartition> {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly named: readonly Followed<P>[];
  readonly forgotten: readonly PartitionName[];
  readonly maxWaitMs: number;
}

/** Replicas that catch up may have to wait, so that they do not take all that there is (KIP-73). */
export interface FetchThrottle<P extends FollowedPartition> {
  isThrottled(partition: P): boolean;
  isExceeded(): boolean;
  /** When to look again. */
  waitMs(): number;
}

export interface FetcherTimes {
  /** replica.fetch.wait.max.ms */
  readonly maxWaitMs: number;
  /** replica.fetch.backoff.ms: the longest; the first is shorter, since most errors are a leader that is not there yet. */
  readonly backoffMs: number;
}

/** One partition's part in an answer. */
export interface FetchedData {
  readonly errorCode: number;
  readonly divergingEpoch: EpochEnd;
}

export type Verdict = 'append' | 'truncate' | 'settle' | 'retry' | 'fenced' | 'stale';

const FIRST_BACKOFF_SHARE = 16;
const NO_SESSION = 0;
const INITIAL_EPOCH = 0;
const MAX_EPOCH = 0x7fffffff;

export function followedKey(topicId: string, partition: number): string {
  return `${topicId}:${partition}`;
}

export class FetcherCore<P extends FollowedPartition> {
  private readonly followed = new Map<string, Followed<P>>();
  private readonly changed = new Set<Followed<P>>();
  private readonly waiting = new Set<Followed<P>>();
  private readonly forgotten = new Map<string, PartitionName>();
  private sessionId = NO_SESSION;
  private sessionEpoch = INITIAL_EPOCH;
  private failures = 0;
  private retryMs = -Infinity;

  constructor(
    private readonly times: FetcherTimes,
    private readonly throttle: FetchThrottle<P> | null = null,
  ) {}

  get size(): number {
    return this.followed.size;
  }

  get(topicId: string, partition: number): Followed<P> | undefined {
    return this.followed.get(followedKey(topicId, partition));
  }

  /** Not when it has been taken away, or added anew, since. */
  isFollowed(followed: Followed<P>): boolean {
    return this.followed.get(followed.key) === followed;
  }

  /** Follows a partition, or goes on with it in another leader epoch: news of the leader, who is asked at once. */
  add(partition: P): void {
    const key = followedKey(partition.topicId, partition.partition);
    const before = this.followed.get(key);
    const followed = new Followed(partition, key);
    if (before !== undefined) {
      followed.isKnown = before.isKnown;
      this.drop(before);
    }
    this.followed.set(key, followed);
    this.ready(followed);
    this.failures = 0;
    this.retryMs = -Infinity;
  }

  remove(topicId: string, partition: number): void {
    const followed = this.get(topicId, partition);
    if (followed === undefined) return;
    this.followed.delete(followed.key);
    this.drop(followed);
    this.leaveOut(followed);
  }

  private drop(followed: Followed<P>): void {
    this.changed.delete(followed);
    this.waiting.delete(followed);
  }

  /** What the next request will name. */
  toBeNamed(nowMs: number): ReadonlySet<Followed<P>> {
    for (const followed of this.waiting) if (followed.dueMs <= nowMs) this.ready(followed);
    return this.changed;
  }

  /** Null when there is nothing to ask for now; `nextDueMs` says when there will be. */
  plan(nowMs: number): FetchPlan<P> | null {
    this.toBeNamed(nowMs);
    this.holdBack(nowMs);
    if (nowMs < this.retryMs || !this.hasReady()) return null;
    this.retryMs = -Infinity;
    const named = [...this.changed];
    this.changed.clear();
    for (const followed of named) {
      const { leaderEpoch, log } = followed.partition;
      followed.asked = { fetchOffset: log.logEndOffset, leaderEpoch, generation: log.generation };
      followed.isKnown = true;
      this.forgotten.delete(followed.key);
    }
    const forgotten = this.sessionEpoch === INITIAL_EPOCH ? [] : [...this.forgotten.values()];
    this.forgotten.clear();
    // The clock knows parts of milliseconds, the request does not.
    const maxWaitMs = Math.max(0, Math.min(this.times.maxWaitMs, Math.ceil(this.nextDueMs - nowMs)));
    return { sessionId: this.sessionId, sessionEpoch: this.sessionEpoch, named, forgotten, maxWaitMs };
  }

  /** Leaves out who catches up and is throttled, while more has come of late than may. */
  private holdBack(nowMs: number): void {
    const { throttle } = this;
    if (throttle?.isExceeded() !== true) return;
    const dueMs = nowMs + throttle.waitMs();
    for (const followed of this.followed.values()) {
      if (followed.status === 'ready' && !followed.isInSync && throttle.isThrottled(followed.partition)) this.waitUntil(followed, dueMs);
    }
  }

  private hasReady(): boolean {
    if (this.changed.size > 0) return true;
    for (const { status } of this.followed.values()) if (status === 'ready') return true;
    return false;
  }

  /** Infinity when nothing waits. */
  get nextDueMs(): number {
    let dueMs = this.retryMs > -Infinity ? this.retryMs : Infinity;
    for (const followed of this.waiting) dueMs = Math.min(dueMs, followed.dueMs);
    return dueMs;
  }

  /** Nothing is asked for before `untilMs`. */
  postpone(untilMs: number): void {
    this.retryMs = untilMs;
  }

  /** The answer to the request that is on its way will not be looked at: everything is asked for anew. */
  interrupted(): void {
    this.startSession(this.sessionId);
  }

  /** No answer, or one that is not to be understood: everything is asked for anew, a little later. */
  failed(nowMs: number): void {
    this.startSession(NO_SESSION);
    this.retryMs = nowMs + this.backoff(this.failures++);
  }

  /** What the answer as a whole says; false when it holds nothing for the partitions. */
  answered(errorCode: number, sessionId: number, nowMs: number): boolean {
    if (errorCode !== ErrorCode.NONE) {
      // A session that is known there but went astray is closed by the full request that names it.
      const isGone = errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
      this.startSession(isGone ? NO_SESSION : this.sessionId);
      if (!SESSION_ERRORS.has(errorCode)) this.retryMs = nowMs + this.backoff(this.failures++);
      return false;
    }
    this.failures = 0;
    if (sessionId === NO_SESSION) this.startSession(NO_SESSION);
    else {
      this.sessionEpoch = this.sessionId === sessionId ? nextEpoch(this.sessionEpoch) : 1;
      this.sessionId = sessionId;
    }
    return true;
  }

  private startSession(sessionId: number): void {
    this.sessionId = sessionId;
    this.sessionEpoch = INITIAL_EPOCH;
    this.forgotten.clear();
    for (const followed of this.followed.values()) {
      followed.isKnown = false;
      if (followed.status === 'ready') this.changed.add(followed);
    }
  }

  /** What to do with one partition's part of an answer. */
  judge(followed: Followed<P>, data: FetchedData): Verdict {
    const { asked } = followed;
    const { log, leaderEpoch } = followed.partition;
    const isCurrent =
      asked !== null &&
      followed.status === 'ready' &&
      asked.leaderEpoch === leaderEpoch &&
      asked.generation === log.generation &&
      asked.fetchOffset === log.logEndOffset;
    if (!isCurrent) return 'stale';
    switch (data.errorCode) {
      case ErrorCode.NONE:
        return data.divergingEpoch.endOffset >= 0 ? 'truncate' : 'append';
      case ErrorCode.OFFSET_OUT_OF_RANGE:
        return 'settle';
      case ErrorCode.FENCED_LEADER_EPOCH:
        return 'fenced';
      default:
        return 'retry';
    }
  }

  /** What an answer had for it has been dealt with; nothing before `highWatermark` is missing if it is in sync. */
  took(followed: Followed<P>, hasMoved: boolean, highWatermark = Infinity): void {
    followed.failures = 0;
    followed.isInSync = highWatermark <= followed.partition.log.logEndOffset;
    if (hasMoved) this.ready(followed);
  }

  /** Its offset, start or epoch has moved, or may have: the next request names it. */
  ready(followed: Followed<P>): void {
    if (!this.isFollowed(followed)) return;
    followed.status = 'ready';
    this.waiting.delete(followed);
    this.changed.add(followed);
  }

  retryLater(followed: Followed<P>, nowMs: number): void {
    if (this.isFollowed(followed)) this.waitUntil(followed, nowMs + this.backoff(followed.failures++));
  }

  private waitUntil(followed: Followed<P>, dueMs: number): void {
    followed.status = 'waiting';
    followed.dueMs = dueMs;
    this.leaveOut(followed);
    this.waiting.add(followed);
  }

  /** Until `ready`, `retryLater`, or another leader epoch. */
  settle(followed: Followed<P>, status: 'settling' | 'fenced'): void {
    if (!this.isFollowed(followed)) return;
    followed.status = status;
    this.leaveOut(followed);
  }

  private leaveOut(followed: Followed<P>): void {
    this.changed.delete(followed);
    followed.asked = null;
    if (followed.isKnown) this.forgotten.set(followed.key, followed.partition);
    followed.isKnown = false;
  }

  private backoff(failures: number): number {
    const { backoffMs } = this.times;
    return Math.min(backoffMs, Math.ceil((backoffMs / FIRST_BACKOFF_SHARE) * 2 ** Math.min(failures, 10)));
  }
}

const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
]);

function nextEpoch(epoch: number): number {
  return epoch === MAX_EPOCH ? 1 : epoch + 1;
}

/**
 * What a fetch from one source broker names: with an incremental session only what has changed since the last one (KIP-227).
 *
 * Invariants: one request is on its way at a time; `known` is what the broker's session holds.
 */
import { ErrorCode } from '../../wire/base/error-codes';

/** A partition that is to be fetched. */
export interface FetchWanted {
  readonly key: string;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly fetchOffset: number;
  /** Of the batch before `fetchOffset`; -1 when it is not known. A leader with another history says so. (KIP-595) */
  readonly lastFetchedEpoch: number;
}

export interface FetchPlan {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly named: readonly FetchWanted[];
  readonly forgotten: readonly FetchWanted[];
}

const NO_SESSION = 0;
const FIRST_EPOCH = 0;
const MAX_EPOCH = 0x7fffffff;

const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
]);

export class FetchSession {
  private id = NO_SESSION;
  private epoch = FIRST_EPOCH;
  private readonly known = new Map<string, FetchWanted>();

  /** The next request for all of `wanted`. */
  plan(wanted: ReadonlyMap<string, FetchWanted>): FetchPlan {
    const named: FetchWanted[] = [];
    const forgotten: FetchWanted[] = [];
    for (const want of wanted.values()) {
      const before = this.known.get(want.key);
      if (before?.fetchOffset === want.fetchOffset && before.lastFetchedEpoch === want.lastFetchedEpoch) continue;
      this.known.set(want.key, want);
      named.push(want);
    }
    if (this.known.size > wanted.size) {
      for (const [key, want] of this.known) {
        if (wanted.has(key)) continue;
        this.known.delete(key);
        if (this.epoch !== FIRST_EPOCH) forgotten.push(want);
      }
    }
    return { sessionId: this.id, sessionEpoch: this.epoch, named, forgotten };
  }

  /** What an answer as a whole says: the partitions in it count ('ok'), all is asked anew at once, or after a back-off. */
  answered(errorCode: number, sessionId: number): 'ok' | 'again' | 'later' {
    if (errorCode !== ErrorCode.NONE) {
      // A session that is known there is closed by the full request that names it.
      this.restart(errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND ? NO_SESSION : this.id);
      return SESSION_ERRORS.has(errorCode) ? 'again' : 'later';
    }
    if (sessionId === NO_SESSION) this.restart(NO_SESSION);
    else {
      this.epoch = sessionId === this.id && this.epoch < MAX_EPOCH ? this.epoch + 1 : 1;
      this.id = sessionId;
    }
    return 'ok';
  }

  failed(): void {
    this.restart(NO_SESSION);
  }

  private restart(id: number): void {
    this.id = id;
    this.epoch = FIRST_EPOCH;
    this.known.clear();
  }
}

/**
 * What a leader knows of its followers, in columns: how far each has come, and since when it has kept up.
 *
 * A fetch tells that everything below its offset has arrived. A follower is caught up at the time of a fetch that reached
 * the leader's end, or of the fetch before it if it has now reached what was the leader's end then: a follower that is
 * always one fetch behind a busy leader keeps up. Source: Kafka's Replica.updateFetchStateOrThrow.
 */
export const UNKNOWN_OFFSET = -1;
/** No fetch has told the epoch of the broker yet. */
export const UNKNOWN_BROKER_EPOCH = -2;
/** Older than any time. */
const NEVER_MS = -Infinity;

const COLUMNS = 6;
const END = 0;
const START = 1;
const CAUGHT_UP_MS = 2;
const LAST_FETCH_MS = 3;
const LEADER_END_AT_LAST_FETCH = 4;
const BROKER_EPOCH = 5;

/** What one fetch of a follower says. */
export interface FollowerPosition {
  readonly brokerEpoch: number;
  /** Everything below is in the follower's log. */
  readonly endOffset: number;
  readonly startOffset: number;
}

export class FollowerProgress {
  private readonly values: Float64Array;

  /** `previous` has what is known already of those who stay. */
  constructor(
    readonly brokerIds: readonly number[],
    previous: FollowerProgress | null = null,
  ) {
    this.values = new Float64Array(brokerIds.length * COLUMNS);
    for (let i = 0; i < brokerIds.length; i++) {
      const known = previous?.indexOf(brokerIds[i] as number) ?? -1;
      if (known < 0 || previous === null) this.forget(i, NEVER_MS);
      else this.values.set(previous.values.subarray(known * COLUMNS, (known + 1) * COLUMNS), i * COLUMNS);
    }
  }

  get count(): number {
    return this.brokerIds.length;
  }

  /** -1 for a broker that has no replica. */
  indexOf(brokerId: number): number {
    return this.brokerIds.indexOf(brokerId);
  }

  endOffset(index: number): number {
    return this.at(index, END);
  }
  startOffset(index: number): number {
    return this.at(index, START);
  }
  /** When it last had all that the leader had; -Infinity for never. */
  caughtUpMs(index: number): number {
    return this.at(index, CAUGHT_UP_MS);
  }
  /** -1 when the follower does not tell it. */
  brokerEpoch(index: number): number {
    return this.at(index, BROKER_EPOCH);
  }

  /** A leader that is new here knows nothing of its followers; those in the ISR get time to fetch. */
  forget(index: number, caughtUpMs: number): void {
    this.put(index, END, UNKNOWN_OFFSET);
    this.put(index, START, UNKNOWN_OFFSET);
    this.put(index, CAUGHT_UP_MS, caughtUpMs);
    this.put(index, LAST_FETCH_MS, NEVER_MS);
    this.put(index, LEADER_END_AT_LAST_FETCH, UNKNOWN_OFFSET);
    this.put(index, BROKER_EPOCH, UNKNOWN_BROKER_EPOCH);
  }

  /** A leader that stays in a new epoch knows where its followers are; when they caught up counts anew. */
  beginEpoch(index: number, isInSync: boolean, leaderEndOffset: number, nowMs: number): void {
    this.put(index, LEADER_END_AT_LAST_FETCH, leaderEndOffset);
    this.put(index, LAST_FETCH_MS, isInSync ? nowMs : NEVER_MS);
    this.put(index, CAUGHT_UP_MS, isInSync ? nowMs : NEVER_MS);
  }

  /** Everybody in the ISR of a new leader has until the lag's bound to fetch. */
  begin(index: number, isInSync: boolean, nowMs: number): void {
    this.forget(index, isInSync ? nowMs : NEVER_MS);
  }

  record(index: number, position: FollowerPosition, leaderEndOffset: number, nowMs: number): void {
    const { endOffset } = position;
    if (endOffset >= leaderEndOffset) this.raise(index, CAUGHT_UP_MS, nowMs);
    else if (endOffset >= this.at(index, LEADER_END_AT_LAST_FETCH)) {
      this.raise(index, CAUGHT_UP_MS, this.at(index, LAST_FETCH_MS));
    }
    this.put(index, END, endOffset);
    this.put(index, START, position.startOffset);
    this.put(index, BROKER_EPOCH, position.brokerEpoch);
    this.put(index, LAST_FETCH_MS, nowMs);
    this.raise(index, LEADER_END_AT_LAST_FETCH, leaderEndOffset);
  }

  /** How long ago the follower was last caught up; 0 when it is, Infinity when it never was. */
  behindMs(index: number, leaderEndOffset: number, nowMs: number): number {
    return this.at(index, END) >= leaderEndOffset ? 0 : nowMs - this.at(index, CAUGHT_UP_MS);
  }

  isCaughtUp(index: number, leaderEndOffset: number, nowMs: number, maxLagMs: number): boolean {
    return this.at(index, END) === leaderEndOffset || nowMs - this.at(index, CAUGHT_UP_MS) <= maxLagMs;
  }

  private at(index: number, column: number): number {
    return this.values[index * COLUMNS + column] as number;
  }
  private put(index: number, column: number, value: number): void {
    this.values[index * COLUMNS + column] = value;
  }
  private raise(index: number, column: number, value: number): void {
    if (value > this.at(index, column)) this.put(index, column, value);
  }
}

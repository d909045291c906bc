/**
 * Fetches that wait at the leader for something new: more of the log, or any change of the high watermark. (KAFKA-15100)
 * At most a thousand; who comes then is answered at once.
 */
import type { FetchAsk } from './raft-messages';

const MAX_PARKED = 1000;

export interface ParkedFetch {
  readonly caller: number;
  readonly request: FetchAsk;
  readonly deadlineMs: number;
  /** The leader's high watermark when it was parked. */
  readonly highWatermark: number;
}

export class ParkedFetches {
  private parked: ParkedFetch[] = [];

  get isFull(): boolean {
    return this.parked.length >= MAX_PARKED;
  }

  get deadlineMs(): number {
    return this.parked.reduce((first, { deadlineMs }) => Math.min(first, deadlineMs), Number.POSITIVE_INFINITY);
  }

  add(fetch: ParkedFetch): void {
    this.parked.push(fetch);
  }

  /** The caller waits no more. */
  drop(caller: number): void {
    this.parked = this.parked.filter((fetch) => fetch.caller !== caller);
  }

  /** Takes out those that have something to be told. */
  takeDue(endOffset: number, highWatermark: number, nowMs: number): readonly ParkedFetch[] {
    const isDue = (fetch: ParkedFetch): boolean =>
      endOffset > fetch.request.offset || highWatermark !== fetch.highWatermark || nowMs >= fetch.deadlineMs;
    const due = this.parked.filter(isDue);
    if (due.length > 0) this.parked = this.parked.filter((fetch) => !isDue(fetch));
    return due;
  }

  takeAll(): readonly ParkedFetch[] {
    return this.parked.splice(0);
  }
}

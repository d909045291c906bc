/**
 * How long the requests of one connection take, stage by stage (`request-metrics.ts`). A response that is queued is noted with
 * the place in the stream where it ends, and timed when the system has taken so much: a ring of numbers, since every response
 * comes by.
 */
import type { ApiMetrics } from './request-metrics';

/** A request under way, and how far it has come. */
export interface TimedRequest {
  readonly api: ApiMetrics;
  /** When the read came that brought it. */
  readonly readMs: number;
  readonly receivedMs: number;
  /** When its handler gave back without an answer; -1 before, and for who answers within its handler's turn. */
  handledMs: number;
}

const FIRST_SLOTS = 4;
const COLUMNS = 3;
const BEGAN_MS = 0;
const RESPONDED_MS = 1;
const END_BYTE = 2;

export class RequestTimes {
  #readMs = 0;
  /** Since when the request that comes next has had to wait; -1 when it does not. */
  #heldMs = -1;
  #nowMs = -1;
  #respondedMs = -1;
  #apis: (ApiMetrics | null)[] = [];
  #numbers = new Float64Array(0);
  #head = 0;
  #count = 0;
  #enqueuedBytes = 0;
  #sentBytes = 0;

  /** Bytes have come. */
  read(nowMs: number): void {
    this.#readMs = nowMs;
    this.#nowMs = nowMs;
  }

  /** The request was answered within its handler's turn: the next one of the same read begins where it ended. */
  noteNowMs(): void {
    this.#nowMs = this.#respondedMs;
  }

  /** The time, if nothing has taken any since it was noted: every look at the clock counts. */
  takeNowMs(): number | null {
    const nowMs = this.#nowMs;
    this.#nowMs = -1;
    return nowMs < 0 ? null : nowMs;
  }

  /** The next request may not be executed yet. */
  held(): void {
    this.#nowMs = -1;
    if (this.#heldMs < 0) this.#heldMs = this.#readMs;
  }

  begun(api: ApiMetrics, receivedMs: number): TimedRequest {
    const readMs = this.#heldMs < 0 ? this.#readMs : this.#heldMs;
    this.#heldMs = -1;
    return { api, readMs, receivedMs, handledMs: -1 };
  }

  responded({ api, readMs, receivedMs, handledMs }: TimedRequest, nowMs: number, hasResponse: boolean): void {
    this.#respondedMs = nowMs;
    api.queue.record(receivedMs - readMs);
    api.local.record((handledMs < 0 ? nowMs : handledMs) - receivedMs);
    // Who answers within its handler's turn waits for nobody.
    api.remote.record(handledMs < 0 ? 0 : nowMs - handledMs);
    if (!hasResponse) api.total.record(nowMs - readMs);
  }

  /** A response of so many bytes is queued behind those before it. */
  enqueued({ api, readMs: beganMs }: TimedRequest, respondedMs: number, bytes: number): void {
    if (this.#count === this.#apis.length) this.#grow();
    const slot = (this.#head + this.#count) % this.#apis.length;
    this.#count++;
    this.#enqueuedBytes += bytes;
    this.#apis[slot] = api;
    this.#numbers[slot * COLUMNS + BEGAN_MS] = beganMs;
    this.#numbers[slot * COLUMNS + RESPONDED_MS] = respondedMs;
    this.#numbers[slot * COLUMNS + END_BYTE] = this.#enqueuedBytes;
  }

  /** The system has taken so many bytes more. */
  sent(bytes: number, nowMs: number): void {
    this.#sentBytes += bytes;
    while (this.#count > 0) {
      const at = this.#head * COLUMNS;
      if ((this.#numbers[at + END_BYTE] as number) > this.#sentBytes) return;
      const api = this.#apis[this.#head] as ApiMetrics;
      api.response.record(nowMs - (this.#numbers[at + RESPONDED_MS] as number));
      api.total.record(nowMs - (this.#numbers[at + BEGAN_MS] as number));
      this.#head = (this.#head + 1) % this.#apis.length;
      this.#count--;
    }
  }

  #grow(): void {
    const size = Math.max(FIRST_SLOTS, this.#apis.length * 2);
    const apis: (ApiMetrics | null)[] = Array.from({ length: size }, () => null);
    const numbers = new Float64Array(size * COLUMNS);
    for (let i = 0; i < this.#count; i++) {
      const slot = (this.#head + i) % this.#apis.length;
      apis[i] = this.#apis[slot] ?? null;
      numbers.set(this.#numbers.subarray(slot * COLUMNS, (slot + 1) * COLUMNS), i * COLUMNS);
    }
    this.#apis = apis;
    this.#numbers = numbers;
    this.#head = 0;
  }
}

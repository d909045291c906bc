/**
 * The order of one connection's requests and responses.
 *
 * Requests are executed in the order in which they came. The next one waits until all before it are answered, unless both
 * may overlap (Produce), and then within a bound. Responses leave in the order of the requests, whatever order they came in.
 */
import { invariant } from '../../wire/base/invariant';

/** One request under way. */
export interface RequestSlot<R> {
  readonly correlationId: number;
  readonly mayOverlap: boolean;
  isDone: boolean;
  response: R | null;
}

export class RequestOrder<R> {
  readonly #slots: RequestSlot<R>[] = [];

  constructor(private readonly maxOverlap: number) {}

  get inFlight(): number {
    return this.#slots.length;
  }

  /** Whether a request may be executed now. */
  mayBegin(mayOverlap: boolean): boolean {
    if (this.#slots.length === 0) return true;
    // Either all slots may overlap, or there is just one.
    return mayOverlap && this.#slots[0]!.mayOverlap && this.#slots.length < this.maxOverlap;
  }

  begin(correlationId: number, mayOverlap: boolean): RequestSlot<R> {
    invariant(this.mayBegin(mayOverlap), 'a request was begun out of order');
    const slot: RequestSlot<R> = { correlationId, mayOverlap, isDone: false, response: null };
    this.#slots.push(slot);
    return slot;
  }

  /** Takes a response, and tells those that may leave now, in order. */
  complete(slot: RequestSlot<R>, response: R | null, leave: (slot: RequestSlot<R>, response: R) => void): void {
    invariant(!slot.isDone, 'a request was answered twice');
    slot.isDone = true;
    slot.response = response;
    while (this.#slots[0]?.isDone === true) {
      const first = this.#slots.shift()!;
      if (first.response !== null) leave(first, first.response);
    }
  }

  /** Requests that are not answered. */
  get unanswered(): number {
    let count = 0;
    for (const slot of this.#slots) if (!slot.isDone) count += 1;
    return count;
  }

  /** Forgets everything; responses that were waiting for their turn are told to `dropped`. */
  abandon(dropped: (response: R) => void): void {
    for (const slot of this.#slots.splice(0)) if (slot.response !== null) dropped(slot.response);
  }
}

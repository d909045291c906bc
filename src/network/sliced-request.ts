/**
 * A request that would hold the loop for too long: handled slice by slice, each in a turn of its own, one slice of all
 * connections in a turn. Its frame waits in the parser meanwhile, which keeps its bytes valid and the connection's order.
 */
import type { Continuation } from './request-handler';
import type { TurnClient, TurnQueue } from './turn-queue';

export class SlicedRequest implements TurnClient {
  #continuation: Continuation | null = null;
  #bodyOffset = 0;
  #isDue = false;

  constructor(
    /** Runs one client in a turn. */
    private readonly slices: TurnQueue,
    /** Has the parser offer the frame again. */
    private readonly offerAgain: () => void,
  ) {}

  get isUnderWay(): boolean {
    return this.#continuation !== null;
  }

  /** Takes what a handler gave back; true when the request has been handled whole. */
  begin(continuation: Continuation | void, bodyOffset: number): boolean {
    if (continuation === undefined) return true;
    this.#continuation = continuation;
    this.#bodyOffset = bodyOffset;
    this.slices.add(this);
    return false;
  }

  /** The frame is offered again, perhaps before the turn has come; true when it has been handled whole. */
  goOn(frame: Uint8Array): boolean {
    if (!this.#isDue || this.#continuation === null) return false;
    this.#isDue = false;
    const next = this.#continuation(frame.subarray(this.#bodyOffset));
    this.#continuation = null;
    return this.begin(next, this.#bodyOffset);
  }

  turn(): void {
    this.#isDue = true;
    this.offerAgain();
  }

  drop(): void {
    this.#continuation = null;
  }
}

/**
 * Producer ids, handed out from blocks of a thousand that the controller allocates (KIP-730). The next block is asked for
 * when the current one is used up; who asks meanwhile waits, at most `MAX_WAITING` at once.
 */
import { ErrorCode } from '../wire/base/error-codes';

export type ProducerIdResult = { readonly ok: true; readonly producerId: number } | { readonly ok: false; readonly errorCode: number };
type Done = (result: ProducerIdResult) => void;

export type AllocatedBlock =
  | { readonly ok: true; readonly firstProducerId: number; readonly size: number }
  | { readonly ok: false; readonly errorCode: number };

const MAX_WAITING = 10_000;

export class ProducerIds {
  private nextId = 0;
  private left = 0;
  private isAllocating = false;
  private waiting: Done[] = [];

  constructor(
    private readonly allocate: (done: (block: AllocatedBlock) => void) => void,
    /** Ids below are given out no more, though a block of them is here: a mirror may bring others with the same ids. */
    private readonly firstUsable: () => number = () => 0,
  ) {}

  /** Calls back with an id that nobody else has, in this turn or later. */
  next(done: Done): void {
    if (this.nextId < this.firstUsable()) this.left = 0;
    if (this.left > 0) {
      this.left--;
      done({ ok: true, producerId: this.nextId++ });
      return;
    }
    if (this.waiting.length >= MAX_WAITING) {
      done({ ok: false, errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS });
      return;
    }
    this.waiting.push(done);
    if (!this.isAllocating) this.allocateBlock();
  }

  private allocateBlock(): void {
    this.isAllocating = true;
    this.allocate((block) => {
      this.isAllocating = false;
      const { waiting } = this;
      this.waiting = [];
      if (block.ok) {
        this.nextId = block.firstProducerId;
        this.left = block.size;
        for (const done of waiting) this.next(done);
      } else {
        // Retriable for every client, as when Kafka's broker cannot reach its controller.
        for (const done of waiting) done({ ok: false, errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS });
      }
    });
  }
}

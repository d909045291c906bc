/**
 * The bytes of one answer to a fetch, shared by the batches that lie in them, and when they may be used again.
 *
 * Invariants: an answer is given back once, when nobody holds it any more, and nobody can hold it afterwards. Who asked for
 * it holds it until all partitions have seen what is theirs; a copy once for each of its batches, until the target has
 * acknowledged the batch or it is given up; a request once for each batch in it, until nobody reads the request's bytes.
 */
import { invariant } from '../../wire/base/invariant';

export class Answer {
  /** Who has it fetched is the first. */
  private holds = 1;

  constructor(private readonly giveBack: () => void) {}

  hold(): void {
    invariant(this.holds > 0, 'an answer is held that was given back');
    this.holds++;
  }

  release(): void {
    invariant(this.holds > 0, 'an answer is given back twice');
    this.holds--;
    if (this.holds === 0) this.giveBack();
  }
}

/** For bytes that nobody waits for: garbage collection has them. */
export function keptAnswer(): Answer {
  return new Answer(() => undefined);
}

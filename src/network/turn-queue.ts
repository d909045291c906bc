/**
 * Work that must not run within somebody else's callback: it runs in a turn of its own, once for each client, however
 * often it was asked for. So all responses that one callback completes leave together, and a request that has waited is
 * never executed in the middle of another one.
 */
import type { Timers } from '../../wire/base/env';

export interface TurnClient {
  /** Must not throw. */
  turn(): void;
}

export class TurnQueue {
  #clients = new Set<TurnClient>();
  #isPlanned = false;

  constructor(
    private readonly timers: Timers,
    /** How many clients have their turn in one turn of the loop; the others keep their place. */
    private readonly maxPerTurn = Infinity,
  ) {}

  add(client: TurnClient): void {
    this.#clients.add(client);
    this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.timers.soon(() => this.#run());
  }

  #run(): void {
    this.#isPlanned = false;
    const clients = [...this.#clients].slice(0, this.maxPerTurn);
    for (const client of clients) this.#clients.delete(client);
    for (const client of clients) client.turn();
    if (this.#clients.size > 0) this.#plan();
  }
}

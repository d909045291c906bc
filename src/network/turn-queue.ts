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

  constructor(private readonly timers: Timers) {}

  add(client: TurnClient): void {
    this.#clients.add(client);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.timers.soon(() => this.#run());
  }

  #run(): void {
    this.#isPlanned = false;
    const clients = this.#clients;
    this.#clients = new Set();
    for (const client of clients) client.turn();
  }
}

/** How many connections there may be: of all (`max.connections`) and of one address (`max.connections.per.ip`). */

export interface ConnectionLimits {
  /** Read at each decision, since the keys are dynamic. */
  maxConnections(): number;
  /** Of one address; `max.connections.per.ip.overrides` is the caller's business. */
  maxConnectionsOf(host: string): number;
}

export class ConnectionCount {
  #total = 0;
  readonly #byHost = new Map<string, number>();

  constructor(private readonly limits: ConnectionLimits) {}

  get total(): number {
    return this.#total;
  }

  /** Counts one more, or says that it may not be. */
  tryAdd(host: string): boolean {
    const ofHost = this.#byHost.get(host) ?? 0;
    if (this.#total >= this.limits.maxConnections() || ofHost >= this.limits.maxConnectionsOf(host)) return false;
    this.#total += 1;
    this.#byHost.set(host, ofHost + 1);
    return true;
  }

  remove(host: string): void {
    this.#total -= 1;
    const left = (this.#byHost.get(host) ?? 1) - 1;
    if (left > 0) this.#byHost.set(host, left);
    else this.#byHost.delete(host);
  }
}

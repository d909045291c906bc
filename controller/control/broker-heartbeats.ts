/**
 * Sessions of brokers, in the active controller's memory only. (KIP-631, KIP-841)
 *
 * Invariants: contact belongs to a broker *and* its epoch, so an old incarnation keeps no new one alive. A broker in
 * controlled shutdown has a shutdown offset; fencing ends the shutdown.
 */
interface BrokerSession {
  fenced: boolean;
  /** How long it may be silent. */
  timeoutMs: number;
  /** What it had applied at its last heartbeat, -1 before the first. */
  metadataOffset: number;
  /** End of the first write of its controlled shutdown; -1 when it is not shutting down. */
  shutdownOffset: number;
}

interface Contact {
  readonly epoch: number;
  readonly atMs: number;
}

export class BrokerHeartbeats {
  private readonly sessions = new Map<number, BrokerSession>();
  private readonly contacts = new Map<number, Contact>();

  /** Follows the registration; keeps what is known of the broker. `timeoutMs`: how long it may be silent. */
  track(brokerId: number, fenced: boolean, timeoutMs: number): void {
    const session = this.sessions.get(brokerId);
    if (session === undefined) {
      this.sessions.set(brokerId, { fenced, timeoutMs, metadataOffset: -1, shutdownOffset: -1 });
      return;
    }
    session.timeoutMs = timeoutMs;
    this.touch(brokerId, fenced, session.metadataOffset);
  }

  /** The broker is gone; `successorEpoch`: another incarnation has taken its place, which may have been heard already. */
  remove(brokerId: number, successorEpoch: number | null): void {
    this.sessions.delete(brokerId);
    if (this.contacts.get(brokerId)?.epoch !== successorEpoch) this.contacts.delete(brokerId);
  }

  /** A heartbeat has arrived, whatever becomes of it. One of an earlier incarnation, held up on its way, says nothing. */
  contact(brokerId: number, brokerEpoch: number, nowMs: number): void {
    if ((this.contacts.get(brokerId)?.epoch ?? -1) > brokerEpoch) return;
    this.contacts.set(brokerId, { epoch: brokerEpoch, atMs: nowMs });
  }

  /** The broker has gone by its own will: its successor need not wait. */
  endSession(brokerId: number): void {
    this.contacts.delete(brokerId);
  }

  touch(brokerId: number, fenced: boolean, metadataOffset: number): void {
    const session = this.sessions.get(brokerId);
    if (session === undefined) return;
    session.fenced = fenced;
    session.metadataOffset = metadataOffset;
    if (fenced) session.shutdownOffset = -1;
  }

  hasValidSession(brokerId: number, brokerEpoch: number, nowMs: number): boolean {
    const contact = this.contacts.get(brokerId);
    const timeoutMs = this.sessions.get(brokerId)?.timeoutMs ?? 0;
    return contact !== undefined && contact.epoch === brokerEpoch && nowMs - contact.atMs <= timeoutMs;
  }

  isShuttingDown(brokerId: number): boolean {
    return (this.sessions.get(brokerId)?.shutdownOffset ?? -1) >= 0;
  }

  shutdownOffset(brokerId: number): number {
    return this.sessions.get(brokerId)?.shutdownOffset ?? -1;
  }

  /** Only the first one counts. */
  beginShutdown(brokerId: number, offset: number): void {
    const session = this.sessions.get(brokerId);
    if (session !== undefined && session.shutdownOffset < 0) session.shutdownOffset = offset;
  }

  /** The least that any active broker has applied; infinite when there is none. */
  lowestActiveOffset(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { fenced, shutdownOffset, metadataOffset } of this.sessions.values()) {
      if (!fenced && shutdownOffset < 0) lowest = Math.min(lowest, metadataOffset);
    }
    return lowest;
  }

  /** The unfenced broker that has been silent longest beyond its session, or null. */
  stalestBroker(nowMs: number): number | null {
    let stalest: number | null = null;
    let longestMs = 0;
    for (const [brokerId, { fenced, timeoutMs }] of this.sessions) {
      if (fenced) continue;
      const overdueMs = nowMs - (this.contacts.get(brokerId)?.atMs ?? Number.NEGATIVE_INFINITY) - timeoutMs;
      if (overdueMs > longestMs) [stalest, longestMs] = [brokerId, overdueMs];
    }
    return stalest;
  }

  /** The controller itself stood still for `stallMs`: nobody could have reached it, so nobody is blamed. */
  creditStall(stallMs: number): void {
    for (const [brokerId, { epoch, atMs }] of this.contacts)
      this.contacts.set(brokerId, { epoch, atMs: atMs + stallMs });
  }
}

/**
 * Finds out within a moment that a broker has died, and never takes a living one for dead. Kafka waits for the session to
 * run out; here the end of the connection that heartbeats came on is the trigger, and a refused connection the proof.
 *
 * | a broker is | until | then |
 * |---|---|---|
 * | heard | its heartbeat connection closes | probed: somebody dials the listener that it has registered |
 * | probed | refused | fenced: nobody holds the port, so the process is gone |
 * | | answered | waits: it is alive, and will connect again |
 * | | reset before an answer | probed again after RETRY_MS, at most MAX_RESETS times, then waits |
 * | | timeout, unreachable | waits: nothing is known |
 * | any of these | a heartbeat comes | heard |
 *
 * Who waits is fenced by its session (`BrokerHeartbeats`) if it stays silent. Invariants: a probe's answer counts only for
 * the probe that was asked last, and not after a later heartbeat; fencing names the broker epoch that was probed, so it can
 * never hit a later incarnation. Each step is safe when wrong: fencing is a committed record, and the broker it hits comes
 * back with its next heartbeat.
 */

export type ProbeOutcome =
  /** Nobody listens there. */
  | 'refused'
  /** A broker has answered. */
  | 'answered'
  /** The connection was accepted, and ended before there was an answer. */
  | 'reset'
  /** No answer in time, or no way there. */
  | 'silent';

export type DetectorEffect =
  /** Dial the broker's listener after `delayMs`, and tell what came of it with the same id. */
  | { readonly type: 'probe'; readonly brokerId: number; readonly probeId: number; readonly delayMs: number }
  /** It is dead. */
  | { readonly type: 'fence'; readonly brokerId: number; readonly brokerEpoch: number };

const RETRY_MS = 50;
const MAX_RESETS = 6;

interface Watched {
  readonly brokerEpoch: number;
  /** The connection that its last heartbeat came on; null when none has come, or when it has closed. */
  connectionId: number | null;
  /** The probe under way; -1: none. */
  probeId: number;
  resets: number;
}

export class FailureDetectorCore {
  private readonly watched = new Map<number, Watched>();
  private lastProbeId = 0;

  /** This node has become the active controller: what was known belongs to another time. */
  clear(): void {
    this.watched.clear();
  }

  /** A valid heartbeat has arrived. */
  heard(brokerId: number, brokerEpoch: number, connectionId: number): void {
    const known = this.watched.get(brokerId);
    if (known?.connectionId === connectionId && known.brokerEpoch === brokerEpoch && known.probeId < 0) return;
    this.watched.set(brokerId, { brokerEpoch, connectionId, probeId: -1, resets: 0 });
  }

  /** A connection that heartbeats came on has ended. */
  closed(brokerId: number, connectionId: number, effects: DetectorEffect[]): void {
    const known = this.watched.get(brokerId);
    if (known?.connectionId !== connectionId) return;
    known.connectionId = null;
    this.probe(brokerId, known, 0, effects);
  }

  /** A broker that should have been heard by now has not been: of a controller that has just become active. */
  missed(brokerId: number, brokerEpoch: number, effects: DetectorEffect[]): void {
    if (this.watched.get(brokerId)?.brokerEpoch === brokerEpoch) return;
    const known: Watched = { brokerEpoch, connectionId: null, probeId: -1, resets: 0 };
    this.watched.set(brokerId, known);
    this.probe(brokerId, known, 0, effects);
  }

  probed(brokerId: number, probeId: number, outcome: ProbeOutcome, effects: DetectorEffect[]): void {
    const known = this.watched.get(brokerId);
    if (known === undefined || known.probeId !== probeId) return;
    known.probeId = -1;
    if (outcome === 'refused') {
      this.watched.delete(brokerId);
      effects.push({ type: 'fence', brokerId, brokerEpoch: known.brokerEpoch });
      return;
    }
    if (outcome !== 'reset' || known.resets === MAX_RESETS) return;
    known.resets += 1;
    this.probe(brokerId, known, RETRY_MS, effects);
  }

  private probe(brokerId: number, known: Watched, delayMs: number, effects: DetectorEffect[]): void {
    this.lastProbeId += 1;
    known.probeId = this.lastProbeId;
    effects.push({ type: 'probe', brokerId, probeId: known.probeId, delayMs });
  }
}

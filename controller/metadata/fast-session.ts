/**
 * A broker that heartbeats several times a second says so when it registers, by a feature that Kafka's controllers store
 * and ignore: so every controller, also one that takes over, knows whose silence means more than Kafka's does.
 */
import type { BrokerRegistration } from './registrations';

/** Supported at level 1 by brokers that heartbeat each `broker.fast.heartbeat.interval.ms`. Never finalized. */
export const FAST_SESSION_FEATURE = 'moldau.fast.session';

export function hasFastSession(broker: BrokerRegistration): boolean {
  return (broker.features.get(FAST_SESSION_FEATURE)?.max ?? 0) >= 1;
}

/** How long a broker may be silent before it is fenced. */
export interface SessionTimeouts {
  /** broker.session.timeout.ms */
  readonly sessionMs: number;
  /** broker.fast.session.timeout.ms, for brokers that announce fast heartbeats. */
  readonly fastSessionMs: number;
}

/**
 * Which replica a consumer had better read from, by the rule that `replica.selector.class` names. Pure. (KIP-392)
 *
 * Kafka loads a class of that name; here there is the one that Kafka itself brings.
 */
import type { ReaderReplica } from './partition-core';

export const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';

export const NO_PREFERENCE = -1;

/** Of a broker that clients can reach; null when it is fenced, or not at their listener. */
export type RackOf = (brokerId: number) => string | null;

/**
 * The follower in the client's rack that has come furthest, of several the one that caught up last, then the one with the
 * highest id. NO_PREFERENCE where the leader is in that rack, or no follower is.
 */
export function preferredInRack(
  clientRack: string,
  leaderId: number,
  followers: readonly ReaderReplica[],
  rackOf: RackOf,
): number {
  if (clientRack === '' || rackOf(leaderId) === clientRack) return NO_PREFERENCE;
  let best: ReaderReplica | null = null;
  for (const follower of followers) {
    if (rackOf(follower.brokerId) === clientRack && (best === null || isBetter(follower, best))) best = follower;
  }
  return best?.brokerId ?? NO_PREFERENCE;
}

function isBetter(one: ReaderReplica, other: ReaderReplica): boolean {
  if (one.endOffset !== other.endOffset) return one.endOffset > other.endOffset;
  if (one.caughtUpMs !== other.caughtUpMs) return one.caughtUpMs > other.caughtUpMs;
  return one.brokerId > other.brokerId;
}

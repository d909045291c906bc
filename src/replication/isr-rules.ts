/**
 * Who may be in the ISR, who is no longer, and how far the records are that all of it has. Pure functions over what a
 * leader knows. Sources: KIP-497 (maximal ISR), KIP-841 (fenced and leaving brokers), KIP-903 (broker epochs), KIP-966.
 */
import { UNKNOWN_BROKER_EPOCH, type FollowerProgress } from './follower-progress';

/** How the metadata sees a broker. */
export interface BrokerStandings {
  /** The epoch of its registration; -1 when it is not registered, or fenced. */
  epochOf(brokerId: number): number;
  /** Registered, neither fenced nor on its way out. */
  isActive(brokerId: number): boolean;
}

/** A broker that does not say its epoch (Fetch before v15) is not checked by it. */
const NOT_TOLD = -1;

/** May join: active, and the process that fetches is the one that is registered. */
export function isEligible(followers: FollowerProgress, index: number, brokers: BrokerStandings): boolean {
  const brokerId = followers.brokerIds[index] as number;
  if (!brokers.isActive(brokerId)) return false;
  const fetched = followers.brokerEpoch(index);
  if (fetched === UNKNOWN_BROKER_EPOCH) return false;
  return fetched === NOT_TOLD || fetched === brokers.epochOf(brokerId);
}

/** Members of the ISR, other than the leader, that have not kept up. */
export function outOfSync(
  followers: FollowerProgress,
  isr: readonly number[],
  leaderEndOffset: number,
  nowMs: number,
  maxLagMs: number,
): number[] {
  const late: number[] = [];
  for (let i = 0; i < followers.count; i++) {
    const brokerId = followers.brokerIds[i] as number;
    if (isr.includes(brokerId) && !followers.isCaughtUp(i, leaderEndOffset, nowMs, maxLagMs)) late.push(brokerId);
  }
  return late;
}

export interface CommitRules {
  /** The committed ISR and whoever is about to join. */
  readonly maximalIsr: readonly number[];
  readonly brokers: BrokerStandings;
  readonly maxLagMs: number;
}

/**
 * The smallest end of those that count: members of the maximal ISR, and caught-up followers that may join any moment, since
 * they would else join behind the high watermark. `leaderEndOffset` is the log's end, `committed` what the leader itself
 * counts for. -1 while a member has not fetched from this leader.
 */
export function committedByAll(
  followers: FollowerProgress,
  committed: number,
  leaderEndOffset: number,
  nowMs: number,
  { maximalIsr, brokers, maxLagMs }: CommitRules,
): number {
  let smallest = committed;
  for (let i = 0; i < followers.count; i++) {
    const endOffset = followers.endOffset(i);
    if (endOffset >= smallest) continue;
    const counts =
      maximalIsr.includes(followers.brokerIds[i] as number) ||
      (followers.isCaughtUp(i, leaderEndOffset, nowMs, maxLagMs) && isEligible(followers, i, brokers));
    if (counts) smallest = endOffset;
  }
  return smallest;
}

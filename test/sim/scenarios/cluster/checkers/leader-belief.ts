/**
 * I5: a leader counts on everybody who may be in the ISR. Whom it takes for in sync includes the ISR and the ELR that the
 * controller has committed, whatever the leader has heard of it by then; and with nothing on its way to the controller it
 * takes for in sync exactly who is.
 *
 * I4 at the moment that counts: when a leader moves its high watermark, every such member holds all that is below.
 */

import type { PartitionRegistration } from '../../../../../controller/metadata/partition-registration';
import type { MemberEnd } from './isr-members';
import { membersOf } from './isr-members';

/** What a leader believes. */
export interface LeaderBelief {
  readonly brokerId: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  /** Whom it counts on before it calls something committed. */
  readonly maximalIsr: readonly number[];
  /** Whether it has asked the controller for another ISR, and does not know yet what came of it. */
  readonly hasProposal: boolean;
}

/** Why a leader believes what it should not, in a sentence; null when it does not. `committed` is what is surely committed. */
export function beliefObjection(key: string, belief: LeaderBelief, committed: PartitionRegistration, minIsr: number): string | null {
  if (!isCurrentLeader(belief, committed)) return null;
  const { brokerId, maximalIsr } = belief;
  const about = `leader ${brokerId} of ${key} in epoch ${belief.leaderEpoch} takes [${maximalIsr.join()}] for in sync`;
  const needed = membersOf(committed);
  if (committed.isr.length >= minIsr && belief.partitionEpoch <= committed.partitionEpoch) {
    const missing = needed.filter((id) => !maximalIsr.includes(id));
    if (missing.length > 0) return `I5 ${about}, and not ${missing.join()}: isr [${committed.isr.join()}], elr [${committed.elr.join()}] is committed`;
  }
  if (belief.hasProposal || belief.partitionEpoch !== committed.partitionEpoch) return null;
  const isSame = maximalIsr.length === committed.isr.length && maximalIsr.every((id) => committed.isr.includes(id));
  return isSame ? null : `I5 ${about}, has asked for nothing, and isr [${committed.isr.join()}] is committed`;
}

/** Who lacks what a leader calls committed, in a sentence; null when nobody does. `ends` has members that are not excused. */
export function advanceObjection(key: string, belief: LeaderBelief, highWatermark: number, committed: PartitionRegistration, ends: readonly MemberEnd[]): string | null {
  // The controller's answer may have told the leader of an ISR that is not known to be committed here.
  if (!isCurrentLeader(belief, committed) || belief.partitionEpoch > committed.partitionEpoch) return null;
  const behind = ends.find(({ endOffset }) => endOffset < highWatermark);
  if (behind === undefined) return null;
  return `I4 leader ${belief.brokerId} of ${key} in epoch ${belief.leaderEpoch} calls ${highWatermark} committed, and member ${behind.nodeId} ends at ${behind.endOffset} (isr [${committed.isr.join()}], elr [${committed.elr.join()}])`;
}

/** Of a leader that has been replaced, or is not known yet, nothing follows. */
function isCurrentLeader(belief: LeaderBelief, committed: PartitionRegistration): boolean {
  return committed.leader === belief.brokerId && committed.leaderEpoch === belief.leaderEpoch;
}

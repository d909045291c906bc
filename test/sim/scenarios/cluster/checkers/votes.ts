/**
 * I13: a node votes once in an epoch, and what it voted is on its platter before anybody is told; at most one node leads the
 * quorum in an epoch. I14: the epoch that a directory has seen never goes back.
 *
 * Fed with what `quorum-state` files say from time to time, and with votes and leaders as they pass the network.
 */

import type { ElectionState } from '../../../../../controller/raft/quorum-state';

/** One directory of one node: a wiped one is another. */
export interface QuorumMember {
  readonly nodeId: number;
  readonly directoryId: string;
}

export class VoteChecker {
  private readonly votes = new Map<string, string>();
  private readonly leaders = new Map<number, number>();
  private readonly epochs = new Map<string, number>();

  /** A sentence about what is wrong is given to `violate`. */
  constructor(private readonly violate: (what: string) => void) {}

  /** Whoever is known to have led. */
  get leaderOfEpoch(): ReadonlyMap<number, number> {
    return this.leaders;
  }

  /** What a node has on its disk now. */
  sawState(member: QuorumMember, state: ElectionState): void {
    const key = memberKey(member);
    const before = this.epochs.get(key) ?? -1;
    if (state.epoch < before) this.violate(`I14 node ${member.nodeId} had seen epoch ${before} and has ${state.epoch} on its disk`);
    this.epochs.set(key, Math.max(before, state.epoch));
    if (state.votedKey !== null) this.voted(member, state.epoch, state.votedKey.id);
    if (state.leaderId >= 0) this.sawLeader(state.epoch, state.leaderId);
  }

  /** A real vote (no pre-vote) was granted. */
  voted(member: QuorumMember, epoch: number, candidateId: number): void {
    const key = `${memberKey(member)}@${epoch}`;
    const before = this.votes.get(key);
    if (before !== undefined && before !== String(candidateId)) this.violate(`I13 node ${member.nodeId} voted for ${before} and for ${candidateId} in epoch ${epoch}`);
    this.votes.set(key, String(candidateId));
  }

  /** A vote is about to be told; `durable` is what would survive a loss of power. */
  toldVote(member: QuorumMember, epoch: number, candidateId: number, durable: ElectionState | null): void {
    this.voted(member, epoch, candidateId);
    // What waited on the way out may be told in a later epoch: then the vote has done all that it ever will.
    const isDurable = durable !== null && (durable.epoch > epoch || (durable.epoch === epoch && durable.votedKey?.id === candidateId));
    if (!isDurable) this.violate(`I13 node ${member.nodeId} tells its vote for ${candidateId} in epoch ${epoch}, and has not got it on its platter`);
  }

  sawLeader(epoch: number, leaderId: number): void {
    const before = this.leaders.get(epoch);
    if (before !== undefined && before !== leaderId) this.violate(`I13 nodes ${before} and ${leaderId} lead the quorum in epoch ${epoch}`);
    this.leaders.set(epoch, leaderId);
  }
}

const memberKey = ({ nodeId, directoryId }: QuorumMember): string => `${nodeId}/${directoryId}`;

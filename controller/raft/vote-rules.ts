/** Who gets a vote. (KIP-595, KIP-996) */
import { unreachable } from '../../wire/base/invariant';
import type { VoteAsk } from './raft-messages';
import type { RaftRole } from './raft-roles';
import { compareOffsetAndEpoch, NO_LEADER, sameKey, type OffsetAndEpoch } from './replica-key';

/** The candidate's log holds everything that ours does, so everything that may be committed. */
export function isUpToDate(candidate: OffsetAndEpoch, own: OffsetAndEpoch): boolean {
  return compareOffsetAndEpoch(candidate, own) >= 0;
}

/**
 * Whether a node in this role grants what is asked in its own epoch. A pre-vote binds nobody, so it is granted whenever no
 * leader is known to be alive; a vote is given once in an epoch, and never when the epoch has a leader already.
 */
export function isGranted(role: RaftRole, ask: VoteAsk, own: OffsetAndEpoch): boolean {
  const upToDate = isUpToDate(ask.last, own);
  switch (role.name) {
    case 'unattached':
    case 'prospective':
      if (ask.preVote) return upToDate;
      if (role.votedKey !== null) return sameKey(role.votedKey, ask.candidate);
      return role.leaderId === NO_LEADER && upToDate;
    case 'follower':
      return ask.preVote && upToDate && !role.hasFetched;
    case 'candidate':
    case 'resigned':
      return ask.preVote && upToDate;
    case 'leader':
      return false;
    default:
      return unreachable(role);
  }
}


/** How the votes stand. 'lost': not even all that are still out would make a majority. */
export function tally(votes: ReadonlyMap<number, boolean>, voterIds: readonly number[], majority: number): 'won' | 'lost' | 'open' {
  let granted = 0;
  let open = 0;
  for (const id of voterIds) {
    const vote = votes.get(id);
    if (vote === true) granted += 1;
    if (vote === undefined) open += 1;
  }
  if (granted >= majority) return 'won';
  return granted + open < majority ? 'lost' : 'open';
}

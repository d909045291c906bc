/** What a follower asks the leader for its own place in the voter set, once in a fetch timeout. (KIP-853) */
import type { QuorumMachine } from './quorum-machine';
import type { AddVoterAsk, RemoveVoterAsk, UpdateVoterAsk } from './raft-messages';
import { sameVoter } from './voter-set';

/**
 * A voter has its entry put right when its addresses or versions have changed; of static voters, each tells its entry to each
 * leader, who needs all of them to raise kraft.version. With auto-join, a controller that is no voter
 * has the entry of its former disk removed, then its own added. Null: there is nothing to ask for.
 */
export function ownEntryRequest(machine: QuorumMachine): UpdateVoterAsk | AddVoterAsk | RemoveVoterAsk | null {
  const { config, control } = machine.parts;
  const { voters } = control;
  if (!config.canVote || voters === null) return null;
  const { self, epoch, role } = machine;
  if (control.kraftVersion < 1) {
    const isUntold = machine.isVoter && role.name === 'follower' && !role.isEntryTold;
    return isUntold ? { api: 'updateVoter', epoch, voter: config.ownEntry } : null;
  }
  const entry = voters.find(self.id);
  if (machine.isVoter) {
    const isRight = entry === undefined || sameVoter(entry, config.ownEntry);
    return isRight ? null : { api: 'updateVoter', epoch, voter: config.ownEntry };
  }
  if (!config.autoJoin) return null;
  if (entry !== undefined) return { api: 'removeVoter', voter: { id: entry.id, directoryId: entry.directoryId } };
  return { api: 'addVoter', voter: { ...self, endpoints: config.ownEntry.endpoints }, ackWhenCommitted: false };
}

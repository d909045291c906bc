/** What a node asks its peers of its own accord, in each of its roles. (KIP-595) */
import { unreachable } from '../../wire/base/invariant';
import { askForVotes } from './elections';
import { fetchFromLeader, fetchReadyAtMs, findLeader } from './follower-fetch';
import type { LeaderState } from './leader-state';
import type { QuorumMachine } from './quorum-machine';
import { NEVER } from './raft-config';
import type { Turn } from './raft-io';
import type { CandidateRole, ProspectiveRole, ResignedRole } from './raft-roles';

/** Sends what is due; gives back when it should be called again if nothing else happens before. */
export function askPeers(machine: QuorumMachine, turn: Turn): number {
  const { role } = machine;
  switch (role.name) {
    case 'leader':
      return lead(machine, role.state, turn);
    case 'resigned':
      return sayGoodbye(machine, role, turn);
    case 'prospective':
    case 'candidate':
      if (machine.isShuttingDown) return NEVER;
      askForVotes(machine, role, turn);
      return Math.min(role.deadlineMs, votesReadyAtMs(machine, role));
    case 'unattached':
      if (machine.isShuttingDown) return NEVER;
      findLeader(machine, turn);
      return Math.min(role.deadlineMs, fetchReadyAtMs(machine));
    case 'follower':
      if (machine.isShuttingDown) return NEVER;
      fetchFromLeader(machine, role, turn);
      return Math.min(role.deadlineMs, fetchReadyAtMs(machine));
    default:
      return unreachable(role);
  }
}

/** Tells voters who do not fetch that this node leads, from its first moment on. */
function lead(machine: QuorumMachine, state: LeaderState, turn: Turn): number {
  const { voters, self, epoch } = machine;
  const periodMs = machine.parts.config.fetchTimeoutMs / 2;
  const nowMs = turn.now.monotonicMs;
  const checkAtMs = state.checkQuorum.deadlineMs(voters);
  const waitMs = Math.min(checkAtMs, state.parked.deadlineMs, state.change?.deadlineMs ?? NEVER);
  if (machine.isAlone) return waitMs;
  if (nowMs >= state.beginEpochAtMs) {
    state.beginEpochAtMs = nowMs + periodMs;
    for (const voter of voters.voters) {
      if (voter.id === self.id || nowMs - state.replicas.lastFetchMs(voter) < periodMs) continue;
      const to = machine.destination(voter.id, voter.endpoints);
      if (to === null || !machine.requests.isReady(to.id, nowMs)) continue;
      const { endpoints } = machine.parts.config.ownEntry;
      const key = { id: voter.id, directoryId: voter.directoryId };
      machine.requests.send(to, { api: 'beginQuorumEpoch', epoch, leaderId: self.id, voter: key, endpoints }, turn);
    }
  }
  return Math.min(waitMs, state.beginEpochAtMs);
}

/** Tells every voter, until it has heard it, that this node leads no more. */
function sayGoodbye(machine: QuorumMachine, role: ResignedRole, turn: Turn): number {
  const { epoch, self, requests } = machine;
  let readyAtMs = NEVER;
  for (const voter of machine.parts.control.voters?.voters ?? []) {
    const to = machine.destination(voter.id, voter.endpoints);
    if (to === null || !role.untold.has(voter.id)) continue;
    if (requests.isReady(to.id, turn.now.monotonicMs)) {
      const { endpoints } = machine.parts.config.ownEntry;
      requests.send(to, { api: 'endQuorumEpoch', epoch, leaderId: self.id, preferred: role.successors, endpoints }, turn);
    }
    readyAtMs = Math.min(readyAtMs, requests.readyAtMs(to.id));
  }
  return machine.isShuttingDown ? readyAtMs : Math.min(role.deadlineMs, readyAtMs);
}

function votesReadyAtMs(machine: QuorumMachine, role: ProspectiveRole | CandidateRole): number {
  const waiting = machine.voters.voters.filter(({ id }) => id !== machine.self.id && !role.votes.has(id));
  return Math.min(NEVER, ...waiting.map(({ id }) => machine.requests.readyAtMs(id)));
}

/**
 * Elections: votes that are asked for and given, and what leaders tell when they come and go. (KIP-595, KIP-996)
 *
 * Each handler answers in its own turn; what an answer promises is durable by then, since the machine writes first.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { becomeLeader } from './epoch-start';
import type { QuorumMachine } from './quorum-machine';
import type { Turn } from './raft-io';
import type { BeginQuorumEpochAsk, EndQuorumEpochAsk, VoteAnswer, VoteAsk } from './raft-messages';
import type { CandidateRole, FollowerRole, ProspectiveRole } from './raft-roles';
import { entryMatches, NO_LEADER } from './replica-key';
import { isGranted } from './vote-rules';

/** Halving the longest wait more often leaves nothing of it. */
const MAX_HALVINGS = 30;
/** How long a voter waits at most that takes the leader for dead. */
const MAX_STAND_DELAY_MS = 150;

export function handleVote(machine: QuorumMachine, caller: number, ask: VoteAsk, turn: Turn): void {
  const { errorCode, granted } = vote(machine, ask, turn);
  const answer = { api: 'vote', errorCode, leader: machine.leaderView, granted } as const;
  turn.effects.push({ type: 'respond', caller, answer });
}

function vote(machine: QuorumMachine, ask: VoteAsk, turn: Turn): { errorCode: number; granted: boolean } {
  const refused = (errorCode: number): { errorCode: number; granted: boolean } => ({ errorCode, granted: false });
  const { epoch, last, preVote, candidate } = ask;
  // A pre-vote names the epoch that the sender is in, a vote the one that it has begun.
  const isPlausible = last.offset >= 0 && last.epoch >= 0 && (preVote ? last.epoch <= epoch : last.epoch < epoch);
  if (!isPlausible) return refused(ErrorCode.INVALID_REQUEST);
  if (epoch < machine.epoch) return refused(ErrorCode.FENCED_LEADER_EPOCH);
  if (candidate.id < 0) return refused(ErrorCode.INVALID_REQUEST);
  if (epoch > machine.epoch) machine.becomeUnattached(epoch, NO_LEADER, machine.inheritedDeadline(turn.now), turn);
  if (!machine.isMeant(ask.voter)) return refused(ErrorCode.INVALID_VOTER_KEY);
  const granted = isGranted(machine.role, ask, machine.logEnd);
  if (granted && !preVote) giveVote(machine, ask, turn);
  return { errorCode: ErrorCode.NONE, granted };
}

/** The vote is on disk before the answer leaves: a node that forgot it could vote twice in one epoch. */
function giveVote(machine: QuorumMachine, { candidate }: VoteAsk, turn: Turn): void {
  const { epoch, votedKey } = machine;
  if (votedKey !== null) return;
  machine.persist({ epoch, leaderId: NO_LEADER, votedKey: candidate });
  const deadlineMs = machine.electionDeadline(turn.now);
  machine.enter(epoch, { name: 'unattached', leaderId: NO_LEADER, votedKey: candidate, deadlineMs }, turn);
}

/** Stands, first asking whether it would be elected; a voter that is alone has won at once. */
export function stand(machine: QuorumMachine, turn: Turn): void {
  machine.becomeProspective(turn);
  countVotes(machine, turn);
}

/** Goes on when the votes that have come decide. */
export function countVotes(machine: QuorumMachine, turn: Turn): void {
  const { role } = machine;
  // A vote that was under way may come while this node stops: it does not begin to lead then.
  if (machine.isShuttingDown || (role.name !== 'prospective' && role.name !== 'candidate')) return;
  const result = machine.tallyOf(role.votes);
  if (result === 'won') return role.name === 'candidate' ? becomeLeader(machine, role.votes, turn) : raiseEpoch(machine, turn);
  // A candidate that has lost waits for its timer, as everybody else does; a prospective one gives way to the leader.
  if (result === 'lost' && role.name === 'prospective') giveUp(machine, role, turn);
}

function raiseEpoch(machine: QuorumMachine, turn: Turn): void {
  machine.becomeCandidate(turn);
  countVotes(machine, turn);
}

/** Nobody would elect this node now: it goes back to the leader that it knows, if any. */
export function giveUp(machine: QuorumMachine, role: ProspectiveRole, turn: Turn): void {
  const { epoch } = machine;
  if (role.leaderId !== NO_LEADER && role.leaderEndpoints.length > 0) {
    return machine.becomeFollower(epoch, role.leaderId, role.leaderEndpoints, turn);
  }
  machine.becomeUnattached(epoch, role.leaderId, machine.electionDeadline(turn.now), turn);
}

/** Asks every voter that has not answered yet. */
export function askForVotes(machine: QuorumMachine, role: ProspectiveRole | CandidateRole, turn: Turn): void {
  for (const voter of machine.voters.voters) {
    if (voter.id === machine.self.id || role.votes.has(voter.id)) continue;
    const to = machine.destination(voter.id, voter.endpoints);
    if (to === null || !machine.requests.isReady(to.id, turn.now.monotonicMs)) continue;
    const ask: VoteAsk = {
      api: 'vote',
      epoch: machine.epoch,
      candidate: machine.self,
      voter: { id: voter.id, directoryId: voter.directoryId },
      last: machine.logEnd,
      preVote: role.name === 'prospective',
    };
    machine.requests.send(to, ask, turn);
  }
}

/** A voter has answered; the epoch of its answer is this node's own. */
export function takeVote(machine: QuorumMachine, voterId: number, { granted }: VoteAnswer, turn: Turn): void {
  const { role } = machine;
  if (role.name !== 'prospective' && role.name !== 'candidate') return;
  role.votes.set(voterId, granted);
  countVotes(machine, turn);
}

/**
 * Nobody listens where the leader did: its process is dead, and the fetch timer would only tell so later. A voter stands
 * within a moment, at random so that not all do at once, and grants others their pre-votes, which bind nobody. Kafka's voters
 * wait for their timers. If it was wrong, the leader's next answer puts everything back.
 */
export function leaderIsGone(machine: QuorumMachine, peerId: number, { now }: Turn): void {
  const { role } = machine;
  if (role.name !== 'follower' || role.leaderId !== peerId || !machine.mayStand) return;
  role.hasFetched = false;
  role.deadlineMs = Math.min(role.deadlineMs, now.monotonicMs + machine.parts.random.below(MAX_STAND_DELAY_MS));
}

/**
 * The fetch timer has run out. The timers of all followers run out at nearly the same time, since one answer of the leader,
 * a new high watermark, started them: who stood at once would stand together with others, split the vote, and wait for a
 * whole election timer. So others get their pre-votes from now on, and this node stands within a moment, at random.
 */
export function leaderIsSilent(machine: QuorumMachine, role: FollowerRole, turn: Turn): void {
  const delayMs = role.hasFetched ? machine.parts.random.below(MAX_STAND_DELAY_MS) : 0;
  if (delayMs === 0) return stand(machine, turn);
  role.hasFetched = false;
  role.deadlineMs = turn.now.monotonicMs + delayMs;
}

export function handleBeginQuorumEpoch(machine: QuorumMachine, caller: number, ask: BeginQuorumEpochAsk, turn: Turn): void {
  let errorCode = refusalOf(machine, ask);
  if (errorCode === ErrorCode.NONE) {
    machine.meet(ask, turn);
    // The news counts even if it was meant for the disk that this node had before.
    if (!machine.isMeant(ask.voter)) errorCode = ErrorCode.INVALID_VOTER_KEY;
  }
  turn.effects.push({ type: 'respond', caller, answer: { api: 'beginQuorumEpoch', errorCode, leader: machine.leaderView } });
}

export function handleEndQuorumEpoch(machine: QuorumMachine, caller: number, ask: EndQuorumEpochAsk, turn: Turn): void {
  const errorCode = refusalOf(machine, ask);
  if (errorCode === ErrorCode.NONE) {
    machine.meet(ask, turn);
    const { role } = machine;
    if (role.name === 'follower' && role.leaderId === ask.leaderId) {
      role.deadlineMs = turn.now.monotonicMs + successionDelayMs(machine, ask);
      // The leader itself says that it goes, so others may stand (KAFKA-20895).
      role.hasFetched = false;
    }
  }
  turn.effects.push({ type: 'respond', caller, answer: { api: 'endQuorumEpoch', errorCode, leader: machine.leaderView } });
}

function refusalOf(machine: QuorumMachine, { epoch, leaderId }: BeginQuorumEpochAsk | EndQuorumEpochAsk): number {
  if (epoch < machine.epoch) return ErrorCode.FENCED_LEADER_EPOCH;
  return leaderId < 0 ? ErrorCode.INVALID_REQUEST : ErrorCode.NONE;
}

/** The first of the list stands at once, the others later and later, so that they do not split the vote. */
function successionDelayMs(machine: QuorumMachine, { preferred }: EndQuorumEpochAsk): number {
  const maxMs = machine.parts.config.electionBackoffMaxMs;
  const steps = Math.min(preferred.length - 1, MAX_HALVINGS);
  const position = preferred.findIndex((key) => entryMatches(key, machine.self));
  if (position === 0) return 0;
  if (position < 0) return maxMs;
  return Math.min(maxMs, (maxMs >> steps) * 2 ** Math.min(position - 1, MAX_HALVINGS));
}

/** What becomes of the answers of peers: first what every answer says, of epoch and leader, then what was asked for. (KIP-595) */
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { unreachable } from '../../wire/base/invariant';
import { leaderIsGone, takeVote } from './elections';
import { sawLeader, takeFetched } from './follower-fetch';
import type { QuorumMachine } from './quorum-machine';
import type { Turn } from './raft-io';
import type { LeaderlessAnswer, RaftAnswer, SendFailure } from './raft-messages';
import type { SentRequest } from './request-manager';
import { takeSnapshotPiece } from './snapshot-fetch';
import { takeVersions } from './voter-changes';

type LedAnswer = Exclude<RaftAnswer, LeaderlessAnswer>;

export function takeAnswer(machine: QuorumMachine, requestId: number, answer: RaftAnswer, turn: Turn): void {
  const sent = machine.requests.take(requestId);
  if (sent === null) return;
  if (!('leader' in answer)) return takeLeaderless(machine, sent, answer, turn);
  const { leader, errorCode } = answer;
  const isStale = leader.epoch < machine.epoch || errorCode === ErrorCode.UNKNOWN_LEADER_EPOCH;
  if (!isStale) machine.meet(leader, turn);
  const isOfThisEpoch = !isStale && leader.epoch === machine.epoch;
  // A peer that has nothing to give is not asked again at once; after a change of state this pauses nobody.
  if (!isOfThisEpoch || !take(machine, sent, answer, turn)) machine.requests.pause(sent.to.id, turn);
}

/** False when the peer should be left alone for a while. */
function take(machine: QuorumMachine, { to, request }: SentRequest, answer: LedAnswer, turn: Turn): boolean {
  const { role } = machine;
  if (answer.api === 'updateVoter' && LATER.has(answer.errorCode)) return true;
  if (answer.errorCode !== ErrorCode.NONE && answer.api !== 'fetchSnapshot') return refused(answer, turn);
  switch (answer.api) {
    case 'vote':
      // What was granted was granted in the epoch, and for the kind of vote, that was asked for.
      if (request.api === 'vote' && request.epoch === machine.epoch) takeVote(machine, to.id, answer, turn);
      return true;
    case 'beginQuorumEpoch':
      return true;
    case 'updateVoter':
      if (role.name !== 'follower') return true;
      role.isEntryTold = true;
      sawLeader(machine, role, turn);
      return true;
    case 'endQuorumEpoch':
      if (role.name === 'resigned') role.untold.delete(to.id);
      return true;
    case 'fetch':
      takeFetched(machine, answer, turn);
      return true;
    case 'fetchSnapshot':
      if (role.name !== 'follower') return true;
      if (answer.errorCode !== ErrorCode.NONE && answer.errorCode !== ErrorCode.SNAPSHOT_NOT_FOUND) return refused(answer, turn);
      takeSnapshotPiece(role, answer, turn);
      sawLeader(machine, role, turn);
      return true;
    default:
      return unreachable(answer);
  }
}

function takeLeaderless(machine: QuorumMachine, { request }: SentRequest, answer: LeaderlessAnswer, turn: Turn): void {
  if (answer.api === 'versions') return takeVersions(machine, request, answer, turn);
  // Who asks to become a voter goes on fetching, and asks again in its time.
  if (answer.errorCode === ErrorCode.NONE || LATER.has(answer.errorCode)) return;
  const { api, errorCode, message } = answer;
  turn.effects.push({ type: 'warn', why: `${api} was answered with ${errorName(errorCode)}${message === null ? '' : `: ${message}`}` });
}

/** The voter set is being changed, or has been already. */
const LATER: ReadonlySet<number> = new Set([
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.DUPLICATE_VOTER,
  ErrorCode.VOTER_NOT_FOUND,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.BROKER_NOT_AVAILABLE,
]);

/** Errors that are part of a quorum's life. */
const USUAL: ReadonlySet<number> = new Set([
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.BROKER_NOT_AVAILABLE,
  ErrorCode.INVALID_VOTER_KEY,
]);

function refused({ api, errorCode }: RaftAnswer, { effects }: Turn): false {
  if (!USUAL.has(errorCode)) effects.push({ type: 'warn', why: `${api} was answered with ${errorName(errorCode)}` });
  return false;
}

/** There is no answer. */
export function takeFailure(machine: QuorumMachine, requestId: number, why: SendFailure, turn: Turn): void {
  const sent = machine.requests.take(requestId);
  if (sent === null) return;
  const { request, to } = sent;
  machine.requests.pause(to.id, turn);
  if (request.api === 'versions') return takeVersions(machine, request, null, turn);
  if (why === 'refused') leaderIsGone(machine, to.id, turn);
  // A peer from before KIP-996 knows no pre-votes: then there is nothing to ask around for.
  if (why === 'unsupported' && request.api === 'vote' && request.preVote && machine.role.name === 'prospective') {
    machine.becomeCandidate(turn);
  }
}

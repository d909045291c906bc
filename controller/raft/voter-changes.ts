/**
 * Changes of the voter set, as the leader makes them. (KIP-853)
 *
 * Invariants: one voter at a time, and never before the set that is in force is committed by this leader in its own epoch, so
 * that any majority of the old set and any of the new one have a voter in common. The new set counts from its record on, for
 * the commitment of that very record too. A leader that is not in it goes on leading, without counting itself, until it is
 * committed, and resigns then.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { invariant } from '../../wire/base/invariant';
import { encodeKraftVersion, encodeVoters } from './control-batches';
import { leaderError } from './leader-fetch';
import type { LeaderState } from './leader-state';
import { endChange } from './pending-change';
import type { QuorumMachine } from './quorum-machine';
import type { Turn } from './raft-io';
import type { AddVoterAsk, LeaderView, RaftRequest, RemoveVoterAsk, UpdateVoterAsk, VersionsAnswer } from './raft-messages';
import { sameKey, UNKNOWN_DIRECTORY } from './replica-key';
import { isLoopback, sameVoter, VoterSet, type Voter, type VoterEndpoint } from './voter-set';

/** How long ago a node may have fetched for the last time and still count as one that keeps up. */
const KEEPS_UP_WITHIN_MS = 3_600_000;

interface Refusal {
  readonly errorCode: number;
  readonly message: string;
}

export function handleAddVoter(machine: QuorumMachine, caller: number, ask: AddVoterAsk, turn: Turn): void {
  const state = leading(machine);
  const refusal =
    state === null ? notLeading(machine, machine.epoch) : (invalidVoter(machine, ask.voter) ?? notNow(machine, state) ?? addRefusal(machine, ask));
  const to = machine.destination(ask.voter.id, ask.voter.endpoints);
  if (state === null || refusal !== null || to === null) return respond('addVoter', caller, refusal, turn);
  const deadlineMs = turn.now.monotonicMs + machine.parts.config.requestTimeoutMs;
  const request = { api: 'versions' } as const;
  state.change = { api: 'addVoter', caller, deadlineMs, stage: 'asked', ask, request };
  machine.requests.send(to, request, turn);
}

/** The node that is to be added has told its versions; null when it did not answer. */
export function takeVersions(machine: QuorumMachine, request: RaftRequest, answer: VersionsAnswer | null, turn: Turn): void {
  const state = leading(machine);
  const change = state?.change;
  if (state === null || change?.stage !== 'asked' || change.request !== request) return;
  const { ask } = change;
  const end = (errorCode: number, message: string | null = null): void => endChange(state, errorCode, message, turn.effects);
  const who = `node ${ask.voter.id} with directory ${ask.voter.directoryId}`;
  if (answer === null || answer.errorCode !== ErrorCode.NONE) {
    return end(ErrorCode.REQUEST_TIMED_OUT, `The leader cannot reach ${who} at ${addressOf(ask.voter.endpoints)}.`);
  }
  const { minKraftVersion, maxKraftVersion } = answer;
  const voter: Voter = { ...ask.voter, minKraftVersion, maxKraftVersion };
  const { kraftVersion } = machine.parts.control;
  if (!supports(voter, kraftVersion)) {
    return end(ErrorCode.INVALID_REQUEST, `The cluster's kraft.version is ${kraftVersion}; ${who} supports ${minKraftVersion} to ${maxKraftVersion}.`);
  }
  if (!state.replicas.isCaughtUp(voter, turn.now.monotonicMs, KEEPS_UP_WITHIN_MS)) {
    return end(ErrorCode.REQUEST_TIMED_OUT, `The log of ${who} has not caught up with the leader's yet: add it again when it has.`);
  }
  const offset = appendVoters(machine, state, machine.voters.withAdded(voter), turn);
  if (offset === null) return end(ErrorCode.REQUEST_TIMED_OUT, 'The disk of the leader is full.');
  if (machine.voters.size === 2) {
    const why = 'the metadata quorum has two voters now, and stops when either of them fails: add a third';
    turn.effects.push({ type: 'warn', why });
  }
  if (!ask.ackWhenCommitted) return end(ErrorCode.NONE);
  state.change = { api: 'addVoter', caller: change.caller, deadlineMs: change.deadlineMs, stage: 'appended', offset };
}

export function handleRemoveVoter(machine: QuorumMachine, caller: number, { voter }: RemoveVoterAsk, turn: Turn): void {
  const state = leading(machine);
  const refusal = state === null ? notLeading(machine, machine.epoch) : (invalidKey(voter) ?? notNow(machine, state) ?? removeRefusal(machine, voter));
  if (state === null || refusal !== null) return respond('removeVoter', caller, refusal, turn);
  const offset = appendVoters(machine, state, machine.voters.without(voter.id), turn);
  if (offset === null) return respond('removeVoter', caller, timedOut('The disk of the leader is full.'), turn);
  const deadlineMs = turn.now.monotonicMs + machine.parts.config.requestTimeoutMs;
  state.change = { api: 'removeVoter', caller, deadlineMs, stage: 'appended', offset };
}

/** A voter has other addresses or versions. The answer does not wait for the commit: the voter goes on fetching. */
export function handleUpdateVoter(machine: QuorumMachine, caller: number, ask: UpdateVoterAsk, turn: Turn): void {
  const errorCode = updateVoter(machine, ask, turn);
  const leader: LeaderView = machine.leaderView;
  turn.effects.push({ type: 'respond', caller, answer: { api: 'updateVoter', errorCode, leader } });
}

function updateVoter(machine: QuorumMachine, { epoch, voter }: UpdateVoterAsk, turn: Turn): number {
  const state = leading(machine);
  const refusal = notLeading(machine, epoch) ?? invalidVoter(machine, voter);
  if (state === null || refusal !== null) return refusal?.errorCode ?? ErrorCode.NOT_LEADER_OR_FOLLOWER;
  const isRange = voter.minKraftVersion >= 0 && voter.minKraftVersion <= voter.maxKraftVersion;
  if (!isRange) return ErrorCode.INVALID_REQUEST;
  const { kraftVersion } = machine.parts.control;
  if (kraftVersion < 1) return noteEntry(machine, state, voter);
  const early = notNow(machine, state);
  if (early !== null) return early.errorCode;
  const known = machine.voters.find(voter.id);
  if (known === undefined || !sameKey(known, voter)) return ErrorCode.VOTER_NOT_FOUND;
  if (!supports(voter, kraftVersion)) return ErrorCode.INVALID_REQUEST;
  state.checkQuorum.heardFrom(voter, machine.voters, turn.now.monotonicMs);
  if (sameVoter(known, voter)) return ErrorCode.NONE;
  const offset = appendVoters(machine, state, machine.voters.withUpdated(voter), turn);
  return offset === null ? ErrorCode.REQUEST_TIMED_OUT : ErrorCode.NONE;
}

/** Static voters are what the configuration says; what they say of themselves counts when kraft.version is raised. */
function noteEntry(machine: QuorumMachine, state: LeaderState, voter: Voter): number {
  if (state.change !== null || state.highWatermark < 0) return ErrorCode.REQUEST_TIMED_OUT;
  if (!machine.voters.isVoter(voter)) return ErrorCode.VOTER_NOT_FOUND;
  state.toldEntries.set(voter.id, voter);
  return ErrorCode.NONE;
}

/**
 * Raises kraft.version from 0: the level and the voters, with their directories, become records of the log. From then on it
 * is they who vote, whatever controller.quorum.voters says. Gives back why not, or null when it is written; with
 * `validateOnly` nothing is.
 */
export function raiseKraftVersion(machine: QuorumMachine, level: number, validateOnly: boolean, turn: Turn): string | null {
  const state = leading(machine);
  const { control, config } = machine.parts;
  if (state === null) return 'This node does not lead the metadata quorum.';
  invariant(level > control.kraftVersion, `kraft.version ${control.kraftVersion} cannot be raised to ${level}`);
  if (state.highWatermark < 0) return 'The leader does not know yet what is committed: try again.';
  const entries: Voter[] = [];
  for (const id of machine.voters.ids) {
    const entry = id === config.self.id ? config.ownEntry : state.toldEntries.get(id);
    if (entry === undefined) return `Voter ${id} has not told the leader its directory and its addresses yet: try again when it follows the leader.`;
    if (!supports(entry, level)) return `Voter ${id} only supports versions ${entry.minKraftVersion}-${entry.maxKraftVersion}`;
    entries.push(entry);
  }
  if (validateOnly || appendRaised(machine, state, level, new VoterSet(entries), turn)) return null;
  return 'The disk of the leader is full.';
}

function appendRaised(machine: QuorumMachine, state: LeaderState, level: number, voters: VoterSet, { now, effects }: Turn): boolean {
  const { control, crc32c } = machine.parts;
  const { epoch } = machine;
  let offset = 0;
  const encode = (baseOffset: number): ReturnType<typeof encodeVoters> => {
    offset = baseOffset;
    return encodeKraftVersion(level, voters, { epoch, baseOffset, timestampMs: now.wallMs }, crc32c);
  };
  if (!state.appendControl(encode, now.monotonicMs, effects)) return false;
  control.kraftVersionHistory.add(offset, level);
  control.voterHistory.add(offset + 1, voters);
  state.checkQuorum.restart(now.monotonicMs);
  effects.push({ type: 'votersChanged', offset: offset + 1, voterIds: voters.ids });
  return true;
}

/** What this node would say as one that is to become a voter. */
export function ownVersions({ parts: { config } }: QuorumMachine): VersionsAnswer {
  const { minKraftVersion, maxKraftVersion } = config.ownEntry;
  return { api: 'versions', errorCode: ErrorCode.NONE, minKraftVersion, maxKraftVersion };
}

/** After each step of a leader: answers who waits for a change, and goes when the change has sent it away. */
export function settleChange(machine: QuorumMachine, state: LeaderState, turn: Turn): void {
  const { change } = state;
  if (change?.stage === 'appended' && change.offset < state.highWatermark) {
    endChange(state, ErrorCode.NONE, null, turn.effects);
  } else if (change !== null && turn.now.monotonicMs >= change.deadlineMs) {
    const message = change.stage === 'asked' ? 'The new voter did not answer in time.' : 'The change is not committed yet; it may be later.';
    endChange(state, ErrorCode.REQUEST_TIMED_OUT, message, turn.effects);
  }
  if (!machine.isVoter && isSettled(machine, state)) machine.becomeResigned(turn);
}

/** Writes the new set, which counts from here on; gives back where it lies, or null when the disk is full. */
function appendVoters(machine: QuorumMachine, state: LeaderState, voters: VoterSet, { now, effects }: Turn): number | null {
  const { control, crc32c } = machine.parts;
  const { epoch } = machine;
  let offset = 0;
  const encode = (baseOffset: number): ReturnType<typeof encodeVoters> => {
    offset = baseOffset;
    return encodeVoters(voters, { epoch, baseOffset, timestampMs: now.wallMs }, crc32c);
  };
  if (!state.appendControl(encode, now.monotonicMs, effects)) return null;
  control.voterHistory.add(offset, voters);
  state.checkQuorum.restart(now.monotonicMs);
  effects.push({ type: 'votersChanged', offset, voterIds: voters.ids });
  return offset;
}

/** The voter set in force is committed, by this leader in its epoch. */
function isSettled({ parts: { control } }: QuorumMachine, { highWatermark }: LeaderState): boolean {
  return highWatermark >= 0 && (control.voterHistory.last?.offset ?? -1) < highWatermark;
}

function leading({ role }: QuorumMachine): LeaderState | null {
  return role.name === 'leader' ? role.state : null;
}

function notLeading(machine: QuorumMachine, epoch: number): Refusal | null {
  const errorCode = leaderError(machine, epoch);
  return errorCode === ErrorCode.NONE ? null : { errorCode, message: 'This node does not lead the metadata quorum.' };
}

/** Why the voter set cannot be changed at this moment. */
function notNow(machine: QuorumMachine, state: LeaderState): Refusal | null {
  const { kraftVersion } = machine.parts.control;
  if (state.change !== null) return timedOut('Another voter is being added or removed: try again when that is done.');
  if (state.highWatermark < 0) return timedOut('The leader does not know yet what is committed: try again.');
  if (kraftVersion < 1) {
    const message = 'The voters of this cluster are those of controller.quorum.voters (kraft.version 0): they cannot be changed.';
    return { errorCode: ErrorCode.UNSUPPORTED_VERSION, message };
  }
  return isSettled(machine, state) ? null : timedOut('The last change of the voters is not committed yet: try again when it is.');
}

function addRefusal({ voters }: QuorumMachine, { voter }: AddVoterAsk): Refusal | null {
  const known = voters.find(voter.id);
  if (known !== undefined) {
    const isSame = sameKey(known, voter);
    const other = `Node ${voter.id} is a voter already, with directory ${known.directoryId}: remove that one first.`;
    return { errorCode: ErrorCode.DUPLICATE_VOTER, message: isSame ? `Node ${voter.id} is a voter already.` : other };
  }
  const isLocal = voter.endpoints.some(isLoopback);
  const elsewhere = voters.voters.find(({ endpoints }) => endpoints.some(isLoopback) !== isLocal);
  if (elsewhere === undefined) return null;
  const [local, other] = isLocal ? [voter, elsewhere] : [elsewhere, voter];
  const message = `Node ${local.id} says that its controller listener is at ${addressOf(local.endpoints)}, where node ${other.id} at ${addressOf(other.endpoints)} would look for it on its own machine. Give the controller listener of node ${local.id} an address that others can reach (listeners, or advertised.listeners), restart the node, and add the voter again.`;
  return { errorCode: ErrorCode.INVALID_REQUEST, message };
}

function removeRefusal({ voters }: QuorumMachine, voter: RemoveVoterAsk['voter']): Refusal | null {
  const known = voters.find(voter.id);
  const notFound = (message: string): Refusal => ({ errorCode: ErrorCode.VOTER_NOT_FOUND, message });
  if (known === undefined) return notFound(`Node ${voter.id} is not a voter.`);
  if (!sameKey(known, voter)) return notFound(`Voter ${voter.id} has directory ${known.directoryId}, not ${voter.directoryId}.`);
  return voters.size > 1 ? null : notFound(`Node ${voter.id} is the last voter, which cannot be removed.`);
}

function invalidVoter({ parts: { config } }: QuorumMachine, voter: AddVoterAsk['voter']): Refusal | null {
  const { listenerName } = config;
  if (voter.endpoints.some(({ name }) => name === listenerName)) return invalidKey(voter);
  return { errorCode: ErrorCode.INVALID_REQUEST, message: `The voter has no endpoint for the listener ${listenerName}, by which the quorum's nodes reach each other.` };
}

function invalidKey({ id, directoryId }: RemoveVoterAsk['voter']): Refusal | null {
  if (id >= 0 && directoryId !== UNKNOWN_DIRECTORY) return null;
  return { errorCode: ErrorCode.INVALID_REQUEST, message: 'A voter is named by its node id and its directory id.' };
}

function supports({ minKraftVersion, maxKraftVersion }: Voter, version: number): boolean {
  return minKraftVersion <= version && version <= maxKraftVersion;
}

function timedOut(message: string): Refusal {
  return { errorCode: ErrorCode.REQUEST_TIMED_OUT, message };
}

function addressOf(endpoints: readonly VoterEndpoint[]): string {
  return endpoints.map(({ host, port }) => `${host}:${port}`).join(', ');
}

function respond(api: 'addVoter' | 'removeVoter', caller: number, refusal: Refusal | null, { effects }: Turn): void {
  const { errorCode, message } = refusal ?? { errorCode: ErrorCode.INVALID_REQUEST, message: null };
  effects.push({ type: 'respond', caller, answer: { api, errorCode, message } });
}

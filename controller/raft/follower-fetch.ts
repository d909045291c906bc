/**
 * The follower's side of Fetch: asks the leader for what follows its own log, appends it, and cuts back what the leader
 * does not have. Observers do the same. (KIP-595, KIP-630)
 *
 * Invariants: a node that may vote says that it has a record only once it is durable, so one fetch is under way at a time
 * and waits for the flush. Nothing committed is ever cut: a leader that asks for it breaks the protocol.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { appendFetched } from './follower-append';
import { ownEntryRequest } from './own-entry';
import { NEVER, QuorumProtocolError } from './raft-config';
import type { Turn } from './raft-io';
import type { Destination, FetchAnswer, FetchAsk, FetchSnapshotAsk } from './raft-messages';
import type { FollowerRole } from './raft-roles';
import type { OffsetAndEpoch } from './replica-key';
import type { QuorumMachine } from './quorum-machine';
import { adoptSnapshot, beginDownload } from './snapshot-fetch';

const MAX_WAIT_MS = 500;
/** Bootstrap servers have ids of their own, from here downwards. */
const FIRST_BOOTSTRAP_ID = -2;

/** Asks the leader for more, or somebody who may know a newer one when the leader cannot be reached. */
export function fetchFromLeader(machine: QuorumMachine, role: FollowerRole, turn: Turn): void {
  const nowMs = turn.now.monotonicMs;
  if (role.isFreezing || nowMs < role.pausedUntilMs) return;
  const leader = machine.destination(role.leaderId, role.leaderEndpoints);
  if (leader === null || isPaused(machine, leader, nowMs)) return findLeader(machine, turn);
  if (!machine.requests.isReady(leader.id, nowMs)) return;
  if (nowMs >= role.checkEntryAtMs) {
    role.checkEntryAtMs = nowMs + machine.parts.config.fetchTimeoutMs;
    const request = ownEntryRequest(machine);
    if (request !== null) return machine.requests.send(leader, request, turn);
  }
  send(machine, leader, role.download === null ? fetchAsk(machine) : snapshotAsk(machine, role.download), turn);
}

/** Asks any node that may know who leads. */
export function findLeader(machine: QuorumMachine, turn: Turn): void {
  const ready = servers(machine).filter(({ id }) => machine.requests.isReady(id, turn.now.monotonicMs));
  const chosen = ready.length === 0 ? undefined : ready[machine.parts.random.below(ready.length)];
  if (chosen !== undefined) send(machine, chosen, fetchAsk(machine), turn);
}

/** One fetch at a time, and whoever may vote says nothing of its log before that is durable, whomever it tells. */
function send(machine: QuorumMachine, to: Destination, ask: FetchAsk | FetchSnapshotAsk, turn: Turn): void {
  if (isFetching(machine)) return;
  if (mustFlush(machine)) return void machine.flush.begin(machine.epoch, turn.effects);
  machine.requests.send(to, ask, turn);
}

/** When the next fetch may be sent, if nothing else happens before. */
export function fetchReadyAtMs(machine: QuorumMachine): number {
  const { role, requests } = machine;
  if (isFetching(machine) || (mustFlush(machine) && machine.flush.isBusy)) return NEVER;
  const others = Math.min(NEVER, ...servers(machine).map(({ id }) => requests.readyAtMs(id)));
  if (role.name !== 'follower') return others;
  if (role.isFreezing) return NEVER;
  const leaderAtMs = requests.readyAtMs(role.leaderId);
  return leaderAtMs === NEVER ? NEVER : Math.max(role.pausedUntilMs, Math.min(leaderAtMs, others));
}

function isFetching({ requests }: QuorumMachine): boolean {
  return requests.isAsking('fetch') || requests.isAsking('fetchSnapshot');
}

function mustFlush({ parts, flush }: QuorumMachine): boolean {
  return parts.config.canVote && !flush.isComplete;
}

function isPaused({ requests }: QuorumMachine, { id }: Destination, nowMs: number): boolean {
  const readyAtMs = requests.readyAtMs(id);
  return readyAtMs > nowMs && readyAtMs < NEVER;
}

/** Who may know the leader: neither this node nor the one that it follows, which is asked first. */
function servers(machine: QuorumMachine): readonly Destination[] {
  const { config } = machine.parts;
  const { role } = machine;
  const own = machine.destination(machine.self.id, config.ownEntry.endpoints);
  const leader = role.name === 'follower' ? machine.destination(role.leaderId, role.leaderEndpoints) : null;
  const isOther = (server: Destination): boolean => !isSameAddress(server, own) && !isSameAddress(server, leader);
  const configured = bootstrapServers(machine);
  // Voters that have come since may be the only ones who know: Kafka asks those that are configured alone.
  const voters = otherVoters(machine).filter((voter) => !configured.some((server) => isSameAddress(server, voter)));
  return [...configured, ...voters].filter(isOther);
}

function bootstrapServers({ parts }: QuorumMachine): readonly Destination[] {
  return parts.config.bootstrapServers.map(({ host, port }, index) => ({ id: FIRST_BOOTSTRAP_ID - index, host, port }));
}

function otherVoters(machine: QuorumMachine): readonly Destination[] {
  return (machine.parts.control.voters?.voters ?? []).flatMap((voter) => {
    const to = voter.id === machine.self.id ? null : machine.destination(voter.id, voter.endpoints);
    return to === null ? [] : [to];
  });
}

function isSameAddress(a: Destination, b: Destination | null): boolean {
  return b !== null && a.host === b.host && a.port === b.port;
}

function fetchAsk(machine: QuorumMachine): FetchAsk {
  const { config } = machine.parts;
  const { offset, epoch: lastFetchedEpoch } = machine.logEnd;
  return {
    api: 'fetch',
    replica: machine.self,
    epoch: machine.epoch,
    offset,
    lastFetchedEpoch,
    highWatermark: machine.committed,
    maxWaitMs: MAX_WAIT_MS,
    maxBytes: config.fetchMaxBytes,
  };
}

function snapshotAsk(machine: QuorumMachine, download: { id: OffsetAndEpoch; sizeBytes: number }): FetchSnapshotAsk {
  return {
    api: 'fetchSnapshot',
    replica: machine.self,
    epoch: machine.epoch,
    snapshotId: download.id,
    position: download.sizeBytes,
    maxBytes: machine.parts.config.fetchSnapshotMaxBytes,
  };
}

/** The leader of this epoch has answered well. */
export function takeFetched(machine: QuorumMachine, answer: FetchAnswer, turn: Turn): void {
  const { role } = machine;
  if (role.name !== 'follower' || answer.errorCode !== ErrorCode.NONE) return;
  if (answer.diverging !== null) cutBack(machine, answer.diverging, turn);
  else if (answer.snapshotId !== null) takeSnapshotId(machine, role, answer.snapshotId, turn);
  else appendFetched(machine, role, answer, turn);
  sawLeader(machine, role, turn);
}

/** The leader is alive: the fetch timer starts again. */
export function sawLeader(machine: QuorumMachine, role: FollowerRole, turn: Turn): void {
  role.hasFetched = true;
  machine.lastLeader = { id: role.leaderId, lastHeardMs: turn.now.monotonicMs };
  role.deadlineMs = turn.now.monotonicMs + machine.parts.config.fetchTimeoutMs;
}

/** Cuts the log back to where it is surely the leader's. (KafkaRaftLog.truncateToEndOffset) */
function cutBack(machine: QuorumMachine, leaderEnd: OffsetAndEpoch, turn: Turn): void {
  const { log, control, snapshots } = machine.parts;
  // What a snapshot holds was committed, even if this process does not know yet how much more was.
  const floor = Math.max(machine.committed, log.startOffset, snapshots.latest?.offset ?? 0);
  const own = log.endOffsetForEpoch(leaderEnd.epoch);
  const endOffset = own.epoch === leaderEnd.epoch ? Math.min(own.offset, leaderEnd.offset) : own.offset;
  if (endOffset < floor) {
    throw new QuorumProtocolError(`the leader would have the log cut back to ${endOffset}, below ${floor}, which is committed`);
  }
  log.truncateTo(endOffset);
  control.truncateTo(endOffset);
  machine.flush.truncated(endOffset);
  turn.effects.push({ type: 'truncated', endOffset });
}

function takeSnapshotId(machine: QuorumMachine, role: FollowerRole, id: OffsetAndEpoch, turn: Turn): void {
  if (id.offset <= machine.committed) {
    throw new QuorumProtocolError(`the leader offers snapshot ${id.offset}-${id.epoch}, below the high watermark ${machine.committed}`);
  }
  if (machine.parts.snapshots.has(id)) return adoptSnapshot(machine, id, turn);
  beginDownload(machine, role, id);
}

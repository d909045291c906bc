/**
 * The leader's side of Fetch: finds where a replica's log parts from its own, gives what follows, counts how far it has
 * got, and lets it wait for news. (KIP-595, KIP-630)
 *
 * Invariants: only a fetch whose place in the log is this log's own tells how far a replica has got. What is read goes up to
 * the end of the log, committed or not: followers are how it gets committed.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { LeaderState } from './leader-state';
import type { QuorumMachine } from './quorum-machine';
import type { RaftLog } from './raft-log';
import type { FetchAnswer, FetchAsk, FetchSnapshotAnswer, FetchSnapshotAsk } from './raft-messages';
import type { RaftSnapshots } from './raft-snapshots';
import type { Turn } from './raft-io';
import type { OffsetAndEpoch } from './replica-key';

const NO_RECORDS = new Uint8Array(0);

/** Whether a place in another's log is a place in this one, and if not, where to go on. */
export type Place =
  | { readonly is: 'valid' }
  | { readonly is: 'diverging'; readonly end: OffsetAndEpoch }
  | { readonly is: 'snapshot'; readonly id: OffsetAndEpoch };

/** `offset` with the epoch of the record before it. (KafkaRaftLog.validateOffsetAndEpoch) */
export function placeOf(log: RaftLog, snapshots: RaftSnapshots, { offset, epoch }: OffsetAndEpoch): Place {
  const { earliest, latest } = snapshots;
  // Who has nothing yet gets the snapshot rather than a long log (KAFKA-15078).
  if (offset === 0 && latest !== null && latest.offset > 0) return { is: 'snapshot', id: latest };
  if (offset === 0 && log.startOffset === 0) return { is: 'valid' };
  if (earliest !== null && latest !== null && isBefore(log, earliest, { offset, epoch })) return { is: 'snapshot', id: latest };
  const end = log.endOffsetForEpoch(epoch);
  return end.epoch !== epoch || end.offset < offset ? { is: 'diverging', end } : { is: 'valid' };
}

function isBefore(log: RaftLog, earliest: OffsetAndEpoch, { offset, epoch }: OffsetAndEpoch): boolean {
  if (offset < log.startOffset || epoch < earliest.epoch) return true;
  return offset === log.startOffset && epoch !== earliest.epoch;
}

export function handleFetch(machine: QuorumMachine, caller: number, ask: FetchAsk, turn: Turn): void {
  const respond = (answer: FetchAnswer): void => void turn.effects.push({ type: 'respond', caller, answer });
  const { maxWaitMs, offset, lastFetchedEpoch, epoch } = ask;
  if (maxWaitMs < 0 || offset < 0 || lastFetchedEpoch < 0 || lastFetchedEpoch > epoch) {
    return respond(emptyAnswer(machine, ErrorCode.INVALID_REQUEST));
  }
  const errorCode = leaderError(machine, epoch);
  const { role } = machine;
  if (errorCode !== ErrorCode.NONE || role.name !== 'leader') return respond(emptyAnswer(machine, errorCode));
  const { log, snapshots } = machine.parts;
  const place = placeOf(log, snapshots, { offset, epoch: lastFetchedEpoch });
  if (place.is === 'valid' && ask.replica.id >= 0) {
    role.state.fetched(ask.replica, offset, turn.now, machine.voters, turn.effects);
  }
  const { highWatermark, parked } = role.state;
  const isNews = place.is !== 'valid' || offset < log.endOffset || ask.highWatermark < highWatermark;
  if (isNews || maxWaitMs === 0 || parked.isFull) return respond(answerTo(machine, role.state, ask, place));
  parked.add({ caller, request: ask, deadlineMs: turn.now.monotonicMs + maxWaitMs, highWatermark });
}

/** Answers the parked fetches for which there is news, or no more time. A parked fetch is no new sign of life. */
export function wakeParked(machine: QuorumMachine, state: LeaderState, turn: Turn): void {
  const { log, snapshots } = machine.parts;
  for (const { caller, request } of state.parked.takeDue(log.endOffset, state.highWatermark, turn.now.monotonicMs)) {
    const place = placeOf(log, snapshots, { offset: request.offset, epoch: request.lastFetchedEpoch });
    turn.effects.push({ type: 'respond', caller, answer: answerTo(machine, state, request, place) });
  }
}

function answerTo(machine: QuorumMachine, state: LeaderState, ask: FetchAsk, place: Place): FetchAnswer {
  const { log } = machine.parts;
  const hasRecords = place.is === 'valid' && ask.offset < log.endOffset;
  return {
    ...emptyAnswer(machine, ErrorCode.NONE),
    highWatermark: state.highWatermark,
    diverging: place.is === 'diverging' ? place.end : null,
    snapshotId: place.is === 'snapshot' ? place.id : null,
    records: hasRecords ? log.read(ask.offset, Math.max(1, ask.maxBytes)) : NO_RECORDS,
  };
}

function emptyAnswer(machine: QuorumMachine, errorCode: number): FetchAnswer {
  return {
    api: 'fetch',
    errorCode,
    leader: machine.leaderView,
    highWatermark: -1,
    logStartOffset: machine.parts.log.startOffset,
    diverging: null,
    snapshotId: null,
    records: NO_RECORDS,
  };
}

/** Why this node cannot answer as the leader of `epoch`; NONE when it can. */
export function leaderError(machine: QuorumMachine, epoch: number): number {
  if (epoch < machine.epoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (epoch > machine.epoch) return ErrorCode.UNKNOWN_LEADER_EPOCH;
  if (machine.isShuttingDown) return ErrorCode.BROKER_NOT_AVAILABLE;
  return machine.role.name === 'leader' ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
}

export function handleFetchSnapshot(machine: QuorumMachine, caller: number, ask: FetchSnapshotAsk, turn: Turn): void {
  const answer = snapshotAnswer(machine, ask, turn);
  turn.effects.push({ type: 'respond', caller, answer });
}

function snapshotAnswer(machine: QuorumMachine, ask: FetchSnapshotAsk, turn: Turn): FetchSnapshotAnswer {
  const { snapshots } = machine.parts;
  const { snapshotId, position } = ask;
  const refused = (errorCode: number): FetchSnapshotAnswer => ({
    api: 'fetchSnapshot',
    errorCode,
    leader: machine.leaderView,
    snapshotId: null,
    sizeBytes: 0,
    position: 0,
    bytes: NO_RECORDS,
  });
  const errorCode = leaderError(machine, ask.epoch);
  const { role } = machine;
  if (errorCode !== ErrorCode.NONE || role.name !== 'leader') return refused(errorCode);
  // The 0-0 checkpoint is each node's own: the log says the same again.
  if (snapshotId.offset === 0 || !snapshots.has(snapshotId)) return refused(ErrorCode.SNAPSHOT_NOT_FOUND);
  const sizeBytes = snapshots.sizeOf(snapshotId);
  if (position < 0 || position >= sizeBytes) return refused(ErrorCode.POSITION_OUT_OF_RANGE);
  role.state.checkQuorum.heardFrom(ask.replica, machine.voters, turn.now.monotonicMs);
  const bytes = snapshots.read(snapshotId, position, Math.max(1, ask.maxBytes));
  return { ...refused(ErrorCode.NONE), snapshotId, sizeBytes, position, bytes };
}

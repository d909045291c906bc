/**
 * Brings the committed log to its listeners: each at its own pace, in order, one piece at a time.
 *
 * Invariants: a listener sees a snapshot only when it is new or has fallen behind the log's start, else every batch below
 * the high watermark once. Its node's leadership it sees after the epoch's first record, so with everything applied.
 */
import { BatchView } from '../../wire/record/batch';
import type { CommittedCache } from './committed-cache';
import type { CommittedBatches, RaftListener } from './raft-client';
import type { RaftLog } from './raft-log';
import { NO_LEADER, type LeaderAndEpoch, type OffsetAndEpoch } from './replica-key';
import type { SnapshotReader } from './snapshot-reader';

/** How much of the log one call hands over. */
const MAX_COMMIT_BYTES = 1024 * 1024;

/** What the quorum knows now. */
export interface QuorumView {
  readonly nodeId: number;
  /** -1 when unknown. */
  readonly highWatermark: number;
  readonly leader: LeaderAndEpoch;
  /** Of the epoch that this node leads; null when it does not. */
  readonly epochStartOffset: number | null;
}

export interface SnapshotSource {
  /** The snapshot that a new listener starts from, or null: the log says everything. */
  readonly latest: OffsetAndEpoch | null;
  open(id: OffsetAndEpoch): SnapshotReader;
}

interface ListenerState {
  readonly listener: RaftListener;
  nextOffset: number;
  isNew: boolean;
  isBusy: boolean;
  told: LeaderAndEpoch;
  /** A listener that registers again leaves a stale `done` behind. */
  isGone: boolean;
}

export class RaftListeners {
  private states: ListenerState[] = [];
  private isUpdating = false;
  private isStale = false;

  constructor(
    private readonly log: RaftLog,
    private readonly cache: CommittedCache,
    private readonly snapshots: SnapshotSource,
    private readonly view: () => QuorumView,
    /** Runs what a late `done` sets going, so that its exceptions are the node's. */
    private readonly guard: (run: () => void) => void,
  ) {}

  add(listener: RaftListener): void {
    for (const state of this.states) if (state.listener === listener) state.isGone = true;
    this.states = this.states.filter((state) => !state.isGone);
    this.states.push({
      listener,
      nextOffset: 0,
      isNew: true,
      isBusy: false,
      told: { leaderId: NO_LEADER, epoch: -1 },
      isGone: false,
    });
  }

  /** Tells everybody what is due. Asked for within itself, by a listener that registers again, it goes round once more. */
  update(): void {
    this.isStale = true;
    if (this.isUpdating) return;
    this.isUpdating = true;
    while (this.isStale) {
      this.isStale = false;
      for (const state of this.states.slice()) this.advance(state);
    }
    this.isUpdating = false;
    const slowest = Math.min(...this.states.map(({ nextOffset }) => nextOffset));
    if (this.states.length > 0) this.cache.dropBelow(slowest);
  }

  private advance(state: ListenerState): void {
    while (!state.isGone) {
      this.tellLeader(state);
      if (state.isGone || state.isBusy || !this.deliver(state)) return;
    }
  }

  /** Hands over the next piece; false when there is none. */
  private deliver(state: ListenerState): boolean {
    const { highWatermark } = this.view();
    if (highWatermark < 0) return false;
    const snapshot = this.snapshotFor(state, highWatermark);
    state.isNew = false;
    if (snapshot !== null) {
      state.nextOffset = snapshot.offset;
      this.call(state, (done) => state.listener.handleLoadSnapshot(this.snapshots.open(snapshot), done));
      return true;
    }
    if (state.nextOffset >= highWatermark) return false;
    const commit = this.read(state.nextOffset, highWatermark);
    state.nextOffset = commit.nextOffset;
    this.call(state, (done) => state.listener.handleCommit(commit, done));
    return true;
  }

  private snapshotFor(state: ListenerState, highWatermark: number): OffsetAndEpoch | null {
    const { latest } = this.snapshots;
    if (latest === null || latest.offset === 0 || latest.offset > highWatermark) return null;
    return state.isNew || state.nextOffset < this.log.startOffset ? latest : null;
  }

  private call(state: ListenerState, run: (done: () => void) => void): void {
    let isReturning = false;
    let isDone = false;
    state.isBusy = true;
    run(() => {
      if (isDone || state.isGone) return;
      isDone = true;
      state.isBusy = false;
      if (isReturning) this.guard(() => this.update());
    });
    isReturning = true;
  }

  private read(offset: number, endOffset: number): CommittedBatches {
    const cached = this.cache.batchAt(offset, endOffset);
    if (cached !== null) return cached;
    const bytes = this.log.read(offset, MAX_COMMIT_BYTES);
    const view = new BatchView();
    let position = 0;
    let nextOffset = offset;
    while (position < bytes.length) {
      view.moveTo(bytes, position);
      if (view.nextOffset > endOffset) break;
      position += view.sizeBytes;
      nextOffset = view.nextOffset;
    }
    return { baseOffset: offset, nextOffset, bytes: bytes.subarray(0, position) };
  }

  private tellLeader(state: ListenerState): void {
    const { leader, nodeId, epochStartOffset } = this.view();
    if (leader.leaderId === nodeId && epochStartOffset === null) {
      // Resigned: the epoch is still its own, but it writes no more. Waiting for the next epoch to say so would only keep
      // those waiting whose writes are lost.
      if (state.told.leaderId === nodeId) this.tell(state, { leaderId: NO_LEADER, epoch: state.told.epoch });
      return;
    }
    if (state.told.epoch === leader.epoch && state.told.leaderId === leader.leaderId) return;
    const isOwn = leader.leaderId === nodeId;
    if (isOwn && epochStartOffset !== null && (state.isBusy || state.nextOffset <= epochStartOffset)) {
      if (state.told.epoch < leader.epoch && state.told.leaderId === nodeId) {
        this.tell(state, { leaderId: NO_LEADER, epoch: leader.epoch });
      }
      return;
    }
    this.tell(state, leader);
  }

  private tell(state: ListenerState, leader: LeaderAndEpoch): void {
    state.told = leader;
    state.listener.handleLeaderChange(leader);
  }
}

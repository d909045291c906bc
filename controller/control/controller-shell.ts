/**
 * The controller's shell: takes requests one at a time, writes what they come to, and answers when it is committed.
 * (KIP-500, KIP-631)
 *
 * Invariants: a write is validated against the newest metadata, given its offsets, applied, and only then let into the
 * log; its answer leaves when the quorum has committed it. An answer without records waits too, for whatever was written
 * before it, so that no answer rests on a write that may still be lost. When leadership ends, every waiting answer is
 * NOT_CONTROLLER and memory is built anew from the log.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { Clock, Logger, Timers } from '../../wire/base/env';
import { invariant } from '../../wire/base/invariant';
import { BatchView } from '../../wire/record/batch';
import { RecordBatchTooLargeError } from '../raft/batch-accumulator';
import type { CommittedBatches, RaftClient, RaftListener } from '../raft/raft-client';
import { NotLeaderError } from '../raft/raft-core';
import { NO_LEADER, type LeaderAndEpoch } from '../raft/replica-key';
import type { SnapshotReader } from '../raft/snapshot-reader';
import { encodeMetadataRecord, type MetadataRecord } from '../metadata/records';
import { ApiException, apiError, type ApiError } from './api-error';
import type { ControllerCore } from './controller-core';
import type { ControlResult } from './control-result';
import { LogReplay } from './log-replay';

/** What a write comes to: the answer, committed, or why there is none. */
export type WriteOutcome<T> =
  | { readonly ok: true; readonly response: T }
  | { readonly ok: false; readonly error: ApiError };

export type WriteCallback<T> = (outcome: WriteOutcome<T>) => void;

/** Answers that wait for a commit: more than this, and new requests are turned away. */
const MAX_WAITING = 100_000;

export interface ControllerShellParts {
  readonly raft: RaftClient;
  /** Makes the core anew: at the start, and after leadership was lost. */
  readonly newCore: () => ControllerCore;
  /** Of the broker in this process; null when it runs none. */
  readonly ownIncarnationId: string | null;
  /** The records of bootstrap.checkpoint; for an empty log. */
  readonly bootstrap: readonly MetadataRecord[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly fatal: (why: string, error: unknown) => void;
}

interface Waiting {
  readonly offset: number;
  readonly complete: (error: ApiError | null) => void;
}

export class ControllerShell implements RaftListener {
  private core: ControllerCore;
  /** The epoch that this node leads and may write in; -1: another node is the active controller, or nobody. */
  private claimedEpoch = -1;
  private isLeaving = false;
  private leader: LeaderAndEpoch = { leaderId: NO_LEADER, epoch: -1 };
  private waiting: Waiting[] = [];
  private lastWrittenOffset = -1;
  /** Of the last record that says anything: NoOp records wait for the next flush, and nobody waits for them. */
  private lastUrgentOffset = -1;
  private committedOffset = -1;
  private lastReplayedOffset = -1;

  constructor(
    private readonly parts: ControllerShellParts,
    /** Told of each change of activity, after it. */
    private readonly activityChanged: (isActive: boolean) => void,
  ) {
    this.core = parts.newCore();
  }

  get isActive(): boolean {
    return this.claimedEpoch >= 0;
  }

  /** Everything applied, committed or not: for what the active controller checks by itself. */
  get activeCore(): ControllerCore | null {
    return this.isActive ? this.core : null;
  }

  /** Offset of the last record applied. */
  get lastAppliedOffset(): number {
    return Math.max(this.lastReplayedOffset, this.lastWrittenOffset);
  }

  /**
   * Runs `operation` at once and answers when its records, and all before them, are committed. `operation` gets the offset
   * that its first record would have. `urgent`: false for records that nobody waits for.
   */
  write<T>(
    name: string,
    operation: (core: ControllerCore, nextWriteOffset: number) => ControlResult<T>,
    callback: WriteCallback<T>,
    urgent = true,
  ): void {
    if (!this.isActive) return callback({ ok: false, error: this.notController() });
    if (this.waiting.length >= MAX_WAITING)
      return callback({ ok: false, error: apiError(ErrorCode.REQUEST_TIMED_OUT) });
    try {
      const { records, response } = operation(this.core, this.parts.raft.nextWriteOffset);
      if (records.length > 0) this.append(records, urgent);
      this.waitFor(this.lastUrgentOffset, (error) =>
        callback(error === null ? { ok: true, response } : { ok: false, error }),
      );
    } catch (error) {
      callback({ ok: false, error: this.errorOf(name, error) });
    }
  }

  handleCommit(commit: CommittedBatches, done: () => void): void {
    const batch = new BatchView();
    let position = 0;
    // What this leader wrote was applied when it was written.
    const nextBatch = (): BatchView | null => {
      while (position < commit.bytes.length) {
        batch.moveTo(commit.bytes, position);
        position += batch.sizeBytes;
        if (batch.lastOffset > this.lastWrittenOffset) return batch;
      }
      return null;
    };
    this.replayLog(nextBatch, null, (isAbandoned) => {
      if (isAbandoned) return;
      this.committedOffset = commit.nextOffset - 1;
      this.completeWaiting();
      done();
    });
  }

  handleLoadSnapshot(reader: SnapshotReader, done: () => void): void {
    invariant(!this.isActive, 'a leader is told to load a snapshot');
    this.core = this.parts.newCore();
    this.replayLog(
      () => reader.next(),
      reader.id.offset - 1,
      (isAbandoned) => {
        reader.close();
        if (isAbandoned) return;
        this.committedOffset = reader.id.offset - 1;
        done();
      },
    );
  }

  handleLeaderChange(leader: LeaderAndEpoch): void {
    this.leader = leader;
    if (this.isActive) this.renounce(this.isLeaving ? 'info' : 'warn');
    if (leader.leaderId === this.parts.raft.nodeId) this.claim(leader.epoch);
  }

  /** This node is being stopped in order: that another one takes over is what is wanted. */
  leaving(): void {
    this.isLeaving = true;
  }

  /** Waiting answers are told that there is no controller here any more. */
  stop(): void {
    if (this.isActive) this.renounce('info');
  }

  private claim(epoch: number): void {
    this.claimedEpoch = epoch;
    this.lastWrittenOffset = this.parts.raft.nextWriteOffset - 1;
    const nowMs = this.parts.clock.monotonicMs();
    this.parts.logger.info('this node is the active controller', {
      epoch,
      nextOffset: this.parts.raft.nextWriteOffset,
    });
    const { nodeId, formerLeader } = this.parts.raft;
    this.core.state.activate({ nodeId, incarnationId: this.parts.ownIncarnationId }, nowMs, formerLeader);
    this.write(
      'activation',
      (core) => ({ records: core.activationRecords(this.parts.bootstrap), response: null }),
      () => undefined,
    );
    if (this.isActive) this.activityChanged(true);
  }

  /** Gives up: what was not committed is forgotten with the memory that held it. */
  private renounce(level: 'info' | 'warn' = 'warn'): void {
    const epoch = this.claimedEpoch;
    this.claimedEpoch = -1;
    const waiting = this.waiting.splice(0);
    this.core = this.parts.newCore();
    this.lastWrittenOffset = -1;
    this.lastUrgentOffset = -1;
    this.lastReplayedOffset = -1;
    this.committedOffset = -1;
    this.parts.logger[level]('this node is not the active controller any more', { epoch });
    this.activityChanged(false);
    this.parts.raft.resign(epoch);
    this.parts.raft.register(this);
    for (const { complete } of waiting) complete(this.notController());
  }

  private append(records: readonly MetadataRecord[], urgent: boolean): void {
    const { raft } = this.parts;
    const { baseOffset, lastOffset } = raft.prepareAppend(this.claimedEpoch, records.map(encodeMetadataRecord), urgent);
    try {
      records.forEach((record, index) => this.core.replay(record, baseOffset + index));
    } catch (error) {
      // Nothing has reached the log, but memory is half changed.
      this.parts.fatal('a record of the controller cannot be applied', error);
      throw error;
    }
    this.lastWrittenOffset = lastOffset;
    if (urgent) this.lastUrgentOffset = lastOffset;
    raft.schedulePreparedAppend();
  }

  private waitFor(offset: number, complete: Waiting['complete']): void {
    if (offset <= this.committedOffset) return complete(null);
    this.waiting.push({ offset, complete });
  }

  private completeWaiting(): void {
    while ((this.waiting[0]?.offset ?? Number.POSITIVE_INFINITY) <= this.committedOffset) {
      this.waiting.shift()?.complete(null);
    }
  }

  /** `snapshotOffset`: what records of a snapshot count as; null in the log, where they have offsets of their own. */
  private replayLog(
    nextBatch: () => BatchView | null,
    snapshotOffset: number | null,
    finished: (isAbandoned: boolean) => void,
  ): void {
    const { core } = this;
    const { clock, timers, fatal } = this.parts;
    new LogReplay({
      clock,
      timers,
      nextBatch,
      apply: (record, offset) => {
        core.replay(record, snapshotOffset ?? offset);
        this.lastReplayedOffset = snapshotOffset ?? offset;
      },
      isAbandoned: () => this.core !== core,
      finished,
      failed: (error) => fatal('the controller cannot apply the metadata log', error),
    }).run();
  }

  private errorOf(name: string, error: unknown): ApiError {
    if (error instanceof ApiException) return error.error;
    if (error instanceof NotLeaderError) {
      this.renounce();
      return this.notController();
    }
    if (error instanceof RecordBatchTooLargeError)
      return apiError(ErrorCode.POLICY_VIOLATION, 'Unable to perform excessively large batch operation.');
    this.parts.logger.error('the controller failed', { operation: name, why: String(error) });
    if (this.isActive) this.renounce();
    return apiError(ErrorCode.UNKNOWN_SERVER_ERROR);
  }

  private notController(): ApiError {
    const { leaderId } = this.leader;
    const isElsewhere = leaderId !== NO_LEADER && leaderId !== this.parts.raft.nodeId;
    const message = isElsewhere
      ? `The active controller appears to be node ${leaderId}.`
      : 'No controller appears to be active.';
    return apiError(ErrorCode.NOT_CONTROLLER, message);
  }
}

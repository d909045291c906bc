/**
 * The quorum node's shell: feeds the core one input at a time, performs its effects, keeps its timer, brings the committed
 * log to listeners and cleans up snapshots.
 *
 * Invariants: inputs wait in an inbox, so a step is never entered while effects are performed. Whatever throws in here is
 * fatal for the node: a quorum node that goes on after an error it does not understand may lie to its peers.
 */
import type { Clock, Crc32c, Logger, Random, TimerHandle, Timers } from '../../wire/base/env';
import type { PreparedAppend } from './batch-accumulator';
import { CommittedCache } from './committed-cache';
import { loadControlState } from './control-loader';
import type { ControlState } from './control-state';
import type { ElectionStore } from './quorum-state';
import type { RaftClient, RaftListener } from './raft-client';
import { RaftCore, type RaftConfig } from './raft-core';
import { RaftListeners, type QuorumView } from './raft-listeners';
import type { RaftLog } from './raft-log';
import type { Instant, RaftEffect, RaftInput } from './raft-io';
import type { LeaderAndEpoch, OffsetAndEpoch } from './replica-key';
import { SnapshotCleaner } from './snapshot-cleaner';
import { SnapshotReader } from './snapshot-reader';
import { SnapshotWriter } from './snapshot-writer';
import { snapshotToTruncateTo, type RetentionPolicy, type SnapshotStore } from './snapshots';
import type { Voter, VoterSet } from './voter-set';

const CACHE_BYTES = 8 * 1024 * 1024;

export interface RaftNodeOptions {
  readonly config: RaftConfig;
  readonly log: RaftLog;
  readonly snapshots: SnapshotStore;
  readonly electionStore: ElectionStore;
  /** controller.quorum.voters, of clusters with kraft.version 0; null otherwise. */
  readonly staticVoters: VoterSet | null;
  readonly retention: RetentionPolicy;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly crc32c: Crc32c;
  readonly logger: Logger;
  /** The node cannot go on. Called once. */
  readonly fatal: (why: string, error: unknown) => void;
}

/** The quorum needs more than this node can do. */
export class UnsupportedQuorumError extends Error {
  override readonly name = 'UnsupportedQuorumError';
}

/** What DescribeQuorum tells of one replica; offsets and times are -1 when unknown. */
export interface ReplicaProgress {
  readonly voter: Voter;
  readonly logEndOffset: number;
  readonly lastFetchTimestampMs: number;
  readonly lastCaughtUpTimestampMs: number;
}

export class RaftNode implements RaftClient {
  private readonly core: RaftCore;
  private readonly control: ControlState;
  private readonly listeners: RaftListeners;
  private readonly cache = new CommittedCache(CACHE_BYTES);
  private readonly cleaner: SnapshotCleaner;
  private readonly inbox: RaftInput[] = [];
  private isRunning = false;
  private isStopped = false;
  private timer: { readonly handle: TimerHandle; readonly deadlineMs: number } | null = null;
  private isTickSoon = false;

  /** Reads the latest snapshot and the log for control records. Throws SnapshotError when they do not fit together. */
  constructor(private readonly options: RaftNodeOptions) {
    const { log, snapshots, config, crc32c } = options;
    const ahead = snapshotToTruncateTo(snapshots.latest, log);
    if (ahead !== null) log.truncateFullyTo(ahead);
    snapshots.recover(log.startOffset);
    this.control = loadControlState(log, snapshots, options.staticVoters, crc32c);
    this.assertSupported();
    const { electionStore, random } = options;
    const snapshotEpoch = snapshots.latest?.epoch ?? 0;
    this.core = new RaftCore({ config, log, electionStore, control: this.control, snapshotEpoch, random, crc32c });
    const source = {
      get latest(): OffsetAndEpoch | null {
        return snapshots.latest;
      },
      open: (id: OffsetAndEpoch) => new SnapshotReader(snapshots.open(id), crc32c),
    };
    this.listeners = new RaftListeners(
      log,
      this.cache,
      source,
      () => this.view(),
      (run) => this.guard(run),
    );
    this.cleaner = new SnapshotCleaner({ ...options, fatal: (why, error) => this.fail(why, error) }, this.control);
  }

  get nodeId(): number {
    return this.options.config.self.id;
  }

  get leader(): LeaderAndEpoch {
    return this.core.leader;
  }

  get highWatermark(): number {
    return this.core.highWatermark;
  }

  get nextWriteOffset(): number {
    return this.core.leading?.nextOffset ?? this.options.log.endOffset;
  }

  get voters(): VoterSet | null {
    return this.control.voters;
  }

  get kraftVersion(): number {
    return this.control.kraftVersion;
  }

  start(): void {
    this.cleaner.start();
    this.submit({ type: 'start' });
  }

  register(listener: RaftListener): void {
    this.listeners.add(listener);
    this.guard(() => this.listeners.update());
  }

  prepareAppend(epoch: number, values: readonly Uint8Array[], urgent: boolean): PreparedAppend {
    return this.core.prepareAppend(epoch, values, urgent, this.now());
  }

  schedulePreparedAppend(): void {
    this.core.schedulePreparedAppend();
    this.schedule();
  }

  resign(epoch: number): void {
    this.submit({ type: 'resign', epoch });
  }

  /**
   * Opens a snapshot that ends at `id.offset`; null when the log cannot be cut there: it is not committed, lies below the
   * log's start, or exists.
   */
  createSnapshot(id: OffsetAndEpoch, lastContainedLogTimestampMs: number): SnapshotWriter | null {
    const { log, snapshots, clock, crc32c } = this.options;
    if (id.offset < log.startOffset || id.offset > this.highWatermark || snapshots.has(id)) return null;
    const kraftVersion = this.control.kraftVersionHistory.at(id.offset)?.value ?? 0;
    const voters = kraftVersion < 1 ? null : (this.control.voterHistory.at(id.offset)?.value ?? null);
    const header = { lastContainedLogTimestampMs, kraftVersion, voters };
    return new SnapshotWriter(snapshots.create(id), header, clock.wallMs(), crc32c);
  }

  /** Every voter, as the leader sees them. */
  describeVoters(): ReplicaProgress[] {
    const nowMs = this.options.clock.wallMs();
    return (this.control.voters?.voters ?? []).map((voter) => {
      const isSelf = voter.id === this.nodeId;
      return {
        voter,
        logEndOffset: isSelf ? this.options.log.endOffset : (this.core.leading?.endOffsetOf(voter.id) ?? -1),
        lastFetchTimestampMs: isSelf ? nowMs : -1,
        lastCaughtUpTimestampMs: isSelf ? nowMs : -1,
      };
    });
  }

  /** Leads no more and tells nobody anything. What has been appended stays for the log to make durable. */
  stop(): void {
    if (this.isStopped) return;
    this.submit({ type: 'shutdown' });
    this.isStopped = true;
    this.timer?.handle.cancel();
    this.cleaner.stop();
  }

  private assertSupported(): void {
    const others = (this.control.voters?.ids ?? []).filter((id) => id !== this.nodeId);
    if (others.length === 0) return;
    throw new UnsupportedQuorumError(
      `the quorum has voters other than this node (${others.join(', ')}): this release runs quorums of one voter`,
    );
  }

  private view(): QuorumView {
    const { leading, highWatermark, leader } = this.core;
    return { nodeId: this.nodeId, highWatermark, leader, epochStartOffset: leading?.epochStartOffset ?? null };
  }

  private now(): Instant {
    return { monotonicMs: this.options.clock.monotonicMs(), wallMs: this.options.clock.wallMs() };
  }

  private submit(input: RaftInput): void {
    if (this.isStopped) return;
    this.inbox.push(input);
    if (this.isRunning) return;
    this.guard(() => {
      this.isRunning = true;
      for (let next = this.inbox.shift(); next !== undefined; next = this.inbox.shift()) {
        const effects: RaftEffect[] = [];
        this.core.step(next, this.now(), effects);
        for (const effect of effects) this.perform(effect);
      }
      this.isRunning = false;
      if (this.isStopped) return;
      this.listeners.update();
      this.schedule();
    });
  }

  private perform(effect: RaftEffect): void {
    switch (effect.type) {
      case 'flush':
        return this.options.log.flush((error) => {
          const { token } = effect;
          this.submit(error === null ? { type: 'flushed', token } : { type: 'flushFailed', token, why: error.message });
        });
      case 'appended':
        return this.cache.add(effect);
      case 'leaderChange':
        return this.options.logger.info('leader of the metadata quorum', { ...effect.leader });
      case 'highWatermark':
        return;
      case 'fatal':
        return this.fail(effect.why, null);
    }
  }

  private schedule(): void {
    if (this.isStopped) return;
    const { deadlineMs } = this.core;
    const nowMs = this.options.clock.monotonicMs();
    if (deadlineMs <= nowMs) return this.tickSoon();
    if (this.timer !== null && this.timer.deadlineMs === deadlineMs) return;
    this.timer?.handle.cancel();
    this.timer = null;
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    const handle = this.options.timers.set(deadlineMs - nowMs, () => {
      this.timer = null;
      this.submit({ type: 'tick' });
    });
    this.timer = { handle, deadlineMs };
  }

  /** What one turn writes goes into one batch: the tick comes in the next. */
  private tickSoon(): void {
    if (this.isTickSoon) return;
    this.isTickSoon = true;
    this.options.timers.soon(() => {
      this.isTickSoon = false;
      this.submit({ type: 'tick' });
    });
  }

  private guard(run: () => void): void {
    if (this.isStopped) return;
    try {
      run();
    } catch (error) {
      this.fail('the metadata quorum node failed', error);
    }
  }

  private fail(why: string, error: unknown): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.handle.cancel();
    this.cleaner.stop();
    this.options.fatal(why, error);
  }
}

/**
 * The quorum node's shell: feeds the core one input at a time, performs its effects, keeps its timer, asks its peers,
 * brings the committed log to listeners and cleans up snapshots.
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
import type { RaftChannel } from './raft-channel';
import type { RaftConfig } from './raft-config';
import { RaftCore } from './raft-core';
import { RaftListeners, type QuorumView } from './raft-listeners';
import type { RaftLog } from './raft-log';
import type { Instant, RaftEffect, RaftInput } from './raft-io';
import type { RaftAnswer, RaftRequest } from './raft-messages';
import type { FormerLeader, LeaderAndEpoch, OffsetAndEpoch } from './replica-key';
import type { ReplicaProgress } from './replica-table';
import { SnapshotCleaner } from './snapshot-cleaner';
import { SnapshotReader } from './snapshot-reader';
import { SnapshotWriter } from './snapshot-writer';
import { snapshotToTruncateTo, type RetentionPolicy, type SnapshotStore } from './snapshots';
import { StoredSnapshots } from './stored-snapshots';
import type { Voter, VoterSet } from './voter-set';

const CACHE_BYTES = 8 * 1024 * 1024;

export interface RaftNodeOptions {
  readonly config: RaftConfig;
  readonly log: RaftLog;
  readonly snapshots: SnapshotStore;
  readonly electionStore: ElectionStore;
  /** Closed with the node. */
  readonly channel: RaftChannel;
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

/** What DescribeQuorum tells. (KIP-836) */
export interface QuorumDescription extends LeaderAndEpoch {
  /** -1 while unknown. */
  readonly highWatermark: number;
  readonly voters: readonly ReplicaProgress[];
  readonly observers: readonly ReplicaProgress[];
  /** The voters' entries, with their endpoints. */
  readonly endpoints: readonly Voter[];
}

/** The answer to one kind of request. */
export type AnswerTo<R extends RaftRequest> = Extract<RaftAnswer, { readonly api: R['api'] }>;

type RaftStep = (effects: RaftEffect[]) => void;

export class RaftNode implements RaftClient {
  private readonly core: RaftCore;
  private readonly control: ControlState;
  private readonly listeners: RaftListeners;
  private readonly cache = new CommittedCache(CACHE_BYTES);
  private readonly cleaner: SnapshotCleaner;
  private readonly inbox: RaftStep[] = [];
  /** Who waits for an answer. */
  private readonly callers = new Map<number, (answer: RaftAnswer | null) => void>();
  private readonly leaderListeners: (() => void)[] = [];
  private lastCaller = 0;
  private leaving: { readonly timer: TimerHandle; readonly done: () => void } | null = null;
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
    const { electionStore, random } = options;
    const snapshotEpoch = snapshots.latest?.epoch ?? 0;
    const stored = new StoredSnapshots(snapshots, crc32c);
    const parts = { config, log, snapshots: stored, electionStore, control: this.control, snapshotEpoch, random, crc32c };
    this.core = new RaftCore(parts);
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

  /** This node leads now; a listener is told later, when it has applied everything. */
  get isLeading(): boolean {
    return this.core.leading !== null;
  }

  get highWatermark(): number {
    return this.core.highWatermark;
  }

  /** Everything below is committed, as far as this process knows; -1 when it knows of nothing. Never falls. */
  get committedOffset(): number {
    return this.core.committedOffset;
  }

  get nextWriteOffset(): number {
    return this.core.leading?.nextOffset ?? this.options.log.endOffset;
  }

  get formerLeader(): FormerLeader | null {
    return this.core.leading?.formerLeader ?? null;
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

  /**
   * A peer asks. `respond` is called once, in this turn or later: with null when the node stops first. What is given back
   * is to be called when the peer is gone.
   */
  handle<R extends RaftRequest>(request: R, respond: (answer: AnswerTo<R> | null) => void): () => void {
    if (this.isStopped) {
      respond(null);
      return () => undefined;
    }
    const caller = ++this.lastCaller;
    this.callers.set(caller, (answer) => respond(answer as AnswerTo<R> | null));
    this.submit({ type: 'request', caller, request });
    return () => {
      if (this.callers.delete(caller)) this.submit({ type: 'gone', caller });
    };
  }

  register(listener: RaftListener): void {
    this.listeners.add(listener);
    this.guard(() => this.listeners.update());
  }

  /** Calls `listener` when another node leads, or nobody, as far as this node knows: before listeners of the log hear of it. */
  onLeaderChange(listener: () => void): void {
    this.leaderListeners.push(listener);
  }

  prepareAppend(epoch: number, values: readonly Uint8Array[], urgent: boolean): PreparedAppend {
    return this.core.prepareAppend(epoch, values, urgent, this.now());
  }

  raiseKraftVersion(level: number, validateOnly: boolean): string | null {
    // Effects of a step are performed in their order.
    if (this.isStopped || this.isRunning) return 'The quorum is busy: try again.';
    let refusal: string | null = null;
    this.run((effects) => {
      refusal = this.core.raiseKraftVersion(level, validateOnly, this.now(), effects);
    });
    return refusal;
  }

  private stepWith(step: RaftStep): void {
    const effects: RaftEffect[] = [];
    step(effects);
    for (const effect of effects) this.perform(effect);
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
    if (id.offset < log.startOffset || id.offset > this.committedOffset || snapshots.has(id)) return null;
    const kraftVersion = this.control.kraftVersionHistory.at(id.offset)?.value ?? 0;
    const voters = kraftVersion < 1 ? null : (this.control.voterHistory.at(id.offset)?.value ?? null);
    const header = { lastContainedLogTimestampMs, kraftVersion, voters };
    return new SnapshotWriter(snapshots.create(id), header, clock.wallMs(), crc32c);
  }

  /** The quorum as its leader sees it; null on other nodes. */
  describeQuorum(): QuorumDescription | null {
    const { leading } = this.core;
    const { voters } = this.control;
    if (leading === null || voters === null) return null;
    const now = this.now();
    const describe = (voter: Voter): ReplicaProgress => {
      const key = { id: voter.id, directoryId: voter.directoryId };
      if (voter.id !== this.nodeId) return { ...leading.replicas.describe(key), key };
      return { key, logEndOffset: this.options.log.endOffset, lastFetchTimestampMs: now.wallMs, lastCaughtUpTimestampMs: now.wallMs };
    };
    return {
      ...this.core.leader,
      highWatermark: leading.highWatermark,
      voters: voters.voters.map(describe),
      observers: leading.replicas.observers(voters, now.monotonicMs),
      endpoints: voters.voters,
    };
  }

  /**
   * Gives up leadership before a stop. `done` is called when every other voter knows, so that one of them can stand at once,
   * or after `graceMs`; in a later turn, once.
   */
  leave(graceMs: number, done: () => void): void {
    const { timers } = this.options;
    if (this.isStopped || this.leaving !== null) return timers.soon(done);
    this.leaving = { timer: timers.set(graceMs, () => this.left()), done };
    this.submit({ type: 'shutdown' });
  }

  private left(): void {
    const { leaving } = this;
    if (leaving === null) return;
    this.leaving = null;
    leaving.timer.cancel();
    this.options.timers.soon(leaving.done);
  }

  /** Leads no more and tells nobody anything. What has been appended stays for the log to make durable. */
  stop(): void {
    if (this.isStopped) return;
    this.submit({ type: 'shutdown' });
    this.end();
  }

  private end(): void {
    this.isStopped = true;
    this.timer?.handle.cancel();
    this.cleaner.stop();
    this.options.channel.close();
    for (const respond of this.callers.values()) respond(null);
    this.callers.clear();
    this.left();
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
    const step = (effects: RaftEffect[]): void => this.core.step(input, this.now(), effects);
    if (this.isRunning) this.inbox.push(step);
    else this.run(step);
  }

  /** One step, and those that it brings about. */
  private run(first: RaftStep): void {
    this.guard(() => {
      this.isRunning = true;
      for (let next: RaftStep | undefined = first; next !== undefined; next = this.inbox.shift()) this.stepWith(next);
      this.isRunning = false;
      if (this.isStopped) return;
      if (!this.core.isSayingGoodbye) this.left();
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
      case 'truncated':
        return this.cache.truncateTo(effect.endOffset);
      case 'leaderChange':
        this.options.logger.info('leader of the metadata quorum', { ...effect.leader });
        return this.leaderListeners.forEach((listener) => listener());
      case 'highWatermark':
        return;
      case 'send':
        return this.ask(effect);
      case 'respond': {
        const respond = this.callers.get(effect.caller);
        this.callers.delete(effect.caller);
        respond?.(effect.answer);
        return;
      }
      case 'freezeSnapshot': {
        const { id } = effect.download;
        return effect.download.freeze((why) => this.submit({ type: 'snapshotFrozen', id, why }));
      }
      case 'votersChanged': {
        const { offset, voterIds } = effect;
        return this.options.logger.info('voters of the metadata quorum', { offset, voterIds: voterIds.join(',') });
      }
      case 'warn':
        return this.options.logger.warn(effect.why);
      case 'fatal':
        return this.fail(effect.why, null);
    }
  }

  private ask({ requestId, to, request }: Extract<RaftEffect, { type: 'send' }>): void {
    this.options.channel.send(to, request, (result) => {
      if ('answer' in result) return this.submit({ type: 'answer', requestId, answer: result.answer });
      this.options.logger.debug('a peer of the metadata quorum did not answer', { ...to, api: request.api, why: result.why });
      this.submit({ type: 'unanswered', requestId, why: result.failure });
    });
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
    this.end();
    this.options.fatal(why, error);
  }
}

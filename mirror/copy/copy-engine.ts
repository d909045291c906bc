/**
 * Copies partitions of one cluster to another: fetches from each source broker what it leads, produces to each target broker
 * what it leads, and keeps what is in between within bounds.
 *
 * What one partition's answers mean is decided by `PartitionCopy` and by the mode's `PartitionWriter`; this is the shell that
 * carries it out. Invariants: a partition's trouble stops that partition alone; an answer to what was asked before a
 * partition was taken away, stopped or resumed is not looked at; what is buffered has a bound, and who has no room is not
 * fetched.
 */
import type { TimerHandle } from '../../wire/base/env';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import type { FlowPartition, Trouble } from '../flow/flow-partition';
import type { EngineParts } from './engine-parts';
import { isSameTrouble, keyOf, nameOf, newLane, refused, TOLD_FAILURES, type Lane, type Lanes } from './lane';
import { PartitionCopy } from './partition-copy-core';
import { CopyStopped, type ResumePoint } from './partition-writer';
import { SourceSide } from './source-side';
import { TargetSide } from './target-side';

/** How far a partition's copy is. */
export interface CopyProgress {
  readonly partition: FlowPartition;
  /** All before it is on the target. */
  readonly position: number;
  readonly epoch: number;
  readonly lastTargetOffset: number;
}

/** Writers that may look at the target at the same time. */
const MAX_RESUMING = 32;

export class CopyEngine {
  private readonly lanes = new Map<string, Lane>();
  private readonly byCopy = new Map<PartitionCopy, Lane>();
  private readonly sourceSide: SourceSide;
  private readonly targetSide: TargetSide;
  private readonly toResume: Lane[] = [];
  private resuming = 0;
  private isClosed = false;
  private quiet: (() => void) | null = null;
  private quietTimer: TimerHandle | null = null;

  constructor(private readonly parts: EngineParts) {
    const lanes: Lanes = {
      get: (key) => this.lanes.get(key),
      ofCopy: (copy) => this.byCopy.get(copy),
      all: () => this.lanes.values(),
      isCurrent: (lane, generation) => this.isCurrent(lane, generation),
      stop: (lane, trouble) => this.stop(lane, trouble),
      tellTrouble: (lane, trouble) => this.tellTrouble(lane, trouble),
      recovered: (lane) => this.recovered(lane),
      tellLag: (lane) => this.tellLag(lane),
      wakeLater: (lane) => this.wakeLater(lane),
      fetchSoon: (lane) => this.sourceSide.fetchSoon(lane),
      sendSoon: (lane) => this.targetSide.sendSoon(lane),
      settled: () => this.settled(),
    };
    this.sourceSide = new SourceSide(parts, lanes);
    this.targetSide = new TargetSide(parts, lanes);
  }

  get size(): number {
    return this.lanes.size;
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const { copy } of this.lanes.values()) bytes += copy.bufferedBytes;
    return bytes;
  }

  has(partition: FlowPartition): boolean {
    return this.lanes.has(keyOf(partition));
  }

  *partitions(): Generator<FlowPartition> {
    for (const { copy } of this.lanes.values()) yield copy.partition;
  }

  /** Begins with a partition; nothing when it is being copied already. */
  add(partition: FlowPartition): void {
    if (this.isClosed || this.has(partition)) return;
    const lane = newLane(new PartitionCopy(partition, this.parts.writerOf(partition), this.parts.settings));
    this.lanes.set(lane.key, lane);
    this.byCopy.set(lane.copy, lane);
    this.sourceSide.watch(partition.sourceTopic);
    this.targetSide.watch(partition.targetTopic);
    this.resume(lane);
  }

  /** Ends with a partition: what is on its way may still arrive, and nothing is told of it. */
  remove(partition: FlowPartition): void {
    const lane = this.lanes.get(keyOf(partition));
    if (lane === undefined) return;
    lane.timer?.cancel();
    this.lanes.delete(lane.key);
    this.byCopy.delete(lane.copy);
    lane.copy.clear();
    this.targetSide.withdraw(lane.copy);
    this.sourceSide.unwatch(partition.sourceTopic);
    this.targetSide.unwatch(partition.targetTopic);
    this.settled();
  }

  /** Of every partition whose position is known; not of one whose writer is finding it out, and may be further. */
  *progress(): Generator<CopyProgress> {
    for (const { copy } of this.lanes.values()) {
      const { partition, position, positionEpoch: epoch, lastTargetOffset } = copy;
      if (position >= 0 && copy.status !== 'resuming') yield { partition, position, epoch, lastTargetOffset };
    }
  }

  /** Sends nothing more, and resolves when nothing is on its way, or after `timeoutMs`. */
  pause(timeoutMs: number): Promise<void> {
    this.targetSide.pause();
    if (this.isQuiet()) return Promise.resolve();
    return new Promise((resolve) => {
      this.quiet = resolve;
      this.quietTimer = this.parts.env.timers.set(timeoutMs, () => this.nowQuiet());
    });
  }

  goOn(): void {
    this.targetSide.goOn();
  }

  close(): void {
    this.isClosed = true;
    for (const lane of this.lanes.values()) {
      lane.timer?.cancel();
      lane.copy.clear();
    }
    this.lanes.clear();
    this.byCopy.clear();
    this.sourceSide.close();
    this.targetSide.close();
    this.nowQuiet();
  }

  private isQuiet(): boolean {
    for (const { copy } of this.lanes.values()) if (copy.isOnItsWay) return false;
    return true;
  }

  private settled(): void {
    if (this.quiet !== null && this.isQuiet()) this.nowQuiet();
  }

  private nowQuiet(): void {
    this.quietTimer?.cancel();
    this.quietTimer = null;
    this.quiet?.();
    this.quiet = null;
  }

  private now(): number {
    return this.parts.env.clock.monotonicMs();
  }

  private isCurrent(lane: Lane, generation: number): boolean {
    return this.lanes.get(lane.key) === lane && lane.copy.generation === generation;
  }

  private resume(lane: Lane): void {
    lane.copy.status = 'resuming';
    this.toResume.push(lane);
    this.resumeMore();
  }

  private resumeMore(): void {
    while (this.resuming < MAX_RESUMING) {
      const lane = this.toResume.shift();
      if (lane === undefined) return;
      if (!this.isCurrent(lane, lane.copy.generation)) continue;
      this.resuming++;
      const { generation } = lane.copy;
      lane.copy.writer.resume().then(
        (point) => this.resumed(lane, generation, point),
        (error: unknown) => this.notResumed(lane, generation, error),
      );
    }
  }

  private resumed(lane: Lane, generation: number, point: ResumePoint): void {
    this.resuming--;
    this.resumeMore();
    if (!this.isCurrent(lane, generation)) return;
    lane.copy.resumeAt(point);
    this.tellLag(lane);
    this.sourceSide.fetchSoon(lane);
  }

  private notResumed(lane: Lane, generation: number, error: unknown): void {
    this.resuming--;
    this.resumeMore();
    if (!this.isCurrent(lane, generation)) return;
    if (error instanceof CopyStopped) return this.stop(lane, error.trouble);
    if (!(error instanceof ServerError) && !(error instanceof ExchangeError)) throw error;
    this.parts.logger.info(`${nameOf(lane.copy.partition)} cannot go on yet: ${error.message}`);
    const { copy } = lane;
    if (copy.failures >= TOLD_FAILURES)
      this.tellTrouble(lane, refused(error instanceof ServerError ? error.errorCode : 0, error.message));
    copy.waitToResume(this.now());
    this.targetSide.refresh();
    this.wakeLater(lane);
  }

  private wakeLater(lane: Lane): void {
    lane.timer?.cancel();
    lane.timer = null;
    const { dueMs } = lane.copy;
    if (dueMs === Infinity) return;
    lane.timer = this.parts.env.timers.set(Math.max(0, dueMs - this.now()), () => this.wake(lane));
  }

  private wake(lane: Lane): void {
    lane.timer = null;
    if (this.isClosed || this.lanes.get(lane.key) !== lane) return;
    if (lane.copy.wake() === 'resume') return this.resume(lane);
    this.targetSide.sendSoon(lane);
    this.sourceSide.fetchSoon(lane);
  }

  private stop(lane: Lane, trouble: Trouble): void {
    const hasBeenTold = isSameTrouble(lane.copy.trouble, trouble);
    lane.copy.stop(trouble, this.parts.settings.stoppedRetryMs, this.now());
    this.wakeLater(lane);
    if (!hasBeenTold) this.parts.events.trouble(lane.copy.partition, trouble);
  }

  private tellTrouble(lane: Lane, trouble: Trouble): void {
    if (isSameTrouble(lane.copy.trouble, trouble)) return;
    lane.copy.trouble = trouble;
    this.parts.events.trouble(lane.copy.partition, trouble);
  }

  private recovered(lane: Lane): void {
    if (lane.copy.trouble === null) return;
    lane.copy.trouble = null;
    this.parts.events.recovered(lane.copy.partition);
  }

  private tellLag({ copy }: Lane): void {
    const { logStartOffset, lastStableOffset } = copy.source;
    const lag = { sourceLogStartOffset: logStartOffset, sourceEndOffset: lastStableOffset, position: copy.position };
    this.parts.events.lag(copy.partition, lag);
  }
}

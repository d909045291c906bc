/**
 * Which offset syncs a mirror writes of what it has copied. Pure.
 *
 * MirrorMaker 2's rules, so that its clients see what they know: at once for the first record of a partition, for a jump in
 * the source's offsets or back in the target's, and when the target is `offset.lag.max` records ahead; the rest when `takeAll`
 * is called. Beyond these the last record of a run is told before the next run begins, so that every run is known whole.
 */
import type { Copied } from '../flow/flow-partition';
import type { OffsetSync } from '../formats/offset-sync';
import type { SyncRun } from '../formats/run-header';

export interface RunSync extends OffsetSync {
  readonly run: SyncRun;
}

interface Run {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  upstreamStart: number;
  downstreamStart: number;
  lastUpstream: number;
  lastDownstream: number;
  /** The target's offset of the last sync that was made. */
  syncedDownstream: number;
}

/** What a partition may have waiting. Above it every second one is left out: its run is read again instead of skipped. */
const MAX_PENDING = 128;

export class SyncEmission {
  private readonly runs = new Map<string, Run>();
  private pending = new Map<string, RunSync[]>();
  private pendingCount = 0;

  constructor(private readonly offsetLagMax: number) {}

  /** How many wait for being written at once. */
  get dueCount(): number {
    return this.pendingCount;
  }

  copied(copied: Copied): void {
    const { sourceTopic, partition } = copied.partition;
    const key = `${sourceTopic}:${partition}`;
    const run = this.runs.get(key);
    if (run !== undefined && copied.isContiguous && continues(run, copied)) {
      run.lastUpstream = copied.lastSourceOffset;
      run.lastDownstream = copied.lastTargetOffset;
      if (run.lastDownstream - (run.syncedDownstream + 1) >= this.offsetLagMax) this.make(key, run);
      return;
    }
    if (run !== undefined && run.syncedDownstream !== run.lastDownstream) this.make(key, run);
    this.begin(key, copied);
  }

  /** What must be written at once. */
  takeDue(): RunSync[] {
    const due = [...this.pending.values()].flat();
    this.pending = new Map();
    this.pendingCount = 0;
    return due;
  }

  /** That, and what has been copied since. */
  takeAll(): RunSync[] {
    for (const [key, run] of this.runs) if (run.syncedDownstream !== run.lastDownstream) this.make(key, run);
    return this.takeDue();
  }

  private begin(key: string, copied: Copied): void {
    const { partition, firstSourceOffset, firstTargetOffset, lastSourceOffset, lastTargetOffset } = copied;
    const fresh = (upstream: number, downstream: number): Run => ({
      ...{ topic: partition.sourceTopic, partition: partition.partition, topicId: partition.sourceTopicId },
      ...{ upstreamStart: upstream, downstreamStart: downstream },
      ...{ lastUpstream: upstream, lastDownstream: downstream, syncedDownstream: -1 },
    });
    const first = fresh(firstSourceOffset, firstTargetOffset);
    this.make(key, first);
    // In between something is missing on one side, nobody knows where: only the last record is sure again.
    const run = copied.isContiguous ? first : fresh(lastSourceOffset, lastTargetOffset);
    this.runs.set(key, run);
    run.lastUpstream = lastSourceOffset;
    run.lastDownstream = lastTargetOffset;
    if (run !== first || lastTargetOffset - (firstTargetOffset + 1) >= this.offsetLagMax) this.make(key, run);
  }

  private make(key: string, run: Run): void {
    run.syncedDownstream = run.lastDownstream;
    const { topic, partition, topicId, upstreamStart, downstreamStart } = run;
    const sync = {
      ...{ topic, partition, upstreamOffset: run.lastUpstream, downstreamOffset: run.lastDownstream },
      run: { upstreamStart, downstreamStart, topicId },
    };
    const waiting = this.pending.get(key) ?? [];
    const kept = waiting.length < MAX_PENDING ? waiting : waiting.filter((_, at) => at % 2 === 0);
    kept.push(sync);
    this.pendingCount += kept.length - (kept === waiting ? waiting.length - 1 : waiting.length);
    this.pending.set(key, kept);
  }
}

function continues(run: Run, { partition, firstSourceOffset, firstTargetOffset }: Copied): boolean {
  const isNext = firstSourceOffset === run.lastUpstream + 1 && firstTargetOffset === run.lastDownstream + 1;
  return isNext && partition.sourceTopicId === run.topicId;
}

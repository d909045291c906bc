/**
 * All offset syncs of a flow, and translation by them.
 *
 * MirrorMaker 2 keeps 64 syncs for each partition, and of those that it reads at its start only the last (KAFKA-12468, 14666,
 * 15906). Here the whole topic counts, up to a bound for each partition, and a run of our own syncs is exact at each of its
 * records. A sync of MirrorMaker's is exact at its record; behind it a reader goes on at the next one. Pure.
 */
import type { OffsetSync } from '../formats/offset-sync';
import type { SyncRun } from '../formats/run-header';
import { OffsetRuns } from './offset-runs-core';

/** 24 bytes each. */
const DEFAULT_MAX_RUNS = 4096;

export class OffsetSyncStore {
  private readonly partitions = new Map<string, OffsetRuns[]>();
  private readonly topicIds = new Map<string, string>();

  constructor(private readonly maxRunsPerPartition = DEFAULT_MAX_RUNS) {}

  /** Syncs of a partition come in the order in which they were written. */
  add({ topic, partition, upstreamOffset, downstreamOffset }: OffsetSync, run: SyncRun | null): void {
    const runs = this.runsOf(topic, partition);
    if (run !== null) this.noteTopicId(topic, run.topicId);
    const length = upstreamOffset - (run?.upstreamStart ?? upstreamOffset) + 1;
    const isInStep = run !== null && length >= 1 && downstreamOffset - run.downstreamStart + 1 === length;
    if (isInStep) runs.add({ upstream: run.upstreamStart, downstream: run.downstreamStart, length });
    else runs.add({ upstream: upstreamOffset, downstream: downstreamOffset, length: 1 });
  }

  /** The topic holds nothing any more of what was read before. */
  clear(): void {
    this.partitions.clear();
    this.topicIds.clear();
  }

  /**
   * Where on the target a reader goes on that has everything before `upstreamOffset` of the source; null when nothing is
   * known of that. What lies behind it on the target is all that has been copied from there on, and perhaps some of before.
   */
  translate(topic: string, partition: number, upstreamOffset: number): number | null {
    return this.partitions.get(topic)?.[partition]?.toDownstream(upstreamOffset) ?? null;
  }

  /** The other way: where at the source a reader of the copy goes on. */
  translateBack(topic: string, partition: number, downstreamOffset: number): number | null {
    return this.partitions.get(topic)?.[partition]?.toUpstream(downstreamOffset) ?? null;
  }

  private runsOf(topic: string, partition: number): OffsetRuns {
    let partitions = this.partitions.get(topic);
    if (partitions === undefined) {
      partitions = [];
      this.partitions.set(topic, partitions);
    }
    while (partitions.length <= partition) partitions.push(new OffsetRuns(this.maxRunsPerPartition));
    return partitions[partition]!;
  }

  private noteTopicId(topic: string, topicId: string): void {
    const before = this.topicIds.get(topic);
    this.topicIds.set(topic, topicId);
    if (before !== undefined && before !== topicId) for (const runs of this.partitions.get(topic) ?? []) runs.clear();
  }
}

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
/** More than a cluster has; what names others is not of a mirror. */
const MAX_PARTITIONS = 200_000;

export class OffsetSyncStore {
  private readonly topics = new Map<string, Map<number, OffsetRuns>>();
  private partitions = 0;
  private readonly topicIds = new Map<string, string>();

  constructor(private readonly maxRunsPerPartition = DEFAULT_MAX_RUNS) {}

  /** Syncs of a partition come in the order in which they were written. */
  add({ topic, partition, upstreamOffset, downstreamOffset }: OffsetSync, run: SyncRun | null): void {
    // Anybody may write to this topic: what no mirror would is passed over.
    if (partition < 0 || upstreamOffset < 0 || downstreamOffset < 0) return;
    const runs = this.runsOf(topic, partition);
    if (runs === null) return;
    if (run !== null) this.noteTopicId(topic, run.topicId);
    const length = upstreamOffset - (run?.upstreamStart ?? upstreamOffset) + 1;
    const isInStep = run !== null && length >= 1 && downstreamOffset - run.downstreamStart + 1 === length;
    if (isInStep) runs.add({ upstream: run.upstreamStart, downstream: run.downstreamStart, length });
    else runs.add({ upstream: upstreamOffset, downstream: downstreamOffset, length: 1 });
  }

  /** The topic holds nothing any more of what was read before. */
  clear(): void {
    this.topics.clear();
    this.partitions = 0;
    this.topicIds.clear();
  }

  /**
   * Where on the target a reader goes on that has everything before `upstreamOffset` of the source; null when nothing is
   * known of that. What lies behind it on the target is all that has been copied from there on, and perhaps some of before.
   */
  translate(topic: string, partition: number, upstreamOffset: number): number | null {
    return this.topics.get(topic)?.get(partition)?.toDownstream(upstreamOffset) ?? null;
  }

  /** The other way: where at the source a reader of the copy goes on. */
  translateBack(topic: string, partition: number, downstreamOffset: number): number | null {
    return this.topics.get(topic)?.get(partition)?.toUpstream(downstreamOffset) ?? null;
  }

  /** null: there are more than there can be. */
  private runsOf(topic: string, partition: number): OffsetRuns | null {
    const known = this.topics.get(topic)?.get(partition);
    if (known !== undefined) return known;
    if (this.partitions === MAX_PARTITIONS) return null;
    this.partitions++;
    const made = new OffsetRuns(this.maxRunsPerPartition);
    const partitions = this.topics.get(topic) ?? new Map<number, OffsetRuns>();
    this.topics.set(topic, partitions.set(partition, made));
    return made;
  }

  private noteTopicId(topic: string, topicId: string): void {
    const before = this.topicIds.get(topic);
    this.topicIds.set(topic, topicId);
    if (before !== undefined && before !== topicId) for (const runs of this.topics.get(topic)?.values() ?? []) runs.clear();
  }
}

/**
 * `moldau mirror failback`: brings the old primary up to date with the cluster that was promoted in its place, and gives a
 * receipt of what that costs.
 *
 * Order, for each partition: nobody may write to the old primary any more (it becomes the mirror of the promoted cluster);
 * both logs are compared; what only the old primary has is exported and the receipt is on the disk; only then is the tail cut
 * off, and the rest copied. Each step can be done again: a log that was cut has nothing left to export, and files that are there
 * are not written over.
 */
import type { FlowPartition } from '../flow/flow-partition';
import { cutTail, setMirrorSource, mirrorSources, type LogRange } from '../preserve/mirror-mode';
import { catchUp } from './catch-up';
import { addRange, LogComparison, type OffsetRange } from './compare-core';
import { DrillStopped, settledRange, type DrillParts } from './drill-parts';
import { exportTail, type DrillFiles } from './export-tail';
import { PartitionReader } from './partition-reader';
import { promotionGroup, readPromotions, type Promotion } from './promotions';
import { overlaps, receiptText, type PartitionReceipt, type Receipt } from './receipt';

export interface FailbackOptions {
  readonly isDryRun: boolean;
  /** Cut and copy: without it the receipt is all that comes of it, beside the end of writes to the old primary. */
  readonly cuts: boolean;
}

/** `parts.flow` goes from the promoted cluster to the old primary. */
export class Failback {
  constructor(
    private readonly parts: DrillParts,
    private readonly files: DrillFiles,
    private readonly options: FailbackOptions,
  ) {}

  /** Throws DrillStopped when it cannot go on, and what the clients throw. */
  async run(): Promise<Receipt> {
    const { parts, files } = this;
    const { flow, say } = parts;
    const promotions = await this.promotions();
    if (promotions.length === 0) {
      throw new DrillStopped(`${flow.source.alias} has no record of a promotion in place of ${flow.target.alias}: run moldau mirror failover --from ${flow.target.alias} --to ${flow.source.alias} first.`);
    }
    if (!this.options.isDryRun) await this.freeze(promotions);
    const partitions: PartitionReceipt[] = [];
    for (const promotion of promotions) partitions.push(await this.examine(promotion));
    const receipt = { from: flow.source.alias, to: flow.target.alias, createdMs: parts.env.clock.wallMs(), duplicatedByTheMirror: 0, partitions } as const;
    say(receiptText(receipt));
    if (this.options.isDryRun) {
      say(`Nothing was changed: ${flow.target.alias} still takes writes, and its logs may grow.`);
      return receipt;
    }
    await files.writeNew('receipt.json', `${JSON.stringify(receipt, null, 2)}\n`);
    await files.writeNew('receipt.txt', receiptText(receipt));
    if (this.options.cuts) await this.bringUpToDate(promotions, partitions);
    else say('Neither cut nor copied: run it again with --execute.');
    return receipt;
  }

  /** Of topics that are the flow's, and promoted still. */
  private async promotions(): Promise<Promotion[]> {
    const { source, flow, say } = this.parts;
    const recorded = await readPromotions(source, promotionGroup(flow.target.alias, flow.source.alias));
    const asked = recorded.filter(({ topic }) => flow.topics.accepts(topic));
    const sources = await mirrorSources(source, [...new Set(asked.map(({ topic }) => topic))]);
    for (const [topic, mirrorSource] of sources) {
      if (mirrorSource === flow.target.alias) say(`${topic}: ${flow.source.alias} is its mirror again, so it is left alone.`);
      else if (mirrorSource !== '') throw new DrillStopped(`${topic} of ${flow.source.alias} is not promoted (mirror.source=${mirrorSource}): finish the failover first.`);
    }
    return asked.filter(({ topic }) => sources.get(topic) === '');
  }

  /** The old primary takes nothing any more but what its successor has. */
  private async freeze(promotions: readonly Promotion[]): Promise<void> {
    const { target, flow, say } = this.parts;
    const topics = new Set(promotions.map(({ sourceTopic }) => sourceTopic));
    for (const topic of topics) await setMirrorSource(target, topic, flow.source.alias);
    say(`${topics.size} topics of ${flow.target.alias} mirror ${flow.source.alias} from now on, and take no other writes.`);
  }

  private async examine(promotion: Promotion): Promise<PartitionReceipt> {
    const { source, target } = this.parts;
    const { topic, partition, sourceTopic, endOffset: promotedAt } = promotion;
    const primary = await this.primaryRange(promotion);
    const [secondaryStart, secondaryEnd] = await Promise.all([source.listOffset(topic, partition, -2), source.listOffset(topic, partition, -1)]);
    const fromOffset = Math.max(primary.logStartOffset, secondaryStart);
    const mine = new PartitionReader(target, sourceTopic, partition, Math.min(fromOffset, primary.logEndOffset), primary.logEndOffset);
    const theirs = new PartitionReader(source, topic, partition, Math.min(fromOffset, secondaryEnd), secondaryEnd);
    const comparison = new LogComparison(promotedAt, primary.logEndOffset, await this.isCompacted(topic));
    for (;;) {
      const next = comparison.step(await mine.peek(), await theirs.peek());
      if (next === null) break;
      if (next !== 'secondary') mine.skip();
      if (next !== 'primary') theirs.skip();
    }
    const forkOffset = Math.min(comparison.forkOffset ?? primary.logEndOffset, primary.logEndOffset, secondaryEnd);
    const tail = await this.rangesFrom(target, sourceTopic, partition, forkOffset, primary.logEndOffset);
    const written = await this.rangesFrom(source, topic, partition, Math.max(forkOffset, secondaryStart), Math.min(secondaryEnd, primary.logEndOffset));
    const isBehind = forkOffset < promotedAt;
    const restored = isBehind ? await this.rangesFrom(source, topic, partition, Math.max(forkOffset, secondaryStart), promotedAt) : { ranges: [], records: 0 };
    const exported = this.options.isDryRun || primary.logEndOffset <= forkOffset ? null : await exportTail(this.files, target, sourceTopic, partition, forkOffset, primary.logEndOffset);
    return {
      topic: sourceTopic,
      partition,
      promotedAt,
      primary,
      secondary: { logStartOffset: secondaryStart, logEndOffset: secondaryEnd },
      same: { fromOffset, batches: comparison.batches, records: comparison.records },
      forkOffset,
      lost: tail.ranges,
      lostRecords: tail.records,
      diverged: overlaps(tail.ranges, written.ranges),
      gaps: comparison.onlyPrimary.filter((range) => range.fromOffset < forkOffset),
      restored: restored.ranges,
      exported,
    };
  }

  private async primaryRange({ sourceTopic, partition }: Promotion): Promise<LogRange> {
    const { target, flow } = this.parts;
    if (!this.options.isDryRun) return settledRange(this.parts, target, sourceTopic, partition, flow.source.alias);
    const [logStartOffset, logEndOffset] = await Promise.all([target.listOffset(sourceTopic, partition, -2), target.listOffset(sourceTopic, partition, -1)]);
    return { logStartOffset, logEndOffset };
  }

  private async isCompacted(topic: string): Promise<boolean> {
    const resources = [{ resourceType: 2, resourceName: topic, configurationKeys: ['cleanup.policy'] }];
    const { results } = await this.parts.source.ask('any', 'DescribeConfigs', { resources });
    return results[0]?.configs[0]?.value?.includes('compact') === true;
  }

  private async rangesFrom(cluster: DrillParts['source'], topic: string, partition: number, fromOffset: number, endOffset: number): Promise<{ ranges: OffsetRange[]; records: number }> {
    const reader = new PartitionReader(cluster, topic, partition, Math.min(fromOffset, endOffset), endOffset);
    const ranges: OffsetRange[] = [];
    let records = 0;
    for (let batch = await reader.peek(); batch !== null; batch = await reader.peek()) {
      addRange(ranges, { fromOffset: Math.max(batch.baseOffset, fromOffset), toOffset: batch.lastOffset });
      records += batch.recordsCount;
      reader.skip();
    }
    return { ranges, records };
  }

  private async bringUpToDate(promotions: readonly Promotion[], receipts: readonly PartitionReceipt[]): Promise<void> {
    const { env, target, source, flow, say } = this.parts;
    for (const { topic, partition, forkOffset, primary } of receipts) {
      if (primary.logEndOffset <= forkOffset) continue;
      await cutTail(env, target, { topic, partition }, flow.source.alias, primary.logEndOffset, forkOffset);
      say(`${topic}-${partition} of ${flow.target.alias} was cut from ${primary.logEndOffset} to ${forkOffset}.`);
    }
    const views = new Map((await source.metadata([...new Set(promotions.map(({ topic }) => topic))])).map((view) => [view.name, view]));
    const partitions: FlowPartition[] = promotions.map(({ topic, partition, sourceTopic }) => ({
      sourceTopic: topic,
      sourceTopicId: views.get(topic)?.topicId ?? '',
      partition,
      targetTopic: sourceTopic,
    }));
    await catchUp(this.parts, partitions);
    say(`${flow.target.alias} has everything that ${flow.source.alias} has. Keep moldau mirror running with ${flow.source.alias}->${flow.target.alias}.enabled=true and offsets.preserve=true; to switch back: moldau mirror failover ${this.parts.propertiesFile} --from ${flow.source.alias} --to ${flow.target.alias}`);
  }
}

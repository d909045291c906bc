/**
 * `moldau mirror failover`: makes the target of a flow in offset-preserving mode the cluster that is written to.
 *
 * Every step is done for all topics before the next, can be done again, and is told before it is done. The order is what
 * keeps it honest: the source takes no more writes before the copy is said to be whole; no mirror may append before it is
 * recorded where the copies end; nobody may write before that record is there.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import type { FlowPartition } from '../flow/flow-partition';
import { copyGroupOffsets } from '../preserve/group-offsets';
import { setMirrorSource } from '../preserve/mirror-mode';
import { catchUp } from './catch-up';
import { DrillStopped, mirrorTopics, settledRange, wait, type DrillParts, type MirrorTopic } from './drill-parts';
import { promotingMark, stageOf, stepsLeft, type FailoverOptions, type FailoverStep, type TopicStage } from './failover-core';
import { promotionGroup, readPromotions, storePromotions, type Promotion } from './promotions';

/** Ends that do not move for so long belong to a source that nobody writes to. */
const STILL_MS = 2_000;

interface StagedTopic extends MirrorTopic {
  readonly stage: TopicStage;
  readonly sourceTopic: string;
}

export class Failover {
  private readonly group: string;

  constructor(
    private readonly parts: DrillParts,
    private readonly options: FailoverOptions & { readonly isDryRun: boolean },
  ) {
    const { source, target } = parts.flow;
    this.group = promotionGroup(source.alias, target.alias);
  }

  /** Throws DrillStopped when it cannot go on, and what the clients throw. */
  async run(): Promise<void> {
    const { flow, say } = this.parts;
    const topics = await this.topics();
    if (topics.length === 0) {
      throw new DrillStopped(
        `No topic of ${flow.target.alias} mirrors ${flow.source.alias} offset by offset (mirror.source=${flow.source.alias}). In ordinary mode there is nothing to promote: stop the producers, wait until moldau mirror status shows no lag, and point the clients at the target.`,
      );
    }
    const steps = stepsLeft(topics.map(({ stage }) => stage), this.options);
    if (this.options.isSourceLost) say(`${flow.source.alias} is declared lost: what it has beyond the copies is not waited for. A failback tells later what that was.`);
    else await this.askLag(topics);
    for (const { topic, partitions, stage } of topics) say(`${topic}: ${partitions} partitions, ${stage}`);
    if (steps.length === 0) say('Every topic is promoted.');
    if (this.options.isDryRun) return say(`Left to do: ${steps.length === 0 ? 'nothing' : steps.join(', ')}. Nothing was changed.`);
    for (const step of steps) await this.perform(step, await this.topics());
    this.sayClients();
  }

  /** Those that are, or were, mirrors of the flow's source. */
  private async topics(): Promise<StagedTopic[]> {
    const { flow, target } = this.parts;
    const recorded = new Map<string, number>();
    for (const { topic } of await readPromotions(target, this.group)) recorded.set(topic, (recorded.get(topic) ?? 0) + 1);
    const { policy, source } = flow;
    return (await mirrorTopics(target)).flatMap((each) => {
      const stage = stageOf({ ...each, recorded: recorded.get(each.topic) ?? 0 }, source.alias);
      if (stage === 'not-a-mirror') return [];
      const isRenamed = policy.topicSource(each.topic) === source.alias;
      const sourceTopic = isRenamed ? (policy.upstreamTopic(each.topic) ?? each.topic) : each.topic;
      return flow.topics.accepts(sourceTopic) ? [{ ...each, stage, sourceTopic }] : [];
    });
  }

  private async askLag(topics: readonly StagedTopic[]): Promise<void> {
    try {
      await this.sayLag(topics);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      const { alias } = this.parts.flow.source;
      throw new DrillStopped(`${alias} does not answer (${error.message}). If it is lost, say so with --source-lost: what it has beyond the copies is then not waited for.`);
    }
  }

  private async sayLag(topics: readonly StagedTopic[]): Promise<void> {
    const { source, target, say, flow } = this.parts;
    let offsets = 0;
    for (const { topic, sourceTopic, partitions, stage } of topics) {
      if (stage !== 'mirroring') continue;
      for (let partition = 0; partition < partitions; partition++) {
        const [there, here] = await Promise.all([source.listOffset(sourceTopic, partition, -1, true), target.listOffset(topic, partition, -1)]);
        if (there > here) say(`${topic}-${partition}: ${flow.source.alias} ends at ${there}, ${flow.target.alias} at ${here}`);
        offsets += Math.max(0, there - here);
      }
    }
    say(`Lag of all partitions: ${offsets} offsets${offsets === 0 ? '' : ', gaps of the source included'}.`);
  }

  private async perform(step: FailoverStep, topics: readonly StagedTopic[]): Promise<void> {
    const { say, flow } = this.parts;
    const mirroring = topics.filter(({ stage }) => stage === 'mirroring');
    const promoting = topics.filter(({ stage }) => stage === 'promoting');
    switch (step) {
      case 'freeze':
        say(`Freezing ${mirroring.length} topics of ${flow.source.alias}.`);
        return this.freeze(mirroring);
      case 'catch-up':
        say('Copying what is left.');
        return this.catchUp(mirroring);
      case 'groups':
        return this.copyGroups(topics);
      case 'fence':
        say(`Fencing mirrors: ${mirroring.length} topics of ${flow.target.alias} take nothing from ${flow.source.alias} any more.`);
        for (const { topic } of mirroring) await setMirrorSource(this.parts.target, topic, promotingMark(flow.source.alias));
        return;
      case 'record':
        return this.record(promoting);
      case 'promote':
        for (const { topic } of promoting) {
          await setMirrorSource(this.parts.target, topic, null);
          say(`${topic} is promoted: it takes records now.`);
        }
    }
  }

  /** A Moldau source becomes the mirror of its target at once: so nobody else can write to it. */
  private async freeze(topics: readonly StagedTopic[]): Promise<void> {
    const { source, flow } = this.parts;
    if (this.options.areProducersStopped) return this.assertStill(topics);
    for (const { sourceTopic, partitions } of topics) {
      try {
        await setMirrorSource(source, sourceTopic, flow.target.alias);
      } catch (error) {
        if (!(error instanceof ServerError) || error.errorCode !== ErrorCode.INVALID_CONFIG) throw error;
        throw new DrillStopped(
          `${flow.source.alias} cannot freeze topics (it is no Moldau cluster). Stop its producers and run this again with --producers-stopped.`,
        );
      }
      for (let partition = 0; partition < partitions; partition++) {
        await settledRange(this.parts, source, sourceTopic, partition, flow.target.alias);
      }
    }
  }

  private async assertStill(topics: readonly StagedTopic[]): Promise<void> {
    const before = await this.sourceEnds(topics);
    await wait(this.parts.env, STILL_MS);
    const after = await this.sourceEnds(topics);
    for (const [name, end] of after) {
      if (before.get(name) !== end) throw new DrillStopped(`${name} of ${this.parts.flow.source.alias} still grows (${before.get(name)} to ${end}): stop its producers first.`);
    }
  }

  private async sourceEnds(topics: readonly StagedTopic[]): Promise<Map<string, number>> {
    const ends = new Map<string, number>();
    for (const { sourceTopic, partitions } of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        ends.set(`${sourceTopic}-${partition}`, await this.parts.source.listOffset(sourceTopic, partition, -1));
      }
    }
    return ends;
  }

  private async catchUp(topics: readonly StagedTopic[]): Promise<void> {
    const { source, say } = this.parts;
    const views = new Map((await source.metadata(topics.map(({ sourceTopic }) => sourceTopic))).map((view) => [view.name, view]));
    const partitions: FlowPartition[] = topics.flatMap(({ topic, sourceTopic, partitions: count }) => {
      const sourceTopicId = views.get(sourceTopic)?.topicId ?? '';
      return Array.from({ length: count }, (_, partition) => ({ sourceTopic, sourceTopicId, partition, targetTopic: topic }));
    });
    const gaps = await catchUp(this.parts, partitions);
    for (const { topic, partition, fromOffset, toOffset } of gaps) say(`${topic}-${partition}: offsets ${fromOffset} to ${toOffset - 1} had expired before they were copied.`);
    say('The copies are whole.');
  }

  private async copyGroups(topics: readonly StagedTopic[]): Promise<void> {
    const { source, target, flow, say } = this.parts;
    const names = new Map(topics.map(({ topic, sourceTopic }) => [sourceTopic, topic]));
    const copyEnds = {
      targetTopicOf: (name: string) => names.get(name) ?? null,
      endOf: (topic: string, partition: number) => target.listOffset(topic, partition, -1),
    };
    const { written, active } = await copyGroupOffsets({ source, target }, (group) => flow.groups.accepts(group), copyEnds);
    say(`Offsets of ${written.length} groups were moved${written.length === 0 ? '' : `: ${written.join(', ')}`}.`);
    if (active.length > 0) say(`Groups with members on ${flow.target.alias} keep their own offsets: ${active.join(', ')}.`);
  }

  private async record(topics: readonly StagedTopic[]): Promise<void> {
    const { target, flow, say } = this.parts;
    const promotions: Promotion[] = [];
    for (const { topic, sourceTopic, partitions } of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const { logEndOffset } = await settledRange(this.parts, target, topic, partition, promotingMark(flow.source.alias));
        promotions.push({ topic, partition, endOffset: logEndOffset, sourceTopic, isSourceLost: this.options.isSourceLost });
      }
    }
    await storePromotions(target, this.group, promotions);
    say(`Where ${promotions.length} partitions end is recorded on ${flow.target.alias} (group ${this.group}).`);
  }

  private sayClients(): void {
    const { flow, say } = this.parts;
    const servers = flow.target.bootstrap.map(({ host, port }) => `${host}:${port}`).join(',');
    const groups = this.options.isSourceLost
      ? 'groups go on at their offsets that the mirror copied last, and those that it never saw begin by auto.offset.reset'
      : 'groups go on at the offsets that they had';
    say('');
    say(`Clients: set bootstrap.servers=${servers} and restart them; ${groups}.`);
    say(`Producers that could not be stopped get POLICY_VIOLATION from ${flow.source.alias} if it was frozen; if it was declared lost, keep them away from it when it comes back.`);
    say(`When ${flow.source.alias} is back: moldau mirror failback ${this.parts.propertiesFile} --from ${flow.target.alias} --to ${flow.source.alias} --dry-run`);
  }
}

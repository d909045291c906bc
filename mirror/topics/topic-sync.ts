/**
 * Keeps the target's topics as the source's: finds what is to be copied, creates topics and partitions, and passes on configs.
 *
 * A topic that the target refuses is left out and told; the others go on. Topics that are gone from the source stay.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import {
  type ConfigChange,
  type NewTopic,
  type Refusal,
  alterTopicConfigs,
  createPartitions,
  createTopics,
  describeTopicConfigs,
} from '../../wire/cluster-admin';
import type { FlowContext, TopicDiscovery } from '../flow/flow-part';
import type { FlowPartition } from '../flow/flow-partition';
import { LeaderWork } from '../flow/leader-work';
import { configChanges, configsToCreate } from './config-sync-core';
import { adviceOn } from './internal-topic';
import { type ReplicatedTopic, type TopicPlan, partitionsOf, topicPlan } from './topic-plan-core';

export class TopicSync implements TopicDiscovery {
  /** Passes configs on, from the process that leads. */
  readonly configs: LeaderWork;
  private known = new Map<string, ReplicatedTopic>();
  /** What was told about a topic, by its name on the target; told again when it changes. */
  private readonly told = new Map<string, string>();

  constructor(private readonly context: FlowContext) {
    const { settings } = context;
    const intervalMs = settings.syncTopicConfigsMs;
    const what = `sync topic configs to ${settings.target.alias}`;
    this.configs = new LeaderWork(context, intervalMs === null ? null : { intervalMs, what }, () => this.syncConfigs());
  }

  async discover(): Promise<readonly FlowPartition[]> {
    const { settings, source, target } = this.context;
    const sourceTopics = await source.metadata(null);
    const plan = topicPlan(settings, sourceTopics, await target.metadata(null));
    const refused = new Map([...(await this.create(plan)), ...(await this.grow(plan))]);
    for (const [topic, refusal] of refused) this.tell(topic, `cannot mirror into ${topic}: ${refusal.message}${adviceOn(refusal, 'replication.factor')}`);
    const topics = plan.topics.filter(({ targetTopic }) => !refused.has(targetTopic));
    for (const { targetTopic } of topics) this.told.delete(targetTopic);
    this.noteChanges(plan);
    return topics.flatMap(partitionsOf);
  }

  private async create({ missing }: TopicPlan): Promise<Map<string, Refusal>> {
    const { settings, source, target, logger } = this.context;
    if (missing.length === 0) return new Map();
    const configs = await describeTopicConfigs(
      source,
      missing.map(({ sourceTopic }) => sourceTopic),
    );
    const wanted = missing.map((topic): NewTopic => ({
      name: topic.targetTopic,
      partitions: topic.partitions,
      replicationFactor: settings.replicationFactor,
      configs: [...configsToCreate(settings, configs.get(topic.sourceTopic) ?? []), ...this.ownConfigs()],
    }));
    const refused = await createTopics(target, wanted);
    // A key that the target does not know fails the whole topic: it is created plain, and gets the keys that both know.
    const bare = wanted.filter(({ name }) => refused.get(name)?.errorCode === ErrorCode.INVALID_CONFIG);
    if (bare.length > 0 && !settings.preservesOffsets) {
      for (const { name } of bare) refused.delete(name);
      const again = await createTopics(
        target,
        bare.map((topic) => ({ ...topic, configs: [] })),
      );
      for (const [name, refusal] of again) refused.set(name, refusal);
      await this.syncConfigsOf(missing.filter(({ targetTopic }) => bare.some(({ name }) => name === targetTopic)));
    }
    const created = missing.filter(({ targetTopic }) => !refused.has(targetTopic));
    for (const { targetTopic, partitions } of created)
      logger.info(`created topic ${targetTopic} on ${settings.target.alias} with ${partitions} partitions`);
    return refused;
  }

  /** A topic in offset-preserving mode takes writes of nobody else from its first moment on. */
  private ownConfigs(): readonly ConfigChange[] {
    const { preservesOffsets, source } = this.context.settings;
    return preservesOffsets ? [{ name: 'mirror.source', value: source.alias }] : [];
  }

  private async grow({ short }: TopicPlan): Promise<Map<string, Refusal>> {
    if (short.length === 0) return new Map();
    const { settings, target, logger } = this.context;
    const refused = await createPartitions(
      target,
      new Map(short.map(({ targetTopic, partitions }) => [targetTopic, partitions])),
    );
    for (const { targetTopic, partitions } of short) {
      if (!refused.has(targetTopic))
        logger.info(`topic ${targetTopic} on ${settings.target.alias} has ${partitions} partitions now`);
    }
    return refused;
  }

  private noteChanges({ topics }: TopicPlan): void {
    const { logger, settings } = this.context;
    const now = new Map(topics.map((topic) => [topic.sourceTopic, topic]));
    for (const [name, before] of this.known) {
      const { sourceTopicId } = now.get(name) ?? {};
      const where = `topic ${name} of ${settings.source.alias}`;
      if (sourceTopicId === undefined)
        logger.warn(`${where} is gone or not asked for any more; its copy ${before.targetTopic} stays as it is`);
      else if (sourceTopicId !== before.sourceTopicId) logger.warn(`${where} was deleted and created again`);
    }
    this.known = now;
  }

  private async syncConfigs(): Promise<void> {
    const { settings, source } = this.context;
    const plan = topicPlan(settings, await source.metadata(null), []);
    await this.syncConfigsOf(plan.topics);
  }

  private async syncConfigsOf(topics: readonly ReplicatedTopic[]): Promise<void> {
    const { settings, source, target, logger } = this.context;
    const onSource = await describeTopicConfigs(
      source,
      topics.map(({ sourceTopic }) => sourceTopic),
    );
    const onTarget = await describeTopicConfigs(
      target,
      topics.map(({ targetTopic }) => targetTopic),
    );
    const changes = new Map<string, readonly ConfigChange[]>();
    for (const { sourceTopic, targetTopic } of topics) {
      const [theirs, ours] = [onSource.get(sourceTopic), onTarget.get(targetTopic)];
      const wanted = theirs === undefined || ours === undefined ? [] : configChanges(settings, theirs, ours);
      if (wanted.length > 0) changes.set(targetTopic, wanted);
    }
    const refused = await alterTopicConfigs(target, changes);
    for (const [topic, wanted] of changes) {
      const refusal = refused.get(topic);
      const what = wanted
        .map(({ name, value }) => (value === null ? `${name} back to its default` : `${name}=${value}`))
        .join(', ');
      if (refusal === undefined) logger.info(`configs of ${topic} on ${settings.target.alias}: ${what}`);
      else
        this.tell(
          `configs of ${topic}`,
          `cannot set ${what} of ${topic} on ${settings.target.alias}: ${refusal.message}`,
        );
    }
  }

  private tell(about: string, sentence: string): void {
    if (this.told.get(about) === sentence) return;
    this.told.set(about, sentence);
    this.context.logger.error(sentence);
  }
}

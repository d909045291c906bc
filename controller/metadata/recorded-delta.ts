/** A delta that fills up while records are applied: each part notes what it was before its first change. */
import type { BrokerRegistration } from './registrations';
import { resourceKey, type ConfigResource } from './config-resource';
import type { DeletedTopic, MetadataDelta, PartitionChange, TopicChange } from './delta';
import type { PartitionRegistration } from './partition-registration';
import { entityKey, type ClientQuotaEntity } from './client-quota-entity';
import type { Topic } from './topic';

class RecordedTopicChange implements TopicChange {
  private readonly previous = new Map<number, PartitionRegistration | null>();

  constructor(
    readonly topic: Topic,
    readonly isNew: boolean,
  ) {}

  note(partitionId: number, previous: PartitionRegistration | null): void {
    if (!this.previous.has(partitionId)) this.previous.set(partitionId, previous);
  }

  previousOf(partitionId: number): PartitionRegistration | null | undefined {
    return this.previous.get(partitionId);
  }

  *partitions(): Iterable<PartitionChange> {
    for (const [partitionId, previous] of this.previous) yield { partitionId, previous };
  }
}

export class RecordedDelta implements MetadataDelta {
  producerIdsChanged = false;
  private readonly features = new Set<string>();
  private readonly brokers = new Map<number, BrokerRegistration | null>();
  private readonly controllers = new Set<number>();
  private readonly topics = new Map<string, RecordedTopicChange>();
  private readonly deleted = new Map<string, DeletedTopic>();
  private readonly configs = new Map<string, ConfigResource>();
  private readonly quotas = new Map<string, ClientQuotaEntity>();
  private readonly acls = new Set<string>();
  private readonly scramUsers = new Map<string, { readonly mechanism: number; readonly user: string }>();
  private readonly tokens = new Set<string>();

  /** True for a delta between an image and a snapshot: everything that is there counts as changed. */
  constructor(readonly isWholeImage = false) {}

  noteFeature(name: string): void {
    this.features.add(name);
  }

  noteBroker(brokerId: number, previous: BrokerRegistration | null): void {
    if (!this.brokers.has(brokerId)) this.brokers.set(brokerId, previous);
  }

  noteController(controllerId: number): void {
    this.controllers.add(controllerId);
  }

  noteTopic(topic: Topic, isNew: boolean): void {
    if (!this.topics.has(topic.id)) this.topics.set(topic.id, new RecordedTopicChange(topic, isNew));
  }

  notePartition(topic: Topic, partitionId: number, previous: PartitionRegistration | null): void {
    this.noteTopic(topic, false);
    this.topics.get(topic.id)?.note(partitionId, previous);
  }

  /** A topic that this delta created and deleted never was. */
  noteDeletedTopic(topic: Topic, partitions: ReadonlyMap<number, PartitionRegistration>): void {
    const change = this.topics.get(topic.id);
    this.topics.delete(topic.id);
    if (change?.isNew === true) return;
    const before = new Map<number, PartitionRegistration>();
    for (const [partitionId, partition] of partitions) {
      const previous = change?.previousOf(partitionId);
      if (previous !== null) before.set(partitionId, previous ?? partition);
    }
    this.deleted.set(topic.id, { id: topic.id, name: topic.name, partitions: before });
  }

  noteConfig(resource: ConfigResource): void {
    this.configs.set(resourceKey(resource), resource);
  }

  noteQuota(entity: ClientQuotaEntity): void {
    this.quotas.set(entityKey(entity), entity);
  }

  noteAcl(id: string): void {
    this.acls.add(id);
  }

  noteScramUser(mechanism: number, user: string): void {
    this.scramUsers.set(`${mechanism}:${user}`, { mechanism, user });
  }

  noteDelegationToken(tokenId: string): void {
    this.tokens.add(tokenId);
  }

  changedFeatures(): Iterable<string> {
    return this.features;
  }
  changedBrokers(): Iterable<number> {
    return this.brokers.keys();
  }
  previousBroker(brokerId: number): BrokerRegistration | null {
    return this.brokers.get(brokerId) ?? null;
  }
  changedControllers(): Iterable<number> {
    return this.controllers;
  }
  changedTopics(): Iterable<TopicChange> {
    return this.topics.values();
  }
  deletedTopics(): Iterable<DeletedTopic> {
    return this.deleted.values();
  }
  changedConfigs(): Iterable<ConfigResource> {
    return this.configs.values();
  }
  changedQuotas(): Iterable<ClientQuotaEntity> {
    return this.quotas.values();
  }
  changedAcls(): Iterable<string> {
    return this.acls;
  }
  changedScramUsers(): Iterable<{ readonly mechanism: number; readonly user: string }> {
    return this.scramUsers.values();
  }
  changedDelegationTokens(): Iterable<string> {
    return this.tokens;
  }
}

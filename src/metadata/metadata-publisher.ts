/**
 * Brings a change of the metadata to the parts of the broker, in the turn in which it is published: first the cache, then
 * configs, then replicas, so that whoever is woken by a replica sees the new state. Of the replicas, those that go are first,
 * then those that lead, since others wait for them, then those that follow.
 */
import { ConfigResourceType } from '../../controller/metadata/config-resource';
import type { MetadataDelta, TopicChange } from '../../controller/metadata/delta';
import type { MetadataImage } from '../../controller/metadata/image';
import { directoryOf, type PartitionRegistration } from '../../controller/metadata/partition-registration';
import type { MetadataPublisher } from '../../controller/metadata/publisher';
import type { MetadataCache } from './metadata-cache';
import { FORMER_SELF } from '../replication/partition-core';
import type { ReplicaManager } from '../replication/replica-manager';
import type { AssignedReplica } from '../replication/replica-settings';
import { DynamicConfig } from '../config/dynamic-config';

export interface TopicsDeleted {
  topicsDeleted(topics: readonly { readonly name: string; readonly id: string; readonly partitions: readonly number[] }[]): void;
}

export class BrokerMetadataPublisher implements MetadataPublisher {
  readonly name = 'broker';

  constructor(
    private readonly cache: MetadataCache,
    private readonly config: DynamicConfig,
    private readonly replicas: ReplicaManager,
    private readonly groups: TopicsDeleted,
    /** Of this process's broker. */
    private readonly incarnationId: string,
  ) {}

  publish(delta: MetadataDelta, image: MetadataImage): void {
    this.config.apply(delta, image);
    this.cache.update(image, this.config.current);
    this.applyTopicConfigs(delta);
    this.deleteTopics(delta);
    const followed: AssignedReplica[] = [];
    for (const change of delta.changedTopics()) this.applyTopic(change, image, followed);
    for (const replica of followed) this.replicas.apply(replica, this.cache.topicConfig(replica.topic));
  }

  private applyTopicConfigs(delta: MetadataDelta): void {
    for (const resource of delta.changedConfigs()) {
      if (resource.type === ConfigResourceType.topic) this.replicas.setConfig(resource.name, this.cache.topicConfig(resource.name));
      // A broker's defaults reach every topic that does not override them.
      if (resource.type === ConfigResourceType.broker) this.replicas.refreshConfigs((topic) => this.cache.topicConfig(topic));
    }
  }

  private deleteTopics(delta: MetadataDelta): void {
    const deleted = [...delta.deletedTopics()].map((topic) => ({ ...topic, partitions: [...topic.partitions.keys()] }));
    for (const topic of deleted) for (const index of topic.partitions) this.replicas.remove(topic.name, index);
    if (deleted.length > 0) this.groups.topicsDeleted(deleted);
  }

  /** Those that are led here, or are not here any more, at once; the others are left for the end. */
  private applyTopic(change: TopicChange, image: MetadataImage, followed: AssignedReplica[]): void {
    const { topic } = change;
    const config = this.cache.topicConfig(topic.name);
    for (const { partitionId } of change.partitions()) {
      const known = image.topics.partition(topic, partitionId);
      if (known === null) continue;
      const registration = this.ofThisLife(known, image);
      const directory = directoryOf(known, this.replicas.brokerId);
      const replica = { topic: topic.name, topicId: topic.id, partition: partitionId, registration, directory };
      if (this.replicas.isFollower(registration)) followed.push(replica);
      else this.replicas.apply(replica, config);
    }
  }

  /**
   * What a former process led, this one does not: it may have less, and its high watermark is an old one. Its own
   * registration ends those leaderships, so that it leads in an epoch of its own.
   */
  private ofThisLife(registration: PartitionRegistration, image: MetadataImage): PartitionRegistration {
    const { brokerId } = this.replicas;
    if (registration.leader !== brokerId) return registration;
    const isRegistered = image.cluster.brokers.get(brokerId)?.incarnationId === this.incarnationId;
    return isRegistered ? registration : { ...registration, leader: FORMER_SELF };
  }
}

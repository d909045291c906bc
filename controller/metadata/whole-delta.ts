/** The delta of a first publication: everything in the image is new. Lists it from the image, so it costs no memory. */
import type { ClientQuotaEntity } from './client-quota-entity';
import type { ConfigResource } from './config-resource';
import type { DeletedTopic, MetadataDelta, PartitionChange, TopicChange } from './delta';
import type { MetadataImage } from './image';
import type { Topic } from './topic';

export class WholeDelta implements MetadataDelta {
  readonly isWholeImage = true;

  constructor(private readonly image: MetadataImage) {}

  get producerIdsChanged(): boolean {
    return this.image.nextProducerId >= 0;
  }

  changedFeatures(): Iterable<string> {
    return this.image.features.all().map(([name]) => name);
  }
  changedBrokers(): Iterable<number> {
    return this.image.cluster.brokers.keys();
  }
  previousBroker(): null {
    return null;
  }
  changedControllers(): Iterable<number> {
    return this.image.cluster.controllers.keys();
  }
  *changedTopics(): Iterable<TopicChange> {
    for (const topic of this.image.topics.all())
      yield { topic, isNew: true, partitions: () => this.partitionsOf(topic) };
  }
  deletedTopics(): Iterable<DeletedTopic> {
    return [];
  }
  *changedConfigs(): Iterable<ConfigResource> {
    for (const { resource } of this.image.configs.all()) yield resource;
  }
  *changedQuotas(): Iterable<ClientQuotaEntity> {
    for (const { entity } of this.image.quotas.all()) yield entity;
  }
  changedAcls(): Iterable<string> {
    return this.image.security.acls.keys();
  }
  *changedScramUsers(): Iterable<{ readonly mechanism: number; readonly user: string }> {
    for (const { mechanism, name } of this.image.security.scramCredentials()) yield { mechanism, user: name };
  }
  changedDelegationTokens(): Iterable<string> {
    return this.image.security.delegationTokens.keys();
  }

  private *partitionsOf(topic: Topic): Iterable<PartitionChange> {
    for (const partitionId of this.image.topics.partitionIds(topic)) yield { partitionId, previous: null };
  }
}

/**
 * What a publisher is told of a change: which parts of the image are others now, and what they were before.
 *
 * The image itself is already the new one. A first publication, and one after a snapshot, count everything as changed
 * (`isWholeImage`), without listing it twice in memory.
 */
import type { BrokerRegistration } from './registrations';
import type { ConfigResource } from './config-resource';
import type { PartitionRegistration } from './partition-registration';
import type { ClientQuotaEntity } from './client-quota-entity';
import type { Topic } from './topic';

export interface PartitionChange {
  readonly partitionId: number;
  /** Null: the partition is new. */
  readonly previous: PartitionRegistration | null;
}

export interface TopicChange {
  readonly topic: Topic;
  readonly isNew: boolean;
  partitions(): Iterable<PartitionChange>;
}

export interface DeletedTopic {
  readonly id: string;
  readonly name: string;
  /** As they were: partition id to registration. */
  readonly partitions: ReadonlyMap<number, PartitionRegistration>;
}

export interface MetadataDelta {
  readonly isWholeImage: boolean;
  readonly producerIdsChanged: boolean;
  /** Names; the image has the level, or none. */
  changedFeatures(): Iterable<string>;
  /** Ids; the image has the registration, or none. */
  changedBrokers(): Iterable<number>;
  /** The registration before the change; null when there was none. */
  previousBroker(brokerId: number): BrokerRegistration | null;
  changedControllers(): Iterable<number>;
  changedTopics(): Iterable<TopicChange>;
  deletedTopics(): Iterable<DeletedTopic>;
  changedConfigs(): Iterable<ConfigResource>;
  changedQuotas(): Iterable<ClientQuotaEntity>;
  /** Ids; the image has the entry, or it was removed. */
  changedAcls(): Iterable<string>;
  changedScramUsers(): Iterable<{ readonly mechanism: number; readonly user: string }>;
  changedDelegationTokens(): Iterable<string>;
}

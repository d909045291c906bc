/**
 * The cluster's metadata as the log says it: one image, changed in place by one owner.
 *
 * Invariants: `replay` is the only way in, alike for live writes, the log and snapshots. An image changes only in the turn
 * in which its change is published, so whoever reads it between turns sees published metadata. Who reads over several
 * turns takes a `copy`. A record that contradicts the image throws, and the node stops.
 */
import { unreachable } from '../../wire/base/invariant';
import { ClusterImage } from './cluster-image';
import { ConfigResourceType } from './config-resource';
import { ConfigsImage } from './configs-image';
import { FeaturesImage } from './features-image';
import { QuotasImage } from './quotas-image';
import type { RecordedDelta } from './recorded-delta';
import type { MetadataRecord } from './records';
import { ReplayError } from './replay-error';
import { SecurityImage } from './security-image';
import { TopicsImage } from './topics-image';

/** How far into the log an image goes. */
export interface MetadataProvenance {
  /** The last offset that it contains; -1 before the first. */
  readonly lastContainedOffset: number;
  readonly lastContainedEpoch: number;
  /** Append time of the last batch; -1 when unknown. */
  readonly lastContainedLogTimestampMs: number;
}

export const EMPTY_PROVENANCE: MetadataProvenance = {
  lastContainedOffset: -1,
  lastContainedEpoch: 0,
  lastContainedLogTimestampMs: -1,
};

export class MetadataImage {
  /** Set by the owner with every change. */
  provenance: MetadataProvenance = EMPTY_PROVENANCE;
  /** The first id of the next block; -1 before one was given out. */
  nextProducerId = -1;

  constructor(
    readonly features = new FeaturesImage(),
    readonly cluster = new ClusterImage(),
    readonly topics = new TopicsImage(),
    readonly configs = new ConfigsImage(),
    readonly quotas = new QuotasImage(),
    readonly security = new SecurityImage(),
  ) {}

  /** Nothing has ever been written. */
  get isEmpty(): boolean {
    return this.features.finalizedMetadataVersion === null;
  }

  /** Applies one record. Transaction markers are for whoever feeds the records. Throws ReplayError. */
  replay(record: MetadataRecord, delta: RecordedDelta | null): void {
    switch (record.type) {
      case 'RegisterBrokerRecord':
        return this.cluster.registerBroker(record.value, delta);
      case 'UnregisterBrokerRecord':
        return this.cluster.unregisterBroker(record.value.brokerId, record.value.brokerEpoch, delta);
      case 'FenceBrokerRecord':
        return this.cluster.setFenced(record.value.id, record.value.epoch, true, delta);
      case 'UnfenceBrokerRecord':
        return this.cluster.setFenced(record.value.id, record.value.epoch, false, delta);
      case 'BrokerRegistrationChangeRecord':
        return this.cluster.changeBroker(record.value, delta);
      case 'RegisterControllerRecord':
        return this.cluster.registerController(record.value, delta);
      case 'TopicRecord':
        return this.topics.addTopic(record.value, delta);
      case 'RemoveTopicRecord':
        return this.removeTopic(record.value.topicId, delta);
      case 'PartitionRecord':
        return this.topics.addPartition(record.value, delta);
      case 'PartitionChangeRecord':
        return this.topics.changePartition(record.value, delta);
      case 'ClearElrRecord':
        return this.topics.clearElr(record.value.topicName, delta);
      default:
        return this.replaySetting(record, delta);
    }
  }

  /** An image that later changes do not reach. Costs milliseconds per hundred thousand partitions. */
  copy(): MetadataImage {
    const cluster = new ClusterImage();
    for (const [id, registration] of this.cluster.brokers) cluster.brokers.set(id, registration);
    for (const [id, registration] of this.cluster.controllers) cluster.controllers.set(id, registration);
    const { features, topics, configs, quotas, security } = this;
    const copy = new MetadataImage(
      features.copy(),
      cluster,
      topics.copy(),
      configs.copy(),
      quotas.copy(),
      security.copy(),
    );
    copy.provenance = this.provenance;
    copy.nextProducerId = this.nextProducerId;
    return copy;
  }

  private replaySetting(record: SettingRecord, delta: RecordedDelta | null): void {
    switch (record.type) {
      case 'ConfigRecord':
        return this.configs.set(record.value, delta);
      case 'FeatureLevelRecord':
        return this.features.setLevel(record.value.name, record.value.featureLevel, delta);
      case 'ClientQuotaRecord':
        return this.quotas.set(record.value, delta);
      case 'ProducerIdsRecord':
        return this.setNextProducerId(record.value.nextProducerId, delta);
      case 'AccessControlEntryRecord':
        return this.security.addAcl(record.value, delta);
      case 'RemoveAccessControlEntryRecord':
        return this.security.removeAcl(record.value.id, delta);
      case 'UserScramCredentialRecord':
        return this.security.setScramCredential(record.value, delta);
      case 'RemoveUserScramCredentialRecord':
        return this.security.removeScramCredential(record.value, delta);
      case 'DelegationTokenRecord':
        return this.security.setDelegationToken(record.value, delta);
      case 'RemoveDelegationTokenRecord':
        return this.security.removeDelegationToken(record.value.tokenId, delta);
      case 'ZkMigrationStateRecord':
        this.features.zkMigrationState = record.value.zkMigrationState;
        return;
      case 'NoOpRecord':
      case 'BeginTransactionRecord':
      case 'EndTransactionRecord':
      case 'AbortTransactionRecord':
        return;
      default:
        return unreachable(record);
    }
  }

  private removeTopic(topicId: string, delta: RecordedDelta | null): void {
    const topic = this.topics.removeTopic(topicId, delta);
    this.configs.remove({ type: ConfigResourceType.topic, name: topic.name }, delta);
  }

  private setNextProducerId(nextProducerId: number, delta: RecordedDelta | null): void {
    if (nextProducerId <= this.nextProducerId) {
      throw new ReplayError(`next producer id ${nextProducerId} does not lie above ${this.nextProducerId}`);
    }
    this.nextProducerId = nextProducerId;
    if (delta !== null) delta.producerIdsChanged = true;
  }
}

type SettingRecord = Exclude<
  MetadataRecord,
  {
    readonly type:
      | 'RegisterBrokerRecord'
      | 'UnregisterBrokerRecord'
      | 'FenceBrokerRecord'
      | 'UnfenceBrokerRecord'
      | 'BrokerRegistrationChangeRecord'
      | 'RegisterControllerRecord'
      | 'TopicRecord'
      | 'RemoveTopicRecord'
      | 'PartitionRecord'
      | 'PartitionChangeRecord'
      | 'ClearElrRecord';
  }
>;

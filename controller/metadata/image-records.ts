/**
 * An image as the records that make it again, in Kafka's order: features (metadata.version first), brokers, controllers,
 * topics, configs, quotas, producer ids, access control entries, SCRAM credentials, delegation tokens.
 *
 * Invariant: replaying them into an empty image gives an equal one, at the image's own metadata.version.
 */
import type { MetadataImage } from './image';
import {
  METADATA_VERSION_FEATURE,
  partitionRecordVersion,
  registerBrokerRecordVersion,
  supportsControllerRegistration,
  supportsDelegationTokens,
  supportsDirectoryAssignment,
  supportsElr,
  supportsScram,
} from './metadata-version';
import type { PartitionRegistration } from './partition-registration';
import type { BrokerRegistration, ControllerRegistration } from './registrations';
import { metadataRecord, type MetadataRecord, type RecordValue } from './records';
import type { Topic } from './topic';
import type { VersionRange } from './supported-features';

/** One record at a time, for writers that do it in slices. The image must not change meanwhile: take a copy. */
export function* imageRecords(image: MetadataImage): Generator<MetadataRecord, void, undefined> {
  const level = image.features.metadataVersion;
  yield* featureRecords(image, level);
  for (const broker of image.cluster.brokers.values()) yield brokerRecord(broker, level);
  if (supportsControllerRegistration(level)) {
    for (const controller of image.cluster.controllers.values()) yield controllerRecord(controller);
  }
  for (const topic of image.topics.all()) yield* topicRecords(image, topic, level);
  yield* settingRecords(image, level);
}

/** The first record of a partition, as `level` can hold it. */
export function partitionRecord(
  topicId: string,
  partitionId: number,
  partition: PartitionRegistration,
  level: number,
): MetadataRecord {
  const hasElr = supportsElr(level);
  return metadataRecord('PartitionRecord', partitionRecordVersion(level), {
    partitionId,
    topicId,
    replicas: [...partition.replicas],
    isr: [...partition.isr],
    removingReplicas: [...partition.removingReplicas],
    addingReplicas: [...partition.addingReplicas],
    leader: partition.leader,
    leaderRecoveryState: partition.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    directories: supportsDirectoryAssignment(level) ? [...partition.directories] : [],
    eligibleLeaderReplicas: hasElr && partition.elr.length > 0 ? [...partition.elr] : null,
    lastKnownElr: hasElr && partition.lastKnownElr.length > 0 ? [...partition.lastKnownElr] : null,
  });
}

function* featureRecords(image: MetadataImage, level: number): Generator<MetadataRecord> {
  yield metadataRecord('FeatureLevelRecord', 0, { name: METADATA_VERSION_FEATURE, featureLevel: level });
  for (const [name, featureLevel] of image.features.all()) {
    if (name !== METADATA_VERSION_FEATURE) yield metadataRecord('FeatureLevelRecord', 0, { name, featureLevel });
  }
  const { zkMigrationState } = image.features;
  if (zkMigrationState !== null) yield metadataRecord('ZkMigrationStateRecord', 0, { zkMigrationState });
}

function listedFeatures(features: ReadonlyMap<string, VersionRange>): RecordValue<'RegisterBrokerRecord'>['features'] {
  return [...features].map(([name, { min, max }]) => ({ name, minSupportedVersion: min, maxSupportedVersion: max }));
}

function brokerRecord(broker: BrokerRegistration, level: number): MetadataRecord {
  const version = registerBrokerRecordVersion(level);
  return metadataRecord('RegisterBrokerRecord', version, {
    brokerId: broker.id,
    isMigratingZkBroker: broker.isMigratingZkBroker,
    incarnationId: broker.incarnationId,
    brokerEpoch: broker.epoch,
    endPoints: broker.listeners.map((listener) => ({ ...listener })),
    features: listedFeatures(broker.features),
    rack: broker.rack,
    fenced: broker.fenced,
    inControlledShutdown: broker.inControlledShutdown,
    logDirs: version >= 3 ? [...broker.directories] : [],
    cordonedLogDirs: version >= 4 && broker.cordonedDirectories !== null ? [...broker.cordonedDirectories] : null,
  });
}

function controllerRecord(controller: ControllerRegistration): MetadataRecord {
  return metadataRecord('RegisterControllerRecord', 0, {
    controllerId: controller.id,
    incarnationId: controller.incarnationId,
    zkMigrationReady: controller.zkMigrationReady,
    endPoints: controller.listeners.map((listener) => ({ ...listener })),
    features: listedFeatures(controller.features),
  });
}

function* topicRecords(image: MetadataImage, topic: Topic, level: number): Generator<MetadataRecord> {
  yield metadataRecord('TopicRecord', 0, { name: topic.name, topicId: topic.id });
  for (const id of image.topics.partitionIds(topic)) {
    const partition = image.topics.partition(topic, id);
    if (partition !== null) yield partitionRecord(topic.id, id, partition, level);
  }
}

function* settingRecords(image: MetadataImage, level: number): Generator<MetadataRecord> {
  for (const { resource, configs } of image.configs.all()) {
    for (const [name, value] of configs) {
      yield metadataRecord('ConfigRecord', 0, {
        resourceType: resource.type,
        resourceName: resource.name,
        name,
        value,
      });
    }
  }
  for (const { entity, quotas } of image.quotas.all()) {
    const listed = [...entity].map(([entityType, entityName]) => ({ entityType, entityName }));
    for (const [key, value] of quotas)
      yield metadataRecord('ClientQuotaRecord', 0, { entity: listed, key, value, remove: false });
  }
  if (image.nextProducerId >= 0) {
    yield metadataRecord('ProducerIdsRecord', 0, {
      brokerId: -1,
      brokerEpoch: -1,
      nextProducerId: image.nextProducerId,
    });
  }
  for (const acl of image.security.acls.values()) yield metadataRecord('AccessControlEntryRecord', 0, acl);
  if (supportsScram(level)) {
    for (const credential of image.security.scramCredentials())
      yield metadataRecord('UserScramCredentialRecord', 0, credential);
  }
  if (supportsDelegationTokens(level)) {
    for (const token of image.security.delegationTokens.values())
      yield metadataRecord('DelegationTokenRecord', 0, token);
  }
}

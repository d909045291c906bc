/** From one image to another that shares nothing with it: what a snapshot loaded in between has changed. */
import type { MetadataImage } from './image';
import type { PartitionRegistration } from './partition-registration';
import { RecordedDelta } from './recorded-delta';

/** Everything in `after` counts as changed, and what only `before` had as deleted. */
export function diffImages(before: MetadataImage, after: MetadataImage): RecordedDelta {
  const delta = new RecordedDelta(true);
  for (const [name] of [...before.features.all(), ...after.features.all()]) delta.noteFeature(name);
  for (const id of [...before.cluster.brokers.keys(), ...after.cluster.brokers.keys()]) {
    delta.noteBroker(id, before.cluster.brokers.get(id) ?? null);
  }
  for (const id of [...before.cluster.controllers.keys(), ...after.cluster.controllers.keys()])
    delta.noteController(id);
  diffTopics(before, after, delta);
  diffSettings(before, after, delta);
  return delta;
}

function diffTopics(before: MetadataImage, after: MetadataImage, delta: RecordedDelta): void {
  for (const topic of before.topics.all()) {
    if (after.topics.topicById(topic.id) !== undefined) continue;
    const partitions = new Map<number, PartitionRegistration>();
    for (const id of before.topics.partitionIds(topic)) {
      const partition = before.topics.partition(topic, id);
      if (partition !== null) partitions.set(id, partition);
    }
    delta.noteDeletedTopic(topic, partitions);
  }
  for (const topic of after.topics.all()) {
    const old = before.topics.topicById(topic.id);
    delta.noteTopic(topic, old === undefined);
    for (const id of after.topics.partitionIds(topic)) {
      delta.notePartition(topic, id, old === undefined ? null : before.topics.partition(old, id));
    }
  }
}

function diffSettings(before: MetadataImage, after: MetadataImage, delta: RecordedDelta): void {
  delta.producerIdsChanged = before.nextProducerId !== after.nextProducerId;
  for (const image of [before, after]) {
    for (const { resource } of image.configs.all()) delta.noteConfig(resource);
    for (const { entity } of image.quotas.all()) delta.noteQuota(entity);
    for (const id of image.security.acls.keys()) delta.noteAcl(id);
    for (const { mechanism, name } of image.security.scramCredentials()) delta.noteScramUser(mechanism, name);
    for (const id of image.security.delegationTokens.keys()) delta.noteDelegationToken(id);
  }
}

/** Changes of partitions as the cluster stands now, and those that follow when a broker comes or goes. */
import type { Configs } from '../metadata/config-resource';
import { LOST_DIRECTORY, MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY } from '../metadata/directory-id';
import { directoryOf, type PartitionRegistration } from '../metadata/partition-registration';
import type { BrokerRegistration } from '../metadata/registrations';
import type { MetadataRecord } from '../metadata/records';
import type { Topic } from '../metadata/topic';
import type { TopicConfigLayers } from './config-rules';
import type { Controls } from './controls';
import { partitionChange, without, type Election, type PartitionTarget } from './partition-change';

const NOBODY = -1;

/** What a broker's coming or going means for whoever may lead. -1: nobody. */
export interface BrokerEvent {
  /** Leaves the ISR and leads nothing. */
  readonly removed?: number;
  /** May lead from now on, though its registration does not say so yet. */
  readonly added?: number;
  /** Came back from a stop that was not clean. */
  readonly uncleanShutdown?: number;
}

/** What a topic's configs say about elections. */
export interface TopicPolicy {
  /** 'unclean' when the topic would rather lose records than be without leader. */
  readonly election: Election;
  readonly minInsyncReplicas: number;
}

/** Policies of many topics, each different set of configs looked at once. */
export class TopicPolicies {
  private readonly known = new Map<Configs, TopicPolicy>();

  constructor(private readonly controls: Controls) {}

  of(topic: Topic): TopicPolicy {
    const layers = configLayers(this.controls, topic.name);
    const known = this.known.get(layers.topic);
    if (known !== undefined) return known;
    const { rules } = this.controls;
    const policy: TopicPolicy = {
      election: rules.topicConfig('unclean.leader.election.enable', layers) === 'true' ? 'unclean' : 'online',
      minInsyncReplicas: Number(rules.topicConfig('min.insync.replicas', layers) ?? '1'),
    };
    this.known.set(layers.topic, policy);
    return policy;
  }
}

export function topicPolicy(controls: Controls, topic: Topic): TopicPolicy {
  return new TopicPolicies(controls).of(topic);
}

/** The record that brings one partition to its target; null when nothing changes. */
export function changePartition(
  controls: Controls,
  topic: Topic,
  partitionId: number,
  partition: PartitionRegistration,
  target: PartitionTarget,
  policy: TopicPolicy,
  event: BrokerEvent = {},
): MetadataRecord | null {
  const { state } = controls;
  return partitionChange(partition, target, {
    topicId: topic.id,
    partitionId,
    metadataVersion: state.image.features.metadataVersion,
    isElrEnabled: state.isElrEnabled,
    minIsr: Math.min(policy.minInsyncReplicas, state.image.topics.partition(topic, 0)?.replicas.length ?? 1),
    election: policy.election,
    isAcceptable: (brokerId) => isAcceptableLeader(controls, partition, brokerId, event),
    defaultDirectory: (brokerId) => defaultDirectory(controls, brokerId),
  });
}

/** Records for the partitions in `rows` that an event touches, in the order of the rows. */
export function changesAfter(controls: Controls, rows: readonly number[], event: BrokerEvent): MetadataRecord[] {
  const { topics } = controls.state.image;
  const { uncleanShutdown } = event;
  const gone = [event.removed ?? NOBODY, uncleanShutdown ?? NOBODY];
  const policies = new TopicPolicies(controls);
  const records: MetadataRecord[] = [];
  for (const row of rows) {
    const { topic, partitionId } = topics.ownerOf(row);
    const partition = topics.partitions.get(row);
    const isr = without(partition.isr, gone);
    const target = uncleanShutdown === undefined ? { isr } : { isr, uncleanShutdown: [uncleanShutdown] };
    const record = changePartition(controls, topic, partitionId, partition, target, policies.of(topic), event);
    if (record !== null) records.push(record);
  }
  return records;
}

export function configLayers(controls: Controls, topicName: string): TopicConfigLayers {
  const { configs } = controls.state.image;
  return {
    topic: configs.ofTopic(topicName),
    node: configs.ofBroker(String(controls.config.nodeId)),
    cluster: configs.ofBroker(''),
  };
}

/** UNASSIGNED when the broker has several directories and will choose, MIGRATING when none is known. (KIP-858) */
export function defaultDirectory(controls: Controls, brokerId: number): string {
  const broker = controls.state.image.cluster.brokers.get(brokerId);
  if (broker === undefined) return UNASSIGNED_DIRECTORY;
  const [only, ...others] = broker.directories;
  if (only === undefined) return MIGRATING_DIRECTORY;
  return others.length > 0 ? UNASSIGNED_DIRECTORY : only;
}

function isAcceptableLeader(
  controls: Controls,
  partition: PartitionRegistration,
  brokerId: number,
  event: BrokerEvent,
): boolean {
  if (brokerId === event.removed || brokerId === event.uncleanShutdown) return false;
  if (brokerId !== event.added && !controls.state.isActive(brokerId)) return false;
  const broker = controls.state.image.cluster.brokers.get(brokerId);
  return broker !== undefined && hasDirectoryOf(broker, partition);
}

/** Whether the directory that the metadata has of the broker's replica is one that the broker has. */
export function hasDirectoryOf(broker: BrokerRegistration, partition: PartitionRegistration): boolean {
  const directory = directoryOf(partition, broker.id);
  return directory !== null && isOnline(broker, directory);
}

function isOnline(broker: BrokerRegistration, directory: string): boolean {
  if (directory === UNASSIGNED_DIRECTORY || directory === MIGRATING_DIRECTORY) return true;
  return directory !== LOST_DIRECTORY && broker.directories.includes(directory);
}

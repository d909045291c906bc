/**
 * The broker's view of the metadata: topics, partitions, brokers, and the configs that follow from them. It shows the image
 * as of the last published change, and changes only between turns.
 */
import { resolveTopicConfig, type LogConfig } from '../../log/log-config';
import type { BrokerRegistration } from '../../controller/metadata/registrations';
import type { MetadataImage } from '../../controller/metadata/image';
import type { PartitionRegistration } from '../../controller/metadata/partition-registration';
import type { Topic } from '../../controller/metadata/topic';
import type { BrokerConfig } from '../config/broker-config';

export interface BrokerEndpoint {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  readonly isFenced: boolean;
}

export class MetadataCache {
  private current: MetadataImage | null = null;

  constructor(private config: BrokerConfig) {}

  /** The publisher's word: this is how things are now. */
  update(image: MetadataImage, config: BrokerConfig): void {
    this.current = image;
    this.config = config;
  }

  get image(): MetadataImage {
    if (this.current === null) throw new Error('no metadata yet');
    return this.current;
  }

  topic(name: string): Topic | undefined {
    return this.image.topics.topicByName(name);
  }

  topicById(id: string): Topic | undefined {
    return this.image.topics.topicById(id);
  }

  partition(topic: string, index: number): PartitionRegistration | null {
    const found = this.topic(topic);
    return found === undefined ? null : this.image.topics.partition(found, index);
  }

  /** Unfenced brokers that have the listener, by id. */
  aliveBrokers(listenerName: string): BrokerEndpoint[] {
    return this.brokers(listenerName, false);
  }

  /** Brokers that have the listener, by id. */
  brokers(listenerName: string, withFenced: boolean): BrokerEndpoint[] {
    return [...this.image.cluster.brokers.values()]
      .filter((broker) => withFenced || !broker.fenced)
      .flatMap((broker) => endpointOf(broker, listenerName) ?? [])
      .sort((a, b) => a.id - b.id);
  }

  /** Ids of the unfenced brokers. */
  get aliveBrokerIds(): number[] {
    return [...this.image.cluster.brokers.values()].filter(({ fenced }) => !fenced).map(({ id }) => id);
  }

  isAlive(brokerId: number): boolean {
    return this.image.cluster.brokers.get(brokerId)?.fenced === false;
  }

  /** Null when it has none, is fenced, or has no such listener. */
  aliveRack(brokerId: number, listenerName: string): string | null {
    const broker = this.image.cluster.brokers.get(brokerId);
    if (broker === undefined || broker.fenced || endpointOf(broker, listenerName) === null) return null;
    return broker.rack;
  }

  topicOverrides(topic: string): ReadonlyMap<string, string> {
    return this.image.configs.ofTopic(topic);
  }

  topicConfig(topic: string): LogConfig {
    return resolveTopicConfig(this.config, this.topicOverrides(topic));
  }
}

export function endpointOf(broker: BrokerRegistration, listenerName: string): BrokerEndpoint | null {
  const listener = broker.listeners.find((candidate) => candidate.name === listenerName);
  return listener === undefined ? null : { id: broker.id, host: listener.host, port: listener.port, rack: broker.rack, isFenced: broker.fenced };
}

/** What a cluster says of itself: brokers, where replicas are and how large, what is being moved. */
import { ErrorCode, isRetriable } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { ExchangeError } from '../../wire/client-connection';
import type { ClusterClient } from '../../wire/cluster-client';
import type { PlanBroker, PlanPartition } from './assignments-core';

const MAX_TRIES = 60;
const RETRY_MS = 500;

export type Sleep = (ms: number) => Promise<void>;

export interface PlacedPartition extends PlanPartition {
  /** -1 when there is none. */
  readonly leader: number;
}

export interface ClusterView {
  readonly brokers: readonly PlanBroker[];
  readonly partitions: readonly PlacedPartition[];
}

export interface OngoingPartition {
  readonly topic: string;
  readonly partition: number;
}

export class ClusterReader {
  constructor(
    private readonly client: ClusterClient,
    private readonly sleep: Sleep,
  ) {}

  /** Tries again for half a minute while the cluster may come to its senses. */
  async tried<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const mayPass = error instanceof ExchangeError || (error instanceof ServerError && isRetriable(error.errorCode));
        if (!mayPass || attempt >= MAX_TRIES) throw error;
      }
      await this.sleep(RETRY_MS);
    }
  }

  /** With the bytes of each partition. */
  async measured(): Promise<ClusterView> {
    const { brokers, partitions } = await this.placed();
    const bytes = new Map<string, number>();
    for (const { id } of brokers) {
      for (const [key, size] of await this.tried(() => this.sizesOn(id))) bytes.set(key, Math.max(size, bytes.get(key) ?? 0));
    }
    return { brokers, partitions: partitions.map((each) => ({ ...each, bytes: bytes.get(keyOf(each)) ?? 0 })) };
  }

  /** Without bytes. */
  async placed(): Promise<ClusterView> {
    return this.tried(async () => {
      // For the client, which has to know where the brokers are.
      await this.client.metadata([]);
      const response = await this.client.ask('any', 'Metadata', { topics: null, allowAutoTopicCreation: false });
      const brokers = response.brokers.map(({ nodeId, rack }): PlanBroker => ({ id: nodeId, rack }));
      const partitions = response.topics.flatMap(({ name, partitions: all }) =>
        all.map(({ partitionIndex, replicaNodes, leaderId }): PlacedPartition => {
          return { topic: name ?? '', partition: partitionIndex, replicas: replicaNodes, bytes: 0, leader: leaderId };
        }),
      );
      return { brokers, partitions };
    });
  }

  async ongoing(): Promise<readonly OngoingPartition[]> {
    return this.tried(async () => {
      const { errorCode, topics } = await this.client.ask('any', 'ListPartitionReassignments', { timeoutMs: 30_000, topics: null });
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, 'ListPartitionReassignments');
      return topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })));
    });
  }

  private async sizesOn(id: number): Promise<ReadonlyMap<string, number>> {
    const { results } = await this.client.ask(id, 'DescribeLogDirs', { topics: null });
    const sizes = new Map<string, number>();
    for (const { errorCode, topics } of results) {
      if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.KAFKA_STORAGE_ERROR) throw new ServerError(errorCode, `DescribeLogDirs of broker ${id}`);
      for (const { name, partitions } of topics) {
        for (const { partitionIndex, partitionSize } of partitions) sizes.set(keyOf({ topic: name, partition: partitionIndex }), Number(partitionSize));
      }
    }
    return sizes;
  }
}

export function keyOf({ topic, partition }: OngoingPartition): string {
  return `${topic}-${partition}`;
}

/**
 * Where partitions end that groups coordinated here read and that have no replica here: asked of their leaders before a scrape,
 * in one request each, and remembered.
 *
 * Bounded: partitions, and the time for the answers. What is not answered keeps what was known.
 */
import type { BaseEnv, Logger } from '../../../wire/base/env';
import { ErrorCode } from '../../../wire/base/error-codes';
import { isPeerFailure, PeerLink } from '../../../wire/peer-link';
import type { ListOffsetsResponse } from '../../../wire/schema/offsets';
import type { PeerEndpoint } from '../../replication/replica-fetcher';
import { OffsetHistory } from './offset-history-core';

const MAX_PARTITIONS = 10_000;
const TIMEOUT_MS = 1_000;
const LATEST = -1;
const CONSUMER = -1;

export interface RemotePartition {
  readonly topic: string;
  readonly partition: number;
  readonly leaderId: number;
}

export interface RemoteEndsParts {
  readonly env: BaseEnv;
  readonly logger: Logger;
  endpointOf(brokerId: number): PeerEndpoint | null;
}

export class RemoteEnds {
  private readonly links = new Map<number, { readonly address: string; readonly link: PeerLink }>();
  private histories = new Map<string, OffsetHistory>();

  constructor(private readonly parts: RemoteEndsParts) {}

  of(topic: string, partition: number): OffsetHistory | null {
    return this.histories.get(keyOf(topic, partition)) ?? null;
  }

  /** Asks for all of them at once; what is not among them is forgotten. */
  async refresh(wanted: readonly RemotePartition[]): Promise<void> {
    const byLeader = new Map<number, RemotePartition[]>();
    const kept = new Map<string, OffsetHistory>();
    for (const each of wanted.slice(0, MAX_PARTITIONS)) {
      const key = keyOf(each.topic, each.partition);
      if (kept.has(key)) continue;
      kept.set(key, this.histories.get(key) ?? new OffsetHistory());
      const asked = byLeader.get(each.leaderId) ?? [];
      asked.push(each);
      byLeader.set(each.leaderId, asked);
    }
    this.histories = kept;
    for (const [id, { link }] of this.links) if (!byLeader.has(id)) this.drop(id, link);
    await Promise.all([...byLeader].map(async ([leaderId, partitions]) => this.ask(leaderId, partitions)));
  }

  private ask(leaderId: number, partitions: readonly RemotePartition[]): Promise<void> {
    const link = this.linkTo(leaderId);
    if (link === null) return Promise.resolve();
    const topics = new Map<string, { partitionIndex: number; timestamp: number }[]>();
    for (const { topic, partition } of partitions) {
      const asked = topics.get(topic) ?? [];
      asked.push({ partitionIndex: partition, timestamp: LATEST });
      topics.set(topic, asked);
    }
    const request = { replicaId: CONSUMER, isolationLevel: 0, topics: [...topics].map(([name, list]) => ({ name, partitions: list })) };
    return new Promise((resolve) => {
      link.call('ListOffsets', request, { timeoutMs: TIMEOUT_MS }, (result) => {
        if (isPeerFailure(result)) this.parts.logger.debug(`broker ${leaderId} does not tell where its partitions end: ${result.message}`);
        else this.take(result);
        resolve();
      });
    });
  }

  private take({ topics }: ListOffsetsResponse): void {
    const nowMs = this.parts.env.clock.monotonicMs();
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        if (errorCode === ErrorCode.NONE && offset >= 0) this.of(name, partitionIndex)?.sample(nowMs, offset);
      }
    }
  }

  private linkTo(leaderId: number): PeerLink | null {
    const endpoint = this.parts.endpointOf(leaderId);
    const known = this.links.get(leaderId);
    if (endpoint === null) return null;
    const address = `${endpoint.host}:${endpoint.port}`;
    if (known?.address === address) return known.link;
    if (known !== undefined) this.drop(leaderId, known.link);
    const timeouts = { connectTimeoutMs: TIMEOUT_MS, requestTimeoutMs: TIMEOUT_MS };
    const link = new PeerLink(this.parts.env, { host: endpoint.host, port: endpoint.port, clientId: 'moldau-metrics', ...timeouts });
    this.links.set(leaderId, { address, link });
    return link;
  }

  private drop(leaderId: number, link: PeerLink): void {
    this.links.delete(leaderId);
    link.close();
  }

  close(): void {
    for (const [id, { link }] of this.links) this.drop(id, link);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

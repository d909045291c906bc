/**
 * A client of a simulated cluster: it knows the nodes, finds leaders through Metadata, and asks once for each call; to try
 * again is its owner's business. What it learns about leaders it tells `learned`.
 */

import type { Env } from '../../../../log/env';
import type { ApiName } from '../../../../wire/api-keys';
import { ErrorCode, isRetriable } from '../../../../wire/base/error-codes';
import type { RequestInput, ResponseOf } from '../../../../wire/exchange';
import { NO_ANSWER, SimClient } from '../broker/sim-client';
import { BROKER_PORT, hostOf, NODE_IDS } from './cluster-config';

export interface KnownLeader {
  readonly leader: number;
  readonly leaderEpoch: number;
}

/** Somebody said that `leader` leads the partition in that epoch. */
export type LeaderLearned = (topic: string, partition: number, known: KnownLeader) => void;

const BACKOFF_MS = 30;
const METADATA_VERSION = 12;

export class RoutedClient {
  private readonly clients: ReadonlyMap<number, SimClient>;
  private readonly leaders = new Map<string, KnownLeader>();
  /** The newest leader epoch that was heard of: an older one is a node's that lags behind (KIP-320). */
  private readonly epochs = new Map<string, number>();
  private turn = 0;

  constructor(
    private readonly env: Env,
    name: string,
    private readonly learned: LeaderLearned,
    requestTimeoutMs?: number,
  ) {
    this.clients = new Map(NODE_IDS.map((id) => [id, new SimClient(env, hostOf(id), BROKER_PORT, name, requestTimeoutMs)]));
    this.turn = env.random(`client/${name}`).below(NODE_IDS.length);
  }

  ask<N extends ApiName>(node: number, name: N, version: number, request: RequestInput<N>): Promise<ResponseOf<N> | typeof NO_ANSWER> {
    const client = this.clients.get(node);
    if (client === undefined) throw new Error(`no such node: ${node}`);
    return client.ask(name, version, request);
  }

  /** Asks one node after the other until there is an answer whose code, as `codeOf` finds it, is final. */
  async askAnyUntil<N extends ApiName>(name: N, version: number, request: RequestInput<N>, codeOf: (response: ResponseOf<N>) => number): Promise<ResponseOf<N>> {
    for (;;) {
      const response = await this.ask(this.nextNode(), name, version, request);
      if (response !== NO_ANSWER && !isRetriable(codeOf(response))) return response;
      await this.pause(BACKOFF_MS);
    }
  }

  nextNode(): number {
    this.turn = (this.turn + 1) % NODE_IDS.length;
    return NODE_IDS[this.turn]!;
  }

  /** Where the partition is led as far as is known, asking when nothing is; null when nobody says. */
  async leaderOf(topic: string, partition: number): Promise<KnownLeader | null> {
    const known = this.leaders.get(`${topic}-${partition}`);
    if (known !== undefined) return known;
    await this.refresh([topic]);
    return this.leaders.get(`${topic}-${partition}`) ?? null;
  }

  /** What was known did not help. */
  forget(topic: string, partition: number): void {
    this.leaders.delete(`${topic}-${partition}`);
  }

  /** Asks one node for topics. */
  async refresh(topics: readonly string[]): Promise<void> {
    const request = { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false };
    const response = await this.ask(this.nextNode(), 'Metadata', METADATA_VERSION, request);
    if (response === NO_ANSWER) return this.pause(BACKOFF_MS);
    for (const { errorCode, name, partitions } of response.topics) {
      if (errorCode !== ErrorCode.NONE || name === null) continue;
      for (const { partitionIndex, leaderId: leader, leaderEpoch } of partitions) {
        const key = `${name}-${partitionIndex}`;
        if (leader < 0 || leaderEpoch < (this.epochs.get(key) ?? -1)) continue;
        this.epochs.set(key, leaderEpoch);
        this.leaders.set(key, { leader, leaderEpoch });
        this.learned(name, partitionIndex, { leader, leaderEpoch });
      }
    }
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.env.timers.set(delayMs, resolve));
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}

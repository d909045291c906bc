/**
 * Everybody who uses a simulated cluster: two producers that are idempotent and one that is not, a reader for each partition,
 * a group that commits. They work until they are told to finish, each in its own rhythm; then what is under way ends.
 */

import type { Env } from '../../../../log/env';
import type { SimRandom } from '../../random';
import type { RegisterChecker } from './checkers/registers';
import type { AdminParts } from './cluster-admin';
import { createTopic, findCoordinator } from './cluster-admin';
import { GroupCommitter } from './cluster-committer';
import type { ClusterGhost } from './cluster-ghost';
import { partitionKey } from './cluster-ghost';
import { NODE_IDS, rackOf } from './cluster-config';
import type { Acked, Destination } from './cluster-producers';
import { ClusterIdempotentProducer, PlainProducer } from './cluster-producers';
import { PartitionReader } from './cluster-reader';
import { ClusterRegistrar } from './cluster-registrar';
import type { LeaderLearned } from './routed-client';
import { RoutedClient } from './routed-client';

export interface WorkloadMode {
  /** Mean time between two batches of one producer. */
  readonly gapMs: number;
  readonly maxRecords: number;
  /** Nobody stops before so many records are acknowledged. */
  readonly minAcked: number;
  readonly maxValueBytes: number;
  readonly segmentBytes: number;
  readonly fetchBytes: number;
  readonly hasRacks: boolean;
}

export interface WorkloadParts {
  readonly env: Env;
  readonly ghost: ClusterGhost;
  readonly random: (concern: string) => SimRandom;
  readonly learned: LeaderLearned;
  readonly registers: RegisterChecker;
  /** Tells the lives of a node apart. */
  readonly lifeOf: (node: number) => string;
  readonly mode: WorkloadMode;
  count(counter: string): void;
  /** Told of every batch that an idempotent producer had acknowledged. */
  readonly acked?: Acked;
}

/** Of one who probes how soon a cluster answers again. */
export interface Patience {
  readonly maxRetryMs?: number;
  readonly requestTimeoutMs?: number;
}

const ALL = -1;
/** Mean time between two steps of the registrar. */
const REGISTER_GAP_MS = 500;
/** Of one batch: the smallest segment holds it. */
const MAX_VALUES_BYTES = 400;

export class ClusterWorkload {
  readonly admin: AdminParts;
  readonly destinations: Destination[] = [];
  readonly readers = new Map<string, PartitionReader>();
  private readonly committer: GroupCommitter;
  private readonly registrar: ClusterRegistrar;
  private readonly clients: RoutedClient[] = [];
  private readonly working: Promise<void>[] = [];
  private isFinishing = false;
  private isReading = true;
  private values = 0;

  constructor(private readonly parts: WorkloadParts) {
    const { env, ghost, count, registers, lifeOf } = parts;
    this.admin = { client: this.client('admin'), ghost, count };
    this.committer = new GroupCommitter({ client: this.client('committer'), ghost, count });
    const nowMs = (): number => env.clock.monotonicMs();
    this.registrar = new ClusterRegistrar({ client: this.client('registrar'), ghost, count, registers, nowMs, lifeOf });
  }

  /** Makes a topic; from then on it is written to and read. */
  async addTopic(topic: string, partitions: number): Promise<void> {
    await createTopic(this.admin, topic, partitions, this.parts.mode.segmentBytes);
    for (let partition = 0; partition < partitions; partition++) {
      const { mode, ghost } = this.parts;
      const rack = mode.hasRacks ? rackOf(this.parts.random('workload/racks').pick(NODE_IDS)) : '';
      const reader = new PartitionReader(this.client(`reader-${topic}-${partition}`), ghost, topic, partition, mode.fetchBytes, rack);
      this.destinations.push({ topic, partition });
      this.readers.set(partitionKey(topic, partition), reader);
      void this.keepReading(reader);
    }
  }

  /** Sets everybody to work. */
  async start(): Promise<void> {
    while ((await findCoordinator(this.admin)) === null) await this.admin.client.pause(50);
    this.working.push(this.produceIdempotently('producer-0'), this.produceIdempotently('producer-1'), this.producePlainly(), this.keepCommitting(), this.keepRegistering());
  }

  /** Nothing new is begun once enough is acknowledged; resolves when all that was begun has its answer. */
  async finish(): Promise<void> {
    while (this.parts.ghost.ackedCount < this.parts.mode.minAcked) await this.admin.client.pause(100);
    this.isFinishing = true;
    await Promise.all(this.working);
    this.isReading = false;
  }

  /** Reads everything once more, in a cluster that is whole, and checks all that the clients know. */
  async check(): Promise<void> {
    const client = this.client('checker');
    for (const { topic, partition } of this.destinations) {
      const reader = new PartitionReader(client, this.parts.ghost, topic, partition, 100_000);
      this.parts.ghost.checkWhole(partitionKey(topic, partition), await reader.readWhole());
      await this.committer.check(topic, partition);
    }
    await this.registrar.check([...new Set(this.destinations.map(({ topic }) => topic))]);
  }

  /** One batch from a producer of its own, acknowledged: for scripts. */
  async sendOne(producer: ClusterIdempotentProducer, destination: Destination): Promise<void> {
    await producer.send(destination, this.draw(this.parts.random('workload/one')));
  }

  producer(name: string, patience: Patience = {}): ClusterIdempotentProducer {
    const { env, ghost, count } = this.parts;
    const { maxRetryMs, requestTimeoutMs } = patience;
    return new ClusterIdempotentProducer({ env, ghost, client: this.client(name, requestTimeoutMs), ...(maxRetryMs === undefined ? {} : { maxRetryMs }), count }, name);
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  client(name: string, requestTimeoutMs?: number): RoutedClient {
    const client = new RoutedClient(this.parts.env, name, this.parts.learned, requestTimeoutMs);
    this.clients.push(client);
    return client;
  }

  private async produceIdempotently(name: string): Promise<void> {
    const random = this.parts.random(`workload/${name}`);
    const producer = this.producer(name);
    while (!this.isFinishing) {
      await this.pause(random);
      const destination = random.pick(this.destinations);
      const values = this.draw(random);
      await producer.send(destination, values);
      this.parts.acked?.(destination, values);
    }
  }

  private async producePlainly(): Promise<void> {
    const random = this.parts.random('workload/plain');
    const { env, ghost, count } = this.parts;
    const producer = new PlainProducer({ env, ghost, client: this.client('plain'), count }, 'plain');
    while (!this.isFinishing) {
      await this.pause(random);
      await producer.send(random.pick(this.destinations), this.draw(random), random.chance(0.5) ? ALL : 1);
    }
  }

  private async keepCommitting(): Promise<void> {
    const random = this.parts.random('workload/committer');
    while (!this.isFinishing) {
      await this.pause(random);
      const { topic, partition } = random.pick(this.destinations);
      await this.committer.commit(topic, partition, this.readers.get(partitionKey(topic, partition))?.position ?? 0);
    }
  }

  private async keepRegistering(): Promise<void> {
    const random = this.parts.random('workload/registrar');
    while (!this.isFinishing) {
      await this.admin.client.pause(random.spread(0, REGISTER_GAP_MS * 2));
      await this.registrar.step(random, random.pick(this.destinations).topic);
    }
  }

  private async keepReading(reader: PartitionReader): Promise<void> {
    const random = this.parts.random(`workload/reader-${reader.topic}-${reader.partition}`);
    while (this.isReading) {
      if ((await reader.step(random.pick([0, 100, 500]))) === 0) continue;
      this.parts.count('fetched');
      if (reader.isAtFollower) this.parts.count('fetched from a follower');
    }
  }

  private draw(random: SimRandom): readonly string[] {
    const { maxRecords, maxValueBytes } = this.parts.mode;
    const length = random.between(1, maxRecords);
    const size = random.between(1, Math.min(maxValueBytes, Math.floor(MAX_VALUES_BYTES / length)));
    return Array.from({ length }, () => `${this.values++}:`.padEnd(size, '.'));
  }

  private pause(random: SimRandom): Promise<void> {
    return this.admin.client.pause(random.spread(0, this.parts.mode.gapMs * 2));
  }
}

/** Clients that live through the death of nodes: they find the new leader and go on until they are told to stop. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Consumer, Kafka, type Producer, logLevel } from 'kafkajs';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ServerError } from '../../../wire/broker-link';
import { ExchangeError } from '../../../wire/client-connection';
import { type BrokerAddress, ClusterClient } from '../../../wire/cluster-client';
import { encodeBatch } from '../../../wire/record/records';
import type { SimRandom } from '../../sim/random';
import { clientEnv } from './client-env';
import { nameOf, valueOf } from './ledger';
import type { ProducerTarget } from './producers';

const MAX_BATCH_RECORDS = 20;
const REQUEST_TIMEOUT_MS = 2000;
/** Enough for kafkajs to outlast any failover: it backs off up to 30 s otherwise. */
const KAFKAJS_RETRY = { retries: 100, initialRetryTime: 50, maxRetryTime: 500 } as const;
const PAUSE_MS = 2;
/** No failover takes so long: what is not answered by then is a failure of its own. */
const ANSWER_MS = 120_000;
/** Between two batches of a producer: what is written in minutes is kept in memory. */
const PACE_MS = 5;
const RESTART_MS = 200;

export interface ClusterProducer {
  readonly name: string;
  start(): Promise<{ readonly ended: Promise<void> }>;
  /** Sends nothing new, and ends when everything is acked. */
  stop(): void;
  /** The test has failed: whatever would go on is ended. */
  abandon?(): void;
}

/** acks=all and idempotent, one batch at a time, tried until it is acked. */
export class WireClusterProducer implements ClusterProducer {
  private nextNumber = 0;
  private isStopping = false;
  private isAbandoned = false;
  private producerId = -1;
  private readonly sequences: number[];
  private readonly client: ClusterClient;

  constructor(
    bootstrap: readonly BrokerAddress[],
    private readonly target: ProducerTarget,
    readonly name: string,
    private readonly random: SimRandom,
  ) {
    this.sequences = Array.from({ length: target.partitions }, () => 0);
    this.client = clusterClient(bootstrap, name);
  }

  async start(): Promise<{ readonly ended: Promise<void> }> {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
    const { errorCode, producerId } = await this.client.ask('any', 'InitProducerId', request);
    if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, 'InitProducerId');
    this.producerId = producerId;
    return { ended: this.run() };
  }

  stop(): void {
    this.isStopping = true;
  }

  abandon(): void {
    this.isStopping = true;
    this.isAbandoned = true;
  }

  private async run(): Promise<void> {
    try {
      while (!this.isStopping) {
        await this.sendOne();
        await delay(PACE_MS);
      }
    } finally {
      this.client.close();
    }
  }

  private async sendOne(): Promise<void> {
    const partition = this.random.below(this.target.partitions);
    const numbers = Array.from({ length: this.random.between(1, MAX_BATCH_RECORDS) }, () => this.nextNumber++);
    const values = numbers.map((number) => valueOf(this.name, number));
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: Date.now() }));
    const baseSequence = this.sequences[partition] ?? 0;
    const identity = { producerId: this.producerId, producerEpoch: 0, baseSequence };
    const bytes = encodeBatch({ records, ...identity }, clientEnv.crc32c);
    this.sequences[partition] = baseSequence + records.length;
    this.target.ledger.noteSent(partition, this.name, numbers.at(-1) ?? 0);
    const produce = () => this.client.produce(this.target.topic, partition, bytes.slice());
    const { baseOffset } = await untilAnswered(produce, () => this.isAbandoned);
    this.target.ledger.noteAcked(partition, baseOffset, values);
  }
}

/** kafkajs as people use it, idempotent. */
export class KafkajsClusterProducer implements ClusterProducer {
  private nextNumber = 0;
  private isStopping = false;
  private readonly producer: Producer;

  constructor(
    bootstrap: readonly BrokerAddress[],
    private readonly target: ProducerTarget,
    readonly name: string,
    private readonly random: SimRandom,
  ) {
    this.producer = kafkajsOf(bootstrap).producer({ idempotent: true, retry: KAFKAJS_RETRY });
  }

  async start(): Promise<{ readonly ended: Promise<void> }> {
    await this.producer.connect();
    return { ended: this.run() };
  }

  stop(): void {
    this.isStopping = true;
  }

  private async run(): Promise<void> {
    try {
      while (!this.isStopping) {
        await this.sendOne();
        await delay(PACE_MS);
      }
    } finally {
      await this.producer.disconnect();
    }
  }

  private async sendOne(): Promise<void> {
    const { topic, partitions, ledger } = this.target;
    const partition = this.random.below(partitions);
    const numbers = Array.from({ length: this.random.between(1, MAX_BATCH_RECORDS) }, () => this.nextNumber++);
    const values = numbers.map((number) => valueOf(this.name, number));
    ledger.noteSent(partition, this.name, numbers.at(-1) ?? 0);
    const messages = values.map((value) => ({ value, partition }));
    const [answer] = await this.producer.send({ topic, acks: -1, messages });
    ledger.noteAcked(partition, Number(answer?.baseOffset ?? -1), values);
  }
}

/** A member of a group that reads everything all the time. */
export class GroupReader {
  /** Partition to offset to the name of what was read there. */
  readonly seen = new Map<number, Map<number, string>>();
  readonly problems: string[] = [];
  private readonly ends = new Map<number, number>();
  private consumer: Consumer | null = null;
  private isStopping = false;

  constructor(
    private readonly bootstrap: readonly BrokerAddress[],
    private readonly topic: string,
    private readonly groupId: string,
  ) {}

  async start(): Promise<void> {
    const retry = KAFKAJS_RETRY;
    const consumer = kafkajsOf(this.bootstrap).consumer({ groupId: this.groupId, retry, sessionTimeout: 10_000, heartbeatInterval: 500 });
    this.consumer = consumer;
    // kafkajs gives up for good when it finds no broker at all for a while: then an application starts again, and so does this.
    consumer.on('consumer.crash', ({ payload: { restart } }) => {
      if (!restart && !this.isStopping) void this.startAnew();
    });
    await consumer.connect();
    await consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await consumer.run({
      autoCommitInterval: 500,
      eachMessage: async ({ partition, message }) => this.note(partition, Number(message.offset), nameOf(message.value?.toString() ?? '')),
    });
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.consumer?.disconnect();
  }

  private async startAnew(): Promise<void> {
    while (!this.isStopping) {
      try {
        return await this.start();
      } catch {
        // Nobody is there yet.
        await delay(RESTART_MS);
      }
    }
  }

  readBelow(partition: number): number {
    return this.ends.get(partition) ?? 0;
  }

  /** What was read once must never be read as something else: the record had been committed. */
  private note(partition: number, offset: number, name: string): void {
    const offsets = this.seen.get(partition) ?? new Map<number, string>();
    this.seen.set(partition, offsets);
    const before = offsets.get(offset);
    if (before !== undefined && before !== name) this.problems.push(`partition ${partition}: ${offset} was ${before}, and is ${name}`);
    offsets.set(offset, name);
    this.ends.set(partition, Math.max(this.readBelow(partition), offset + 1));
  }
}

export function clusterClient(bootstrap: readonly BrokerAddress[], clientId: string): ClusterClient {
  return new ClusterClient(clientEnv, {
    bootstrap,
    clientId,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    connectTimeoutMs: REQUEST_TIMEOUT_MS,
    maxAttempts: 1,
  });
}

/** Tries again while the cluster may come to its senses, up to two minutes; throws what can never pass. */
export async function untilAnswered<T>(call: () => Promise<T>, isAbandoned: () => boolean = () => false): Promise<T> {
  const endMs = performance.now() + ANSWER_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const mayPass = error instanceof ExchangeError ? error.kind !== 'malformed' : error instanceof ServerError && PASSING.has(error.errorCode);
      if (!mayPass || isAbandoned() || performance.now() > endMs) throw error;
    }
    await delay(PAUSE_MS);
  }
}

/** What a cluster says while it fails over. */
const PASSING: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.OFFSET_NOT_AVAILABLE,
]);

function kafkajsOf(bootstrap: readonly BrokerAddress[]): Kafka {
  const brokers = bootstrap.map(({ host, port }) => `${host}:${port}`);
  return new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: KAFKAJS_RETRY, requestTimeout: REQUEST_TIMEOUT_MS, enforceRequestTimeout: true });
}

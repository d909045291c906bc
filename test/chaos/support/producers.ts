/**
 * Producers that write until their broker dies, and note in a ledger what they sent and what was acked.
 *
 * Without idempotence nothing is ever sent twice, so whatever is found twice is the broker's doing. The idempotent one sends
 * again, in the next life of the broker, what was not answered in the last: the broker has to know what it has already.
 */
import { Kafka, logLevel } from 'kafkajs';
import { ErrorCode, errorName } from '../../../wire/base/error-codes';
import { encodeBatch } from '../../../wire/record/records';
import { Exchange, type ResponseOf } from '../../../wire/exchange';
import { ExchangeError } from '../../../wire/client-connection';
import type { SimRandom } from '../../sim/random';
import { clientEnv, HOST } from './client-env';
import { type Ledger, valueOf } from './ledger';

export interface ProducerTarget {
  readonly topic: string;
  readonly partitions: number;
  readonly ledger: Ledger;
}

export interface ChaosProducer {
  /** Resolves when it is connected to the broker on `port`; what comes back resolves when that is over. */
  start(port: number): Promise<{ readonly ended: Promise<void> }>;
  /** Sends nothing new, and ends when everything is answered. */
  stop(): void;
  /** Error names of answers, and how often they came. */
  readonly errors: ReadonlyMap<string, number>;
}

interface Waiter {
  readonly isDue: () => boolean;
  readonly resolve: () => void;
}

interface Batch {
  readonly partition: number;
  readonly values: readonly string[];
  readonly bytes: Uint8Array;
}

/** Newest version that names topics by their names. */
const PRODUCE_VERSION = 12;
const INIT_PRODUCER_ID_VERSION = 4;
const MAX_IN_FLIGHT = 5;
const MAX_BATCH_RECORDS = 20;
/** A refused producer waits as clients do. */
const BACKOFF_MS = 20;
const REQUEST_TIMEOUT_MS = 30_000;

export interface WireProducerOptions {
  readonly name: string;
  readonly acks: 1 | -1;
  readonly isIdempotent?: boolean;
  readonly random: SimRandom;
}

/** Pipelines batches over one connection. */
export class WireProducer implements ChaosProducer {
  readonly errors = new Map<string, number>();
  private producerId = -1;
  private nextNumber = 0;
  private readonly nextSequences: number[];
  /** Of the idempotent one: not acked, in order. The first `inFlight` of them are under way. */
  private unacked: Batch[] = [];
  private inFlight = 0;
  private hasToRewind = false;
  private isStopping = false;
  private isBackingOff = false;
  private exchange: Exchange | null = null;
  private readonly waiters = new Set<Waiter>();
  private finish: () => void = () => undefined;

  constructor(
    private readonly target: ProducerTarget,
    private readonly options: WireProducerOptions,
  ) {
    this.nextSequences = Array.from({ length: target.partitions }, () => 0);
  }

  async start(port: number): Promise<{ readonly ended: Promise<void> }> {
    this.isStopping = false;
    const exchange = await Exchange.open(clientEnv, {
      host: HOST,
      port,
      clientId: this.options.name,
      connectTimeoutMs: REQUEST_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    this.exchange = exchange;
    this.hasToRewind = false;
    if (this.options.isIdempotent === true && this.producerId < 0) await this.initProducerId(exchange);
    const ended = new Promise<void>((resolve) => {
      this.finish = () => {
        exchange.close();
        this.exchange = null;
        resolve();
      };
    });
    const resent = this.unacked;
    this.unacked = [];
    for (const batch of resent) this.send(batch);
    this.fill();
    return { ended };
  }

  stop(): void {
    this.isStopping = true;
    this.fill();
  }

  /** Resolves when so many more requests have been answered with this error. */
  refused(error: string, times: number): Promise<void> {
    const from = this.errors.get(error) ?? 0;
    const isDue = (): boolean => (this.errors.get(error) ?? 0) >= from + times;
    return new Promise((resolve) => this.waiters.add({ isDue, resolve }));
  }

  private async initProducerId(exchange: Exchange): Promise<void> {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
    const { errorCode, producerId } = await exchange.send('InitProducerId', INIT_PRODUCER_ID_VERSION, request);
    if (errorCode !== ErrorCode.NONE) throw new Error(`InitProducerId: ${errorName(errorCode)}`);
    this.producerId = producerId;
  }

  private fill(): void {
    const { exchange } = this;
    if (exchange === null) return;
    if (this.hasToRewind && this.inFlight === 0 && !exchange.isClosed) this.rewind();
    const mayMake = !exchange.isClosed && !this.isStopping && !this.hasToRewind && !this.isBackingOff;
    while (mayMake && this.inFlight < MAX_IN_FLIGHT) this.send(this.makeBatch());
    const isDone = exchange.isClosed || (this.isStopping && this.unacked.length === 0 && !this.isBackingOff);
    if (this.inFlight === 0 && isDone) this.finish();
  }

  /** Everything from the first batch that is not acked goes out again, in order. */
  private rewind(): void {
    this.hasToRewind = false;
    const resent = this.unacked;
    this.unacked = [];
    for (const batch of resent) this.send(batch);
  }

  private makeBatch(): Batch {
    const { random, name, isIdempotent } = this.options;
    const partition = random.below(this.target.partitions);
    const numbers = Array.from({ length: random.between(1, MAX_BATCH_RECORDS) }, () => this.nextNumber++);
    const values = numbers.map((number) => valueOf(name, number));
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: Date.now() }));
    const baseSequence = this.nextSequences[partition] ?? 0;
    const identity = { producerId: this.producerId, producerEpoch: 0, baseSequence };
    const bytes = encodeBatch({ records, ...(isIdempotent === true ? identity : {}) }, clientEnv.crc32c);
    this.nextSequences[partition] = baseSequence + records.length;
    this.target.ledger.noteSent(partition, name, numbers.at(-1) ?? 0);
    return { partition, values, bytes };
  }

  private send(batch: Batch): void {
    const { topic } = this.target;
    const request = {
      transactionalId: null,
      acks: this.options.acks,
      timeoutMs: REQUEST_TIMEOUT_MS,
      topicData: [{ name: topic, partitionData: [{ index: batch.partition, records: batch.bytes }] }],
    };
    this.inFlight++;
    if (this.options.isIdempotent === true) this.unacked.push(batch);
    this.exchange?.call('Produce', PRODUCE_VERSION, request, {}, (result) => {
      this.inFlight--;
      if (!(result instanceof ExchangeError)) this.answered(batch, result);
      this.fill();
    });
  }

  private answered(batch: Batch, { responses }: ResponseOf<'Produce'>): void {
    const answer = responses[0]?.partitionResponses[0];
    const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (errorCode === ErrorCode.NONE) {
      this.target.ledger.noteAcked(batch.partition, answer?.baseOffset ?? -1, batch.values);
      this.unacked = this.unacked.filter((other) => other !== batch);
      return;
    }
    count(this.errors, errorName(errorCode));
    for (const waiter of [...this.waiters]) {
      if (!waiter.isDue()) continue;
      this.waiters.delete(waiter);
      waiter.resolve();
    }
    this.backOff();
  }

  private backOff(): void {
    if (this.isBackingOff) return;
    this.isBackingOff = true;
    setTimeout(() => {
      this.isBackingOff = false;
      this.hasToRewind = this.unacked.length > 0;
      this.fill();
    }, BACKOFF_MS);
  }
}

/** kafkajs as people use it, one send at a time, without retries of its own. */
export class KafkajsProducer implements ChaosProducer {
  readonly errors = new Map<string, number>();
  private nextNumber = 0;
  private isStopping = false;

  constructor(
    private readonly target: ProducerTarget,
    private readonly name: string,
    private readonly random: SimRandom,
  ) {}

  async start(port: number): Promise<{ readonly ended: Promise<void> }> {
    this.isStopping = false;
    const kafka = new Kafka({ brokers: [`${HOST}:${port}`], retry: { retries: 0 }, logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    await this.sendOne(producer);
    return { ended: this.sendAll(producer) };
  }

  private async sendAll(producer: ReturnType<Kafka['producer']>): Promise<void> {
    try {
      while (!this.isStopping) await this.sendOne(producer);
    } catch (error) {
      // The broker is gone, which is what this is about; anything else is told.
      count(this.errors, String(error));
    }
    await producer.disconnect().catch(() => undefined);
  }

  stop(): void {
    this.isStopping = true;
  }

  private async sendOne(producer: ReturnType<Kafka['producer']>): Promise<void> {
    const { topic, partitions, ledger } = this.target;
    const partition = this.random.below(partitions);
    const numbers = Array.from({ length: this.random.between(1, MAX_BATCH_RECORDS) }, () => this.nextNumber++);
    const values = numbers.map((number) => valueOf(this.name, number));
    ledger.noteSent(partition, this.name, numbers.at(-1) ?? 0);
    const messages = values.map((value) => ({ value, partition }));
    const [answer] = await producer.send({ topic, acks: -1, messages });
    ledger.noteAcked(partition, Number(answer?.baseOffset ?? -1), values);
  }
}

function count(errors: Map<string, number>, name: string): void {
  errors.set(name, (errors.get(name) ?? 0) + 1);
}

/** Who writes to a simulated cluster: producers with an id that try until they succeed, and one without that tries once. */

import type { Env } from '../../../../log/env';
import { ErrorCode, isRetriable } from '../../../../wire/base/error-codes';
import { encodeBatch } from '../../../../wire/record/records';
import { describe, NO_ANSWER } from '../broker/sim-client';
import type { ClusterGhost, Sender } from './cluster-ghost';
import { partitionKey } from './cluster-ghost';
import type { RoutedClient } from './routed-client';

const ALL = -1;
const PRODUCE_VERSION = 11;
const RETRY_MS = 30;
/** Whoever has tried often waits longer between two tries. */
const MAX_RETRY_MS = 240;
/** As long as a request may wait at the broker; the client waits longer. */
const TIMEOUT_MS = 1_500;

export interface ProducerIdentity {
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

export interface Destination {
  readonly topic: string;
  readonly partition: number;
}

/** When the first record after some moment was acknowledged, and the like. */
export type Acked = (destination: Destination, values: readonly string[]) => void;

type Outcome = { readonly errorCode: number; readonly baseOffset: number } | typeof NO_ANSWER;

export interface ProducerParts {
  readonly env: Env;
  readonly ghost: ClusterGhost;
  readonly client: RoutedClient;
  /** Between two tries at most. */
  readonly maxRetryMs?: number;
  count(counter: string): void;
}

/** acks=all, one batch at a time: what it sends arrives once and in order. */
export class ClusterIdempotentProducer {
  private producerId = -1;
  private readonly nextSequence = new Map<string, number>();
  private readonly sender: Sender;

  constructor(
    private readonly parts: ProducerParts,
    name: string,
  ) {
    this.sender = { name, isIdempotent: true };
  }

  /** Resolves when the batch is acknowledged. */
  async send(destination: Destination, values: readonly string[]): Promise<void> {
    const { ghost, client, count } = this.parts;
    const key = partitionKey(destination.topic, destination.partition);
    ghost.sending(key, this.sender, values);
    if (this.producerId < 0) this.producerId = await initialize(this.parts);
    const baseSequence = this.nextSequence.get(key) ?? 0;
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) count('retry');
      const outcome = await produce(this.parts, destination, values, ALL, { producerId: this.producerId, producerEpoch: 0, baseSequence });
      if (outcome !== NO_ANSWER && outcome.errorCode === ErrorCode.NONE) {
        this.nextSequence.set(key, baseSequence + values.length);
        ghost.acked(key, outcome.baseOffset, values);
        return count('acked');
      }
      if (outcome !== NO_ANSWER && !isRetriable(outcome.errorCode)) {
        ghost.violate(`I20 an idempotent batch for ${key}, sequence ${baseSequence}, gave ${describe(outcome.errorCode)}`);
      }
      await client.pause(Math.min(RETRY_MS * 2 ** attempt, this.parts.maxRetryMs ?? MAX_RETRY_MS));
    }
  }
}

async function initialize({ client, ghost }: ProducerParts): Promise<number> {
  const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
  const response = await client.askAnyUntil('InitProducerId', 4, request, ({ errorCode }) => errorCode);
  if (response.errorCode !== ErrorCode.NONE) ghost.violate(`InitProducerId gave ${describe(response.errorCode)}`);
  return response.producerId;
}

/** Without an id, tries once. With acks=1 the next leader need not know what it was told. */
export class PlainProducer {
  private readonly sender: Sender;

  constructor(
    private readonly parts: ProducerParts,
    name: string,
  ) {
    this.sender = { name, isIdempotent: false };
  }

  async send(destination: Destination, values: readonly string[], acks: typeof ALL | 1): Promise<void> {
    const { ghost, count } = this.parts;
    const key = partitionKey(destination.topic, destination.partition);
    ghost.sending(key, this.sender, values);
    const outcome = await produce(this.parts, destination, values, acks, {});
    if (outcome === NO_ANSWER) return;
    if (outcome.errorCode === ErrorCode.NONE) {
      if (acks === ALL) ghost.acked(key, outcome.baseOffset, values);
      else ghost.told(values);
      count(acks === ALL ? 'plain acked' : 'acks=1 told');
    } else if (!isRetriable(outcome.errorCode)) ghost.refused(values);
  }
}

async function produce(parts: ProducerParts, destination: Destination, values: readonly string[], acks: number, producer: ProducerIdentity): Promise<Outcome> {
  const { env, client, count } = parts;
  const { topic, partition } = destination;
  const known = await client.leaderOf(topic, partition);
  if (known === null) return NO_ANSWER;
  const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: env.clock.wallMs() }));
  const batch = encodeBatch({ records, ...producer }, env.crc32c);
  const response = await client.ask(known.leader, 'Produce', PRODUCE_VERSION, {
    acks,
    timeoutMs: TIMEOUT_MS,
    topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
  });
  if (response === NO_ANSWER) {
    client.forget(topic, partition);
    return NO_ANSWER;
  }
  const answer = response.responses[0]?.partitionResponses[0];
  if (answer === undefined) parts.ghost.violate('a Produce response without its partition');
  if (answer.errorCode !== ErrorCode.NONE) {
    count(`produce ${describe(answer.errorCode)}`);
    client.forget(topic, partition);
  }
  return answer;
}

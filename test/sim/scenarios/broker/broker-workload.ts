/** What clients of the scenario do: produce with and without idempotence, fetch, commit, and read everything at the end. */

import type { Env } from '../../../../log/env';
import { ErrorCode, isRetriable } from '../../../../wire/base/error-codes';
import { BATCH_HEADER_BYTES, BatchView, batchSizeAt } from '../../../../wire/record/batch';
import { decodeRecords, encodeBatch } from '../../../../wire/record/records';
import { BROKER_HOST, BROKER_PORT } from './broker-config';
import type { BrokerGhost } from './broker-ghost';
import { describe, NO_ANSWER, SimClient } from './sim-client';

export const TOPIC = 'orders';
export const PARTITIONS = 2;
const GROUP = 'shop';
const ALL_ISR = -1;

interface Record {
  readonly offset: number;
  readonly value: string;
}

/** A producer with an id of the broker's: what it sends arrives once, in order, however often it has to try. */
export class IdempotentProducer {
  private readonly client: SimClient;
  private producerId = -1;
  private lives = 0;
  private readonly nextSequence = new Map<number, number>();
  private queue: Promise<void> = Promise.resolve();
  /** Batches that wait for their acknowledgement. */
  waiting = 0;

  constructor(
    private readonly env: Env,
    private readonly ghost: BrokerGhost,
    private readonly sender: number,
    private readonly count: (counter: string) => void,
  ) {
    this.client = new SimClient(env, BROKER_HOST, BROKER_PORT, `producer-${sender}`);
  }

  /** Resolves when the batch is acknowledged; one at a time. */
  send(partition: number, values: readonly string[]): Promise<void> {
    this.ghost.sending(partition, this.sender, values);
    this.waiting++;
    this.queue = this.queue.then(() => this.deliver(partition, values)).finally(() => this.waiting--);
    return this.queue;
  }

  /** Acknowledged records may be gone: sequences begin anew, under another id. What is under way is given up. */
  startAnew(): void {
    this.lives++;
    this.producerId = -1;
    this.nextSequence.clear();
  }

  private async deliver(partition: number, values: readonly string[]): Promise<void> {
    const life = this.lives;
    for (let attempts = 0; life === this.lives; attempts++) {
      if (this.producerId < 0) await this.initialize();
      if (life !== this.lives) return;
      const { producerId } = this;
      const sequence = this.nextSequence.get(partition) ?? 0;
      if (attempts > 0) this.count('retry');
      const outcome = await produce(this.client, this.ghost, this.env, partition, values, ALL_ISR, { producerId, producerEpoch: 0, baseSequence: sequence });
      if (life !== this.lives) return;
      if (outcome !== NO_ANSWER && outcome.errorCode === ErrorCode.NONE) {
        this.nextSequence.set(partition, sequence + values.length);
        this.ghost.acked(partition, outcome.baseOffset, values);
        return this.count('acked');
      }
      if (outcome !== NO_ANSWER && !isRetriable(outcome.errorCode)) {
        this.ghost.violate(`an idempotent batch for partition ${partition}, sequence ${sequence}, gave ${describe(outcome.errorCode)}`);
      }
      await this.client.pause(20);
    }
  }

  private async initialize(): Promise<void> {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 };
    const response = await this.client.askUntil('InitProducerId', 4, request, ({ errorCode }) => errorCode);
    if (response.errorCode !== ErrorCode.NONE) this.ghost.violate(`InitProducerId gave ${describe(response.errorCode)}`);
    this.producerId = response.producerId;
  }
}

/** A producer without id, acks=1, that tries once. */
export async function sendOnce(client: SimClient, env: Env, ghost: BrokerGhost, partition: number, values: readonly string[], sender: number): Promise<void> {
  ghost.sending(partition, sender, values);
  const outcome = await produce(client, ghost, env, partition, values, 1, {});
  if (outcome === NO_ANSWER) return;
  if (outcome.errorCode === ErrorCode.NONE) ghost.acked(partition, outcome.baseOffset, values);
  // A leader that ceases to be one says so for what it has appended, too.
  else if (!isRetriable(outcome.errorCode)) ghost.refused(values);
}

async function produce(
  client: SimClient,
  ghost: BrokerGhost,
  env: Env,
  partition: number,
  values: readonly string[],
  acks: number,
  producer: { producerId?: number; producerEpoch?: number; baseSequence?: number },
): Promise<{ errorCode: number; baseOffset: number } | typeof NO_ANSWER> {
  const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: env.clock.wallMs() }));
  const batch = encodeBatch({ records, ...producer }, env.crc32c);
  const response = await client.ask('Produce', 11, {
    acks,
    timeoutMs: 1500,
    topicData: [{ name: TOPIC, partitionData: [{ index: partition, records: batch }] }],
  });
  if (response === NO_ANSWER) return NO_ANSWER;
  const answer = response.responses[0]?.partitionResponses[0];
  if (answer === undefined) ghost.violate('a Produce response without its partition');
  return answer;
}

/** One fetch from `offset`; what it brings is told to the ghost. Null when there was no answer, or a retriable error. */
export async function fetchFrom(client: SimClient, ghost: BrokerGhost, partition: number, offset: number, maxWaitMs: number): Promise<{ records: Record[]; highWatermark: number } | null> {
  const { losses } = ghost;
  const response = await client.ask('Fetch', 12, {
    maxWaitMs,
    minBytes: 1,
    maxBytes: 1_000_000,
    topics: [{ topic: TOPIC, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: 4_000 }] }],
    forgottenTopicsData: [],
    rackId: '',
  });
  if (response === NO_ANSWER || losses !== ghost.losses) return null;
  const answer = response.responses[0]?.partitions[0];

  if (response.errorCode !== ErrorCode.NONE || answer === undefined || isRetriable(answer.errorCode)) return null;
  if (answer.errorCode !== ErrorCode.NONE) ghost.violate(`a fetch of partition ${partition} at ${offset} gave ${describe(answer.errorCode)}`);
  const records = recordsIn(answer.records ?? new Uint8Array(0)).filter((record) => record.offset >= offset);
  for (const record of records) {
    if (record.offset >= answer.highWatermark) ghost.violate(`a fetch gave offset ${record.offset}, at or past the high watermark ${answer.highWatermark}`);
    ghost.read(partition, record.offset, record.value);
  }
  return { records, highWatermark: answer.highWatermark };
}

/** Reads a partition from its beginning to its high watermark. */
export async function readWhole(client: SimClient, ghost: BrokerGhost, partition: number): Promise<Record[]> {
  const records: Record[] = [];
  let { losses } = ghost;
  for (;;) {
    if (losses !== ghost.losses) records.length = 0;
    ({ losses } = ghost);
    const next = (records.at(-1)?.offset ?? -1) + 1;
    const fetched = await fetchFrom(client, ghost, partition, next, 0);
    if (fetched === null) await client.pause(20);
    else if (next >= fetched.highWatermark) return records;
    else if (fetched.records.length === 0) ghost.violate(`nothing to fetch at ${next} of partition ${partition}, though its high watermark is ${fetched.highWatermark}`);
    else records.push(...fetched.records);
  }
}

/** Records of the whole batches; a fetch may cut the last one short. */
function recordsIn(bytes: Uint8Array): Record[] {
  const found: Record[] = [];
  const batch = new BatchView();
  for (let at = 0; at < bytes.length; at += batch.sizeBytes) {
    const size = batchSizeAt(bytes, at);
    if (size < BATCH_HEADER_BYTES || at + size > bytes.length) break;
    batch.moveTo(bytes, at);
    for (const { offset, value } of decodeRecords(batch)) found.push({ offset, value: Buffer.from(value ?? []).toString() });
  }
  return found;
}

export async function createTopic(client: SimClient, ghost: BrokerGhost): Promise<void> {
  const request = { topics: [{ name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 1500 };
  // A broker that is still fenced answers, and is no place for a replica yet.
  const codeOf = (code: number): number => (code === ErrorCode.INVALID_REPLICATION_FACTOR ? ErrorCode.COORDINATOR_NOT_AVAILABLE : code);
  const response = await client.askUntil('CreateTopics', 7, request, ({ topics }) => codeOf(topics[0]?.errorCode ?? ErrorCode.NONE));
  const code = response.topics[0]?.errorCode;
  // It exists already when an attempt without answer had its effect.
  if (code !== ErrorCode.NONE && code !== ErrorCode.TOPIC_ALREADY_EXISTS) ghost.violate(`CreateTopics gave ${describe(code ?? -1)}`);
}

/** Has the group's coordinator made, as every consumer does. */
export async function findCoordinator(client: SimClient, ghost: BrokerGhost): Promise<void> {
  const response = await client.askUntil('FindCoordinator', 4, { keyType: 0, coordinatorKeys: [GROUP] }, ({ coordinators }) => coordinators[0]?.errorCode ?? ErrorCode.NONE);
  const code = response.coordinators[0]?.errorCode ?? -1;
  if (code !== ErrorCode.NONE) ghost.violate(`FindCoordinator gave ${describe(code)}`);
}

/** One attempt to have a replica moved to another directory of the broker; whether the broker has taken it on. */
export async function moveReplica(client: SimClient, partition: number, path: string): Promise<boolean> {
  const dirs = [{ path, topics: [{ name: TOPIC, partitions: [partition] }] }];
  const response = await client.ask('AlterReplicaLogDirs', 2, { dirs });
  return response !== NO_ANSWER && response.results[0]?.partitions[0]?.errorCode === ErrorCode.NONE;
}

/** Waits until nothing is on its way between directories, and each replica lies in one of them. (A disk without bounds has no size: v3.) */
export async function untilNothingMoves(client: SimClient, ghost: BrokerGhost): Promise<void> {
  for (let looks = 0; ; looks++) {
    const response = await client.ask('DescribeLogDirs', 3, { topics: [{ topic: TOPIC, partitions: Array.from({ length: PARTITIONS }, (_, index) => index) }] });
    const found = response === NO_ANSWER ? [] : response.results.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions));
    if (found.length === PARTITIONS && found.every(({ isFutureKey }) => !isFutureKey)) return;
    if (looks > 1000) ghost.violate(`replicas do not come to rest: ${JSON.stringify(found)}`);
    await client.pause(20);
  }
}

/** One attempt to commit. */
export async function commit(client: SimClient, ghost: BrokerGhost, partition: number, offset: number, count: (counter: string) => void): Promise<void> {
  ghost.committing(partition, offset);
  const response = await client.ask('OffsetCommit', 8, {
    groupId: GROUP,
    memberId: '',
    topics: [{ name: TOPIC, partitions: [{ partitionIndex: partition, committedOffset: offset, committedMetadata: null }] }],
  });
  if (response === NO_ANSWER || response.topics[0]?.partitions[0]?.errorCode !== ErrorCode.NONE) return;
  ghost.commitAcked(partition, offset);
  count('commit');
}

/** Reads the group's offset of a partition and checks it. */
export async function checkCommitted(client: SimClient, ghost: BrokerGhost, partition: number): Promise<void> {
  const request = { groups: [{ groupId: GROUP, topics: [{ name: TOPIC, partitionIndexes: [partition] }] }] };
  const response = await client.askUntil('OffsetFetch', 8, request, ({ groups }) => groups[0]?.errorCode ?? ErrorCode.NONE);
  const group = response.groups[0];
  const answer = group?.topics[0]?.partitions[0];
  if (group?.errorCode !== ErrorCode.NONE || answer === undefined) ghost.violate(`OffsetFetch gave ${describe(group?.errorCode ?? -1)}`);
  ghost.checkCommitted(partition, answer.committedOffset);
}

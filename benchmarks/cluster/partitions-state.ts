/** What a cluster says of its partitions, and the proof that they take records: an acks=all append to each of them. */
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import type { ClusterClient } from '../../wire/cluster-client';
import type { ResponseOf } from '../../wire/exchange';
import { crc32cPortable } from '../../wire/record/crc32c';
import { encodeBatch } from '../../wire/record/records';

export interface PartitionsState {
  readonly partitions: number;
  readonly led: number;
  readonly inSync: number;
  /** Partitions by leader. */
  readonly leaders: ReadonlyMap<number, readonly Led[]>;
}

export interface Led {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

const LOOK_MS = 50;
const PRODUCE_BY_ID = 13;
const ACKS_ALL = -1;
const ACK_TIMEOUT_MS = 30_000;

/** One request: every partition has a leader and `replicas` followers at once, or an error. */
export async function createTopics(client: ClusterClient, names: readonly string[], partitions: number, replicas: number): Promise<void> {
  const topics = names.map((name) => ({ name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs: [] }));
  const response = await client.ask('any', 'CreateTopics', { topics, timeoutMs: 60_000 });
  for (const { name, errorCode, errorMessage } of response.topics) {
    if (errorCode !== ErrorCode.NONE) throw new Error(`creating ${name}: ${errorName(errorCode)} ${errorMessage ?? ''}`);
  }
}

export async function stateOf(client: ClusterClient, names: readonly string[], replicas: number): Promise<PartitionsState> {
  const { topics } = await client.ask('any', 'Metadata', { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false });
  const leaders = new Map<number, Led[]>();
  let [partitions, led, inSync] = [0, 0, 0];
  for (const { name, topicId, partitions: all } of topics) {
    for (const { partitionIndex, leaderId, isrNodes } of all) {
      partitions++;
      if (isrNodes.length === replicas) inSync++;
      if (leaderId < 0) continue;
      led++;
      const mine = leaders.get(leaderId) ?? [];
      leaders.set(leaderId, mine);
      mine.push({ topic: name ?? '', topicId, partition: partitionIndex });
    }
  }
  return { partitions, led, inSync, leaders };
}

/** Resolves with the first state that `isGood`; a node that does not answer is asked again. */
export async function untilState(
  client: ClusterClient,
  names: readonly string[],
  replicas: number,
  isGood: (state: PartitionsState) => boolean,
  timeoutMs: number,
): Promise<PartitionsState> {
  const deadlineMs = performance.now() + timeoutMs;
  let last = 'no answer';
  while (performance.now() < deadlineMs) {
    try {
      const state = await stateOf(client, names, replicas);
      if (isGood(state)) return state;
      last = `${state.led} of ${state.partitions} led, ${state.inSync} in sync`;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`not within ${timeoutMs} ms: ${last}`);
}

/** Appends a record to each partition, one request per leader and try, until all replicas have acknowledged each. */
export async function appendToAll(client: ClusterClient, names: readonly string[], replicas: number, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  const acked = new Set<string>();
  let last = '';
  while (performance.now() < deadlineMs) {
    const { leaders, partitions } = await stateOf(client, names, replicas);
    if (acked.size >= partitions) return;
    const asks = [...leaders].map(async ([leader, led]) => {
      const missing = led.filter((each) => !acked.has(keyOf(each)));
      if (missing.length > 0) last = (await appendTo(client, leader, missing, acked)) ?? last;
    });
    await Promise.all(asks);
    if (acked.size < partitions) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`not every partition acknowledged within ${timeoutMs} ms: ${acked.size}, ${last}`);
}

async function appendTo(client: ClusterClient, leader: number, led: readonly Led[], acked: Set<string>): Promise<string | null> {
  const records = [{ key: null, value: Buffer.from('scale'), timestampMs: Date.now() }];
  const batch = encodeBatch({ records }, crc32cPortable);
  const topics = groupByTopic(led);
  const response = await client.ask(leader, 'Produce', (version) => ({
    transactionalId: null,
    acks: ACKS_ALL,
    timeoutMs: ACK_TIMEOUT_MS,
    topicData: topics.map(({ topic, topicId, partitions }) => {
      const partitionData = partitions.map((index) => ({ index, records: batch.slice() }));
      return version >= PRODUCE_BY_ID ? { topicId, partitionData } : { name: topic, partitionData };
    }),
  }));
  return noteAcks(response, topics, acked);
}

interface TopicPartitions {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: number[];
}

function groupByTopic(led: readonly Led[]): TopicPartitions[] {
  const topics = new Map<string, TopicPartitions>();
  for (const { topic, topicId, partition } of led) {
    const known = topics.get(topicId) ?? { topic, topicId, partitions: [] };
    topics.set(topicId, known);
    known.partitions.push(partition);
  }
  return [...topics.values()];
}

/** The last error, if there is one. */
function noteAcks(response: ResponseOf<'Produce'>, topics: readonly TopicPartitions[], acked: Set<string>): string | null {
  let last: string | null = null;
  response.responses.forEach(({ partitionResponses }, i) => {
    for (const { index, errorCode } of partitionResponses) {
      if (errorCode === ErrorCode.NONE) acked.add(keyOf({ topic: topics[i]?.topic ?? '', partition: index }));
      else last = errorName(errorCode);
    }
  });
  return last;
}

function keyOf({ topic, partition }: Pick<Led, 'topic' | 'partition'>): string {
  return `${topic}-${partition}`;
}

/** Topics of a measurement: made, awaited until each partition has a leader, removed. */
import { setTimeout as delay } from 'node:timers/promises';
import { apis } from '../../wire/api-keys';
import { ErrorCode, errorName, isRetriable } from '../../wire/base/error-codes';
import { ZERO_UUID } from '../../wire/base/uuid';
import type { Endpoint } from './load-socket';
import { WireConnection } from './wire-connection';

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
  /** Default: 1. */
  readonly replicas?: number;
}

export interface Topic {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
  /** Of each partition. */
  readonly leaders: readonly Endpoint[];
}

const TIMEOUT_MS = 60_000;
const POLL_MS = 10;
const LATEST_TIMESTAMP = -1;

/** Also right for a broker that is just starting: what may pass by itself is asked again. */
export async function createTopic(connection: WireConnection, spec: TopicSpec): Promise<Topic> {
  const request = {
    topics: [
      {
        name: spec.name,
        numPartitions: spec.partitions,
        replicationFactor: spec.replicas ?? 1,
        assignments: [],
        configs: Object.entries(spec.configs).map(([name, value]) => ({ name, value })),
      },
    ],
    timeoutMs: 10_000,
  };
  await until(`creating ${spec.name}`, async () => {
    const { topics } = await connection.call(apis.CreateTopics, request);
    const code = topics[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (code === ErrorCode.NONE || code === ErrorCode.TOPIC_ALREADY_EXISTS) return true;
    // All brokers of the cluster are still fenced.
    if (isRetriable(code) || code === ErrorCode.INVALID_REPLICATION_FACTOR) return false;
    throw new Error(`creating ${spec.name}: ${errorName(code)} ${topics[0]?.errorMessage ?? ''}`);
  });
  const topic = await awaitLeaders(connection, spec);
  if (spec.replicas === undefined) await awaitLogs(connection, topic, null);
  else await awaitLogsEverywhere(topic);
  return topic;
}

async function awaitLeaders(connection: WireConnection, spec: TopicSpec): Promise<Topic> {
  let id = ZERO_UUID;
  let leaders: Endpoint[] = [];
  await until(`leaders of ${spec.name}`, async () => {
    const { topics, brokers } = await connection.call(apis.Metadata, {
      topics: [{ name: spec.name }],
      allowAutoTopicCreation: false,
    });
    const [topic] = topics;
    if (topic === undefined || topic.errorCode !== ErrorCode.NONE) return false;
    id = topic.topicId;
    const found = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    leaders = [...topic.partitions].sort((a, b) => a.partitionIndex - b.partitionIndex).flatMap(({ leaderId }) => found.get(leaderId) ?? []);
    return leaders.length === spec.partitions;
  });
  return { name: spec.name, id, partitions: spec.partitions, leaders };
}

/** A leader may be known before it leads: each partition is asked for its end until it answers. */
async function awaitLogs(connection: WireConnection, topic: Topic, leader: Endpoint | null): Promise<void> {
  const partitions = Array.from({ length: topic.partitions }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: LATEST_TIMESTAMP,
  })).filter(({ partitionIndex }) => leader === null || topic.leaders[partitionIndex] === leader);
  await until(`logs of ${topic.name}`, async () => {
    const { topics } = await connection.call(apis.ListOffsets, {
      replicaId: -1,
      topics: [{ name: topic.name, partitions }],
    });
    return topics[0]?.partitions.every(({ errorCode }) => errorCode === ErrorCode.NONE) ?? false;
  });
}

async function awaitLogsEverywhere(topic: Topic): Promise<void> {
  for (const leader of new Set(topic.leaders)) {
    const connection = await WireConnection.open(leader.host, leader.port);
    await awaitLogs(connection, topic, leader);
    connection.close();
  }
}

export async function deleteTopic(connection: WireConnection, topic: Topic): Promise<void> {
  await connection.call(apis.DeleteTopics, {
    topics: [{ name: topic.name, topicId: ZERO_UUID }],
    topicNames: [topic.name],
    timeoutMs: 10_000,
  });
}

async function until(what: string, isDone: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  while (!(await isDone())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${TIMEOUT_MS} ms`);
    await delay(POLL_MS);
  }
}

/**
 * What an administrator asks of a whole cluster: topics and their configs, many in a request. Each request is tried once; what
 * the cluster refuses for a single topic comes back as a value, and everything else rejects (ExchangeError, ServerError).
 */
import { ErrorCode, errorName } from './base/error-codes';
import { ServerError } from './broker-link';
import type { ClusterClient } from './cluster-client';

export interface TopicConfig {
  readonly name: string;
  readonly value: string | null;
  /** See TopicConfigSource. */
  readonly source: number;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
}

/** DescribeConfigs' codes (KIP-226): 1 is the topic's own value, 2 and 3 the broker's changed while it ran, 5 the default. */
export const TopicConfigSource = {
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
} as const;

/** null as a value takes the topic's own value away. */
export interface ConfigChange {
  readonly name: string;
  readonly value: string | null;
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  /** -1: the cluster's default. */
  readonly replicationFactor: number;
  readonly configs: readonly ConfigChange[];
}

/** Why the cluster did not do it for one topic. */
export interface Refusal {
  readonly errorCode: number;
  readonly message: string;
}

const TOPIC = 2;
const [SET, DELETE] = [0, 1] as const;
const MAX_TOPICS_PER_REQUEST = 200;
const TIMEOUT_MS = 30_000;

/** Topics that are not there are left out. */
export async function describeTopicConfigs(
  client: ClusterClient,
  topics: readonly string[],
): Promise<Map<string, readonly TopicConfig[]>> {
  const found = new Map<string, readonly TopicConfig[]>();
  for (const some of inSlices(topics)) {
    const resources = some.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: null }));
    const { results } = await client.ask('any', 'DescribeConfigs', { resources });
    for (const { errorCode, resourceName, configs } of results) {
      if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) continue;
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `DescribeConfigs ${resourceName}`);
      found.set(
        resourceName,
        configs.map(({ name, value, configSource, readOnly, isSensitive }) => ({
          ...{ name, value, isSensitive },
          source: configSource,
          isReadOnly: readOnly,
        })),
      );
    }
  }
  return found;
}

/** Resolves to what was refused, by topic. */
export async function alterTopicConfigs(
  client: ClusterClient,
  changes: ReadonlyMap<string, readonly ConfigChange[]>,
): Promise<Map<string, Refusal>> {
  const refused = new Map<string, Refusal>();
  for (const some of inSlices([...changes])) {
    const resources = some.map(([resourceName, configs]) => ({
      resourceType: TOPIC,
      resourceName,
      configs: configs.map(({ name, value }) => ({ name, value, configOperation: value === null ? DELETE : SET })),
    }));
    const { responses } = await client.ask('any', 'IncrementalAlterConfigs', { resources, validateOnly: false });
    for (const each of responses) note(refused, each.resourceName, each);
  }
  return refused;
}

/** Resolves to what was refused, by topic; a topic that exists is none of it. */
export async function createTopics(client: ClusterClient, topics: readonly NewTopic[]): Promise<Map<string, Refusal>> {
  const refused = new Map<string, Refusal>();
  for (const some of inSlices(topics)) {
    const request = some.map(({ name, partitions, replicationFactor, configs }) => ({
      ...{ name, replicationFactor, assignments: [] },
      numPartitions: partitions,
      configs: configs.map((config) => ({ name: config.name, value: config.value })),
    }));
    const response = await client.ask('any', 'CreateTopics', { topics: request, timeoutMs: TIMEOUT_MS });
    for (const each of response.topics) {
      if (each.errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS) note(refused, each.name, each);
    }
  }
  return refused;
}

/** `counts` are those that the topics shall have. Resolves to what was refused, by topic. */
export async function createPartitions(
  client: ClusterClient,
  counts: ReadonlyMap<string, number>,
): Promise<Map<string, Refusal>> {
  const refused = new Map<string, Refusal>();
  for (const some of inSlices([...counts])) {
    const topics = some.map(([name, count]) => ({ name, count, assignments: null }));
    const response = await client.ask('any', 'CreatePartitions', {
      topics,
      timeoutMs: TIMEOUT_MS,
      validateOnly: false,
    });
    for (const each of response.results) note(refused, each.name, each);
  }
  return refused;
}

interface Answer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function note(refused: Map<string, Refusal>, topic: string, answer: Answer): void {
  const { errorCode } = answer;
  if (errorCode === ErrorCode.NONE) return;
  refused.set(topic, { errorCode, message: answer.errorMessage ?? errorName(errorCode) });
}

function* inSlices<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += MAX_TOPICS_PER_REQUEST)
    yield all.slice(from, from + MAX_TOPICS_PER_REQUEST);
}

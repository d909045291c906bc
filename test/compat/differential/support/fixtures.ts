/** Steps and values that many scenarios share. */
import { encodeBatch, type BatchSpec } from '../../../../wire/record/records';
import { crc32cOfTests } from '../../../handlers/support/crc32c';
import { ask, type Step } from './steps';

/** Some time ago, so that it is not mistaken for now; the same for both brokers. */
export const PAST_MS = Date.now() - 3_600_000;

export interface TopicOptions {
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** Creates a topic, remembers its id as `id:<name>`, and waits until it has a leader. */
export function topic(name: string, { partitions = 1, configs = {} }: TopicOptions = {}): Step[] {
  const pairs = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const creation = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: pairs };
  return [
    ask('CreateTopics', 7, { topics: [creation] }, { isSilent: true }),
    ask(
      'Metadata',
      12,
      { topics: [{ name }], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
      {
        isSilent: true,
        until: ({ topics: [found] }) =>
          found?.partitions.length === partitions && found.partitions.every(({ leaderId }) => leaderId >= 0),
        save: ({ topics: [found] }, vars) => vars.set(idOf(name), found?.topicId),
      },
    ),
    leads(name, partitions),
  ];
}

/** Kafka tells of a leader before the leader knows. */
function leads(name: string, partitions: number): Step {
  const indexes = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }));
  return ask(
    'ListOffsets',
    4,
    { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions: indexes }] },
    {
      isSilent: true,
      until: ({ topics: [found] }) => found?.partitions.every(({ errorCode }) => errorCode === 0) === true,
    },
  );
}

/** The name under which `topic` remembers an id. */
export function idOf(name: string): string {
  return `id:${name}`;
}

export interface TestRecord {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly timestampMs?: number;
}

/** A batch of these records; by default one that clients send. */
export function batch(
  records: readonly TestRecord[] = [{}],
  spec: Partial<Omit<BatchSpec, 'records'>> = {},
): Uint8Array {
  const encoded = records.map(({ key = null, value = 'value', timestampMs = PAST_MS }) => ({
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestampMs,
  }));
  return encodeBatch({ records: encoded, ...spec }, crc32cOfTests);
}

export interface ProduceOptions {
  readonly partition?: number;
  readonly acks?: number;
  readonly version?: number;
  readonly transactionalId?: string;
}

/** One Produce request with these bytes for one partition. */
export function produce(name: string, records: Uint8Array | null, options: ProduceOptions = {}): Step {
  const { partition = 0, acks = -1, version = 12, transactionalId = null } = options;
  return ask('Produce', version, (vars) => ({
    transactionalId,
    acks,
    timeoutMs: 5000,
    topicData: [
      {
        name,
        ...(version >= 13 ? { topicId: vars.text(idOf(name)) } : {}),
        partitionData: [{ index: partition, records }],
      },
    ],
  }));
}

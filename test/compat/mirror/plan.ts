/** Twelve topics with all that a mirror may meet: every codec, keys, headers, tombstones, compaction, times of the log. */
import type { BaseEnv } from '../../../wire/base/env';
import type { ClusterClient } from '../../../wire/cluster-client';
import type { CompressionType } from '../../../wire/record/compression-type';
import { encodeBatch, type RecordSpec } from '../../../wire/record/records';

export interface TopicPlan {
  readonly name: string;
  readonly kind: 'plain' | 'compacted' | 'append-time';
  readonly partitions: number;
  readonly compression: CompressionType;
}

export const TOPICS: readonly TopicPlan[] = [
  ...Array.from({ length: 10 }, (_, i) => ({
    name: `t${i}`,
    kind: 'plain' as const,
    partitions: 1 + (i % 4),
    compression: (i % 5) as CompressionType,
  })),
  { name: 'compacted', kind: 'compacted', partitions: 2, compression: 0 },
  { name: 'append-time', kind: 'append-time', partitions: 1, compression: 1 },
];

const CONFIGS: Readonly<Record<TopicPlan['kind'], Record<string, string>>> = {
  plain: {},
  compacted: {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
    'segment.bytes': '1048576',
    'segment.ms': '1000',
  },
  'append-time': { 'message.timestamp.type': 'LogAppendTime' },
};

/** Of this hour: what is older than the retention may go before it is compared. */
const STARTED_MS = Date.now() - 600_000;

/** Creates and fills the topics; resolves when all records are acknowledged. */
export async function fillTopics(
  env: BaseEnv,
  source: ClusterClient,
  prefix: string,
  records: number,
): Promise<TopicPlan[]> {
  const topics = TOPICS.map((topic) => ({ ...topic, name: `${prefix}.${topic.name}` }));
  for (const { name, partitions, kind } of topics) await source.createTopic(name, partitions, 1, CONFIGS[kind]);
  await Promise.all(topics.map((topic) => fill(env, source, topic, Math.ceil(records / topics.length))));
  return topics;
}

async function fill(env: BaseEnv, source: ClusterClient, topic: TopicPlan, records: number): Promise<void> {
  let seed = 1;
  for (let at = 0, batch = 0; at < records; batch++) {
    const count = Math.min(records - at, 1 + ((batch * 7) % 60));
    const specs = Array.from({ length: count }, (_, i) => record(topic, at + i, (seed = (seed * 48271) % 0x7fffffff)));
    const bytes = encodeBatch({ records: specs, compression: topic.compression }, env.crc32c);
    await source.produce(topic.name, batch % topic.partitions, bytes);
    at += count;
  }
}

function record({ kind }: TopicPlan, index: number, chance: number): RecordSpec {
  const hasKey = kind === 'compacted' || chance % 3 !== 0;
  const isTombstone = hasKey && chance % 11 === 0;
  const key = kind === 'compacted' ? `key-${chance % 50}` : `key-${index}`;
  return {
    key: hasKey ? Buffer.from(key) : null,
    value: isTombstone ? null : Buffer.from(`value ${index} ${'x'.repeat(chance % 300)}`),
    timestampMs: STARTED_MS + index,
    headers:
      chance % 4 === 0
        ? [
            { key: 'trace', value: Buffer.from(String(chance)) },
            { key: 'empty', value: null },
          ]
        : [],
  };
}

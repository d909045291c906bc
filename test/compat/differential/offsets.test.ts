/** ListOffsets and OffsetForLeaderEpoch: by special timestamps, by time, and what is refused. */
import { compareWithKafka } from './support/compare';
import { batch, PAST_MS, produce, topic } from './support/fixtures';
import { ask, versions, type Allowed, type Scenario, type Step } from './support/steps';

const ALL = versions(1, 11);
const LATEST = 11;

interface ListOptions {
  readonly version?: number;
  readonly partition?: number;
  readonly isolationLevel?: number;
  readonly replicaId?: number;
  readonly currentLeaderEpoch?: number;
}

function list(name: string, timestamp: number, options: ListOptions = {}): Step {
  const { version = LATEST, partition = 0, isolationLevel = 0, replicaId = -1, currentLeaderEpoch = -1 } = options;
  const partitions = [{ partitionIndex: partition, timestamp, currentLeaderEpoch }];
  return ask('ListOffsets', version, { replicaId, isolationLevel, topics: [{ name, partitions }], timeoutMs: 5000 });
}

function epochs(name: string, leaderEpoch: number, version = 4, partition = 0, currentLeaderEpoch = -1): Step {
  const partitions = [{ partition, leaderEpoch, currentLeaderEpoch }];
  return ask('OffsetForLeaderEpoch', version, { replicaId: -1, topics: [{ topic: name, partitions }] });
}

const SPECIAL = [-1, -2, -3, -4, -5, -6, -7, -100];

const scenarios: readonly Scenario[] = [
  {
    title: 'ListOffsets of an empty log',
    steps: [
      ...topic('empty'),
      ...ALL.flatMap((version) => [...SPECIAL, 0, PAST_MS].map((timestamp) => list('empty', timestamp, { version }))),
    ],
  },
  {
    title: 'ListOffsets of a log with records',
    steps: [
      ...topic('full'),
      produce('full', batch([{ timestampMs: PAST_MS }, { timestampMs: PAST_MS + 20 }, { timestampMs: PAST_MS + 10 }])),
      produce('full', batch([{ timestampMs: PAST_MS + 20 }, { timestampMs: PAST_MS + 5 }])),
      produce('full', batch([{ timestampMs: PAST_MS + 15 }], { compression: 1 })),
      produce('full', batch([{ timestampMs: -1 }])),
      ...ALL.flatMap((version) => SPECIAL.map((timestamp) => list('full', timestamp, { version }))),
      ...[0, PAST_MS, PAST_MS + 1, PAST_MS + 6, PAST_MS + 11, PAST_MS + 16, PAST_MS + 20, PAST_MS + 21].map(
        (timestamp) => list('full', timestamp),
      ),
      ...[1, 4].map((version) => list('full', PAST_MS + 1, { version })),
    ],
  },
  {
    title: 'ListOffsets of segments',
    steps: [
      ...topic('segments', { configs: { 'segment.bytes': '1048576' } }),
      ...Array.from({ length: 12 }, (_, i) =>
        produce('segments', batch([{ value: 'x'.repeat(300_000), timestampMs: PAST_MS + (i === 3 ? 500 : i * 10) }])),
      ),
      ...[0, PAST_MS + 25, PAST_MS + 31, PAST_MS + 115, PAST_MS + 499, PAST_MS + 501, -1, -2, -3].map((timestamp) =>
        list('segments', timestamp),
      ),
    ],
  },
  {
    title: 'ListOffsets by isolation level and replica',
    steps: [
      ...topic('levels'),
      produce('levels', batch()),
      ...[-1, -2, -3, PAST_MS].flatMap((timestamp) => [
        list('levels', timestamp, { isolationLevel: 1 }),
        list('levels', timestamp, { isolationLevel: 9 }),
        list('levels', timestamp, { replicaId: -2 }),
      ]),
    ],
  },
  {
    title: 'ListOffsets of what is not there',
    steps: [
      ...topic('there', { partitions: 2 }),
      ...ALL.map((version) => list('nowhere', -1, { version })),
      list('there', -1, { partition: 5 }),
      list('there', -1, { partition: -1 }),
      list('', -1),
      list('not valid', -1),
      ...[-1, PAST_MS].flatMap((timestamp) =>
        [0, 5].map((currentLeaderEpoch) => list('there', timestamp, { currentLeaderEpoch })),
      ),
      list('nowhere', -99),
      list('nowhere', -3, { version: 1 }),
      ask('ListOffsets', LATEST, { replicaId: -1, isolationLevel: 0, topics: [] }),
      ask('ListOffsets', LATEST, { replicaId: -1, isolationLevel: 0, topics: [{ name: 'there', partitions: [] }] }),
      ...[1, 7].map((version) =>
        ask('ListOffsets', version, {
          replicaId: -1,
          isolationLevel: 0,
          topics: [
            {
              name: 'there',
              partitions: [-1, -2, -1].map((timestamp, i) => ({ partitionIndex: i === 2 ? 1 : 0, timestamp })),
            },
          ],
        }),
      ),
      ask('ListOffsets', LATEST, {
        replicaId: -1,
        isolationLevel: 0,
        topics: ['there', 'nowhere', 'there'].map((name) => ({
          name,
          partitions: [{ partitionIndex: 0, timestamp: -1 }],
        })),
      }),
    ],
  },
  {
    title: 'OffsetForLeaderEpoch',
    steps: [
      ...topic('epochs'),
      ...[2, 3, 4].flatMap((version) => [-1, 0, 1, 5].map((epoch) => epochs('epochs', epoch, version))),
      produce('epochs', batch([{}, {}])),
      ...[2, 3, 4].flatMap((version) => [-1, 0, 1, 5].map((epoch) => epochs('epochs', epoch, version))),
      epochs('epochs', 0, 4, 0, 0),
      epochs('epochs', 0, 4, 0, 7),
      epochs('epochs', 0, 4, 3),
      epochs('nowhere', 0),
      epochs('', 0),
      ask('OffsetForLeaderEpoch', 4, { replicaId: -1, topics: [] }),
    ],
  },
];

const allowed: Readonly<Record<string, readonly Allowed[]>> = {
  'ListOffsets by isolation level and replica': [
    {
      at: /^ListOffsets v11 #(2|5|8|11) /,
      reason: 'Kafka fails with UNKNOWN_SERVER_ERROR on isolation levels that do not exist',
    },
  ],
};

compareWithKafka(
  'offsets',
  scenarios.map((scenario) => ({ ...scenario, allowed: allowed[scenario.title] ?? [] })),
);

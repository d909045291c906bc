/** Fetch: offsets, sizes, waiting, epochs, isolation levels. Sessions have a file of their own. */
import type { RequestOf } from '../../handlers/support/wire-client';
import { compareWithKafka } from './support/compare';
import { batch, idOf, produce, topic } from './support/fixtures';
import { ask, settle, versions, type Allowed, type Scenario, type Step, type Vars } from './support/steps';

const ALL = versions(4, 18);
const TOPIC_IDS_SINCE = 13;

interface FetchedPartition {
  readonly topic: string;
  readonly partition?: number;
  readonly offset: number;
  readonly maxBytes?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
}

type Rest = Omit<RequestOf<'Fetch'>, 'topics' | 'forgottenTopicsData'>;

function request(partitions: readonly FetchedPartition[], rest: Rest, version: number, vars: Vars): RequestOf<'Fetch'> {
  const topics = partitions.map(({ topic: name, partition = 0, offset, maxBytes = 1_000_000, ...epochs }) => ({
    topic: name,
    ...(version >= TOPIC_IDS_SINCE ? { topicId: vars.text(idOf(name)) } : {}),
    partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes, ...epochs }],
  }));
  return { ...rest, topics, forgottenTopicsData: [] };
}

interface FetchOptions extends Partial<Rest> {
  readonly version?: number;
  readonly on?: string;
  readonly parked?: string;
  readonly isTimed?: true;
}

function fetch(partitions: readonly FetchedPartition[], options: FetchOptions = {}): Step {
  const { version = 12, on, parked, isTimed, ...rest } = options;
  const where = {
    ...(isTimed === true ? { isTimed } : {}),
    ...(on === undefined ? {} : { on }),
    ...(parked === undefined ? {} : { parked }),
  };
  return ask('Fetch', version, (vars) => request(partitions, { maxWaitMs: 0, minBytes: 0, ...rest }, version, vars), {
    isOrdered: true,
    ...where,
  });
}

/** Three batches: offsets 0-2, 3 and 4-5. */
function threeBatches(name: string): Step[] {
  return [
    ...topic(name),
    produce(name, batch([{ value: 'a' }, { value: 'b' }, { value: 'c' }])),
    produce(name, batch([{ value: 'd' }])),
    produce(name, batch([{ value: 'e' }, { value: 'f' }])),
  ];
}

/** Of the first batch that `threeBatches` writes. */
const FIRST_BYTES = batch([{ value: 'a' }, { value: 'b' }, { value: 'c' }]).length;
const SECOND_BYTES = batch([{ value: 'd' }]).length;

const scenarios: readonly Scenario[] = [
  {
    title: 'Fetch in every version',
    steps: [
      ...threeBatches('all-versions'),
      ...ALL.map((version) => fetch([{ topic: 'all-versions', offset: 0 }], { version })),
      ...ALL.map((version) => fetch([{ topic: 'all-versions', offset: 6 }], { version, isolationLevel: 1 })),
      ...ALL.map((version) => fetch([{ topic: 'all-versions', offset: 9 }], { version })),
    ],
  },
  {
    title: 'Fetch from offsets in, between, before and behind batches',
    steps: [
      ...threeBatches('offsets'),
      ...[0, 1, 2, 3, 4, 5, 6, 7, -1, -2, Number.MAX_SAFE_INTEGER].map((offset) =>
        fetch([{ topic: 'offsets', offset }]),
      ),
    ],
  },
  {
    title: 'Fetch of what is not there',
    steps: [
      ...topic('there'),
      ...[4, 7, 12].map((version) => fetch([{ topic: 'nowhere', offset: 0 }], { version })),
      fetch([{ topic: 'there', partition: 5, offset: 0 }]),
      fetch([{ topic: 'there', partition: -1, offset: 0 }]),
      fetch([{ topic: '', offset: 0 }]),
      ask('Fetch', 13, {
        maxWaitMs: 0,
        minBytes: 0,
        topics: ['qqqqqqqqQqqqqqqqqqqqqg', 'AAAAAAAAAAAAAAAAAAAAAA'].map((topicId) => ({
          topicId,
          partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
        })),
        forgottenTopicsData: [],
      }),
      fetch([]),
      fetch([], { version: 13 }),
      ask('Fetch', 12, {
        maxWaitMs: 0,
        minBytes: 0,
        topics: [{ topic: 'there', partitions: [] }],
        forgottenTopicsData: [],
      }),
      fetch([
        { topic: 'there', offset: 0 },
        { topic: 'nowhere', offset: 0 },
        { topic: 'there', offset: 7 },
      ]),
    ],
  },
  {
    title: 'Fetch by size: one partition',
    steps: [
      ...threeBatches('sizes'),
      ...[
        0,
        1,
        60,
        FIRST_BYTES - 1,
        FIRST_BYTES,
        FIRST_BYTES + 1,
        FIRST_BYTES + SECOND_BYTES - 1,
        FIRST_BYTES + SECOND_BYTES,
        100_000,
      ].flatMap((bytes) => [
        fetch([{ topic: 'sizes', offset: 0, maxBytes: bytes }]),
        fetch([{ topic: 'sizes', offset: 0 }], { maxBytes: bytes }),
        fetch([{ topic: 'sizes', offset: 3 }], { maxBytes: bytes }),
        fetch([{ topic: 'sizes', offset: 1, maxBytes: bytes }], { maxBytes: bytes }),
      ]),
      fetch([{ topic: 'sizes', offset: 0, maxBytes: -1 }]),
      fetch([{ topic: 'sizes', offset: 0 }], { maxBytes: -1 }),
    ],
  },
  {
    title: 'Fetch by size: several partitions',
    steps: [
      ...['size-a', 'size-b', 'size-c'].flatMap(threeBatches),
      ...topic('size-empty'),
      ...[1, FIRST_BYTES, FIRST_BYTES + 1, 2 * FIRST_BYTES, 3 * FIRST_BYTES + 5].flatMap((maxBytes) => [
        fetch(
          ['size-a', 'size-b', 'size-c'].map((name) => ({ topic: name, offset: 0 })),
          { maxBytes },
        ),
        fetch(
          ['size-empty', 'size-c', 'size-a'].map((name) => ({ topic: name, offset: 0, maxBytes: FIRST_BYTES })),
          { maxBytes },
        ),
        fetch(
          ['size-b', 'size-c'].map((name) => ({ topic: name, offset: 0, maxBytes: 10 })),
          { maxBytes },
        ),
      ]),
    ],
  },
  {
    title: 'Fetch that waits: until records come, until time is up, not at all',
    steps: [
      ...topic('waits', { partitions: 2 }),
      fetch([{ topic: 'waits', offset: 0 }], { maxWaitMs: 5000, minBytes: 1, on: 'waiting', parked: 'woken' }),
      produce('waits', batch([{ value: 'wakes' }])),
      settle('woken'),
      fetch([{ topic: 'waits', offset: 1 }], { maxWaitMs: 200, minBytes: 1 }),
      fetch([{ topic: 'waits', offset: 1 }], { maxWaitMs: 5000, minBytes: 0 }),
      fetch([{ topic: 'waits', offset: 0 }], { maxWaitMs: 5000, minBytes: 1 }),
      fetch([{ topic: 'waits', offset: 0 }], { maxWaitMs: 200, minBytes: 10_000 }),
      fetch([{ topic: 'waits', offset: 9 }], { maxWaitMs: 5000, minBytes: 1 }),
      fetch([{ topic: 'waits', offset: 1 }], { maxWaitMs: -1, minBytes: 1 }),
      fetch(
        [
          { topic: 'waits', offset: 0 },
          { topic: 'waits', partition: 1, offset: 0 },
        ],
        { maxWaitMs: 5000, minBytes: 200, on: 'waiting', parked: 'enough' },
      ),
      produce('waits', batch([{ value: 'x'.repeat(10) }])),
      produce('waits', batch([{ value: 'x'.repeat(200) }]), { partition: 1 }),
      settle('enough'),
      fetch([{ topic: 'waits', partition: 1, offset: 1 }], {
        maxWaitMs: 5000,
        minBytes: 1,
        isolationLevel: 1,
        on: 'waiting',
        parked: 'committed',
      }),
      produce('waits', batch([{ value: 'committed' }]), { partition: 1 }),
      settle('committed'),
    ],
  },
  {
    title: 'Fetch that waits, or not, when there are errors',
    steps: [
      ...topic('paced', { partitions: 2 }),
      ...[
        [{ topic: 'nowhere', offset: 0 }],
        [{ topic: 'paced', partition: 7, offset: 0 }],
        [],
        [{ topic: 'paced', offset: 0 }],
        [
          { topic: 'paced', offset: 0 },
          { topic: 'nowhere', offset: 0 },
        ],
        [
          { topic: 'paced', offset: 0 },
          { topic: 'paced', partition: 7, offset: 0 },
        ],
        [
          { topic: 'paced', offset: 0 },
          { topic: 'paced', partition: 1, offset: 99 },
        ],
        [
          { topic: 'paced', offset: 0 },
          { topic: 'paced', partition: 1, offset: 0, currentLeaderEpoch: 5 },
        ],
        [
          { topic: 'paced', offset: 0 },
          { topic: 'paced', partition: 1, offset: 0, lastFetchedEpoch: 0 },
        ],
      ].map((partitions) => fetch(partitions, { maxWaitMs: 1200, minBytes: 1, isTimed: true })),
    ],
  },
  {
    title: 'Fetch that waits for a topic that is deleted',
    steps: [
      ...topic('vanishes'),
      fetch([{ topic: 'vanishes', offset: 0 }], { maxWaitMs: 5000, minBytes: 1, on: 'waiting', parked: 'gone' }),
      fetch([{ topic: 'vanishes', offset: 0 }], {
        maxWaitMs: 5000,
        minBytes: 1,
        version: 13,
        on: 'waiting-by-id',
        parked: 'gone by id',
      }),
      ask('DeleteTopics', 5, { topicNames: ['vanishes'], timeoutMs: 5000 }),
      settle('gone'),
      settle('gone by id'),
    ],
  },
  {
    title: 'Fetch with leader epochs',
    steps: [
      ...threeBatches('epochs'),
      ...[-1, 0, 1, 7].flatMap((currentLeaderEpoch) =>
        [9, 12, 17].map((version) => fetch([{ topic: 'epochs', offset: 0, currentLeaderEpoch }], { version })),
      ),
      ...[-1, 0, 1, 7].flatMap((lastFetchedEpoch) =>
        [0, 6, 7].map((offset) => fetch([{ topic: 'epochs', offset, lastFetchedEpoch }])),
      ),
    ],
  },
  {
    title: 'Fetch with isolation levels and replica ids',
    steps: [
      ...threeBatches('levels'),
      ...[0, 1, 2, -1].flatMap((isolationLevel) =>
        [4, 12].map((version) => fetch([{ topic: 'levels', offset: 0 }], { version, isolationLevel })),
      ),
      ...[-2].map((replicaId) => fetch([{ topic: 'levels', offset: 0 }], { replicaId })),
      fetch([{ topic: 'levels', offset: 0 }], { rackId: 'elsewhere' }),
    ],
  },
  {
    title: 'Fetch of a large batch and of many',
    steps: [
      ...topic('large'),
      produce('large', batch([{ value: 'x'.repeat(700_000) }])),
      produce('large', batch([{ value: 'y'.repeat(700_000) }])),
      ...Array.from({ length: 10 }, (_, index) => produce('large', batch([{ value: `small ${index}` }]))),
      fetch([{ topic: 'large', offset: 0, maxBytes: 1000 }], { maxBytes: 1000 }),
      fetch([{ topic: 'large', offset: 0 }], { maxBytes: 800_000 }),
      fetch([{ topic: 'large', offset: 1, maxBytes: 10_000_000 }], { maxBytes: 100_000_000 }),
      fetch([{ topic: 'large', offset: 5 }]),
    ],
  },
];

const allowed: Readonly<Record<string, readonly Allowed[]>> = {
  'Fetch by size: one partition': [
    { at: /^Fetch v12 #3[78] /, reason: 'Kafka fails with UNKNOWN_SERVER_ERROR on negative sizes' },
  ],
  'Fetch that waits for a topic that is deleted': [
    {
      at: /abortedTransactions$/,
      kafka: null,
      reason: 'an empty list as for any unknown topic; Kafka is of two minds',
    },
  ],
  'Fetch with isolation levels and replica ids': [
    { at: /^Fetch v\d+ #[34] /, reason: 'Kafka fails with UNKNOWN_SERVER_ERROR on isolation levels that do not exist' },
  ],
};

compareWithKafka(
  'Fetch',
  scenarios.map((scenario) => ({ ...scenario, allowed: allowed[scenario.title] ?? [] })),
);

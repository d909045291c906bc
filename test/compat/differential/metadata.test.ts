/** Metadata and DescribeTopicPartitions: topics by name and by id, all of them, created by asking, page by page. */
import { compareWithKafka } from './support/compare';
import { idOf, topic } from './support/fixtures';
import { ask, askEach, versions, type Scenario, type Step } from './support/steps';

const NOTHING_ELSE = {
  allowAutoTopicCreation: false,
  includeTopicAuthorizedOperations: false,
  includeClusterAuthorizedOperations: false,
};
const WITH_OPERATIONS = {
  allowAutoTopicCreation: false,
  includeTopicAuthorizedOperations: true,
  includeClusterAuthorizedOperations: true,
};
const UNKNOWN_ID = 'qqqqqqqqQqqqqqqqqqqqqg';
const ZERO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const LONG_NAME = 'x'.repeat(250);

function named(...names: (string | null)[]): { name: string | null }[] {
  return names.map((name) => ({ name }));
}

function page(
  names: readonly string[],
  limit: number,
  cursor: { topicName: string; partitionIndex: number } | null = null,
): Step {
  const request = { topics: names.map((name) => ({ name })), responsePartitionLimit: limit, cursor };
  return ask('DescribeTopicPartitions', 0, request, { isOrdered: true });
}

const scenarios: readonly Scenario[] = [
  {
    title: 'Metadata before there is any topic',
    steps: askEach('Metadata', versions(1, 13), { topics: null, ...NOTHING_ELSE }),
  },
  {
    title: 'Metadata of topics by name',
    steps: [
      ...topic('one', { partitions: 3 }),
      ...topic('two.x'),
      ...askEach('Metadata', versions(0, 13), { topics: named('one', 'two.x', 'one'), ...NOTHING_ELSE }),
      ...askEach('Metadata', versions(8, 13), { topics: named('one'), ...WITH_OPERATIONS }),
      ...askEach('Metadata', versions(4, 13), { topics: named('nowhere'), ...NOTHING_ELSE }),
      ...askEach('Metadata', versions(8, 13), { topics: named('nowhere', 'not valid'), ...WITH_OPERATIONS }),
      ...askEach('Metadata', versions(0, 13), { topics: named('', '.', '..', 'a b', 'é', LONG_NAME), ...NOTHING_ELSE }),
    ],
  },
  {
    title: 'Metadata of all topics and of none',
    steps: [
      ...askEach('Metadata', versions(0, 13), { topics: [], ...NOTHING_ELSE }),
      ...askEach('Metadata', versions(1, 13), { topics: null, ...NOTHING_ELSE }),
      ...askEach('Metadata', versions(8, 13), { topics: null, ...WITH_OPERATIONS }),
    ],
  },
  {
    title: 'Metadata of topics by id',
    steps: [
      ...topic('by-id', { partitions: 2 }),
      ...askEach('Metadata', versions(10, 13), (vars) => ({
        topics: [{ topicId: vars.text(idOf('by-id')), name: null }],
        ...NOTHING_ELSE,
      })),
      ...askEach('Metadata', versions(10, 13), { topics: [{ topicId: UNKNOWN_ID, name: null }], ...NOTHING_ELSE }),
      ...askEach('Metadata', versions(10, 13), { topics: [{ topicId: ZERO_ID, name: null }], ...NOTHING_ELSE }),
      ...askEach('Metadata', versions(10, 13), (vars) => ({
        topics: [{ topicId: vars.text(idOf('by-id')), name: 'by-id' }, { name: 'by-id' }],
        ...NOTHING_ELSE,
      })),
      ...askEach('Metadata', versions(10, 13), { topics: [{ topicId: UNKNOWN_ID, name: 'by-id' }], ...NOTHING_ELSE }),
      ...askEach('Metadata', versions(12, 13), (vars) => ({
        topics: [
          { topicId: vars.text(idOf('by-id')), name: null },
          { topicId: UNKNOWN_ID, name: null },
          { name: 'by-id' },
          { name: 'nowhere' },
        ],
        ...WITH_OPERATIONS,
      })),
    ],
    allowed: [
      {
        at: /^Metadata v1[23] #3 /,
        reason: 'Kafka fails with UNKNOWN_SERVER_ERROR on a topic with neither name nor id',
      },
    ],
  },
  {
    title: 'Metadata creates what is asked for',
    steps: [0, 3, 4, 9, 13].flatMap((version) => {
      const request = {
        ...NOTHING_ELSE,
        topics: named(`created.${version}`, 'not valid'),
        allowAutoTopicCreation: true,
      };
      const isThere = {
        until: ({ topics }: { topics: { errorCode: number }[] }) => topics.some(({ errorCode }) => errorCode === 0),
      };
      return [ask('Metadata', version, request), ask('Metadata', version, request, isThere)];
    }),
  },
  {
    title: 'Metadata does not create a topic whose name collides with another',
    steps: [
      ...topic('collides.a_b'),
      ask('Metadata', 9, { ...NOTHING_ELSE, topics: named('collides_a.b'), allowAutoTopicCreation: true }),
      ask('Metadata', 9, { ...NOTHING_ELSE, topics: named('collides_a.b'), allowAutoTopicCreation: true }),
    ],
  },
  {
    title: 'Metadata of internal topics',
    steps: [
      ...askEach('Metadata', versions(4, 12), {
        topics: named('__consumer_offsets', '__cluster_metadata', '__transaction_state'),
        ...NOTHING_ELSE,
      }),
      ...['__transaction_state', '__share_group_state'].flatMap((name) => [
        ask(
          'Metadata',
          12,
          { topics: named(name), ...NOTHING_ELSE, allowAutoTopicCreation: true },
          { until: ({ topics }) => topics[0]?.errorCode === 0 },
        ),
        ask('DescribeConfigs', 4, { resources: [{ resourceType: 2, resourceName: name, configurationKeys: null }] }),
      ]),
    ],
  },
  {
    title: 'DescribeTopicPartitions page by page',
    steps: [
      ...topic('page-a', { partitions: 2 }),
      ...topic('page-b', { partitions: 3 }),
      ...topic('page-c', { partitions: 1 }),
      page(['page-c', 'page-a', 'page-b'], 100),
      page(['page-c', 'page-a', 'page-b', 'page-a'], 2),
      page(['page-c', 'page-a', 'page-b'], 3),
      page(['page-c', 'page-a', 'page-b'], 5),
      page(['page-c', 'page-a', 'page-b'], 6),
      page(['page-a', 'page-b'], 1, { topicName: 'page-a', partitionIndex: 1 }),
      page(['page-a', 'page-b'], 2, { topicName: 'page-b', partitionIndex: 1 }),
      page(['page-a', 'page-b', 'page-c'], 100, { topicName: 'page-aa', partitionIndex: 1 }),
      page(['page-a', 'page-b'], 100, { topicName: 'page-b', partitionIndex: 9 }),
      page(['page-a'], 100, { topicName: 'page-z', partitionIndex: 0 }),
      page(['page-a'], 100, { topicName: 'page-a', partitionIndex: -1 }),
      page(['page-a', 'nowhere', 'not valid'], 100),
      page([''], 100),
      page(['page-a', 'nowhere', 'page-z'], 2),
      page(['nowhere', 'page-a'], 1),
      page(['page-a', 'page-b'], 0),
      page(['page-a', 'page-b'], -1),
      page([], 100),
      page([], 4, { topicName: 'page-a', partitionIndex: 0 }),
      page(['page-a'], 1, { topicName: 'nowhere', partitionIndex: 0 }),
      page(['__consumer_offsets'], 100),
    ],
    allowed: [
      { at: /^DescribeTopicPartitions v0 #13 /, reason: 'Kafka fails with UNKNOWN_SERVER_ERROR on an empty name' },
    ],
  },
];

compareWithKafka('metadata', scenarios);

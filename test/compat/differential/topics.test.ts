/** CreateTopics, CreatePartitions and DeleteTopics: what is created, and each way to be refused. */
import type { RequestOf } from '../../handlers/support/wire-client';
import { compareWithKafka } from './support/compare';
import { idOf, topic } from './support/fixtures';
import { ask, versions, type Allowed, type Scenario, type Step } from './support/steps';

type Creation = RequestOf<'CreateTopics'>['topics'][number];
type Growth = RequestOf<'CreatePartitions'>['topics'][number];

const ZERO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const UNKNOWN_ID = 'qqqqqqqqQqqqqqqqqqqqqg';
const LATEST = 7;
const ALL = versions(2, LATEST);
const TIMEOUT_MS = 10_000;

function creation(name: string, rest: Partial<Creation> = {}): Creation {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...rest };
}

function create(topics: readonly Creation[], version = LATEST, validateOnly = false): Step {
  return ask('CreateTopics', version, { topics, timeoutMs: TIMEOUT_MS, validateOnly });
}

function assigned(...replicas: readonly (readonly number[])[]): Partial<Creation> {
  const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
  return { numPartitions: -1, replicationFactor: -1, assignments };
}

function configured(configs: Readonly<Record<string, string | null>>): Partial<Creation> {
  return { configs: Object.entries(configs).map(([name, value]) => ({ name, value })) };
}

function grow(topics: readonly Growth[], version = 3, validateOnly = false): Step {
  return ask('CreatePartitions', version, { topics, timeoutMs: TIMEOUT_MS, validateOnly });
}

function growth(name: string, count: number, assignments: readonly (readonly number[])[] | null = null): Growth {
  return { name, count, assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null };
}

/** What is to be seen of a topic, once there are so many partitions: Kafka's brokers hear of a change a little later. */
function look(name: string, partitions: number): Step {
  const request = { topics: [{ name }], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };
  return ask('Metadata', 12, request, { until: ({ topics: [found] }) => found?.partitions.length === partitions });
}

const creating: readonly Scenario[] = [
  {
    title: 'CreateTopics creates in every version',
    steps: ALL.flatMap((version) => [
      create(
        [
          creation(`v${version}`, {
            numPartitions: 3,
            ...configured({ 'retention.ms': '1000', 'cleanup.policy': 'compact' }),
          }),
        ],
        version,
      ),
      look(`v${version}`, 3),
    ]),
  },
  {
    title: 'CreateTopics fills in the defaults for -1, from version 4 on',
    steps: ALL.flatMap((version) => [
      create([creation(`defaults-${version}`, { numPartitions: -1, replicationFactor: -1 })], version),
      create([creation(`default-partitions-${version}`, { numPartitions: -1 })], version),
      create([creation(`default-replicas-${version}`, { replicationFactor: -1 })], version),
    ]),
  },
  {
    title: 'CreateTopics only validates when asked to',
    steps: [
      ...ALL.map((version) => create([creation('validated', { numPartitions: 2 })], version, true)),
      look('validated', 0),
      create([creation('.')], LATEST, true),
    ],
  },
  {
    title: 'CreateTopics refuses names',
    steps: [
      ...ALL.map((version) => create([creation('')], version)),
      create(['.', '..', 'a b', 'é', 'a/b', 'x'.repeat(249), 'x'.repeat(250)].map((name) => creation(name))),
      create([creation('same.name'), creation('same_name')]),
      create([creation('same_name')]),
      create([creation('twice'), creation('twice'), creation('once')]),
      ...topic('exists'),
      ...ALL.map((version) => create([creation('exists')], version)),
      create([creation('exists', { numPartitions: 0 })]),
      create([creation('exists', configured({ 'no.such.key': 'x' }))]),
      create([creation('__cluster_metadata')]),
      create([creation('__my_internal')]),
      create([]),
    ],
  },
  {
    title: 'CreateTopics refuses counts and assignments',
    steps: [
      ...ALL.map((version) => create([creation('counts', { numPartitions: 0 })], version)),
      create([creation('counts', { numPartitions: -2 })]),
      create([creation('counts', { replicationFactor: 0 })]),
      create([creation('counts', { replicationFactor: -2 })]),
      create([creation('counts', { replicationFactor: 2 })]),
      create([creation('counts', { numPartitions: 10_001 })]),
      create([creation('counts', { numPartitions: 6000 }), creation('counts2', { numPartitions: 4001 })]),
      create([creation('assigned', assigned([1], [1]))]),
      create([creation('assigned-2', assigned([1, 1]))]),
      create([creation('assigned-2', assigned([2]))]),
      create([creation('assigned-2', assigned([]))]),
      create([creation('assigned-2', assigned([1], []))]),
      create([creation('assigned-2', assigned([-1]))]),
      create([creation('assigned-2', { ...assigned([1]), numPartitions: 1 })]),
      create([creation('assigned-2', { ...assigned([1]), replicationFactor: 1 })]),
      create([creation('assigned-2', { ...assigned(), assignments: [{ partitionIndex: 1, brokerIds: [1] }] })]),
      create([
        creation('assigned-2', {
          ...assigned(),
          assignments: [
            { partitionIndex: 0, brokerIds: [1] },
            { partitionIndex: 0, brokerIds: [1] },
          ],
        }),
      ]),
      create([
        creation('assigned-2', {
          ...assigned(),
          assignments: [
            { partitionIndex: 2, brokerIds: [1] },
            { partitionIndex: 0, brokerIds: [1] },
          ],
        }),
      ]),
      create([
        creation('assigned-3', {
          ...assigned(),
          assignments: [
            { partitionIndex: 1, brokerIds: [1] },
            { partitionIndex: 0, brokerIds: [1] },
          ],
        }),
      ]),
      look('assigned', 2),
      look('assigned-3', 2),
    ],
  },
  {
    title: 'CreateTopics refuses configs',
    steps: [
      ...ALL.map((version) => create([creation('configs', configured({ 'no.such.key': 'x' }))], version)),
      create([creation('configs', configured({ 'retention.ms': 'abc' }))]),
      create([creation('configs', configured({ 'retention.ms': '-2' }))]),
      create([creation('configs', configured({ 'retention.ms': null }))]),
      create([creation('configs', configured({ 'retention.ms': '' }))]),
      create([creation('configs', configured({ 'cleanup.policy': 'shred' }))]),
      create([creation('configs', configured({ 'min.insync.replicas': '0' }))]),
      create([creation('configs', configured({ 'compression.type': 'LZ4' }))]),
      create([creation('configs', configured({ 'segment.bytes': '1' }))]),
      create([creation('configs', configured({ 'max.compaction.lag.ms': '1', 'min.compaction.lag.ms': '2' }))]),
      create([
        creation('configs', {
          configs: [
            { name: 'retention.ms', value: '1' },
            { name: 'retention.ms', value: '2' },
          ],
        }),
      ]),
      create([creation('configs', configured({ 'remote.storage.enable': 'true' }))]),
      create([
        creation(
          'configs-ok',
          configured({ 'retention.ms': ' 5000 ', preallocate: 'TRUE', 'cleanup.policy': 'delete, compact' }),
        ),
      ]),
    ],
  },
];

const growing: readonly Scenario[] = [
  {
    title: 'CreatePartitions',
    steps: [
      ...topic('grows', { partitions: 2 }),
      ...versions(0, 3).map((version) => grow([growth('grows', 2)], version)),
      grow([growth('grows', 1)]),
      grow([growth('grows', 0)]),
      grow([growth('grows', -1)]),
      grow([growth('grows', 3)], 3, true),
      look('grows', 2),
      ...versions(0, 3).map((version) => grow([growth('grows', 3 + version)], version)),
      look('grows', 6),
      grow([growth('nowhere', 3)]),
      grow([growth('', 3)]),
      grow([growth('grows', 8), growth('grows', 9)]),
      grow([growth('grows', 8, [[1]])]),
      grow([growth('grows', 7, [[2]])]),
      grow([growth('grows', 7, [[1, 1]])]),
      grow([growth('grows', 7, [[1, 2]])]),
      grow([growth('grows', 7, [[]])]),
      grow([growth('grows', 7, [])]),
      grow([growth('grows', 8, [[1], [1]])]),
      grow([growth('__consumer_offsets', 5)]),
      grow([]),
      look('grows', 8),
    ],
  },
];

const deleting: readonly Scenario[] = [
  {
    title: 'DeleteTopics by name',
    steps: versions(1, 6).flatMap((version) => {
      const name = `gone-${version}`;
      const request = (...names: string[]) => ({
        topicNames: names,
        topics: names.map((one) => ({ name: one, topicId: ZERO_ID })),
        timeoutMs: TIMEOUT_MS,
      });
      return [
        ...topic(name),
        ask('DeleteTopics', version, request(name)),
        ask(
          'Metadata',
          12,
          { topics: [{ name }], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
          { until: ({ topics }) => topics[0]?.errorCode !== 0 },
        ),
        ask('DeleteTopics', version, request(name, 'nowhere')),
        ask('DeleteTopics', version, request('', 'not valid')),
        ask('DeleteTopics', version, request('nowhere', 'nowhere')),
        ask('DeleteTopics', version, request()),
      ];
    }),
  },
  {
    title: 'DeleteTopics by id',
    steps: [
      ...topic('gone-by-id'),
      ...topic('stays'),
      ask('DeleteTopics', 6, { topics: [{ name: null, topicId: UNKNOWN_ID }], timeoutMs: TIMEOUT_MS }),
      ask('DeleteTopics', 6, { topics: [{ name: null, topicId: ZERO_ID }], timeoutMs: TIMEOUT_MS }),
      ask('DeleteTopics', 6, (vars) => ({
        topics: [{ name: 'stays', topicId: vars.text(idOf('stays')) }],
        timeoutMs: TIMEOUT_MS,
      })),
      ask('DeleteTopics', 6, (vars) => ({
        topics: [
          { name: 'stays', topicId: ZERO_ID },
          { name: null, topicId: vars.text(idOf('stays')) },
        ],
        timeoutMs: TIMEOUT_MS,
      })),
      look('stays', 1),
      ask('DeleteTopics', 6, (vars) => ({
        topics: [{ name: null, topicId: vars.text(idOf('gone-by-id')) }],
        timeoutMs: TIMEOUT_MS,
      })),
      ask('DeleteTopics', 6, (vars) => ({
        topics: [{ name: null, topicId: vars.text(idOf('gone-by-id')) }],
        timeoutMs: TIMEOUT_MS,
      })),
    ],
  },
];

const again: Scenario = {
  title: 'a topic that is created again has another id',
  steps: [
    ...topic('again'),
    ask('DeleteTopics', 5, { topicNames: ['again'], timeoutMs: TIMEOUT_MS }),
    ...topic('again', { partitions: 2 }),
    ask('Metadata', 12, (vars) => ({
      topics: [{ topicId: vars.text(idOf('again')), name: null }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    })),
  ],
};

const ownSentence: Allowed = {
  at: /^DeleteTopics .*errorMessage$/,
  reason: 'where Kafka gives the sentence of the code, we give none: clients have it, in their own words',
  isOptional: true,
};

compareWithKafka('topics', [
  ...creating,
  ...growing,
  ...deleting.map((scenario) => ({ ...scenario, allowed: [ownSentence] })),
  again,
]);

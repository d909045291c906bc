/** OffsetCommit, OffsetFetch, OffsetDelete, and the groups that they make: ListGroups, DescribeGroups, DeleteGroups. */
import { compareWithKafka } from './support/compare';
import { commit, describeGroups, enter, fetchOffsets, heartbeat, join, leave, sync } from './support/group-steps';
import { topic } from './support/fixtures';
import { ask, askEach, settle, versions, type Allowed, type Scenario, type Step } from './support/steps';

const COMMITS = versions(2, 10);
const FETCHES = versions(1, 10);
const UNKNOWN_ID = 'qqqqqqqqQqqqqqqqqqqqqg';

function listGroups(version = 5, statesFilter: readonly string[] = [], typesFilter: readonly string[] = []): Step {
  return ask('ListGroups', version, { statesFilter, typesFilter });
}

function deleteOffsets(groupId: string, name: string, ...partitions: number[]): Step {
  return ask('OffsetDelete', 0, {
    groupId,
    topics: [{ name, partitions: partitions.map((partitionIndex) => ({ partitionIndex })) }],
  });
}

const committing: readonly Scenario[] = [
  {
    title: 'ListGroups before there is any group',
    steps: askEach('ListGroups', versions(0, 5), { statesFilter: [], typesFilter: [] }),
  },
  {
    title: 'commits of nobody in particular, in every version',
    steps: [
      ...topic('simple', { partitions: 2 }),
      ...COMMITS.flatMap((version) => [
        commit({
          group: `simple-${version}`,
          version,
          topics: [{ name: 'simple', offset: 7, metadata: 'note', leaderEpoch: 3 }],
        }),
        ...FETCHES.map((fetched) =>
          fetchOffsets(`simple-${version}`, { name: 'simple', partitions: [0, 1, 9] }, fetched),
        ),
      ]),
      ...[2, 7, 8, 9, 10].map((version) => fetchOffsets('simple-5', null, version)),
    ],
  },
  {
    title: 'metadata: none, empty, too long',
    steps: [
      ...topic('notes', { partitions: 4 }),
      ...[2, 5, 8, 10].flatMap((version) => [
        commit({ group: 'notes', version, topics: [{ name: 'notes', offset: 1, metadata: null }] }),
        commit({ group: 'notes', version, topics: [{ name: 'notes', partition: 1, offset: 1, metadata: '' }] }),
        commit({
          group: 'notes',
          version,
          topics: [{ name: 'notes', partition: 2, offset: 1, metadata: 'x'.repeat(4096) }],
        }),
        commit({
          group: 'notes',
          version,
          topics: [{ name: 'notes', partition: 3, offset: 1, metadata: 'x'.repeat(4097) }],
        }),
        commit({
          group: 'notes',
          version,
          topics: [{ name: 'notes', partition: 3, offset: 1, metadata: 'é'.repeat(4096) }],
        }),
        ...[1, 7, 9].map((fetched) => fetchOffsets('notes', { name: 'notes', partitions: [0, 1, 2, 3] }, fetched)),
      ]),
    ],
  },
  {
    title: 'offsets that are strange',
    steps: [
      ...topic('strange'),
      ...[0, -1, -2, Number.MAX_SAFE_INTEGER].flatMap((offset) => [
        commit({ group: 'strange', topics: [{ name: 'strange', offset }] }),
        fetchOffsets('strange', { name: 'strange', partitions: [0] }),
        fetchOffsets('strange', null),
      ]),
    ],
  },
  {
    title: 'commits that are refused',
    steps: [
      ...topic('refused'),
      ...COMMITS.filter((version) => version < 10).flatMap((version) => [
        commit({ group: 'refused', version, topics: [{ name: 'nowhere', offset: 1 }] }),
        commit({
          group: 'refused',
          version,
          topics: [
            { name: 'refused', partition: 7, offset: 1 },
            { name: 'refused', offset: 1 },
          ],
        }),
        commit({ group: 'refused', version, topics: [{ name: '', offset: 1 }] }),
      ]),
      ...COMMITS.flatMap((version) => [
        commit({ group: '', version, topics: [{ name: 'refused', offset: version }] }),
        commit({
          group: `no-group-${version}`,
          version,
          generation: 3,
          memberId: 'm',
          topics: [{ name: 'refused', offset: 1 }],
        }),
        commit({
          group: `no-group-${version}`,
          version,
          generation: 0,
          memberId: '',
          topics: [{ name: 'refused', offset: 1 }],
        }),
        commit({
          group: `member-${version}`,
          version,
          generation: -1,
          memberId: 'm',
          topics: [{ name: 'refused', offset: 1 }],
        }),
        commit({ group: `empty-${version}`, version, topics: [] }),
      ]),
      fetchOffsets('', { name: 'refused', partitions: [0] }),
      ask('OffsetCommit', 10, {
        groupId: 'refused',
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [UNKNOWN_ID, 'AAAAAAAAAAAAAAAAAAAAAA'].map((topicId) => ({
          topicId,
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }],
        })),
      }),
      ask('OffsetFetch', 10, {
        groups: [
          {
            groupId: 'refused',
            topics: [UNKNOWN_ID, 'AAAAAAAAAAAAAAAAAAAAAA'].map((topicId) => ({ topicId, partitionIndexes: [0, 1] })),
          },
        ],
      }),
      ...topic('deleted'),
      commit({ group: 'refused', topics: [{ name: 'deleted', offset: 1 }] }),
      fetchOffsets('refused', null),
    ],
  },
  {
    title: 'OffsetFetch of many groups, and of none',
    steps: [
      ...topic('many', { partitions: 3 }),
      commit({
        group: 'many-a',
        topics: [
          { name: 'many', offset: 1 },
          { name: 'many', partition: 2, offset: 3 },
        ],
      }),
      commit({ group: 'many-b', topics: [{ name: 'many', offset: 5 }] }),
      ...[8, 9].map((version) =>
        ask('OffsetFetch', version, {
          groups: [
            { groupId: 'many-a', topics: null },
            {
              groupId: 'many-b',
              topics: [
                { name: 'many', partitionIndexes: [0, 1] },
                { name: 'nowhere', partitionIndexes: [0] },
              ],
            },
            { groupId: 'many-c', topics: null },
            { groupId: 'many-d', topics: [] },
            { groupId: '', topics: null },
          ],
          requireStable: true,
        }),
      ),
      ask('OffsetFetch', 9, { groups: [] }),
      ask('OffsetFetch', 9, { groups: [{ groupId: 'many-a', topics: [{ name: 'many', partitionIndexes: [] }] }] }),
      ask('OffsetFetch', 9, {
        groups: [
          {
            groupId: 'many-a',
            topics: ['many', 'nowhere', 'many'].map((name, i) => ({ name, partitionIndexes: [i] })),
          },
        ],
      }),
      ask('OffsetCommit', 9, {
        groupId: 'many-a',
        generationIdOrMemberEpoch: -1,
        memberId: '',
        topics: [
          { name: 'many', partitions: [] },
          { name: 'nowhere', partitions: [] },
        ],
      }),
      ask('OffsetFetch', 9, {
        groups: [
          { groupId: 'many-a', topics: null },
          { groupId: 'many-a', topics: null },
        ],
      }),
      ask('OffsetFetch', 9, {
        groups: [{ groupId: 'many-a', topics: [{ name: 'many', partitionIndexes: [0, 0, 2] }] }],
      }),
      ask('OffsetFetch', 9, { groups: [{ groupId: 'many-a', memberId: 'm', memberEpoch: 4, topics: null }] }),
      ask('OffsetFetch', 9, { groups: [{ groupId: 'many-a', memberId: null, memberEpoch: 4, topics: null }] }),
      ...[2, 7].map((version) => fetchOffsets('many-c', null, version)),
      ask('OffsetFetch', 7, { groupId: 'many-a', topics: [] }),
      ask('OffsetFetch', 1, { groupId: 'many-a', topics: [] }),
    ],
  },
  {
    title: 'commits of members',
    steps: [
      ...topic('members'),
      ...enter({ group: 'members', on: 'a' }),
      ...COMMITS.map((version) =>
        commit({ group: 'members', version, member: 'a', topics: [{ name: 'members', offset: version }] }),
      ),
      sync({ group: 'members', on: 'a', assign: { a: 'a' } }),
      ...COMMITS.flatMap((version) => [
        commit({ group: 'members', version, member: 'a', topics: [{ name: 'members', offset: version }] }),
        commit({ group: 'members', version, member: 'a', generation: 7, topics: [{ name: 'members', offset: 1 }] }),
        commit({ group: 'members', version, member: 'a', memberId: 'who', topics: [{ name: 'members', offset: 1 }] }),
        commit({ group: 'members', version, topics: [{ name: 'members', offset: 1 }] }),
        commit({ group: 'members', version, member: 'a', generation: -1, topics: [{ name: 'members', offset: 1 }] }),
      ]),
      ...enter({ group: 'members', on: 'b', parked: 'b' }),
      heartbeat({ group: 'members', on: 'a' }, 27),
      commit({ group: 'members', member: 'a', topics: [{ name: 'members', offset: 50 }] }),
      join({ group: 'members', on: 'a' }),
      settle('b'),
      commit({ group: 'members', member: 'a', topics: [{ name: 'members', offset: 60 }] }),
      fetchOffsets('members', null),
      leave({ group: 'members', on: 'a' }),
      leave({ group: 'members', on: 'b' }),
      commit({ group: 'members', topics: [{ name: 'members', offset: 70 }] }),
      fetchOffsets('members', null),
    ],
  },
];

const administering: readonly Scenario[] = [
  {
    title: 'OffsetDelete',
    steps: [
      ...topic('offsets-go', { partitions: 2 }),
      ...topic('offsets-stay'),
      deleteOffsets('no-such-group', 'offsets-go', 0),
      deleteOffsets('', 'offsets-go', 0),
      commit({
        group: 'offsets',
        topics: [
          { name: 'offsets-go', offset: 1 },
          { name: 'offsets-stay', offset: 2 },
        ],
      }),
      deleteOffsets('offsets', 'offsets-go', 0, 1, 7),
      deleteOffsets('offsets', 'nowhere', 0),
      deleteOffsets('offsets', 'offsets-go'),
      fetchOffsets('offsets', null),
      ...enter({ group: 'offsets', on: 'a', protocols: ['range=offsets-stay'] }),
      sync({ group: 'offsets', on: 'a', assign: { a: 'a' } }),
      deleteOffsets('offsets', 'offsets-stay', 0),
      deleteOffsets('offsets', 'offsets-go', 0),
      ...enter({ group: 'connects', on: 'c', type: 'connect' }),
      sync({ group: 'connects', on: 'c', type: 'connect', assign: { c: 'c' } }),
      deleteOffsets('connects', 'offsets-go', 0),
      leave({ group: 'offsets', on: 'a' }),
      deleteOffsets('offsets', 'offsets-stay', 0),
      fetchOffsets('offsets', null),
    ],
  },
  {
    title: 'ListGroups by state and type',
    steps: [
      ...topic('listed'),
      commit({ group: 'list-simple', topics: [{ name: 'listed', offset: 1 }] }),
      ...enter({ group: 'list-stable', on: 'a' }),
      sync({ group: 'list-stable', on: 'a', assign: { a: 'a' } }),
      ...enter({ group: 'list-completing', on: 'b' }),
      ...enter({ group: 'list-connect', on: 'c', type: 'connect' }),
      ...enter({ group: 'list-left', on: 'd' }),
      leave({ group: 'list-left', on: 'd' }),
      join({ group: 'list-pending', on: 'e', isNew: true }),
      ...askEach('ListGroups', versions(0, 5), { statesFilter: [], typesFilter: [] }),
      ...[
        ['Stable'],
        ['stable'],
        ['Empty', 'Dead'],
        ['CompletingRebalance'],
        ['PreparingRebalance'],
        ['Nonsense'],
        [''],
      ].map((states) => listGroups(4, states)),
      ...[['classic'], ['Classic'], ['consumer'], ['share', 'classic'], ['nonsense']].map((types) =>
        listGroups(5, [], types),
      ),
      listGroups(5, ['Stable'], ['classic']),
    ],
  },
  {
    title: 'DescribeGroups in every version',
    steps: [
      ...topic('described'),
      ...enter({ group: 'describe-stable', on: 'a' }),
      sync({ group: 'describe-stable', on: 'a', assign: { a: 'a' } }),
      commit({ group: 'describe-simple', topics: [{ name: 'described', offset: 1 }] }),
      ...versions(0, 6).map((version) =>
        describeGroups(['describe-stable', 'describe-simple', 'nowhere', ''], version),
      ),
      ...versions(3, 6).map((version) => describeGroups(['describe-stable', 'nowhere'], version, true)),
      describeGroups([], 6),
      describeGroups(['describe-stable', 'describe-stable'], 5),
    ],
  },
  {
    title: 'DeleteGroups',
    steps: [
      ...topic('groups-go'),
      ...versions(0, 2).flatMap((version) => [
        commit({ group: `delete-${version}`, topics: [{ name: 'groups-go', offset: 1 }] }),
        ask('DeleteGroups', version, { groupsNames: [`delete-${version}`, 'nowhere', ''] }),
        ask('DeleteGroups', version, { groupsNames: [`delete-${version}`] }),
        fetchOffsets(`delete-${version}`, null),
        describeGroups([`delete-${version}`]),
      ]),
      ...enter({ group: 'delete-busy', on: 'a' }),
      ask('DeleteGroups', 2, { groupsNames: ['delete-busy'] }),
      sync({ group: 'delete-busy', on: 'a', assign: { a: 'a' } }),
      ask('DeleteGroups', 2, { groupsNames: ['delete-busy', 'delete-busy'] }),
      leave({ group: 'delete-busy', on: 'a' }),
      ask('DeleteGroups', 2, { groupsNames: ['delete-busy'] }),
      ask('DeleteGroups', 2, { groupsNames: [] }),
      listGroups(),
    ],
  },
  {
    title: 'offsets of a topic that is deleted',
    steps: [
      ...topic('vanishes'),
      commit({ group: 'vanishes', topics: [{ name: 'vanishes', offset: 4 }] }),
      ask('DeleteTopics', 5, { topicNames: ['vanishes'], timeoutMs: 5000 }),
      ask(
        'OffsetFetch',
        8,
        { groups: [{ groupId: 'vanishes', topics: null }] },
        { until: ({ groups: [group] }) => group?.topics.length === 0 },
      ),
      ...topic('vanishes'),
      fetchOffsets('vanishes', { name: 'vanishes', partitions: [0] }, 10),
    ],
  },
];

const allowed: Readonly<Record<string, readonly Allowed[]>> = {
  'OffsetFetch of many groups, and of none': [
    {
      at: /^OffsetCommit v9 topics/,
      reason: 'a topic that is named twice is answered once; Kafka does so beside a refusal',
    },
    {
      at: /^OffsetCommit v9 #3 topics\[nowhere\]$/,
      reason: 'a topic without partitions is left out; Kafka keeps unknown ones',
    },
  ],
};

compareWithKafka(
  'committed offsets',
  [...committing, ...administering].map((scenario) => ({ ...scenario, allowed: allowed[scenario.title] ?? [] })),
);

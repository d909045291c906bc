import { ErrorCode } from '../../../wire/base/error-codes';
import { ZERO_UUID, isUuid } from '../../../wire/base/uuid';
import { createPartitions } from '../../../controller/control/create-partitions';
import { createTopics } from '../../../controller/control/create-topics';
import { deleteTopics } from '../../../controller/control/delete-topics';
import { ApiException, refusalOf } from '../../../controller/control/api-error';
import { UNASSIGNED_DIRECTORY } from '../../../controller/metadata/directory-id';
import type { CreateTopicsRequest } from '../../../wire/schema/topic';
import { CONTEXT, TestControls, directoryOfBroker, topicsRequest } from '../support/test-controls';

type TopicSpec = Partial<CreateTopicsRequest['topics'][number]>;

function create(controls: TestControls, spec: TopicSpec): [code: number, message: string | null] {
  const response = controls.commit(createTopics(controls, topicsRequest([{ name: 'orders', ...spec }]), CONTEXT));
  const [answer] = response.topics;
  return [answer?.errorCode ?? -99, answer?.errorMessage ?? null];
}

describe('CreateTopics', () => {
  test('writes the topic, its configs, then its partitions, and answers with what it made', () => {
    const controls = new TestControls().start(1);
    const configs = [{ name: 'retention.ms', value: '1000' }];
    const result = createTopics(
      controls,
      topicsRequest([{ name: 'orders', numPartitions: 2, replicationFactor: 1, configs }]),
      CONTEXT,
    );
    expect(result.records.map(({ type }) => type)).toEqual([
      'TopicRecord',
      'ConfigRecord',
      'PartitionRecord',
      'PartitionRecord',
    ]);
    const [answer] = controls.commit(result).topics;
    expect(isUuid(answer?.topicId ?? '')).toBe(true);
    expect(answer).toMatchObject({
      name: 'orders',
      errorCode: 0,
      errorMessage: null,
      numPartitions: 2,
      replicationFactor: 1,
    });
    expect(answer?.configs).toContainEqual({
      name: 'retention.ms',
      value: '1000',
      readOnly: false,
      configSource: 1,
      isSensitive: false,
    });
    expect(answer?.configs).toContainEqual(
      expect.objectContaining({ name: 'cleanup.policy', value: 'delete', configSource: 5 }),
    );
    expect(controls.partition('orders', 1)).toEqual({
      replicas: [1],
      directories: [directoryOfBroker(1)],
      isr: [1],
      removingReplicas: [],
      addingReplicas: [],
      elr: [],
      lastKnownElr: [],
      leader: 1,
      leaderRecoveryState: 0,
      leaderEpoch: 0,
      partitionEpoch: 0,
    });
    expect(controls.state.image.configs.ofTopic('orders').get('retention.ms')).toBe('1000');
  });

  test('takes the defaults for partitions and replication factor -1', () => {
    const controls = new TestControls({ defaultPartitions: 3, defaultReplicationFactor: 2 }).start(1, 2, 3);
    expect(create(controls, {})).toEqual([0, null]);
    expect(controls.state.image.topics.topicByName('orders')?.partitionCount).toBe(3);
    expect(controls.partition('orders', 2).replicas).toHaveLength(2);
  });

  test('leaves the choice of directory to a broker that has several', () => {
    const controls = new TestControls();
    controls.register(1, { logDirs: [directoryOfBroker(1, 0), directoryOfBroker(1, 1)] });
    controls.beat(1);
    controls.topic('orders', [1]);
    expect(controls.partition('orders').directories).toEqual([UNASSIGNED_DIRECTORY]);
  });

  test('puts only active replicas in the ISR, and the first of them leads', () => {
    const controls = new TestControls().start(2, 3);
    controls.register(1);
    controls.topic('orders', [1, 2, 3]);
    expect(controls.partition('orders')).toMatchObject({ replicas: [1, 2, 3], isr: [2, 3], leader: 2 });
  });

  test('with validateOnly answers as if, and writes nothing', () => {
    const controls = new TestControls().start(1);
    const result = createTopics(controls, topicsRequest([{ name: 'orders' }], true), CONTEXT);
    expect(result.records).toEqual([]);
    expect(result.response.topics[0]).toMatchObject({ errorCode: 0, numPartitions: 1 });
  });

  test('hides configs from who may not see them', () => {
    const controls = new TestControls().start(1);
    const context = { ...CONTEXT, mayDescribeConfigs: () => false };
    const [answer] = createTopics(controls, topicsRequest([{ name: 'orders' }]), context).response.topics;
    expect(answer).toMatchObject({
      topicConfigErrorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      configs: null,
      numPartitions: -1,
    });
  });

  test('creates what it can and says of the rest why not', () => {
    const controls = new TestControls().start(1);
    controls.topic('taken', [1]);
    const request = topicsRequest([
      { name: 'taken' },
      { name: 'fresh' },
      { name: 'twice' },
      { name: 'twice' },
      { name: '__cluster_metadata' },
    ]);
    const response = controls.commit(createTopics(controls, request, CONTEXT));
    expect(response.topics.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage])).toEqual([
      ['taken', ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 'taken' already exists."],
      ['fresh', ErrorCode.NONE, null],
      ['twice', ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'],
      ['__cluster_metadata', ErrorCode.INVALID_REQUEST, 'Creation of internal topic __cluster_metadata is prohibited.'],
    ]);
    expect(controls.state.image.topics.topicByName('fresh')).toBeDefined();
  });

  test('refuses who may not create it', () => {
    const controls = new TestControls().start(1);
    const context = { ...CONTEXT, mayCreateTopic: (name: string) => name !== 'secret' };
    const [answer] = createTopics(controls, topicsRequest([{ name: 'secret' }]), context).response.topics;
    expect(answer).toMatchObject({
      errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      errorMessage: 'Authorization failed.',
    });
  });

  test('refuses more than 10,000 partitions in one request', () => {
    const controls = new TestControls().start(1);
    const request = topicsRequest([
      { name: 'a', numPartitions: 9_999 },
      { name: 'b', numPartitions: 2 },
    ]);
    expect(() => createTopics(controls, request, CONTEXT)).toThrow(
      'Excessively large number of partitions per request.',
    );
    expect(() => createTopics(controls, request, CONTEXT)).toThrow(ApiException);
  });

  test('refuses a name that differs from another in . and _ alone', () => {
    const controls = new TestControls().start(1);
    controls.topic('a.b', [1]);
    expect(create(controls, { name: 'a_b' })).toEqual([
      ErrorCode.INVALID_TOPIC_EXCEPTION,
      "Topic 'a_b' collides with existing topic: a.b",
    ]);
    controls.commit(deleteTopics(controls, { topics: [], topicNames: ['a.b'], timeoutMs: 0 }, CONTEXT));
    expect(create(controls, { name: 'a_b' })).toEqual([0, null]);
  });

  test.each([
    ['', 'Topic name is invalid: the empty string is not allowed'],
    ['.', "Topic name is invalid: '.' is not allowed"],
    ['..', "Topic name is invalid: '..' is not allowed"],
    [
      'a/b',
      "Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [
      'é',
      "Topic name is invalid: 'é' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [
      'x'.repeat(250),
      `Topic name is invalid: the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`,
    ],
  ])('refuses the name %p', (name, message) => {
    expect(create(new TestControls().start(1), { name })).toEqual([ErrorCode.INVALID_TOPIC_EXCEPTION, message]);
  });

  test.each<[string, TopicSpec, number, string]>([
    [
      'replication factor 0',
      { replicationFactor: 0 },
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      'no partitions',
      { numPartitions: 0 },
      ErrorCode.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      'more replicas than brokers',
      { replicationFactor: 3 },
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.',
    ],
    [
      'an unknown config',
      { configs: [{ name: 'nope', value: '1' }] },
      ErrorCode.INVALID_CONFIG,
      'Unknown topic config name: nope',
    ],
    [
      'a bad config value',
      { configs: [{ name: 'retention.ms', value: 'soon' }] },
      ErrorCode.INVALID_CONFIG,
      'Invalid value soon for configuration retention.ms: Not a number of type LONG',
    ],
    [
      'null config values',
      {
        configs: [
          { name: 'retention.ms', value: null },
          { name: 'cleanup.policy', value: null },
        ],
      },
      ErrorCode.INVALID_CONFIG,
      'Null value not supported for topic configs: retention.ms,cleanup.policy',
    ],
    [
      'a manual assignment with a factor',
      { replicationFactor: 1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    ],
    [
      'a manual assignment with a count',
      { numPartitions: 1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ],
    [
      'a partition assigned twice',
      {
        assignments: [
          { partitionIndex: 0, brokerIds: [1] },
          { partitionIndex: 0, brokerIds: [1] },
        ],
      },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'Found multiple manual partition assignments for partition 0',
    ],
    [
      'a gap in the assignment',
      { assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'partitions should be a consecutive 0-based integer sequence',
    ],
    [
      'an empty replica list',
      { assignments: [{ partitionIndex: 0, brokerIds: [] }] },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes an empty replica list.',
    ],
    [
      'an unknown broker',
      { assignments: [{ partitionIndex: 0, brokerIds: [9] }] },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes broker 9, but no such broker is registered.',
    ],
    [
      'a broker twice',
      { assignments: [{ partitionIndex: 0, brokerIds: [1, 1] }] },
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes the broker 1 more than once.',
    ],
  ])('refuses %s', (_, spec, code, message) => {
    expect(create(new TestControls().start(1), spec)).toEqual([code, message]);
  });

  test('refuses assignments of unequal length', () => {
    const assignments = [
      { partitionIndex: 0, brokerIds: [1] },
      { partitionIndex: 1, brokerIds: [1, 2] },
    ];
    expect(create(new TestControls().start(1, 2), { assignments })).toEqual([
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).',
    ]);
  });

  test('refuses partitions that nobody could lead', () => {
    const controls = new TestControls();
    controls.register(1);
    expect(create(controls, {})).toEqual([
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Unable to replicate the partition 1 time(s): All brokers are currently fenced.',
    ]);
    expect(create(controls, { assignments: [{ partitionIndex: 0, brokerIds: [1] }] })).toEqual([
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled shutdown.',
    ]);
  });

  test('places nothing on a broker whose directories are all cordoned', () => {
    const controls = new TestControls().start(1, 2);
    controls.beat(1, { cordonedLogDirs: [directoryOfBroker(1)] });
    expect(create(controls, { numPartitions: 4, replicationFactor: 1 })).toEqual([0, null]);
    expect([0, 1, 2, 3].map((id) => controls.partition('orders', id).replicas)).toEqual([[2], [2], [2], [2]]);
  });

  test('over the mutation quota is refused, topic by topic', () => {
    const controls = new TestControls().start(1);
    let left = 1;
    const context = { ...CONTEXT, takePartitionQuota: (partitions: number) => (left -= partitions) >= 0 };
    const request = topicsRequest([{ name: 'a' }, { name: 'b' }]);
    expect(createTopics(controls, request, context).response.topics.map(({ errorCode }) => errorCode)).toEqual([
      0,
      ErrorCode.THROTTLING_QUOTA_EXCEEDED,
    ]);
  });
});

describe('CreatePartitions', () => {
  const grow = (
    controls: TestControls,
    count: number,
    assignments: readonly number[][] | null = null,
    name = 'orders',
  ) => {
    const topic = { name, count, assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null };
    const response = controls.commit(
      createPartitions(controls, { topics: [topic], timeoutMs: 0, validateOnly: false }, CONTEXT),
    );
    return [response.results[0]?.errorCode, response.results[0]?.errorMessage];
  };

  test('adds partitions up to the new total, with the factor of the old ones', () => {
    const controls = new TestControls().start(1, 2, 3);
    controls.topic('orders', [1, 2]);
    expect(grow(controls, 5)).toEqual([0, null]);
    expect(controls.state.image.topics.topicByName('orders')?.partitionCount).toBe(5);
    expect(controls.partition('orders', 4).replicas).toHaveLength(2);
    expect(controls.partition('orders', 0)).toMatchObject({ replicas: [1, 2], partitionEpoch: 0 });
  });

  test('takes assignments by hand', () => {
    const controls = new TestControls().start(1, 2);
    controls.topic('orders', [1]);
    expect(grow(controls, 3, [[2], [1]])).toEqual([0, null]);
    expect([controls.partition('orders', 1).leader, controls.partition('orders', 2).leader]).toEqual([2, 1]);
  });

  test.each<[string, number, number[][] | null, number, string | null]>([
    ['the same total', 2, null, ErrorCode.INVALID_PARTITIONS, 'Topic already has 2 partition(s).'],
    [
      'a smaller total',
      1,
      null,
      ErrorCode.INVALID_PARTITIONS,
      'The topic orders currently has 2 partition(s); 1 would not be an increase.',
    ],
    [
      'too few assignments',
      4,
      [[1]],
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ],
    [
      'another factor',
      3,
      [[1, 2]],
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).',
    ],
    [
      'a hundred million partitions',
      100_000_000,
      null,
      ErrorCode.POLICY_VIOLATION,
      'Unable to perform excessively large batch operation.',
    ],
  ])('refuses %s', (_, count, assignments, code, message) => {
    const controls = new TestControls().start(1, 2);
    controls.topic('orders', [1], [2]);
    expect(grow(controls, count, assignments)).toEqual([code, message]);
  });

  test('refuses a topic that does not exist', () => {
    expect(grow(new TestControls().start(1), 2, null, 'nope')).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null]);
  });
});

describe('DeleteTopics', () => {
  test('removes a topic by name or id, with its configs', () => {
    const controls = new TestControls().start(1);
    const id = controls.topic('by-id', [1]);
    controls.topic('by-name', [1]);
    const request = { topics: [{ name: null, topicId: id }], topicNames: ['by-name'], timeoutMs: 0 };
    const result = deleteTopics(controls, request, CONTEXT);
    expect(result.response.responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['by-id', 0],
      ['by-name', 0],
    ]);
    controls.commit(result);
    expect(controls.state.image.topics.size).toBe(0);
    expect([...controls.state.image.configs.all()]).toEqual([]);
  });

  test('says of each name and id why it was not deleted', () => {
    const controls = new TestControls().start(1);
    const id = controls.topic('orders', [1]);
    const unknown = 'dW5rbm93bi10b3BpYy1pZA';
    const topics = [
      { name: null, topicId: ZERO_UUID },
      { name: 'orders', topicId: id },
      { name: null, topicId: unknown },
      { name: 'nope', topicId: ZERO_UUID },
      { name: 'twice', topicId: ZERO_UUID },
      { name: 'twice', topicId: ZERO_UUID },
      { name: null, topicId: id },
      { name: 'orders', topicId: ZERO_UUID },
    ];
    const result = deleteTopics(controls, { topics, topicNames: [], timeoutMs: 0 }, CONTEXT);
    expect(result.records).toEqual([]);
    const answers = result.response.responses.map(({ name, topicId, errorCode, errorMessage }) => [
      name,
      topicId,
      errorCode,
      errorMessage,
    ]);
    expect(answers).toEqual([
      [null, ZERO_UUID, ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.'],
      ['orders', id, ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.'],
      [null, unknown, ErrorCode.UNKNOWN_TOPIC_ID, null],
      ['nope', ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null],
      ['twice', ZERO_UUID, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.'],
      ['orders', id, ErrorCode.INVALID_REQUEST, 'The provided topic name maps to an ID that was already supplied.'],
    ]);
  });

  test('does nothing where deletion is disabled', () => {
    const controls = new TestControls({ deleteTopicEnable: false }).start(1);
    const request = { topics: [], topicNames: ['orders'], timeoutMs: 0 };
    const refusal = (apiVersion: number) => refusalOf(() => deleteTopics(controls, request, { apiVersion }));
    expect(refusal(6)).toEqual({ code: ErrorCode.TOPIC_DELETION_DISABLED, message: null });
    expect(refusal(2)).toEqual({ code: ErrorCode.INVALID_REQUEST, message: 'Topic deletion is disabled.' });
  });
});

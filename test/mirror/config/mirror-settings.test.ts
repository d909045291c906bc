import { mirrorSettings } from '../../../mirror/config/mirror-settings';
import type { FlowSettings } from '../../../mirror/flow/settings';

const BASE = {
  clusters: 'A, B',
  'A.bootstrap.servers': 'a1:9092, a2:9093',
  'B.bootstrap.servers': 'b1:9092',
  'A->B.enabled': 'true',
};

function read(more: Readonly<Record<string, string>>, targets: readonly string[] = []) {
  return mirrorSettings(new Map(Object.entries({ ...BASE, ...more })), { targets });
}

function settingsOf(more: Readonly<Record<string, string>>, targets: readonly string[] = []) {
  const config = read(more, targets);
  if (!config.ok) throw new Error(config.problems.join('\n'));
  return config.settings;
}

function flowOf(more: Readonly<Record<string, string>>): FlowSettings {
  return settingsOf(more).flows.find(({ source, target }) => source.alias === 'A' && target.alias === 'B')!;
}

function problemsOf(more: Readonly<Record<string, string>>, targets: readonly string[] = []): readonly string[] {
  const config = read(more, targets);
  return config.ok ? [] : config.problems;
}

describe('the properties of a mirror', () => {
  test("have MirrorMaker's defaults", () => {
    const { policy, topics, groups, configProperties, source, target, ...rest } = flowOf({});
    expect(source).toEqual({
      alias: 'A',
      bootstrap: [
        { host: 'a1', port: 9092 },
        { host: 'a2', port: 9093 },
      ],
      clientId: 'moldau-mirror',
      requestTimeoutMs: 30_000,
    });
    expect(target.bootstrap).toEqual([{ host: 'b1', port: 9092 }]);
    expect(rest).toMatchObject({
      isEnabled: true,
      preservesOffsets: false,
      replicationFactor: 2,
      startsAt: 'earliest',
      refreshTopicsMs: 600_000,
      syncGroupOffsetsMs: null,
      emitCheckpointsMs: 60_000,
      emitHeartbeatsMs: 1000,
      offsetSyncsLocation: 'source',
      offsetLagMax: 100,
    });
    expect(policy.formatRemoteTopic('A', 'orders')).toBe('A.orders');
    expect([topics.accepts('orders'), topics.accepts('__x'), groups.accepts('connect-x')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([configProperties.accepts('retention.ms'), configProperties.accepts('min.insync.replicas')]).toEqual([
      true,
      false,
    ]);
  });

  test('count more the nearer they are to the flow', () => {
    const flow = flowOf({
      topics: 'x',
      'A->B.topics': 'y',
      'B->A.topics': 'z',
      'refresh.topics.interval.seconds': '5',
    });
    expect(['x', 'y', 'z'].filter((name) => flow.topics.accepts(name))).toEqual(['y']);
    expect(flow.refreshTopicsMs).toBe(5000);
  });

  test('give the connection to a cluster its settings', () => {
    const flow = flowOf({
      'A.client.id': 'mine',
      'A.consumer.request.timeout.ms': '5000',
      'A.consumer.auto.offset.reset': 'latest',
    });
    expect(flow.source).toMatchObject({ clientId: 'mine', requestTimeoutMs: 5000 });
    expect(flow.startsAt).toBe('latest');
    expect(flowOf({ 'A->B.consumer.auto.offset.reset': 'latest' }).startsAt).toBe('latest');
    expect(flowOf({ 'B.consumer.auto.offset.reset': 'latest' }).startsAt).toBe('earliest');
  });

  test('turn off what is not enabled or has a negative interval', () => {
    expect(flowOf({ 'emit.checkpoints.enabled': 'false' }).emitCheckpointsMs).toBeNull();
    expect(flowOf({ 'A->B.emit.checkpoints.interval.seconds': '-1' }).emitCheckpointsMs).toBeNull();
  });

  test('make a flow back that only sends heartbeats, unless they are off or another target is asked for', () => {
    const kinds = (flows: readonly FlowSettings[]) =>
      flows.map(({ source, target, isEnabled }) => [source.alias, target.alias, isEnabled]);
    expect(kinds(settingsOf({}).flows)).toEqual([
      ['A', 'B', true],
      ['B', 'A', false],
    ]);
    expect(kinds(settingsOf({ 'emit.heartbeats.enabled': 'false' }).flows)).toEqual([['A', 'B', true]]);
    expect(kinds(settingsOf({}, ['B']).flows)).toEqual([['A', 'B', true]]);
  });

  test('tell aliases with dots and aliases that begin alike apart', () => {
    const texts = {
      clusters: 'us,us.east',
      'us.bootstrap.servers': 'a:1',
      'us.east.bootstrap.servers': 'b:2',
      'us->us.east.enabled': 'true',
      'us->us.east.topics': 'x',
    };
    const config = mirrorSettings(new Map(Object.entries(texts)));
    const flow = config.ok ? config.settings.flows[0] : undefined;
    expect([flow?.source.bootstrap, flow?.target.bootstrap, flow?.topics.accepts('y')]).toEqual([
      [{ host: 'a', port: 1 }],
      [{ host: 'b', port: 2 }],
      false,
    ]);
    expect(config.warnings).toEqual([]);
  });
});

describe('what is wrong', () => {
  const cases: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
    [
      'a value',
      { 'A->B.replication.factor': 'two' },
      /^Invalid value two for configuration A->B\.replication\.factor: it must be a whole number.*\.$/,
    ],
    ['an interval of 0', { 'emit.checkpoints.interval.seconds': '0' }, /it must be a whole number, above 0/],
    ['no servers', { clusters: 'A,B,C' }, /^Missing required configuration C\.bootstrap\.servers/],
    [
      'an address',
      { 'B.bootstrap.servers': 'b1' },
      /^Invalid value b1 for configuration B\.bootstrap\.servers: it must be host:port/,
    ],
    ['one cluster', { clusters: 'A' }, /a flow takes two clusters/],
    ['an alias', { clusters: 'A,B!', 'B!.bootstrap.servers': 'b:1' }, /aliases become part of topic names/],
    ['no flow', { 'A->B.enabled': 'false' }, /^No flow is enabled: say A->B\.enabled=true/],
    [
      'a protocol',
      { 'A.security.protocol': 'SASL_SSL' },
      /^A\.security\.protocol=SASL_SSL is not served yet: the mirror connects by PLAINTEXT only\.$/,
    ],
    ['a pattern', { topics: 'a++' }, /^Invalid value in configuration topics: "a\+\+" has a possessive quantifier/],
    [
      'a policy',
      { 'replication.policy.class': 'com.acme.Policy' },
      /^Invalid value com\.acme\.Policy for configuration replication\.policy\.class/,
    ],
    ['a filter', { 'A->B.topic.filter.class': 'com.acme.Filter' }, /cannot run classes of Java/],
    ['transforms', { transforms: 'route' }, /^transforms is not served: the mirror copies records as they are/],
  ];

  test.each(cases)('is told: %s', (_what, texts, sentence) => {
    expect(problemsOf(texts)).toEqual([expect.stringMatching(sentence)]);
  });

  test('is told: a target that is no cluster', () => {
    expect(problemsOf({}, ['C'])).toEqual(['--clusters names C, and clusters has A, B only.']);
    expect(problemsOf({}, ['A'])).toEqual(['No flow to A is enabled: say A->B.enabled=true for each that you want.']);
  });
});

describe('what has no effect', () => {
  test('is named once, with the reason where somebody may rely on it', () => {
    const { warnings } = read({
      'tasks.max': '8',
      'A->B.tasks.max': '4',
      'B.producer.compression.type': 'zstd',
      'A.consumer.fetch.min.bytes': '1',
      'B.consumer.fetch.min.bytes': '1',
      'offset.flush.interval.ms': '1000',
    });
    expect(warnings).toEqual([
      'tasks.max has no effect: a process copies all its partitions at once; start several processes to share them.',
      'compression.type has no effect: batches stay compressed as they were.',
      "Known to Kafka, and without effect in Moldau's mirror: fetch.min.bytes, offset.flush.interval.ms.",
    ]);
  });

  test('is named when nobody knows it, with the key that was meant', () => {
    expect(read({ 'A->B.topic': 'x', 'A->C.topics': 'y', 'request.timeout.ms': '1' }).warnings).toEqual([
      'A->B.topic is not a key that the mirror knows, and has no effect. Did you mean topics?',
      'A->C.topics has no effect: clusters does not name C.',
      'request.timeout.ms has no effect: put the alias of a cluster in front, like A.request.timeout.ms.',
    ]);
  });
});

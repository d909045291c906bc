import { describeBrokerConfigs, describeClusterDefaults } from '../../../src/config/describe-broker';
import { describeTopicConfigs, effectiveTopicConfigs } from '../../../log/topic-config-describe';
import { describeGroupConfigs } from '../../../src/config/group-config';
import { brokerWith } from './support';

const ALL = { includeSynonyms: true, includeDocumentation: true };

describe('DescribeConfigs of a topic', () => {
  const described = (name: string, overrides: Record<string, string> = {}, broker = brokerWith()) =>
    describeTopicConfigs(broker, new Map(Object.entries(overrides)), [name], ALL)[0];

  test('says that a default is one, with its broker synonym', () => {
    expect(described('compression.type')).toEqual({
      name: 'compression.type',
      value: 'producer',
      readOnly: false,
      configSource: 5,
      isSensitive: false,
      synonyms: [{ name: 'compression.type', value: 'producer', source: 5 }],
      configType: 2,
      documentation: null,
    });
  });

  test('prints the largest long with every digit', () => {
    expect(described('flush.messages')).toMatchObject({
      value: '9223372036854775807',
      synonyms: [{ name: 'log.flush.interval.messages', value: '9223372036854775807', source: 5 }],
    });
  });

  test('shows no synonym where the strongest broker key is unset, as Kafka', () => {
    expect(described('retention.ms')).toMatchObject({ value: '604800000', configSource: 5, synonyms: [] });
    expect(described('flush.ms')).toMatchObject({ value: '9223372036854775807', synonyms: [] });
  });

  test('orders override, dynamic value of the broker, of the cluster, static value, default', () => {
    const { config } = brokerWith('log.segment.bytes=2000000').withDynamic(
      new Map([['log.segment.bytes', '3000000']]),
      new Map([['log.segment.bytes', '4000000']]),
    );
    expect(described('segment.bytes', { 'segment.bytes': '5000000' }, config)).toMatchObject({
      value: '5000000',
      configSource: 1,
      synonyms: [
        { name: 'segment.bytes', value: '5000000', source: 1 },
        { name: 'log.segment.bytes', value: '4000000', source: 2 },
        { name: 'log.segment.bytes', value: '3000000', source: 3 },
        { name: 'log.segment.bytes', value: '2000000', source: 4 },
        { name: 'log.segment.bytes', value: '1073741824', source: 5 },
      ],
    });
    expect(described('segment.bytes', {}, config)).toMatchObject({ value: '4000000', configSource: 2 });
  });

  test('lists every config in order of its name, and internal ones only when set', () => {
    const names = (overrides: [string, string][]) =>
      describeTopicConfigs(brokerWith(), new Map(overrides), [], {}).map(({ name }) => name);
    expect(names([])).toHaveLength(33);
    expect(names([])).toEqual(names([]).toSorted());
    expect(names([['internal.segment.bytes', '100']])).toContain('internal.segment.bytes');
  });

  test('leaves out names that nobody knows', () => {
    expect(
      describeTopicConfigs(brokerWith(), new Map(), ['no.such', 'segment.ms'], {}).map(({ name }) => name),
    ).toEqual(['segment.ms']);
  });
});

describe('the configs that CreateTopics returns', () => {
  test('count hours as the source of milliseconds', () => {
    const configs = effectiveTopicConfigs(brokerWith('log.retention.hours=2'), new Map([['segment.ms', '5']]));
    const of = (name: string) => configs.find((config) => config.name === name);
    expect(of('retention.ms')).toMatchObject({ value: '7200000', configSource: 4 });
    expect(of('segment.ms')).toMatchObject({ value: '5', configSource: 1 });
    expect(of('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5, configType: 7 });
  });
});

describe('DescribeConfigs of a broker', () => {
  const described = (name: string, ...flags: string[]) => describeBrokerConfigs(brokerWith(...flags), [name], ALL)[0];

  test('knows what a running broker takes over, and what needs a restart', () => {
    expect(described('log.retention.ms')).toMatchObject({ readOnly: false, value: null, synonyms: [], configType: 5 });
    expect(described('log.retention.hours')).toMatchObject({ readOnly: true, value: '168', configSource: 5 });
    expect(described('listeners')).toMatchObject({ readOnly: false });
    expect(described('node.id')).toMatchObject({ readOnly: true, value: '1', configSource: 4 });
  });

  test('keeps secrets to itself, and what nobody knows might be one', () => {
    expect(described('ssl.key.password', 'ssl.key.password=pw')).toMatchObject({
      isSensitive: true,
      value: null,
      synonyms: [{ name: 'ssl.key.password', value: null, source: 4 }],
      configType: 9,
    });
    expect(described('my.plugin.secret', 'my.plugin.secret=pw')).toMatchObject({
      isSensitive: true,
      value: null,
      configType: 0,
    });
  });

  test("shows the plain key behind a listener's, and calls the prefixed one read-only", () => {
    const name = 'listener.name.plaintext.max.connections';
    expect(described(name, `${name}=5`, 'max.connections=9')).toMatchObject({
      value: '5',
      readOnly: true,
      synonyms: [
        { name, value: '5', source: 4 },
        { name: 'max.connections', value: '9', source: 4 },
        { name: 'max.connections', value: '2147483647', source: 5 },
      ],
    });
  });

  test('documents the keys that are our own', () => {
    expect(described('log.flush.before.ack')?.documentation).toContain('flushed to the disk');
  });

  test('returns all keys but internal ones', () => {
    const names = describeBrokerConfigs(brokerWith(), null, {}).map(({ name }) => name);
    expect(names).toContain('log.cleaner.io.max.bytes.per.second');
    expect(names).not.toContain('unstable.api.versions.enable');
  });

  test("returns for the cluster's default only what is set there", () => {
    const { config } = brokerWith('num.io.threads=9').withDynamic(new Map([['log.retention.ms', '5']]), new Map());
    expect(describeClusterDefaults(config, null, ALL)).toMatchObject([
      { name: 'log.retention.ms', value: '5', configSource: 3, readOnly: false },
    ]);
  });
});

describe('DescribeConfigs of a group', () => {
  test("takes the group's value over the broker's over the default", () => {
    const broker = brokerWith('group.consumer.session.timeout.ms=50000');
    const described = (overrides: [string, string][]) =>
      describeGroupConfigs(broker, new Map(overrides), ['consumer.session.timeout.ms'], ALL)[0];
    expect(described([])).toMatchObject({ value: '50000', configSource: 4 });
    expect(described([['consumer.session.timeout.ms', '46000']])).toMatchObject({ value: '46000', configSource: 8 });
    expect(described([['consumer.session.timeout.ms', '1']])).toMatchObject({ value: '45000', configSource: 8 });
  });

  test('knows all of them', () => {
    expect(describeGroupConfigs(brokerWith(), new Map(), null, {})).toHaveLength(17);
  });
});

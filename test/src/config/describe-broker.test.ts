import { CONFIG_SOURCE } from '../../../wire/base/config-describe';
import { describeBrokerConfigs, describeClusterDefaults } from '../../../src/config/describe-broker';
import { describeGroupConfigs } from '../../../src/config/group-config';
import { brokerWith } from './support';

const ALL = { includeSynonyms: true, includeDocumentation: true };

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

  test('shows the rate of a throttle once it is set, and never a default', () => {
    const name = 'leader.replication.throttled.rate';
    expect(describeBrokerConfigs(brokerWith(), null, ALL).map((one) => one.name)).not.toContain(name);
    const { config } = brokerWith().withDynamic(new Map(), new Map([[name, '5']]));
    expect(describeBrokerConfigs(config, null, ALL).find((one) => one.name === name)).toMatchObject({
      value: '5',
      synonyms: [{ name, value: '5', source: CONFIG_SOURCE.dynamicBroker }],
    });
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

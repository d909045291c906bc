import { describeTopicConfigs, effectiveTopicConfigs } from '../../log/topic-config-describe';
import { brokerWith } from '../src/config/support';

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

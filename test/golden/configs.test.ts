/** What Apache Kafka's own broker says about configs (record-configs.ts), and what we say in the same situation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { effectiveTopicConfigs, describeTopicConfigs } from '../../log/topic-config-describe';
import type { BrokerConfig } from '../../src/config/broker-config';
import { buildBrokerConfig } from '../../src/config/build-config';
import { describeBrokerConfigs, describeClusterDefaults } from '../../src/config/describe-broker';
import { describeGroupConfigs } from '../../src/config/group-config';
import { withNodeDefaults } from '../../src/config/layers';
import { singleBrokerProperties } from '../support/kafka-peer';
import { ALTERED, CREATED, STATIC } from './config-scenario';

type RecordedConfig = Readonly<Record<'name' | 'value' | 'readOnly' | 'configSource' | 'isSensitive', unknown>> & {
  readonly name: string;
};
interface Recorded {
  readonly created: readonly { readonly name: string; readonly configs: readonly RecordedConfig[] }[];
  readonly described: readonly { readonly resourceName: string; readonly configs: readonly RecordedConfig[] }[];
}

const recorded = JSON.parse(readFileSync(join(__dirname, 'describe-configs.json'), 'utf8')) as Recorded;
const OPTIONS = { includeSynonyms: true };

/** Where the recording differs from run to run, addresses and directories; and the keys that are our own. */
const NOT_COMPARED = new Set([
  'log.flush.before.ack', 'log.record.validation', 'broker.fast.heartbeat.interval.ms', 'broker.fast.session.timeout.ms',
  'metrics.listener', 'metrics.max.series', 'auto.rebalance.delay.ms', 'auto.rebalance.enable', 'auto.rebalance.throttled.rate',
  'listeners', 'advertised.listeners', 'controller.quorum.voters', 'log.dirs']);

function broker(): BrokerConfig {
  const built = buildBrokerConfig(withNodeDefaults([{ origin: 'scenario', texts: new Map(Object.entries({ ...singleBrokerProperties, ...STATIC })) }]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  const valuesOf = (at: number) => new Map((ALTERED[at]?.configs ?? []).map(({ name, value }) => [name, value]));
  // With eligible leader replicas Kafka's controller pins this one for the cluster (KIP-966).
  const ofCluster = new Map([...valuesOf(0), ['min.insync.replicas', '1']]);
  return built.config.withDynamic(ofCluster, valuesOf(1)).config;
}

const topic = (at: number) => new Map((CREATED[at]?.configs ?? []).map(({ name, value }) => [name, value]));
const theirs = (at: number) => byName(recorded.described[at]?.configs ?? []);

function byName<T extends { readonly name: string }>(configs: readonly T[]): Record<string, Omit<T, 'documentation'>> {
  const rows = configs.filter(({ name }) => !NOT_COMPARED.has(name)).map((config) => [config.name, { ...config, documentation: undefined }]);
  return Object.fromEntries(rows) as Record<string, Omit<T, 'documentation'>>;
}

describe("DescribeConfigs says what Kafka's broker says", () => {
  test.each([0, 1])('of a topic', (at) => {
    expect(byName(describeTopicConfigs(broker(), topic(1 - at), null, OPTIONS))).toEqual(theirs(at));
  });
  test('of a broker', () => {
    expect(byName(describeBrokerConfigs(broker(), null, OPTIONS))).toEqual(theirs(2));
  });
  test("of the cluster's default", () => {
    expect(byName(describeClusterDefaults(broker(), null, OPTIONS))).toEqual(theirs(3));
  });
  test('of a group', () => {
    const values = new Map([['consumer.session.timeout.ms', '46000']]);
    expect(byName(describeGroupConfigs(broker(), values, null, OPTIONS))).toEqual(theirs(4));
  });
});

describe("CreateTopics returns the configs that Kafka's controller returns", () => {
  test.each([0, 1])('of a new topic', (at) => {
    const built = buildBrokerConfig(withNodeDefaults([{ origin: 'scenario', texts: new Map(Object.entries(STATIC)) }]));
    if (!built.ok) throw new Error(built.problems.join('\n'));
    const pinned = built.config.withDynamic(new Map([['min.insync.replicas', '1']]), new Map()).config;
    const returned = ['name', 'value', 'readOnly', 'configSource', 'isSensitive'] as const;
    const ours = effectiveTopicConfigs(pinned, topic(at)).map((config) => returned.map((field) => config[field]));
    const theirs = (recorded.created[at]?.configs ?? []).map((config) => returned.map((field) => config[field]));
    expect(ours).toEqual(theirs);
  });
});

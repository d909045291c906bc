/**
 * Every codec, written by each of three clients and read by each of three: kafkajs, kcat (librdkafka) and Java, all as
 * child processes. Then a group of three reads it while one member dies and another comes. Against one broker, and against
 * a cluster of three whose topics have three replicas, which are compared in the end.
 *
 * MOLDAU_MATRIX_RECORDS sets how many records each codec gets (20,000, in the cluster 5,000), MOLDAU_COMPAT_TARGET=kafka
 * runs it all against Apache Kafka.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { handlers } from '../../src/handlers/index';
import type { ClusterProcess } from '../support/cluster-process';
import { startKafkaCluster } from '../support/kafka-cluster';
import { type BrokerProcess, startKafkaPeer } from '../support/kafka-peer';
import { startMoldauCluster } from '../support/moldau-cluster';
import { startMoldau } from '../support/moldau-process';
import { needs } from '../support/needs';
import { checkReplicas, directoryAt } from '../support/replica-check';
import type { RecordLine } from './matrix/client-lines';
import { Client, type ClientName, clientNames } from './matrix/clients';
import { runGroup } from './matrix/group-run';
import { type ExpectedRecord, writePlan } from './matrix/plan';
import { outOfOrder, ReadingCheck } from './matrix/reading-check';

const RECORDS = process.env['MOLDAU_MATRIX_RECORDS'];
const PARTITIONS = 12;
const TOPIC_PREFIX = 'matrix-';
const isAgainstItself = process.env['MOLDAU_COMPAT_TARGET'] === 'kafka';

interface Target {
  readonly name: string;
  readonly records: number;
  readonly replicas: number;
  readonly start: (options: { readonly properties: Readonly<Record<string, string>> }) => Promise<BrokerProcess | ClusterProcess>;
}

const targets: readonly Target[] = [
  { name: 'one broker', records: Number(RECORDS ?? 20_000), replicas: 1, start: isAgainstItself ? startKafkaPeer : startMoldau },
  { name: 'a cluster of three', records: Number(RECORDS ?? 5_000), replicas: 3, start: isAgainstItself ? startKafkaCluster : startMoldauCluster },
];
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
/**
 * With the consumer protocol the broker decides when a silent member is dead; by default after 45 s. With the classic one
 * it waits for all three members before the first has read everything.
 */
const groupProperties = {
  'group.initial.rebalance.delay.ms': '1500',
  'group.consumer.min.session.timeout.ms': '6000',
  'group.consumer.session.timeout.ms': '6000',
  'group.consumer.min.heartbeat.interval.ms': '500',
  'group.consumer.heartbeat.interval.ms': '500',
};
/** Some ten milliseconds a record and client leave room for a slow machine. */
const timeoutMs = (records: number): number => 120_000 + records * 10;

for (const target of targets) needs('kcat', 'kafka')(`codecs across clients, with ${target.name}`, () => codecsAcrossClients(target));

function codecsAcrossClients({ records, replicas, start }: Target): void {
  let broker: BrokerProcess | ClusterProcess;
  let dir: string;
  const written = new Map<string, Map<string, ExpectedRecord>>();

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'codec-matrix-'));
    broker = await start({ properties: groupProperties });
    await withAdmin(broker, (admin) =>
      admin.createTopics({ topics: codecs.map((codec) => ({ topic: topicOf(codec), numPartitions: PARTITIONS, replicationFactor: replicas })) }),
    );
  });

  afterAll(async () => {
    await broker.dispose();
    rmSync(dir, { recursive: true });
  });

  test.each(codecs)(
    '%s: what kafkajs, kcat and Java write each of them reads',
    async (codec) => {
      const target = { bootstrap: broker.bootstrap, topic: topicOf(codec), codec };
      const expected = new Map<string, ExpectedRecord>();
      const producers = clientNames.map((client, index) => {
        const file = join(dir, `${codec}-${client}.jsonl`);
        const share = Math.floor((records + index) / clientNames.length);
        for (const [id, record] of writePlan(file, client, share, 1000 * index + codecs.indexOf(codec)))
          expected.set(id, record);
        return new Client(`${client} producer`, client, { ...target, role: 'produce', file }, () => undefined);
      });
      await Promise.all(producers.map((producer) => producer.finished()));
      written.set(codec, expected);

      const readings = await Promise.all(
        clientNames.map(async (client) => {
          const check = new ReadingCheck(expected);
          const lines: RecordLine[] = [];
          const options = { ...target, role: 'consume', group: `read-${codec}`, expected: expected.size } as const;
          const reader = new Client(client, client, options, (line) => {
            if (!('id' in line)) return;
            check.record(client, line);
            lines.push(line);
          });
          await reader.finished();
          return [
            client,
            {
              problems: check.problems,
              duplicates: check.duplicates,
              missing: check.missing,
              disorder: outOfOrder(lines),
            },
          ];
        }),
      );
      const allWell = { problems: [], duplicates: 0, missing: [], disorder: [] };
      expect(Object.fromEntries(readings)).toEqual(Object.fromEntries(clientNames.map((client) => [client, allWell])));
    },
    timeoutMs(records),
  );

  const groups: readonly (readonly [ClientName, 'classic' | 'consumer', (typeof codecs)[number]])[] = [
    ['kafkajs', 'classic', 'zstd'],
    ['kcat', 'classic', 'lz4'],
    ['java', 'classic', 'snappy'],
    ['java', 'consumer', 'gzip'],
  ];

  // Against Moldau the consumer protocol is tested once it is served.
  const isServed = isAgainstItself || !('notServed' in handlers.ConsumerGroupHeartbeat);
  test.each(groups.filter(([, groupProtocol]) => groupProtocol === 'classic' || isServed))(
    'a group of three %s members (%s protocol, %s) loses nothing when one is killed and another comes',
    async (client, groupProtocol, codec) => {
      const topic = topicOf(codec);
      const expected = written.get(codec);
      if (expected === undefined) throw new Error(`nothing was written with ${codec}`);
      const offsets = await withAdmin(broker, (admin) => admin.fetchTopicOffsets(topic));
      const ends = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
      const outcome = await runGroup({
        client,
        bootstrap: broker.bootstrap,
        topic,
        group: `${client}-${groupProtocol}`,
        groupProtocol,
        expected,
        ends,
      });
      if (process.env['MOLDAU_COMPAT_SHOW'] === '1') process.stderr.write(`${client}: ${JSON.stringify(outcome)}\n`);
      expect(outcome.problems).toEqual([]);
      expect(outcome.seenAtKill).toBeLessThan(expected.size);
    },
    timeoutMs(records) + 180_000,
  );

  if (replicas > 1) test('every replica of a partition is the same in the end', () => expectSameReplicas(broker));
}

async function expectSameReplicas(broker: BrokerProcess | ClusterProcess): Promise<void> {
  await broker.stop();
  const nodes = 'nodes' in broker ? broker.nodes : [];
  const checked = checkReplicas(nodes.map(({ logDir }) => directoryAt(logDir))).filter(({ topic }) => topic.startsWith(TOPIC_PREFIX));
  expect(checked.filter(({ replicas, upTo }) => replicas.length === nodes.length && upTo > 0)).toHaveLength(codecs.length * PARTITIONS);
  expect(checked.flatMap(({ differences }) => differences)).toEqual([]);
}

function topicOf(codec: string): string {
  return `${TOPIC_PREFIX}${codec}`;
}

async function withAdmin<T>(broker: BrokerProcess, use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = new Kafka({ clientId: 'codec-matrix', brokers: broker.bootstrap.split(','), logLevel: logLevel.ERROR }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

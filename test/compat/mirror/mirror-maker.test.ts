/**
 * Apache Kafka's own MirrorMaker 2 from Moldau to Moldau, and then our mirror in its place: nothing is copied twice, and
 * groups, syncs and checkpoints go on. What ours wrote, MirrorMaker's client and formatters read.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mirrorSettings } from '../../../mirror/config/mirror-settings';
import { type Mirror, startMirror } from '../../../mirror/mirror';
import { readMm2Positions } from '../../../mirror/sharing/mm2-positions';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { ClusterClient } from '../../../wire/cluster-client';
import { alterGroupOffsets, committedOffsets } from '../../../wire/group-admin';
import { encodeBatch } from '../../../wire/record/records';
import { silentLogger } from '../../../src/observe/silent-logger';
import { addressOf } from '../../mirror/support/mirror-settings';
import { contents, CopyBench } from '../../mirror/support/copy-bench';
import { compileJava, jvmFlags } from '../../support/java';
import { KafkaTools, type RunningTool } from '../../support/kafka-tools';
import { startMoldau, type MoldauProcess } from '../../support/moldau-process';
import { needs } from '../../support/needs';
import * as patiently from '../../support/until';

const ONES = [
  'replication',
  'offset-syncs.topic.replication',
  'checkpoints.topic.replication',
  'heartbeats.topic.replication',
];
const STORAGE = ['offset.storage.replication', 'config.storage.replication', 'status.storage.replication'];
const WAIT_MS = 60_000;

needs('kafka')('MirrorMaker 2 between Moldau clusters', () => {
  const env = createNodeBaseEnv({ logger: silentLogger });
  const dir = mkdtempSync(join(tmpdir(), 'mirror-maker-'));
  let brokers: readonly MoldauProcess[];
  let a: ClusterClient;
  let b: ClusterClient;
  let tools: KafkaTools;
  let mirrorMaker: RunningTool;
  let mirror: Mirror | null = null;
  let properties: Record<string, string>;

  beforeAll(async () => {
    tools = new KafkaTools(512);
    brokers = await Promise.all([startMoldau(), startMoldau()]);
    [a, b] = brokers.map((broker) => new ClusterClient(env, { bootstrap: [addressOf(broker)], clientId: 'test' })) as [
      ClusterClient,
      ClusterClient,
    ];
    properties = {
      clusters: 'A, B',
      'A.bootstrap.servers': brokers[0]!.bootstrap,
      'B.bootstrap.servers': brokers[1]!.bootstrap,
      'A->B.enabled': 'true',
      'emit.checkpoints.interval.seconds': '1',
      'sync.group.offsets.enabled': 'true',
      'sync.group.offsets.interval.seconds': '1',
      'refresh.topics.interval.seconds': '1',
      'refresh.groups.interval.seconds': '1',
      'sync.topic.configs.interval.seconds': '1',
      'sync.topic.acls.enabled': 'false',
      // Without the target's alias in front it does not reach the Connect workers, which store each minute then.
      'B.offset.flush.interval.ms': '500',
      ...Object.fromEntries([...ONES, ...STORAGE].map((what) => [`${what}.factor`, '1'])),
    };
    const file = join(dir, 'mm2.properties');
    writeFileSync(
      file,
      Object.entries(properties)
        .map(([key, value]) => `${key} = ${value}\n`)
        .join(''),
    );
    await a.createTopic('orders', 2, 1, { 'retention.ms': '123456789' });
    await produce(0, 300);
    mirrorMaker = tools.start('kafka-mirror-maker', [file]);
  }, 120_000);

  afterAll(async () => {
    await mirror?.stop();
    a.close();
    b.close();
    await tools.close();
    await Promise.all(brokers.map((broker) => broker.dispose()));
    rmSync(dir, { recursive: true, force: true });
  });

  async function produce(from: number, to: number): Promise<void> {
    for (let partition = 0; partition < 2; partition++) {
      const records = Array.from({ length: to - from }, (_, i) => ({
        key: Buffer.from(`k${i}`),
        value: Buffer.from(`v${from + i}`),
        timestampMs: 1_700_000_000_000 + from + i,
      }));
      await a.produce('orders', partition, encodeBatch({ records }, env.crc32c));
    }
  }

  /** With what MirrorMaker told when it does not come to it; what cannot be looked at yet is not there. */
  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    let failure = 'nothing failed';
    const look = (): Promise<boolean> =>
      holds().catch((error: unknown) => {
        failure = String(error);
        return false;
      });
    const instead = (): string => `${failure}; MirrorMaker says ${mirrorMaker.stderr}`;
    await patiently.until(what, look, { timeoutMs: WAIT_MS, everyMs: 100, instead });
  }

  const endOf = async (topic: string, partition: number): Promise<number> => b.listOffset(topic, partition, -1);
  const offsetOnB = async (group: string): Promise<number | undefined> =>
    (await committedOffsets(b, group)).find(({ topic, partition }) => topic === 'A.orders' && partition === 0)?.offset;
  const commit = (group: string, offset: number): Promise<void> =>
    alterGroupOffsets(a, group, [{ topic: 'orders', partition: 0, offset, metadata: '' }]);

  async function expectEqual(): Promise<void> {
    for (let partition = 0; partition < 2; partition++) {
      const copies = await CopyBench.records(b, 'A.orders', partition);
      expect(contents(copies)).toEqual(contents(await CopyBench.records(a, 'orders', partition)));
    }
  }

  test('copies records, topics with their configs, heartbeats, and offsets of groups', async () => {
    await until(
      'the records on B',
      async () => (await endOf('A.orders', 0)) === 300 && (await endOf('A.orders', 1)) === 300,
    );
    await expectEqual();
    await commit('readers', 300);
    await until('the group on B', async () => (await offsetOnB('readers')) !== undefined);
    expect(await offsetOnB('readers')).toBeGreaterThan(200);
    await until('the config on B', async () => {
      const request = {
        resources: [{ resourceType: 2, resourceName: 'A.orders', configurationKeys: ['retention.ms'] }],
      };
      return (await b.ask('any', 'DescribeConfigs', request)).results[0]!.configs[0]!.value === '123456789';
    });
    await until(
      'heartbeats of both ways',
      async () => (await endOf('heartbeats', 0)) > 0 && (await endOf('A.heartbeats', 0)) > 0,
    );
    expect(mirrorMaker.stderr).not.toMatch(/ ERROR /);
  }, 120_000);

  test('gives way to our mirror, which copies nothing twice and continues groups, syncs and checkpoints', async () => {
    await mirrorMaker.stop();
    await until('what MirrorMaker stored', async () => {
      const stored = await readMm2Positions(b, 'A');
      return stored.get('orders:0') === 300 && stored.get('orders:1') === 300;
    });
    await produce(300, 1000);
    const config = mirrorSettings(new Map(Object.entries(properties)));
    if (!config.ok) throw new Error(config.problems.join('\n'));
    mirror = startMirror(env, config.settings, { storeIntervalMs: 500 });
    await until(
      'the rest on B',
      async () => (await endOf('A.orders', 0)) >= 1000 && (await endOf('A.orders', 1)) >= 1000,
    );
    await expectEqual();
    // Behind the last of MirrorMaker's syncs, where it would have sent the group back to that.
    await commit('readers', 777);
    await until('the group on B, exactly', async () => (await offsetOnB('readers')) === 777);
    // Among MirrorMaker's syncs, all of which are read.
    await commit('late', 250);
    await until('a late group on B', async () => (await offsetOnB('late')) !== undefined);
    const late = (await offsetOnB('late'))!;
    expect(late).toBeLessThanOrEqual(250);
    expect(late).toBeGreaterThanOrEqual(150);
  }, 120_000);

  test("is told what ours wrote by MirrorMaker's own client", () => {
    const classpath = compileJava(join(__dirname, '..', 'clients', 'RemoteOffsets.java'));
    const args = [...jvmFlags(classpath, 256), 'RemoteOffsets', brokers[1]!.bootstrap, 'A', 'readers'];
    const result = spawnSync('java', args, { encoding: 'utf8', timeout: WAIT_MS });
    if (result.status !== 0) throw new Error(result.stderr);
    expect(JSON.parse(result.stdout)).toEqual({
      upstreamClusters: ['A'],
      checkpointTopics: ['A.checkpoints.internal'],
      heartbeatTopics: ['A.heartbeats', 'heartbeats'],
      replicationHops: 1,
      offsets: { 'A.orders-0': 777 },
    });
  });

  test.each([
    [
      'A.checkpoints.internal',
      'Checkpoint',
      'B',
      /Checkpoint\{consumerGroupId=readers, topicPartition=A\.orders-0, upstreamOffset=777, downstreamOffset=777, metadata=\}/,
    ],
    [
      'mm2-offset-syncs.B.internal',
      'OffsetSync',
      'A',
      /OffsetSync\{topicPartition=orders-0, upstreamOffset=999, downstreamOffset=999\}/,
    ],
    ['heartbeats', 'Heartbeat', 'B', /Heartbeat\{sourceClusterAlias=A, targetClusterAlias=B, timestamp=\d+\}/],
  ])(
    'has a formatter that reads ours: %s',
    async (topic, name, where, line) => {
      const formatter = `org.apache.kafka.connect.mirror.formatters.${name}Formatter`;
      const { bootstrap } = brokers[where === 'A' ? 0 : 1]!;
      const consumer = tools.start('kafka-console-consumer', [
        '--bootstrap-server',
        bootstrap,
        '--topic',
        topic,
        '--from-beginning',
        '--formatter',
        formatter,
      ]);
      await consumer.until(({ stdout }) => line.test(stdout));
      await consumer.stop();
    },
    60_000,
  );
});

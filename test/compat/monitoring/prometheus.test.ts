/**
 * Prometheus itself with the rules of docs/prometheus/alerts.yml in front of three real nodes, to which happens what the rules
 * are about. How long a rule waits promtool checks with the rules as they are (`alerts.test.yml`); here they wait a tenth.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { Child } from '../../support/child';
import { freePorts } from '../../support/free-ports';
import { closedAfterEachTest } from '../../support/kafkajs-clients';
import { LoopDisk } from '../../support/loop-disk';
import { MoldauCluster } from '../../support/moldau-cluster';
import { needs } from '../../support/needs';
import { until } from '../../support/until';

const DOCS = join(__dirname, '../../../docs/prometheus');
const HOUR_MS = 3_600_000;
const DISK_MB = 64;
const PATIENCE_MS = 60_000;

interface Alert {
  readonly labels: { readonly alertname: string };
  readonly state: string;
  readonly annotations: { readonly summary: string };
}

/** Prometheus over the nodes' metrics, scraping and judging all the time. */
class Watcher {
  private constructor(
    private readonly dir: string,
    private readonly url: string,
    private readonly child: Child,
  ) {}

  static async start(targets: readonly string[]): Promise<Watcher> {
    const dir = mkdtempSync(join(tmpdir(), 'moldau-prometheus-'));
    const [port] = (await freePorts(1)) as [number];
    const rules = readFileSync(join(DOCS, 'alerts.yml'), 'utf8')
      .replace(/for: (\d+)m$/gm, (_, minutes: string) => `for: ${Number(minutes) * 6}00ms`)
      .replace(/for: 30s$/gm, 'for: 3s')
      .replace('moldau_replication_lag_seconds) > 30', 'moldau_replication_lag_seconds) > 3');
    writeFileSync(join(dir, 'alerts.yml'), rules);
    const config = readFileSync(join(DOCS, 'prometheus.yml'), 'utf8')
      .replace(/_interval: 5s/g, '_interval: 500ms')
      .replace(/targets: \[.*\]/, `targets: [${targets.join(', ')}]`);
    writeFileSync(join(dir, 'prometheus.yml'), config);
    const flags = [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'data')}`, `--web.listen-address=127.0.0.1:${port}`];
    const child = new Child('prometheus', 'prometheus', flags);
    const watcher = new Watcher(dir, `http://127.0.0.1:${port}`, child);
    await child.until('start', () => child.stderr.includes('Server is ready to receive web requests'), 30_000);
    return watcher;
  }

  /** Names of the alerts that fire now, with what they say. */
  async firing(): Promise<ReadonlyMap<string, string>> {
    const answer = (await (await fetch(`${this.url}/api/v1/alerts`)).json()) as { data: { alerts: readonly Alert[] } };
    const firing = answer.data.alerts.filter(({ state }) => state === 'firing');
    return new Map(firing.map(({ labels, annotations }) => [labels.alertname, annotations.summary]));
  }

  async query(expression: string): Promise<number | null> {
    const answer = (await (await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`)).json()) as {
      data: { result: readonly { value: readonly [number, string] }[] };
    };
    const value = answer.data.result[0]?.value[1];
    return value === undefined ? null : Number(value);
  }

  /** Waits until all of these fire; says what they said. */
  async fires(...names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    let firing: ReadonlyMap<string, string> = new Map();
    await this.until(`${names.join(', ')} fire`, async () => {
      firing = await this.firing();
      return names.every((name) => firing.has(name));
    });
    return firing;
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const instead = async (): Promise<string> => `firing are ${[...(await this.firing()).keys()].join(', ')}`;
    await until(what, holds, { timeoutMs: PATIENCE_MS, everyMs: 200, instead });
  }

  async dispose(): Promise<void> {
    await this.child.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

needs('prometheus')('the alert rules', () => {
  test('fire and wait as promtool is told they do', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', join(__dirname, 'alerts.test.yml')], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, expect.stringContaining('SUCCESS'), '']);
  });

  test('and the configuration of Prometheus are sound', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'config', 'prometheus.yml'], { encoding: 'utf8', cwd: DOCS });
    expect([status, stderr]).toEqual([0, '']);
  });
});

needs('prometheus', 'loop')('a cluster that Prometheus watches', () => {
  const connected = closedAfterEachTest();
  const disk = new LoopDisk(DISK_MB);
  let cluster: MoldauCluster;
  let watcher: Watcher;

  beforeAll(async () => {
    mkdirSync(join(disk.path, 'logs'));
    cluster = await MoldauCluster.start({
      hasMetrics: true,
      logDirOf: (id) => (id === 2 ? join(disk.path, 'logs') : join(directory, `node-${id}`)),
      properties: { 'controlled.shutdown.enable': 'false' },
    });
    watcher = await Watcher.start(cluster.nodes.map(({ metricsPort }) => `'127.0.0.1:${metricsPort}'`));
  }, 90_000);

  const directory = mkdtempSync(join(tmpdir(), 'moldau-watched-'));

  afterAll(async () => {
    await watcher?.dispose();
    await cluster?.dispose();
    disk.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  test('has every alert fire that its faults are about, and none before', async () => {
    const kafka = new Kafka({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.NOTHING });
    const admin = await connected(kafka.admin());
    const strict = [{ name: 'min.insync.replicas', value: '3' }];
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        { topic: 'orders', numPartitions: 1, replicationFactor: 3 },
        { topic: 'strict', numPartitions: 1, replicationFactor: 3, configEntries: strict },
        { topic: 'alone', replicaAssignment: [{ partition: 0, replicas: [3] }] },
      ],
    });
    // Rules that were judged before the first scrape have found nobody there.
    await watcher.until('three nodes, and nothing wrong with them', async () => {
      const [up, inSync, firing] = await Promise.all([
        watcher.query('sum(up{job="moldau"})'),
        watcher.query('sum(kafka_topic_partition_in_sync_replica{topic="strict"})'),
        watcher.firing(),
      ]);
      return up === 3 && inSync === 3 && firing.size === 0;
    });

    // A group that has read nothing of 100,001 records, the first of which is an hour old.
    const producer = await connected(kafka.producer());
    const timestamp = String(Date.now() - HOUR_MS);
    const messages = Array.from({ length: 1000 }, () => ({ value: 'x', timestamp }));
    for (let i = 0; i < 100; i++) await producer.send({ topic: 'orders', acks: -1, messages });
    await producer.send({ topic: 'orders', acks: -1, messages: messages.slice(0, 1) });
    await admin.setOffsets({ groupId: 'billing', topic: 'orders', partitions: [{ partition: 0, offset: '0' }] });
    // A disk that is taken by somebody else.
    writeFileSync(join(disk.path, 'taken'), Buffer.alloc(DISK_MB * 1024 * 1024 * 0.8));
    const filling = setInterval(() => writeFileSync(join(disk.path, 'taken'), Buffer.alloc(4096), { flag: 'a' }), 500);
    // A node that dies, with the only replica of a partition.
    await cluster.node(3).end('SIGKILL');
    await producer.send({ topic: 'orders', acks: 1, messages: [{ value: 'x' }] });
    const said = await watcher.fires(
      'MoldauGroupBacklogRecords',
      'MoldauGroupBacklogSeconds',
      'MoldauDiskOver80Percent',
      'MoldauDiskFullWithin24Hours',
      'MoldauReplicationLag',
      'MoldauUnderMinIsr',
      'MoldauOfflinePartition',
      'MoldauBrokerGone',
      'MoldauBrokerFenced',
    ).finally(() => clearInterval(filling));
    expect(said.get('MoldauGroupBacklogRecords')).toBe('Group billing has 100k records of orders still to read.');
    expect(said.get('MoldauGroupBacklogSeconds')).toMatch(/group billing has to read of orders is 1h/);
    expect(said.get('MoldauOfflinePartition')).toBe('Nobody leads 1 partitions: they can be neither read nor written.');
    expect(said.has('MoldauNoController')).toBe(false);
    // And a majority of the controllers with it.
    await cluster.node(2).end('SIGKILL');
    await watcher.fires('MoldauNoController');
  }, 150_000);
});

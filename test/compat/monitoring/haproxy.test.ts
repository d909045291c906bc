/**
 * HAProxy with docs/haproxy/haproxy.cfg as the bootstrap address of three real nodes: one that dies leaves the rotation, and
 * clients do not notice.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { Child } from '../../support/child';
import { freePorts } from '../../support/free-ports';
import { closedAfterEachTest } from '../../support/kafkajs-clients';
import { MoldauCluster } from '../../support/moldau-cluster';
import { needs } from '../../support/needs';
import { until } from '../../support/until';

const CONFIG = join(__dirname, '../../../docs/haproxy/haproxy.cfg');

needs('haproxy')('three brokers behind HAProxy', () => {
  const connected = closedAfterEachTest();
  let cluster: MoldauCluster;
  let haproxy: Child;
  let dir: string;
  let bootstrap: string;
  let statsUrl: string;

  beforeAll(async () => {
    cluster = await MoldauCluster.start({ hasMetrics: true });
    const [port, statsPort] = (await freePorts(2)) as [number, number];
    bootstrap = `127.0.0.1:${port}`;
    statsUrl = `http://127.0.0.1:${statsPort}/;csv`;
    dir = mkdtempSync(join(tmpdir(), 'moldau-haproxy-'));
    // As it stands there, with these nodes' addresses.
    const config = cluster.nodes.reduce(
      (text, node) => text.replace(new RegExp(`server broker${node.id} .*`), `server broker${node.id} 127.0.0.1:${node.port} check port ${node.metricsPort}`),
      readFileSync(CONFIG, 'utf8').replace('bind :9000', `bind ${bootstrap}`).replace('bind localhost:8404', `bind 127.0.0.1:${statsPort}`),
    );
    writeFileSync(join(dir, 'haproxy.cfg'), config);
    haproxy = new Child('haproxy', 'haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')]);
    await until('all three up', async () => (await standing()).every((status) => status === 'UP'), patience);
  }, 90_000);

  afterAll(async () => {
    await haproxy?.stop();
    await cluster?.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  /** What HAProxy thinks of broker 1, 2 and 3. */
  async function standing(): Promise<readonly string[]> {
    try {
      const csv = await (await fetch(statsUrl)).text();
      const [head = '', ...rows] = csv.split('\n').map((line) => line.split(','));
      const [name, status] = [head.indexOf('svname'), head.indexOf('status')];
      return [1, 2, 3].map((id) => rows.find((row) => row[name] === `broker${id}`)?.[status] ?? 'unknown');
    } catch {
      // It does not listen yet.
      return ['starting'];
    }
  }

  const patience = { everyMs: 100, instead: async () => `HAProxy says ${(await standing()).join(', ')}` };

  test('are one address; a dead one leaves the rotation and comes back, and clients do not notice', async () => {
    const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
    const producer = await connected(kafka.producer());
    await producer.send({ topic: 'orders', acks: -1, messages: [{ value: '0' }] });
    const seen = new Set<string>();
    const consumer = await connected(kafka.consumer({ groupId: 'billing' }));
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.add(message.value?.toString() ?? '') });
    await until('the first record', async () => seen.has('0'), patience);

    const admin = await connected(kafka.admin());
    await cluster.node(1).end('SIGKILL');
    // Which brokers there are is the cluster's to say, and it takes a moment to notice.
    await until('two brokers', async () => (await admin.describeCluster()).brokers.length === 2, patience);
    // New clients that try once, whomever the proxy asks, get what they ask for.
    for (let i = 0; i < 6; i++) {
      const once = await connected(new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin());
      expect((await once.listTopics()).includes('orders')).toBe(true);
      await once.disconnect();
    }
    await producer.send({ topic: 'orders', acks: -1, messages: [{ value: '1' }] });
    await until('the second record', async () => seen.has('1'), patience);
    await until('broker 1 out of the rotation', async () => (await standing()).join() === 'DOWN,UP,UP', patience);

    await cluster.node(1).start();
    await until('broker 1 in the rotation', async () => (await standing()).join() === 'UP,UP,UP', patience);
    await producer.send({ topic: 'orders', acks: -1, messages: [{ value: '2' }] });
    await until('the third record', async () => seen.has('2'), patience);
  }, 90_000);

  test('one that no longer answers, though its port is open, leaves the rotation too', async () => {
    cluster.node(2).pause();
    try {
      await until('broker 2 out of the rotation', async () => (await standing())[1] === 'DOWN', patience);
    } finally {
      cluster.node(2).resume();
    }
    await until('broker 2 in the rotation', async () => (await standing())[1] === 'UP', patience);
  }, 60_000);
});

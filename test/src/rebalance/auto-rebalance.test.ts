/** `auto.rebalance.enable` on real nodes: a fourth broker joins, and nobody gives a command. */
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ServerError } from '../../../wire/broker-link';
import type { ClusterClient } from '../../../wire/cluster-client';
import { encodeBatch } from '../../../wire/record/records';
import { clientEnv, HOST } from '../../chaos/support/client-env';
import { clusterClient, untilAnswered } from '../../chaos/support/cluster-clients';
import { MoldauCluster } from '../../support/moldau-cluster';
import { Rebalance } from '../../../src/rebalance/rebalance';
import { ClusterReader, type ClusterView } from '../../../src/rebalance/cluster-view';
import { Throttle } from '../../../src/rebalance/throttle';

const TOPIC = 'orders';
const PARTITIONS = 8;
const BYTES = 50_000;
/** So that a run takes some seconds: six replicas have to go. */
const RATE = 50_000;
const LOOK_MS = 50;
const TIMEOUT_MS = 120_000;
const PROPERTIES = { 'auto.rebalance.enable': 'true', 'auto.rebalance.delay.ms': '1500', 'auto.rebalance.throttled.rate': String(RATE) };
const QUORUM = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];

let cluster: MoldauCluster;
let client: ClusterClient;
let reader: ClusterReader;
let throttle: Throttle;

async function begin(properties: Readonly<Record<string, string>>): Promise<void> {
  cluster = await MoldauCluster.start({ properties });
  client = clusterClient(cluster.nodes.map(({ port }) => ({ host: HOST, port })), 'test');
  reader = new ClusterReader(client, (ms) => delay(ms));
  throttle = new Throttle(client, (call) => reader.tried(call));
  await untilAnswered(() => client.createTopic(TOPIC, PARTITIONS, 3));
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const records = [{ key: null, value: Buffer.alloc(BYTES, partition), timestampMs: 0 }];
    await untilAnswered(() => client.produce(TOPIC, partition, encodeBatch({ records }, clientEnv.crc32c)));
  }
}

afterEach(async () => {
  client.close();
  await cluster.dispose();
});

async function joinFourth(): Promise<void> {
  await (await cluster.addBroker()).start();
}

function replicasOf({ partitions }: ClusterView, id: number): number {
  return partitions.filter(({ replicas }) => replicas.includes(id)).length;
}

/** Replicas even over all four, and no throttle left. */
async function untilEven(): Promise<void> {
  for (;;) {
    const view = await reader.placed();
    const counts = [1, 2, 3, 4].map((id) => replicasOf(view, id));
    if (view.brokers.length === 4 && (await reader.ongoing()).length === 0 && Math.max(...counts) - Math.min(...counts) <= 1) {
      const left = await throttle.left([TOPIC], [1, 2, 3, 4]);
      if (left.topics.length === 0 && left.brokers.length === 0) return;
    }
    await delay(LOOK_MS);
  }
}

/** What the nodes have logged; one of them was the active controller. */
function logs(): string {
  return cluster.nodes.map(({ child }) => `${child?.stdout ?? ''}${child?.stderr ?? ''}`).join('');
}

async function activeController(): Promise<number> {
  return untilAnswered(async () => {
    const { topics } = await client.ask('any', 'DescribeQuorum', { topics: QUORUM });
    const leaderId = topics[0]?.partitions[0]?.leaderId ?? -1;
    if (leaderId < 0) throw new ServerError(ErrorCode.LEADER_NOT_AVAILABLE, 'DescribeQuorum');
    return leaderId;
  });
}

test(
  'a broker that joins gets its share, throttled, and the controller says what it does',
  async () => {
    await begin(PROPERTIES);
    await joinFourth();
    while ((await throttle.left([TOPIC], [1, 2, 3])).brokers.length === 0) await delay(LOOK_MS);
    await untilEven();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      expect((await untilAnswered(() => client.fetch(TOPIC, partition, 0))).records.length).toBeGreaterThan(BYTES);
    }
    while (!/replicas are even over all brokers again/.test(logs())) await delay(LOOK_MS);
    expect(logs()).toMatch(/broker 4 has joined and has far fewer replicas than the others: replicas are moved, with at most 50.0 kB a second/);
  },
  TIMEOUT_MS,
);

test(
  'the next controller goes on where the one that was killed had to leave it, and takes its throttle away',
  async () => {
    await begin(PROPERTIES);
    await joinFourth();
    while (replicasOf(await reader.placed(), 4) === 0) await delay(LOOK_MS);
    const controller = cluster.node(await activeController());
    await controller.end('SIGKILL');
    // What is left is not done while a broker is away.
    expect(replicasOf(await reader.placed(), 4)).toBeLessThan(6);
    await controller.start();
    await untilEven();
    expect(logs()).toMatch(/a throttle of our rate was left, as by a run that died with its controller: replicas are moved/);
  },
  TIMEOUT_MS,
);

test(
  'a run that is cancelled ends, and leaves the rest and no throttle',
  async () => {
    await begin(PROPERTIES);
    await joinFourth();
    while ((await reader.ongoing()).length === 0) await delay(LOOK_MS);
    const ports = { client, sleep: (ms: number) => delay(ms), monotonicMs: () => clientEnv.clock.monotonicMs(), print: () => undefined };
    await new Rebalance({ action: 'cancel', throttle: null, drained: [] }, ports).run();
    while (!/replicas were not moved to the end/.test(logs())) await delay(LOOK_MS);
    expect(replicasOf(await reader.placed(), 4)).toBeLessThan(6);
    while ((await throttle.left([TOPIC], [1, 2, 3, 4])).brokers.length > 0) await delay(LOOK_MS);
  },
  TIMEOUT_MS,
);

/**
 * kill -9 of a random node of a cluster of three, again and again, while clients write with acks=all and a group reads: no
 * acked record is missing or out of its place, nothing that was read is ever something else, and in the end the replicas
 * are the same byte for byte. CHAOS_CLUSTER_ROUNDS says how often (5); CHAOS_SEED repeats the choices of a run, not its timing.
 */
import { SimRandom } from '../sim/random';
import { type MoldauNode, MoldauCluster } from '../support/moldau-cluster';
import type { ClusterClient } from '../../wire/cluster-client';
import { clusterClient, GroupReader, KafkajsClusterProducer, untilAnswered, WireClusterProducer } from './support/cluster-clients';
import { HOST } from './support/client-env';
import { Ledger } from './support/ledger';
import { problemsOf, readPartition } from './support/read-log';

const ROUNDS = Number(process.env['CHAOS_CLUSTER_ROUNDS'] ?? 5);
const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const TOPIC = 'chaos';
const PARTITIONS = 3;
const ACKS_WHILE_DOWN = 200;
const ACKS_BEFORE = 100;
const MS_PER_ROUND = 60_000;

test(
  `every acked record survives ${ROUNDS} times kill -9 of one of three nodes, in order, at its offset`,
  async () => {
    const random = new SimRandom(`cluster ${SEED}`);
    const ledger = new Ledger();
    const cluster = await MoldauCluster.start();
    const bootstrap = cluster.nodes.map(({ port }) => ({ host: HOST, port }));
    const admin = clusterClient(bootstrap, 'admin');
    try {
      await untilAnswered(() => admin.createTopic(TOPIC, PARTITIONS, 3, { 'internal.segment.bytes': String(256 * 1024) }));
      const target = { topic: TOPIC, partitions: PARTITIONS, ledger };
      const producers = [
        new WireClusterProducer(bootstrap, target, 'wire', random),
        new KafkajsClusterProducer(bootstrap, target, 'kafkajs', random),
      ];
      const reader = new GroupReader(bootstrap, TOPIC, 'chaos-readers');
      const running = await Promise.all(producers.map((producer) => producer.start()));
      await reader.start();
      for (let round = 0; round < ROUNDS; round++) {
        await ledger.ackedMore(ACKS_BEFORE);
        const node = random.pick(cluster.nodes) as MoldauNode;
        await node.end('SIGKILL');
        // Records are acked while the node is down: the others have taken over.
        await ledger.ackedMore(ACKS_WHILE_DOWN);
        await node.start();
        await untilInSync(admin);
      }
      for (const producer of producers) producer.stop();
      await Promise.all(running.map(({ ended }) => ended));
      const port = (cluster.nodes[0] as MoldauNode).port;
      expect({ seed: SEED, problems: await problemsOf(port, target, 'everything acked') }).toEqual({ seed: SEED, problems: [] });
      await untilReadEverything(admin, reader);
      expect(reader.problems).toEqual([]);
      await reader.stop();
      await cluster.stop();
    } finally {
      admin.close();
      await cluster.dispose();
    }
  },
  (ROUNDS + 2) * MS_PER_ROUND,
);

/** Looks until every partition has all its replicas in sync. */
async function untilInSync(admin: ClusterClient): Promise<void> {
  for (;;) {
    const { topics } = await untilAnswered(() => admin.ask('any', 'Metadata', { topics: [{ name: TOPIC }], allowAutoTopicCreation: false }));
    const partitions = topics[0]?.partitions ?? [];
    if (partitions.length === PARTITIONS && partitions.every(({ isrNodes, leaderId }) => isrNodes.length === 3 && leaderId >= 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function untilReadEverything(admin: ClusterClient, reader: GroupReader): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const end = (await untilAnswered(() => readPartition(admin, TOPIC, partition))).length;
    while (reader.readBelow(partition) < end) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

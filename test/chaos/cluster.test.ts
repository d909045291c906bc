/**
 * A cluster of three real nodes that are ill-treated again and again while clients write with acks=all and a group reads: no
 * acked record is missing or out of its place, nothing that was read is ever something else, and in the end the replicas are
 * the same byte for byte. CHAOS_CLUSTER_ROUNDS says how often each (a few by default); CHAOS_SEED repeats the choices of a
 * run, not its timing.
 */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SimRandom } from '../sim/random';
import { type MoldauNode, MoldauCluster } from '../support/moldau-cluster';
import { checkReplicas, directoryAt } from '../support/replica-check';
import type { ClusterClient } from '../../wire/cluster-client';
import { clusterClient, GroupReader, KafkajsClusterProducer, untilAnswered, WireClusterProducer } from './support/cluster-clients';
import { HOST } from './support/client-env';
import { Ledger } from './support/ledger';
import { problemsOf, readPartition } from './support/read-log';

const SEED = process.env['CHAOS_SEED'] ?? String(Date.now());
const TOPIC = 'chaos';
const PARTITIONS = 3;
const ACKS_BETWEEN = 100;
const ACKS_WHILE_DOWN = 200;
const LOOK_MS = 20;
const MS_PER_ROUND = 60_000;
/** Longer than a session of fast heartbeats and a fetch timeout of the quorum: others take over meanwhile. */
const MAX_PAUSE_MS = 6_000;

type Kind = 'kill' | 'stop' | 'pause' | 'wipe';

const KINDS: readonly { readonly kind: Kind; readonly rounds: number; readonly what: string }[] = [
  { kind: 'kill', rounds: 5, what: 'kill -9 of one of three nodes' },
  { kind: 'stop', rounds: 3, what: 'a restart of one node after the other' },
  { kind: 'pause', rounds: 2, what: 'a node that is stopped for seconds and goes on' },
  { kind: 'wipe', rounds: 2, what: 'a node that dies and loses its disk' },
];

test.each(KINDS)(
  'every acked record survives $what, in order, at its offset',
  async ({ kind, rounds: byDefault }) => {
    const rounds = Number(process.env['CHAOS_CLUSTER_ROUNDS'] ?? byDefault);
    const random = new SimRandom(`cluster ${kind} ${SEED}`);
    const cluster = await MoldauCluster.start();
    const bootstrap = cluster.nodes.map(({ port }) => ({ host: HOST, port }));
    const admin = clusterClient(bootstrap, 'admin');
    const target = { topic: TOPIC, partitions: PARTITIONS, ledger: new Ledger() };
    const reader = new GroupReader(bootstrap, TOPIC, 'chaos-readers');
    try {
      await untilAnswered(() => admin.createTopic(TOPIC, PARTITIONS, 3, { 'internal.segment.bytes': String(256 * 1024) }));
      const producers = [
        new WireClusterProducer(bootstrap, target, 'wire', random),
        new KafkajsClusterProducer(bootstrap, target, 'kafkajs', random),
      ];
      const running = await Promise.all(producers.map((producer) => producer.start()));
      await reader.start();
      for (let round = 0; round < rounds; round++) {
        await target.ledger.ackedMore(ACKS_BETWEEN);
        await illTreat(cluster, kind, pick(cluster, kind, round, random), target.ledger, random);
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
      expect(differencesOf(cluster)).toEqual([]);
    } finally {
      admin.close();
      await cluster.dispose();
    }
  },
  Number(process.env['CHAOS_CLUSTER_ROUNDS'] ?? 5) * MS_PER_ROUND + 2 * MS_PER_ROUND,
);

/** A wiped node is no voter any more, so it is always the same; nodes are restarted in turn. */
function pick(cluster: MoldauCluster, kind: Kind, round: number, random: SimRandom): MoldauNode {
  if (kind === 'wipe') return cluster.node(3);
  if (kind === 'stop') return cluster.node((round % cluster.nodes.length) + 1);
  return random.pick(cluster.nodes);
}

/** Records are acked while the node is away: the others take over. */
async function illTreat(cluster: MoldauCluster, kind: Kind, node: MoldauNode, ledger: Ledger, random: SimRandom): Promise<void> {
  if (kind === 'pause') {
    node.pause();
    await delay(random.between(500, MAX_PAUSE_MS));
    node.resume();
    return;
  }
  await node.end(kind === 'stop' ? 'SIGTERM' : 'SIGKILL');
  await ledger.ackedMore(ACKS_WHILE_DOWN);
  if (kind === 'wipe') {
    rmSync(node.logDir, { recursive: true });
    await cluster.formatNode(node, 'no voters');
  }
  await node.start();
}

/** Looks until every partition has all its replicas in sync. */
async function untilInSync(admin: ClusterClient): Promise<void> {
  for (;;) {
    const request = { topics: [{ name: TOPIC }], allowAutoTopicCreation: false };
    const { topics } = await untilAnswered(() => admin.ask('any', 'Metadata', request));
    const partitions = topics[0]?.partitions ?? [];
    const isInSync = partitions.every(({ isrNodes, leaderId }) => isrNodes.length === 3 && leaderId >= 0);
    if (partitions.length === PARTITIONS && isInSync) return;
    await delay(LOOK_MS);
  }
}

async function untilReadEverything(admin: ClusterClient, reader: GroupReader): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const end = (await untilAnswered(() => readPartition(admin, TOPIC, partition))).length;
    while (reader.readBelow(partition) < end) await delay(LOOK_MS);
  }
}

/** Of the stopped cluster's files, internal topics included. */
function differencesOf(cluster: MoldauCluster): string[] {
  const checked = checkReplicas(cluster.nodes.map(({ logDir }) => directoryAt(logDir)));
  expect(checked.filter(({ topic, upTo }) => topic === TOPIC && upTo > 0)).toHaveLength(PARTITIONS);
  return checked.flatMap(({ differences }) => differences);
}

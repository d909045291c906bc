/** A real cluster with clients that write and read all the time, and what has to hold in the end. */
import type { ClusterClient } from '../../../wire/cluster-client';
import { SimRandom } from '../../sim/random';
import { MoldauCluster, type MoldauClusterOptions } from '../../support/moldau-cluster';
import { checkReplicas, directoryAt } from '../../support/replica-check';
import { until } from '../../support/until';
import { HOST } from './client-env';
import { ClusterAdmin } from './cluster-admin';
import { clusterClient, type ClusterProducer, GroupReader, KafkajsClusterProducer, untilAnswered, WireClusterProducer } from './cluster-clients';
import { KcatClusterProducer } from './kcat-producer';
import { Ledger } from './ledger';
import { problemsOf, readPartition } from './read-log';

const TOPIC = 'chaos';
const PARTITIONS = 3;
const REPLICAS = 3;
/** What is rolled is flushed. */
const SEGMENT_BYTES = 256 * 1024;
const PATIENCE_MS = 120_000;

export interface ClusterPlay {
  readonly cluster: MoldauCluster;
  readonly ledger: Ledger;
  readonly random: SimRandom;
  readonly admin: ClusterAdmin;
  readonly partitions: number;
}

/**
 * Starts a cluster and its clients, has `illTreat` do what it wants, and then says what is wrong, if anything: with the
 * records that were acked, with what the group read, with the replicas' files.
 */
export async function playCluster(
  seed: string,
  options: MoldauClusterOptions,
  illTreat: (play: ClusterPlay) => Promise<void>,
): Promise<readonly string[]> {
  const cluster = await MoldauCluster.start(options);
  const bootstrap = cluster.nodes.map(({ port }) => ({ host: HOST, port }));
  const client = clusterClient(bootstrap, 'admin');
  const ledger = new Ledger();
  const target = { topic: TOPIC, partitions: PARTITIONS, ledger };
  const reader = new GroupReader(bootstrap, TOPIC, 'chaos-readers');
  const producers: readonly ClusterProducer[] = [
    new WireClusterProducer(bootstrap, target, 'wire', new SimRandom(`${seed} wire`)),
    new KafkajsClusterProducer(bootstrap, target, 'kafkajs', new SimRandom(`${seed} kafkajs`)),
    new KcatClusterProducer(bootstrap, target, 'kcat', new SimRandom(`${seed} kcat`)),
  ];
  try {
    await untilAnswered(() => client.createTopic(TOPIC, PARTITIONS, REPLICAS, { 'internal.segment.bytes': String(SEGMENT_BYTES) }));
    const running = await Promise.all(producers.map((producer) => producer.start()));
    await reader.start();
    const admin = new ClusterAdmin(client, TOPIC, PARTITIONS);
    const failed = Promise.all(running.map(({ ended }) => ended));
    const random = new SimRandom(`${seed} faults`);
    await Promise.race([illTreat({ cluster, ledger, random, admin, partitions: PARTITIONS }), failed]);
    for (const producer of producers) producer.stop();
    await failed;
    const port = cluster.nodes[0]?.port ?? 0;
    const problems = await problemsOf(port, target, 'everything acked');
    await untilReadEverything(client, reader);
    await reader.stop();
    await cluster.stop();
    return [...problems, ...reader.problems, ...ledger.unwritten(producers.map(({ name }) => name)), ...differencesOf(cluster)];
  } finally {
    for (const producer of producers) {
      producer.stop();
      producer.abandon?.();
    }
    // After a failure it would look for its cluster for ever; there is none to say goodbye to.
    void reader.stop().catch(() => undefined);
    client.close();
    await cluster.dispose();
  }
}

export interface Loss {
  /** The disks have what is written by now. */
  readonly keep: () => void;
  /** What nobody has flushed is gone, and the nodes are back. */
  readonly lose: (cluster: MoldauCluster) => Promise<void>;
}

/**
 * Writes so many records that the disks keep, and as many that may be lost: what is left when all are acked must be a prefix
 * of each partition, the same on every node. Says what is wrong with it.
 */
export async function playLoss(seed: string, options: MoldauClusterOptions, records: number, { keep, lose }: Loss): Promise<readonly string[]> {
  const cluster = await MoldauCluster.start(options);
  const bootstrap = cluster.nodes.map(({ port }) => ({ host: HOST, port }));
  const client = clusterClient(bootstrap, 'admin');
  const target = { topic: TOPIC, partitions: PARTITIONS, ledger: new Ledger() };
  const producer = new WireClusterProducer(bootstrap, target, 'wire', new SimRandom(seed));
  try {
    await untilAnswered(() => client.createTopic(TOPIC, PARTITIONS, REPLICAS, { 'internal.segment.bytes': String(SEGMENT_BYTES) }));
    const { ended } = await producer.start();
    await Promise.race([target.ledger.ackedMore(records), ended]);
    keep();
    await Promise.race([target.ledger.ackedMore(records), ended]);
    producer.stop();
    await ended;
    await lose(cluster);
    await new ClusterAdmin(client, TOPIC, PARTITIONS).untilInSync();
    const problems = await problemsOf(bootstrap[0]?.port ?? 0, target, 'a prefix');
    await cluster.stop();
    return [...problems, ...differencesOf(cluster)];
  } finally {
    producer.abandon();
    client.close();
    await cluster.dispose();
  }
}

async function untilReadEverything(client: ClusterClient, reader: GroupReader): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const end = (await untilAnswered(() => readPartition(client, TOPIC, partition))).length;
    const instead = (): string => `it has read to ${reader.readBelow(partition)}`;
    await until(`the group reads partition ${partition} to ${end}`, () => reader.readBelow(partition) >= end, { timeoutMs: PATIENCE_MS, instead });
  }
}

/** Of the stopped cluster's files, internal topics included: each partition of ours is on as many nodes as it should be. */
function differencesOf(cluster: MoldauCluster): string[] {
  const checked = checkReplicas(cluster.nodes.map(({ logDir }) => directoryAt(logDir)));
  const ours = checked.filter(({ topic, upTo, replicas }) => topic === TOPIC && upTo > 0 && replicas.length === REPLICAS);
  const missing = ours.length === PARTITIONS ? [] : [`only ${ours.length} of ${PARTITIONS} partitions could be compared on ${REPLICAS} nodes`];
  return [...missing, ...checked.flatMap(({ differences }) => differences)];
}

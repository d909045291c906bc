/** A real cluster with clients that write and read all the time, and what has to hold in the end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterClient } from '../../../wire/cluster-client';
import { SimRandom } from '../../sim/random';
import { MoldauCluster, type MoldauClusterOptions } from '../../support/moldau-cluster';
import { checkReplicas, directoryAt } from '../../support/replica-check';
import { HOST } from './client-env';
import { clusterClient, GroupReader, KafkajsClusterProducer, untilAnswered, WireClusterProducer } from './cluster-clients';
import { Ledger } from './ledger';
import { problemsOf, readPartition } from './read-log';

const TOPIC = 'chaos';
const PARTITIONS = 3;
const LOOK_MS = 20;

export interface ClusterPlay {
  readonly cluster: MoldauCluster;
  readonly ledger: Ledger;
  readonly random: SimRandom;
  /** Resolves when every partition has all its replicas in sync. */
  untilInSync(): Promise<void>;
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
  const random = new SimRandom(seed);
  const cluster = await MoldauCluster.start(options);
  const bootstrap = cluster.nodes.map(({ port }) => ({ host: HOST, port }));
  const admin = clusterClient(bootstrap, 'admin');
  const ledger = new Ledger();
  const target = { topic: TOPIC, partitions: PARTITIONS, ledger };
  const reader = new GroupReader(bootstrap, TOPIC, 'chaos-readers');
  try {
    await untilAnswered(() => admin.createTopic(TOPIC, PARTITIONS, 3, { 'internal.segment.bytes': String(256 * 1024) }));
    const producers = [
      new WireClusterProducer(bootstrap, target, 'wire', random),
      new KafkajsClusterProducer(bootstrap, target, 'kafkajs', random),
    ];
    const running = await Promise.all(producers.map((producer) => producer.start()));
    await reader.start();
    await illTreat({ cluster, ledger, random, untilInSync: () => untilInSync(admin) });
    for (const producer of producers) producer.stop();
    await Promise.all(running.map(({ ended }) => ended));
    const port = cluster.nodes[0]?.port ?? 0;
    const problems = await problemsOf(port, target, 'everything acked');
    await untilReadEverything(admin, reader);
    await reader.stop();
    await cluster.stop();
    return [...problems, ...reader.problems, ...differencesOf(cluster)];
  } finally {
    admin.close();
    await cluster.dispose();
  }
}

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
  const compared = checked.filter(({ topic, upTo }) => topic === TOPIC && upTo > 0).length;
  const missing = compared === PARTITIONS ? [] : [`only ${compared} of ${PARTITIONS} partitions could be compared`];
  return [...missing, ...checked.flatMap(({ differences }) => differences)];
}

/**
 * Clusters of both kinds of nodes: Moldau's brokers under a controller of Apache Kafka, and a broker of each under a
 * controller of Moldau's. Clients do not notice, one broker may die, and the replicas hold the same bytes whoever led.
 */
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { HOST } from '../chaos/support/client-env';
import { clusterClient, untilAnswered } from '../chaos/support/cluster-clients';
import { type Kind, MixedCluster } from '../support/mixed-cluster';
import { needs } from '../support/needs';
import { checkReplicas, directoryAt } from '../support/replica-check';
import { until } from '../support/until';

const TOPIC = 'mixed';
const PARTITIONS = 2;
const RECORDS = 200;
const BATCH_RECORDS = 20;
/** By their hash they belong to the four partitions of __consumer_offsets, one to each. */
const GROUPS = ['a', 'b', 'c', 'd'];
const [READERS = ''] = GROUPS;
/** The last version of OffsetCommit that names topics, instead of their ids. */
const NAMES_TOPICS = 9;
/** Enough to outlast the session of a broker that has died; kafkajs gives up earlier by itself. */
const RETRY = { retries: 100, initialRetryTime: 50, maxRetryTime: 300 } as const;
const [FIRST, SECOND] = [2, 3];

jest.setTimeout(120_000);

needs('kafka')('a cluster of Moldau and of Apache Kafka', () => {
  test("two of Moldau's brokers serve a topic under a controller of Apache Kafka's, and one of them may die", async () => {
    await servesAndLosesOne('Apache Kafka', ['Moldau', 'Moldau'], SECOND);
  });

  test("Apache Kafka and Moldau follow each other under a controller of Moldau's, and Apache Kafka may die", async () => {
    await servesAndLosesOne('Moldau', ['Apache Kafka', 'Moldau'], FIRST);
  });

  test("Apache Kafka and Moldau follow each other under a controller of Moldau's, and Moldau may die", async () => {
    await servesAndLosesOne('Moldau', ['Apache Kafka', 'Moldau'], SECOND);
  });
});

/** Each broker leads one partition and follows the other. */
async function servesAndLosesOne(controller: Kind, brokers: readonly [Kind, Kind], dead: number): Promise<void> {
  const cluster = await MixedCluster.start({ controller, brokers });
  const kafka = new Kafka({ brokers: cluster.bootstrap, logLevel: logLevel.NOTHING, retry: RETRY });
  const [admin, producer] = [kafka.admin(), kafka.producer({ idempotent: true, retry: RETRY })];
  const client = clusterClient(
    cluster.brokers.map(({ port }) => ({ host: HOST, port })),
    'looks',
  );
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const replicaAssignment = [
      { partition: 0, replicas: [FIRST, SECOND] },
      { partition: 1, replicas: [SECOND, FIRST] },
    ];
    await admin.createTopics({ topics: [{ topic: TOPIC, replicaAssignment }] });
    await untilPartitionsAre(client, ['2 leads 2,3', '3 leads 2,3']);
    const before = await produce(producer, 'before');
    expect(await consume(kafka, before.length)).toEqual(before);
    await commitForOtherGroups(client);

    await cluster.kill(dead);
    const survivor = dead === FIRST ? SECOND : FIRST;
    const after = await produce(producer, 'after');
    await untilPartitionsAre(client, Array.from({ length: PARTITIONS }, () => `${survivor} leads ${survivor}`));
    expect(await committedByGroups(admin)).toEqual(GROUPS.map(() => [RECORDS / PARTITIONS, RECORDS / PARTITIONS]));
    expect(await consume(kafka, after.length)).toEqual(after);

    await cluster.stop();
    expect(differencesOf(cluster)).toEqual([]);
  } finally {
    client.close();
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    await cluster.dispose();
  }
}

/** acks=all, to both partitions. */
async function produce(producer: Producer, name: string): Promise<readonly string[]> {
  const values = Array.from({ length: RECORDS }, (_, number) => `${name}-${String(number).padStart(4, '0')}`);
  for (let from = 0; from < RECORDS; from += BATCH_RECORDS) {
    const messages = values.slice(from, from + BATCH_RECORDS).map((value, index) => ({ value, partition: index % PARTITIONS }));
    await producer.send({ topic: TOPIC, acks: -1, messages });
  }
  return values;
}

/** The next records of a group, sorted: the order holds in a partition only. */
async function consume(kafka: Kafka, count: number): Promise<readonly string[]> {
  const consumer = kafka.consumer({ groupId: READERS, retry: RETRY, maxWaitTimeInMs: 100 });
  const read: string[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { readonly message: { readonly value: Buffer | null } }): Promise<void> => {
        read.push(message.value?.toString() ?? '');
        if (read.length === count) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    // It commits what it has read.
    await consumer.disconnect();
  }
  return read.sort();
}

/** Not with kafkajs, whose admin takes seconds for it. */
async function commitForOtherGroups(client: ClusterClient): Promise<void> {
  const committed = { committedOffset: RECORDS / PARTITIONS, committedMetadata: null };
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({ partitionIndex, ...committed }));
  for (const groupId of GROUPS.filter((group) => group !== READERS)) {
    await untilAnswered(async () => {
      const coordinator = await client.findCoordinator(groupId);
      const request = { groupId, memberId: '', topics: [{ name: TOPIC, partitions }] };
      const { topics } = await client.ask(coordinator, 'OffsetCommit', request, { maxVersion: NAMES_TOPICS });
      const errorCode = topics[0]?.partitions.find((partition) => partition.errorCode !== ErrorCode.NONE)?.errorCode;
      if (errorCode !== undefined) throw new ServerError(errorCode, 'OffsetCommit');
    });
  }
}

async function committedByGroups(admin: Admin): Promise<readonly (readonly number[])[]> {
  const committed: number[][] = [];
  for (const groupId of GROUPS) {
    const [topic] = await admin.fetchOffsets({ groupId, topics: [TOPIC] });
    committed.push((topic?.partitions ?? []).map(({ offset }) => Number(offset)));
  }
  return committed;
}

async function untilPartitionsAre(client: ClusterClient, wanted: readonly string[]): Promise<void> {
  let found: readonly string[] = [];
  const areAsWanted = async (): Promise<boolean> => {
    const request = { topics: [{ name: TOPIC }], allowAutoTopicCreation: false };
    const { topics } = await untilAnswered(() => client.ask('any', 'Metadata', request));
    const partitions = [...(topics[0]?.partitions ?? [])].sort((a, b) => a.partitionIndex - b.partitionIndex);
    found = partitions.map(({ leaderId, isrNodes }) => `${leaderId} leads ${[...isrNodes].sort().join()}`);
    return found.join() === wanted.join();
  };
  await until(wanted.join('; '), areAsWanted, { timeoutMs: 60_000, instead: () => found.join('; ') });
}

/** Of the stopped brokers' files: what was written while both were there. */
function differencesOf(cluster: MixedCluster): readonly string[] {
  const upTo = (topic: string): number | undefined => (topic === TOPIC ? RECORDS / PARTITIONS : undefined);
  const checked = checkReplicas(cluster.brokers.map(({ logDir }) => directoryAt(logDir)), upTo);
  const compared = checked.filter(({ topic, upTo: end }) => topic === TOPIC && end > 0).length;
  const missing = compared === PARTITIONS ? [] : [`only ${compared} of ${PARTITIONS} partitions could be compared`];
  return [...missing, ...checked.flatMap(({ differences }) => differences)];
}

/** Several nodes in this process, over real sockets and files. */
import { Kafka, logLevel } from 'kafkajs';
import { InvalidConfigError, startCluster, type StartedCluster } from '../../src/index';
import { WireClient } from '../handlers/support/wire-client';
import { closedAfterEachTest } from '../support/kafkajs-clients';
import { until } from '../support/until';

const connected = closedAfterEachTest();
const running: StartedCluster[] = [];

async function started(...args: Parameters<typeof startCluster>): Promise<StartedCluster> {
  const cluster = await startCluster(...args);
  running.push(cluster);
  return cluster;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((cluster) => cluster.stop()));
});

const clientOf = ({ brokers }: StartedCluster): Kafka => new Kafka({ brokers, logLevel: logLevel.NOTHING });

async function write(cluster: StartedCluster, topic: string, value: string): Promise<void> {
  const producer = await connected(clientOf(cluster).producer());
  await producer.send({ topic, acks: -1, messages: [{ value }] });
}

async function read(cluster: StartedCluster, topic: string, count: number): Promise<string[]> {
  const consumer = await connected(clientOf(cluster).consumer({ groupId: `readers-${count}`, maxWaitTimeInMs: 100 }));
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      if (values.push(String(message.value)) === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return values;
}

describe('a cluster of one', () => {
  test('serves, and has again after a kill what it had acknowledged', async () => {
    const cluster = await started(1);
    await write(cluster, 'greetings', 'hello');
    await cluster.kill(1);
    expect(cluster.nodes).toEqual([expect.objectContaining({ id: 1, isRunning: false })]);
    await cluster.restart(1);
    await write(cluster, 'greetings', 'again');
    expect(await read(cluster, 'greetings', 2)).toEqual(['hello', 'again']);
  });

  test('starts a node that runs again too, after stopping it in order', async () => {
    const cluster = await started(1);
    await write(cluster, 'greetings', 'hello');
    await cluster.restart(1);
    expect(await read(cluster, 'greetings', 1)).toEqual(['hello']);
  });

  test('leaves nothing behind, may be stopped twice, and refuses what it cannot be', async () => {
    const cluster = await started(1);
    await Promise.all([cluster.stop(), cluster.stop()]);
    await expect(startCluster(0)).rejects.toThrow(InvalidConfigError);
    await expect(startCluster(1, { overrides: { 'num.partitions': 'many' } })).rejects.toThrow(InvalidConfigError);
  });
});

describe('a cluster of three', () => {
  test('is ready when it is started, and every node knows all three', async () => {
    const cluster = await started(3);
    const admin = await connected(clientOf(cluster).admin());
    const { brokers } = await admin.describeCluster();
    expect(brokers.map(({ nodeId }) => nodeId).sort()).toEqual([1, 2, 3]);
    expect(cluster.brokers).toHaveLength(3);
  });

  test('begins with eligible leaders, and says so', async () => {
    const cluster = await started(3);
    const client = new WireClient(cluster.nodes[0]?.port ?? 0);
    const asked = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
    const { finalizedFeatures } = await client.ask('ApiVersions', 4, asked);
    await client.close();
    const named = finalizedFeatures.find(({ name }) => name === 'eligible.leader.replicas.version');
    expect(named).toMatchObject({ minVersionLevel: 1, maxVersionLevel: 1 });
  });

  test('creates a topic of three replicas through any of its nodes', async () => {
    const cluster = await started(3);
    for (const [at, broker] of cluster.brokers.entries()) {
      const admin = await connected(new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin());
      const topic = `topic-${at}`;
      await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 3 }], waitForLeaders: true });
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const replicas = topics[0]?.partitions.map((partition) => [...partition.replicas].sort());
      expect(replicas).toEqual([1, 2, 3].map(() => [1, 2, 3]));
    }
  });

  test('goes on without the node that is killed, and takes it back', async () => {
    const cluster = await started(3);
    await write(cluster, 'greetings', 'one');
    await cluster.kill(2);
    await write(cluster, 'greetings', 'two');
    await cluster.restart(2);
    await write(cluster, 'greetings', 'three');
    expect(await read(cluster, 'greetings', 3)).toEqual(['one', 'two', 'three']);
  }, 30_000);

  test('goes on without the node that is paused, whose connections stay open, and takes it back', async () => {
    const cluster = await started(3);
    const waits = { requestTimeout: 1_000, retry: { retries: 100, initialRetryTime: 50, maxRetryTime: 200 } };
    const kafka = new Kafka({ brokers: cluster.brokers, logLevel: logLevel.NOTHING, ...waits });
    const admin = await connected(kafka.admin());
    await admin.createTopics({ topics: [{ topic: 'greetings', replicaAssignment: [{ partition: 0, replicas: [2, 1, 3] }] }], waitForLeaders: true });
    // Of a request that was not answered it does not conclude that another may lead; only of the age of what it knows.
    const producer = await connected(kafka.producer({ metadataMaxAge: 500 }));
    const send = (value: string): Promise<unknown> => producer.send({ topic: 'greetings', acks: -1, messages: [{ value }] });
    await send('one');

    cluster.pause(2);
    expect(cluster.nodes.map(({ isRunning, isPaused }) => [isRunning, isPaused])).toEqual([[true, false], [true, true], [true, false]]);
    const client = new WireClient(cluster.nodes[1]?.port ?? 0);
    let isAnswered = false;
    const answer = client.ask('Metadata', 12, { topics: [], allowAutoTopicCreation: false }).finally(() => (isAnswered = true));
    // Another leads now: that took as long as it takes to miss a node that is silent.
    await send('two');
    expect(isAnswered).toBe(false);

    cluster.resume(2);
    // Its connection was taken and what it asked was kept.
    expect((await answer).brokers.length).toBeGreaterThan(0);
    await client.close();
    const isrOf = async (): Promise<number | undefined> => (await admin.fetchTopicMetadata({ topics: ['greetings'] })).topics[0]?.partitions[0]?.isr.length;
    await until('the whole ISR', async () => (await isrOf()) === 3);
    await send('three');
    expect(await read(cluster, 'greetings', 3)).toEqual(['one', 'two', 'three']);
  }, 60_000);

  test('can be killed, started again and stopped while a node is paused', async () => {
    const cluster = await started(3);
    cluster.pause(1);
    cluster.pause(1);
    await cluster.kill(1);
    expect(() => cluster.pause(1)).toThrow('restart(1)');
    expect(() => cluster.resume(1)).toThrow('restart(1)');
    await cluster.restart(1);
    cluster.resume(1);
    cluster.pause(3);
    await cluster.restart(3);
    cluster.pause(2);
    await cluster.stop();
  }, 60_000);
});

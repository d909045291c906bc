/**
 * Consumers that read from the follower in their rack (KIP-392): a cluster of three in three racks, whose clients come through
 * counting proxies, so that it is seen which node a consumer has its records from. Then that node is killed.
 */
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { RACK_AWARE_SELECTOR } from '../../src/replication/replica-selector';
import { Child } from '../support/child';
import { CountingProxy } from '../support/counting-proxy';
import { freePorts } from '../support/free-ports';
import { closedAfterEachTest } from '../support/kafkajs-clients';
import { KafkaTools } from '../support/kafka-tools';
import { MoldauCluster } from '../support/moldau-cluster';
import { needs } from '../support/needs';
import { until } from '../support/until';

const HOST = '127.0.0.1';
const NODES = [1, 2, 3] as const;
const FOLLOWER = 2;
const RACK = 'r2';
const RECORDS = 300;
const VALUE_BYTES = 1_000;
const PATIENCE = { timeoutMs: 60_000, everyMs: 20 } as const;
const RETRY = { retries: 100, initialRetryTime: 50, maxRetryTime: 300 } as const;

jest.setTimeout(120_000);

const connected = closedAfterEachTest();

class RackCluster {
  private constructor(
    private readonly cluster: MoldauCluster,
    private readonly proxies: readonly CountingProxy[],
    readonly producer: Producer,
  ) {}

  static async start(): Promise<RackCluster> {
    const proxies = await Promise.all(NODES.map(() => CountingProxy.start()));
    const ports = await freePorts(NODES.length);
    proxies.forEach((proxy, index) => (proxy.targetPort = ports[index] ?? 0));
    const cluster = await MoldauCluster.start({
      properties: {
        'replica.selector.class': RACK_AWARE_SELECTOR,
        'inter.broker.listener.name': 'PLAINTEXT',
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:PLAINTEXT',
      },
      propertiesOf: ({ id, port, controllerPort }) => {
        const inner = `PLAINTEXT://${HOST}:${port}`;
        return {
          'broker.rack': `r${id}`,
          listeners: `${inner},CONTROLLER://${HOST}:${controllerPort},CLIENTS://${HOST}:${ports[id - 1]}`,
          'advertised.listeners': `${inner},CLIENTS://${HOST}:${proxies[id - 1]?.port}`,
        };
      },
    });
    const kafka = new Kafka({ brokers: proxies.map(({ port }) => `${HOST}:${port}`), logLevel: logLevel.NOTHING, retry: RETRY });
    const producer = kafka.producer({ retry: RETRY });
    await producer.connect();
    return new RackCluster(cluster, proxies, producer);
  }

  get bootstrap(): string[] {
    return this.proxies.map(({ port }) => `${HOST}:${port}`);
  }

  /** Node 1 leads. */
  async createTopic(topic: string): Promise<void> {
    const admin = await this.admin();
    await admin.createTopics({ topics: [{ topic, replicaAssignment: [{ partition: 0, replicas: [...NODES] }] }], waitForLeaders: true });
  }

  async produce(topic: string, from: number): Promise<void> {
    const messages = Array.from({ length: RECORDS }, (_, index) => ({ value: `${from + index}`.padEnd(VALUE_BYTES, '.') }));
    for (let at = 0; at < messages.length; at += 50) await this.producer.send({ topic, acks: -1, messages: messages.slice(at, at + 50) });
  }

  /** What `work` has made each node send to clients. */
  async bytesOf(work: () => Promise<void>): Promise<readonly number[]> {
    const before = this.proxies.map(({ answeredBytes }) => answeredBytes);
    await work();
    return this.proxies.map(({ answeredBytes }, index) => answeredBytes - (before[index] ?? 0));
  }

  async killFollower(): Promise<void> {
    await this.cluster.node(FOLLOWER).end('SIGKILL');
    await this.proxies[FOLLOWER - 1]?.stop();
  }

  /** Runs again and is in every ISR. */
  async restartFollower(topic: string): Promise<void> {
    await this.proxies[FOLLOWER - 1]?.listen();
    await this.cluster.node(FOLLOWER).start();
    const admin = await this.admin();
    await until('the follower is in sync', async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions[0]?.isr.length === NODES.length;
    }, PATIENCE);
  }

  private admin(): Promise<Admin> {
    return connected(new Kafka({ brokers: this.bootstrap, logLevel: logLevel.NOTHING, retry: RETRY }).admin());
  }

  async dispose(): Promise<void> {
    await this.producer.disconnect();
    await this.cluster.dispose();
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
  }
}

interface RunningReader {
  /** The numbers that the records began with, in the order in which they came. */
  readonly numbers: () => readonly number[];
  stop(): Promise<void>;
}

/**
 * The follower gives what there is and, where the client bears it, dies; the rest comes all the same, from elsewhere or when it
 * is back: nothing is missing, nothing comes twice.
 */
async function readsFromFollowerAndLosesIt(
  racks: RackCluster,
  topic: string,
  goesOn: 'elsewhere' | 'when it is back' | 'all the while',
  start: () => Promise<RunningReader>,
): Promise<void> {
  await racks.createTopic(topic);
  await racks.produce(topic, 0);
  let reader: RunningReader | undefined;
  const numbers = (): readonly number[] => reader?.numbers() ?? [];
  try {
    const sent = await racks.bytesOf(async () => {
      reader = await start();
      await until('all is read', () => numbers().length >= RECORDS, PATIENCE);
    });
    expect(sent[FOLLOWER - 1]).toBeGreaterThan(RECORDS * VALUE_BYTES);
    expect(sent[0]).toBeLessThan((RECORDS * VALUE_BYTES) / 2);
    if (goesOn !== 'all the while') await racks.killFollower();
    await racks.produce(topic, RECORDS);
    if (goesOn === 'when it is back') await racks.restartFollower(topic);
    await until('the rest is read', () => numbers().length >= 2 * RECORDS, PATIENCE);
    expect(numbers()).toEqual(Array.from({ length: 2 * RECORDS }, (_, index) => index));
    if (goesOn === 'elsewhere') await racks.restartFollower(topic);
  } finally {
    await reader?.stop();
  }
}

function childReader(child: Child): RunningReader {
  const numbers = (): number[] => child.stdout.split('\n').slice(0, -1).map((line) => Number.parseInt(line, 10));
  return { numbers, stop: async () => void (await child.stop()) };
}

needs('kcat', 'kafka')('a consumer in the rack of a follower', () => {
  let racks: RackCluster;
  beforeAll(async () => {
    racks = await RackCluster.start();
  });
  afterAll(async () => {
    await racks?.dispose();
  });

  // It is not made to lose it: with a preferred replica that is gone kafkajs 2.2.4 may ask nobody, again and again without ever
  // letting go of the loop (its fetchers start anew in promises alone), which stops the process that it runs in.
  test('kafkajs reads from it', async () => {
    await readsFromFollowerAndLosesIt(racks, 'by-kafkajs', 'all the while', async () => {
      const kafka = new Kafka({ brokers: racks.bootstrap, logLevel: logLevel.NOTHING, retry: RETRY });
      const consumer = await connected(kafka.consumer({ groupId: 'by-kafkajs', rackId: RACK, maxWaitTimeInMs: 200, retry: RETRY }));
      await consumer.subscribe({ topic: 'by-kafkajs', fromBeginning: true });
      const numbers: number[] = [];
      await consumer.run({ eachMessage: async ({ message }) => void numbers.push(Number.parseInt(String(message.value), 10)) });
      return { numbers: () => numbers, stop: () => consumer.disconnect() };
    });
  });

  // It does not leave a preferred replica that is down: it says so itself (`leader unchanged, not migrating away`), and asks
  // the leader again after five minutes.
  test('librdkafka reads from it, and goes on when it is back', async () => {
    await readsFromFollowerAndLosesIt(racks, 'by-kcat', 'when it is back', async () => {
      const args = ['-C', '-u', '-q', '-t', 'by-kcat', '-o', 'beginning', '-b', racks.bootstrap.join(',')];
      return childReader(new Child('kcat', 'kcat', [...args, '-X', `client.rack=${RACK}`, '-X', 'fetch.wait.max.ms=200']));
    });
  });

  test('the Java consumer reads from it, and elsewhere when it is gone', async () => {
    const tools = new KafkaTools();
    try {
      await readsFromFollowerAndLosesIt(racks, 'by-java', 'elsewhere', async () => {
        // Without a group: it would be joined anew because the partition has lost a rack, and the tool's groups commit nothing.
        const args = ['--bootstrap-server', racks.bootstrap.join(','), '--topic', 'by-java', '--partition', '0', '--offset', 'earliest'];
        const running = tools.start('kafka-console-consumer', [...args, '--command-property', `client.rack=${RACK}`]);
        const numbers = (): number[] => running.stdout.split('\n').slice(0, -1).map((line) => Number.parseInt(line, 10));
        return { numbers, stop: async () => void (await running.stop()) };
      });
    } finally {
      await tools.close();
    }
  });
});

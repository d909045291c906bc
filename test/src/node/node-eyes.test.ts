/** What a node shows of itself at metrics.listener, with clients that do what is to be seen. */
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { startBroker, startCluster, type StartedBroker, type StartedCluster } from '../../../src/index';
import { closedAfterEachTest } from '../../support/kafkajs-clients';
import { Scrape } from '../../support/scrape';
import { untilFound } from '../../support/until';

const WATCHED = { 'metrics.listener': 'localhost:0' };
const HOUR_MS = 3_600_000;

const clientOf = (brokers: readonly string[]): Kafka => new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 20, maxRetryTime: 500 } });

const connected = closedAfterEachTest();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((broker) => broker.stop()));
});

async function started(...args: Parameters<typeof startBroker>): Promise<StartedBroker> {
  const broker = await startBroker(...args);
  running.push(broker);
  return broker;
}

describe('a broker', () => {
  let broker: StartedBroker;
  let producer: Producer;
  const scrape = (): Promise<Scrape> => Scrape.of(broker.metricsUrl ?? '');

  beforeAll(async () => {
    broker = await startBroker({ overrides: WATCHED });
    producer = clientOf(broker.brokers).producer();
    await producer.connect();
  });
  afterAll(async () => {
    await producer.disconnect();
    await broker.stop();
  });

  test('counts records, bytes, requests and errors', async () => {
    await producer.send({ topic: 'counted', messages: [{ value: 'a' }, { value: 'b' }] });
    const admin = await connected(clientOf(broker.brokers).admin());
    await expect(admin.createTopics({ topics: [{ topic: 'bad', replicationFactor: 5 }] })).rejects.toThrow();
    const seen = await scrape();
    expect(seen.value('kafka_server_brokertopicmetrics_messagesin_total', { topic: 'counted' })).toBe(2);
    expect(seen.value('kafka_server_brokertopicmetrics_bytesin_total', { topic: 'counted' })).toBeGreaterThan(60);
    expect(seen.value('kafka_topic_partition_current_offset', { topic: 'counted' })).toBe(2);
    expect(seen.value('kafka_log_log_size', { topic: 'counted' })).toBe(seen.value('kafka_server_brokertopicmetrics_bytesin_total', { topic: 'counted' }));
    expect(seen.value('kafka_network_requestmetrics_requests_total', { request: 'Produce', role: 'broker' })).toBe(1);
    expect(seen.value('kafka_network_requestmetrics_errors_total', { request: 'CreateTopics', role: 'broker', error: 'INVALID_REPLICATION_FACTOR' })).toBe(1);
    expect(seen.value('moldau_request_duration_seconds_count', { request: 'Produce', role: 'broker', stage: 'total' })).toBe(1);
    expect(seen.value('kafka_controller_kafkacontroller_activecontrollercount')).toBe(1);
    expect(seen.value('kafka_server_kafkaserver_brokerstate')).toBe(3);
    expect(seen.value('moldau_log_directory_online')).toBe(1);
    expect(seen.value('moldau_log_directory_free_bytes')).toBeGreaterThan(0);
  });

  test('says how far a group is behind, in records and in the age of what it has to read next', async () => {
    const old = (age: number): string => String(Date.now() - age);
    await producer.send({ topic: 'read', messages: [{ value: 'first', timestamp: old(3 * HOUR_MS) }] });
    await producer.send({ topic: 'read', messages: [{ value: 'second', timestamp: old(HOUR_MS) }, { value: 'third', timestamp: old(HOUR_MS) }] });
    const admin = await connected(clientOf(broker.brokers).admin());
    await admin.setOffsets({ groupId: 'behind', topic: 'read', partitions: [{ partition: 0, offset: '1' }] });
    await admin.setOffsets({ groupId: 'done', topic: 'read', partitions: [{ partition: 0, offset: '3' }] });
    const seen = await scrape();
    const behind = { consumergroup: 'behind', topic: 'read', partition: '0' };
    expect(seen.value('kafka_consumergroup_current_offset', behind)).toBe(1);
    expect(seen.value('kafka_consumergroup_lag', behind)).toBe(2);
    expect(Math.round((seen.value('moldau_consumergroup_lag_seconds', behind) ?? 0) / 60)).toBe(60);
    expect(seen.value('kafka_consumergroup_lag', { ...behind, consumergroup: 'done' })).toBe(0);
    expect(seen.value('moldau_consumergroup_lag_seconds', { ...behind, consumergroup: 'done' })).toBe(0);
    expect(seen.value('kafka_consumergroup_members', { consumergroup: 'behind' })).toBe(0);
  });

  test('counts what consumers are given', async () => {
    await producer.send({ topic: 'given', messages: Array.from({ length: 50 }, (_, i) => ({ value: String(i) })) });
    const consumer = await connected(clientOf(broker.brokers).consumer({ groupId: 'given' }));
    await consumer.subscribe({ topic: 'given', fromBeginning: true });
    let read = 0;
    await new Promise<void>((resolve, reject) => {
      consumer.run({ eachMessage: async () => void (++read === 50 && resolve()) }).catch(reject);
    });
    const meanwhile = await scrape();
    expect(meanwhile.value('kafka_consumergroup_members', { consumergroup: 'given' })).toBe(1);
    expect(meanwhile.value('moldau_connections', { listener: 'PLAINTEXT' })).toBeGreaterThan(0);
    await consumer.disconnect();
    const seen = await scrape();
    expect(seen.value('moldau_topic_records_out_total', { topic: 'given' })).toBe(50);
    expect(seen.value('kafka_server_brokertopicmetrics_bytesout_total', { topic: 'given' })).toBe(
      seen.value('kafka_server_brokertopicmetrics_bytesin_total', { topic: 'given' }),
    );
  });

  test('is healthy and ready', async () => {
    for (const path of ['healthz', 'readyz']) {
      const answer = await fetch(`${broker.metricsUrl}/${path}`);
      expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ ok: true, reasons: [], nodeId: 1 })]);
    }
  });
});

test('a broker in a library opens no port for metrics unless it is asked to', async () => {
  const broker = await started();
  expect(broker.metricsUrl).toBeNull();
});

test('a broker whose port for metrics is taken serves without', async () => {
  const first = await started({ overrides: WATCHED });
  const taken = new URL(first.metricsUrl ?? '').port;
  const second = await started({ overrides: { 'metrics.listener': `localhost:${taken}` }, logLevel: 'silent' });
  expect(second.metricsUrl).toBeNull();
  const admin = await connected(clientOf(second.brokers).admin());
  expect((await admin.describeCluster()).brokers).toHaveLength(1);
});

test('a metric has at most metrics.max.series series, and what is left out is counted', async () => {
  const broker = await started({ overrides: { ...WATCHED, 'metrics.max.series': 100, 'num.partitions': 130 } });
  const producer = await connected(clientOf(broker.brokers).producer());
  await producer.send({ topic: 'wide', messages: [{ value: 'a' }] });
  // Logs are opened in slices.
  const seen = await untilFound('every partition', async () => {
    const scrape = await Scrape.of(broker.metricsUrl ?? '');
    return scrape.value('kafka_server_replicamanager_partitioncount') === 130 ? scrape : null;
  });
  expect(seen.all('kafka_log_log_size')).toHaveLength(100);
  expect(seen.value('moldau_metrics_series_left_out', { family: 'kafka_log_log_size' })).toBe(30);
});

describe('a cluster', () => {
  let cluster: StartedCluster;
  const scrapes = (): Promise<Scrape[]> => Promise.all(cluster.nodes.flatMap(({ metricsUrl }) => (metricsUrl === null ? [] : [Scrape.of(metricsUrl)])));
  const sum = (all: readonly Scrape[], name: string, labels = {}): number =>
    all.flatMap((scrape) => scrape.all(name, labels)).reduce((total, { value }) => total + value, 0);
  const series = (all: readonly Scrape[], name: string, labels = {}): number => all.reduce((total, scrape) => total + scrape.all(name, labels).length, 0);

  beforeAll(async () => {
    cluster = await startCluster(3, { overrides: { ...WATCHED, 'replica.lag.time.max.ms': 1000 } });
  });
  afterAll(() => cluster.stop());

  test('says once what is about the cluster, and knows the lag of a group whose coordinator has no replica', async () => {
    const kafka = clientOf(cluster.brokers);
    const admin = await connected(kafka.admin());
    const replicaAssignment = [1, 2, 3].map((id, partition) => ({ partition, replicas: [id] }));
    await admin.createTopics({ topics: [{ topic: 'alone', replicaAssignment }], waitForLeaders: true });
    const producer = await connected(kafka.producer());
    const messages = [0, 1, 2].flatMap((partition) => Array.from({ length: 5 }, () => ({ value: 'a', partition })));
    await producer.send({ topic: 'alone', messages });
    await admin.setOffsets({ groupId: 'far', topic: 'alone', partitions: [0, 1, 2].map((partition) => ({ partition, offset: '2' })) });
    const all = await scrapes();
    expect(sum(all, 'kafka_controller_kafkacontroller_activecontrollercount')).toBe(1);
    expect(series(all, 'kafka_topic_partition_current_offset', { topic: 'alone' })).toBe(3);
    expect(sum(all, 'kafka_server_brokertopicmetrics_messagesin_total', { topic: 'alone' })).toBe(15);
    expect(series(all, 'kafka_consumergroup_lag', { consumergroup: 'far' })).toBe(3);
    expect(sum(all, 'kafka_consumergroup_lag', { consumergroup: 'far' })).toBe(9);
    expect(series(all, 'moldau_consumergroup_lag_seconds', { consumergroup: 'far' })).toBe(3);
  });

  test('shows a node that is gone: fenced, its partitions led by others, what it lacks in records, bytes and seconds', async () => {
    const kafka = clientOf(cluster.brokers);
    const admin = await connected(kafka.admin());
    await admin.createTopics({ topics: [{ topic: 'copied', numPartitions: 3, replicationFactor: 3 }], waitForLeaders: true });
    await cluster.kill(3);
    const producer = await connected(kafka.producer());
    await producer.send({ topic: 'copied', messages: [0, 1, 2].map((partition) => ({ value: 'x'.repeat(500), partition })) });
    const all = await untilFound('a smaller ISR of every partition', async () => {
      const seen = await scrapes();
      return sum(seen, 'kafka_topic_partition_under_replicated_partition', { topic: 'copied' }) === 3 ? seen : null;
    });
    expect(all).toHaveLength(2);
    expect(sum(all, 'kafka_controller_kafkacontroller_fencedbrokercount')).toBe(1);
    expect(sum(all, 'moldau_broker_fenced', { broker: '3' })).toBe(1);
    expect(sum(all, 'moldau_replication_lag_records', { follower: '3' })).toBeGreaterThanOrEqual(3);
    expect(sum(all, 'moldau_replication_lag_bytes', { follower: '3' })).toBeGreaterThan(1500);
    expect(sum(all, 'moldau_replication_lag_seconds', { follower: '3' })).toBeGreaterThan(0);
    expect(all.map((scrape) => scrape.value('kafka_brokers'))).toEqual([2, 2]);
    await cluster.restart(3);
    await untilFound('the whole ISR of every partition', async () => {
      const seen = await scrapes();
      return seen.length === 3 && sum(seen, 'kafka_topic_partition_in_sync_replica', { topic: 'copied' }) === 9 ? seen : null;
    });
    const healed = await scrapes();
    expect(sum(healed, 'kafka_server_replicamanager_isrexpands_total')).toBeGreaterThan(0);
  });
});

/**
 * Offset-preserving mode from Moldau and from Apache Kafka to Moldau: twelve topics byte for byte at their offsets, transactions
 * and compaction included, and a group that goes on where it was.
 *
 * MOLDAU_MIRROR_RECORDS: how many records over twelve topics for each pair (4,000; the mission's figure is 500,000).
 */
import { Kafka, logLevel } from 'kafkajs';
import { startMirror, type Mirror } from '../../../mirror/mirror';
import { isSameBatch, mayBeCompacted } from '../../../mirror/preserve/batch-identity';
import { alterGroupOffsets, committedOffsets, type CommittedOffset } from '../../../wire/group-admin';
import { isRetriable } from '../../../wire/base/error-codes';
import { ServerError } from '../../../wire/broker-link';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { ClusterClient } from '../../../wire/cluster-client';
import { BatchView } from '../../../wire/record/batch';
import { committedBatches } from '../../../mirror/copy/committed-batches-core';
import { startKafkaPeer, type BrokerProcess } from '../../support/kafka-peer';
import { startMoldau } from '../../support/moldau-process';
import { closedAfterEachTest } from '../../support/kafkajs-clients';
import { needs } from '../../support/needs';
import { until } from '../../support/until';
import { quietLogger } from '../../mirror/support/copy-bench';
import { addressOf, settingsBetween } from '../../mirror/support/mirror-settings';
import { effective, recordsOf, textOf } from './compare';
import { fillTopics } from './plan';

const RECORDS = Number(process.env['MOLDAU_MIRROR_RECORDS'] ?? 4_000);
const TIMEOUT_MS = 120_000 + RECORDS;
const PATIENCE = { timeoutMs: TIMEOUT_MS / 2, everyMs: 100 } as const;
const properties = { 'log.cleaner.backoff.ms': '300' };
const IDENTITY = 'org.apache.kafka.connect.mirror.IdentityReplicationPolicy';

const connected = closedAfterEachTest();
const env = createNodeBaseEnv({ logger: quietLogger('mirror') });
let broker: { source: BrokerProcess; target: BrokerProcess };
let source: ClusterClient;
let target: ClusterClient;
let mirror: Mirror | null = null;

async function start(starting: readonly [Promise<BrokerProcess>, Promise<BrokerProcess>]): Promise<void> {
  const [from, to] = await Promise.all(starting);
  broker = { source: from, target: to };
  [source, target] = [from, to].map((each) => new ClusterClient(env, { bootstrap: [addressOf(each)], clientId: 'test' })) as [ClusterClient, ClusterClient];
}

async function end(): Promise<void> {
  await mirror?.stop();
  mirror = null;
  source.close();
  target.close();
  await Promise.all([broker.source.dispose(), broker.target.dispose()]);
}

function run(topics: string): void {
  const extra = { 'offsets.preserve': 'true', 'replication.policy.class': IDENTITY, 'emit.heartbeats.enabled': 'false', 'emit.checkpoints.interval.seconds': '1' };
  const settings = settingsBetween(broker.source.bootstrap, broker.target.bootstrap, topics, extra);
  mirror = startMirror(env, settings, { sharing: { heartbeatMs: 200, sessionTimeoutMs: 6_000 } });
}


function positionOf(topic: string, partition: number): number {
  return mirror!.flows[0]!.counters.partitions.get(`${topic}:${partition}`)?.lag.position ?? -1;
}

const isThere = async (topic: string): Promise<boolean> => (await target.metadata([topic]))[0]!.errorCode === 0;

/** The committed batches of a partition. */
async function committed(client: ClusterClient, topic: string, partition: number): Promise<BatchView[]> {
  const found: BatchView[] = [];
  const endOffset = await client.listOffset(topic, partition, -1, true);
  for (let at = await client.listOffset(topic, partition, -2); at < endOffset; ) {
    const { records, abortedTransactions } = await client.fetch(topic, partition, at, { maxWaitMs: 0, readCommitted: true });
    const { batches, nextOffset } = committedBatches(records, at, abortedTransactions);
    found.push(...batches.map(({ bytes }) => new BatchView(bytes)));
    if (nextOffset === at) break;
    at = nextOffset;
  }
  return found;
}

async function expectSame(topic: string, partition: number, isCompacted = false): Promise<void> {
  const [from, to] = [await committed(source, topic, partition), await committed(target, topic, partition)];
  const where = `${topic}-${partition}`;
  if (!isCompacted) expect([where, to.map(({ baseOffset }) => baseOffset)]).toEqual([where, from.map(({ baseOffset }) => baseOffset)]);
  const byOffset = new Map(from.map((batch) => [batch.baseOffset, batch]));
  for (const batch of to) {
    const original = byOffset.get(batch.baseOffset);
    // The source may have compacted it away meanwhile.
    if (original === undefined && isCompacted) continue;
    const isEqual = original !== undefined && (isSameBatch(original, batch) || (isCompacted && mayBeCompacted(original, batch)));
    expect([where, batch.baseOffset, isEqual, batch.isTransactional]).toEqual([where, batch.baseOffset, true, false]);
  }
}

async function twelveTopics(prefix: string): Promise<void> {
  const topics = await fillTopics(env, source, prefix, RECORDS);
  // A group that has read half of each partition.
  const rows: { topic: string; partition: number; offset: number; metadata: string }[] = [];
  for (const { name, partitions } of topics) {
    for (let partition = 0; partition < partitions; partition++) {
      rows.push({ topic: name, partition, offset: Math.floor((await source.listOffset(name, partition, -1)) / 2), metadata: '' });
    }
  }
  await readHalf(rows);
  run(`${prefix}\\..*`);
  for (const { name, partitions } of topics) {
    await until(`${name} on the target`, () => isThere(name), PATIENCE);
    for (let partition = 0; partition < partitions; partition++) {
      const endOffset = await source.listOffset(name, partition, -1);
      // A compacted log may end with offsets that have no record any more: the copy has passed them.
      await until(`${name}-${partition} at ${endOffset}`, () => Promise.resolve(positionOf(name, partition) >= endOffset), PATIENCE);
    }
  }
  for (const { name, partitions, kind } of topics) {
    for (let partition = 0; partition < partitions; partition++) {
      await expectSame(name, partition, kind === 'compacted');
      const [from, to] = [await recordsOf(source, name, partition), await recordsOf(target, name, partition)];
      if (kind === 'compacted') expect(effective(to.records)).toEqual(effective(from.records));
      else expect(to.records.map((record) => [record.offset, textOf(record)])).toEqual(from.records.map((record) => [record.offset, textOf(record)]));
    }
  }
  await until('the group on the target', async () => (await committedOffsets(target, 'half')).length === rows.length, PATIENCE);
  const byName = (a: (typeof rows)[number], b: (typeof rows)[number]): number => a.topic.localeCompare(b.topic) || a.partition - b.partition;
  expect([...(await committedOffsets(target, 'half'))].sort(byName)).toEqual([...rows].sort(byName));
  expect(mirror!.flows[0]!.counters.gaps).toBe(0);
  await goesOn(topics[1]!.name, rows.filter(({ topic }) => topic === topics[1]!.name));
}

/** A cluster whose first group this is may need a moment for it. */
async function readHalf(rows: readonly CommittedOffset[]): Promise<void> {
  await until('the group on the source', async () => {
    try {
      await alterGroupOffsets(source, 'half', rows);
      return true;
    } catch (error) {
      if (!(error instanceof ServerError) || !isRetriable(error.errorCode)) throw error;
      return false;
    }
  });
}

/** A real consumer of the group, on the target: it gets each record behind its offsets once, and none before. */
async function goesOn(topic: string, rows: readonly { partition: number; offset: number }[]): Promise<void> {
  await mirror?.stop();
  mirror = null;
  const expected: string[] = [];
  for (const { partition, offset } of rows) {
    const { records } = await recordsOf(target, topic, partition);
    for (const record of records) if (record.offset >= offset) expected.push(`${partition}:${record.offset}`);
  }
  const seen: string[] = [];
  const consumer = await connected(new Kafka({ brokers: [broker.target.bootstrap], logLevel: logLevel.NOTHING }).consumer({ groupId: 'half' }));
  await consumer.subscribe({ topic });
  await consumer.run({ eachMessage: async ({ partition, message }) => void seen.push(`${partition}:${message.offset}`) });
  await until('everything is read', async () => seen.length >= expected.length, PATIENCE);
  // What it has in hand comes before it is gone.
  await consumer.disconnect();
  expect(seen.sort()).toEqual(expected.sort());
}

/** Of three transactions one is aborted; a record without a transaction comes last. */
async function transactions(): Promise<void> {
  await source.createTopic('txn', 1, 1);
  const kafka = new Kafka({ brokers: [broker.source.bootstrap], logLevel: logLevel.NOTHING });
  const producer = await connected(kafka.producer({ transactionalId: 'drill', idempotent: true, maxInFlightRequests: 1 }));
  for (const [index, outcome] of (['commit', 'abort', 'commit'] as const).entries()) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'txn', messages: [{ value: `${outcome} ${index}` }, { value: `${outcome} ${index} too` }] });
    await transaction[outcome]();
  }
  await until('three transactions are over', async () => (await source.listOffset('txn', 0, -1, true)) === 9, PATIENCE);
}

needs('kafka')('from Apache Kafka to Moldau, offset by offset', () => {
  beforeAll(() => start([startKafkaPeer({ properties }), startMoldau()]), 180_000);
  afterAll(end, 60_000);

  test('committed transactions keep their offsets, and aborted ones and markers are gaps', async () => {
    await transactions();
    run('txn');
    await until('txn on the target', () => isThere('txn'), PATIENCE);
    await until('it is copied', async () => (await target.listOffset('txn', 0, -1)) === 8, PATIENCE);
    await expectSame('txn', 0);
    const { records } = await recordsOf(target, 'txn', 0);
    expect(records.map(({ offset, value }) => `${offset}=${Buffer.from(value ?? []).toString()}`)).toEqual(['0=commit 0', '1=commit 0 too', '6=commit 2', '7=commit 2 too']);
    await mirror?.stop();
    mirror = null;
  }, TIMEOUT_MS);

  test('twelve topics are the same, and a group goes on without reading any record again', () => twelveTopics('kafka'), TIMEOUT_MS);
});

describe('from Moldau to Moldau, offset by offset', () => {
  beforeAll(() => start([startMoldau(), startMoldau()]), 60_000);
  afterAll(end, 60_000);

  test('twelve topics are the same, and a group goes on without reading any record again', () => twelveTopics('moldau'), TIMEOUT_MS);
});

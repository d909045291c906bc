/**
 * A mirror between all four pairs of Moldau and Apache Kafka: what the target holds is what the source holds, record for
 * record and byte for byte.
 *
 * MOLDAU_MIRROR_RECORDS: how many records over twelve topics for each pair (4,000; the mission's figure is 500,000).
 */
import type { Mirror } from '../../../mirror/mirror';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { ClusterClient } from '../../../wire/cluster-client';
import { committedOffsets } from '../../../wire/group-admin';
import { startKafkaPeer, type BrokerProcess } from '../../support/kafka-peer';
import { startMoldau } from '../../support/moldau-process';
import { needs } from '../../support/needs';
import { quietLogger } from '../../mirror/support/copy-bench';
import { addressOf, mirrorBetween } from '../../mirror/support/mirror-settings';
import { effective, headerless, recordsOf, textOf } from './compare';
import { fillTopics, TOPICS, type TopicPlan } from './plan';

const RECORDS = Number(process.env['MOLDAU_MIRROR_RECORDS'] ?? 4_000);
const TIMEOUT_MS = 120_000 + RECORDS;
const properties = { 'log.cleaner.backoff.ms': '300', 'group.min.session.timeout.ms': '1000' };

needs('kafka')('a mirror between two clusters', () => {
  const env = createNodeBaseEnv({ logger: quietLogger('mirror') });
  const brokers: BrokerProcess[] = [];
  const clients = new Map<string, ClusterClient>();
  const byName = new Map<string, BrokerProcess>();

  beforeAll(async () => {
    const started = await Promise.all([
      startMoldau({ properties }),
      startMoldau({ properties }),
      startKafkaPeer({ properties }),
      startKafkaPeer({ properties }),
    ]);
    brokers.push(...started);
    ['Moldau 1', 'Moldau 2', 'Kafka 1', 'Kafka 2'].forEach((name, i) => byName.set(name, started[i]!));
    for (const [name, broker] of byName) {
      clients.set(name, new ClusterClient(env, { bootstrap: [addressOf(broker)], clientId: 'test' }));
    }
  }, 180_000);

  afterAll(async () => {
    for (const client of clients.values()) client.close();
    await Promise.all(brokers.map((broker) => broker.dispose()));
  });

  test.each([
    ['Moldau 1', 'Moldau 2'],
    ['Moldau 1', 'Kafka 1'],
    ['Kafka 1', 'Moldau 1'],
    ['Kafka 1', 'Kafka 2'],
  ])(
    'from %s to %s: every record of twelve topics, in order, with its bytes, and a group that read half goes on',
    async (from, to) => {
      const [source, target] = [clients.get(from)!, clients.get(to)!];
      const prefix = `${from}-${to}`.replaceAll(' ', '').toLowerCase();
      const topics = await fillTopics(env, source, prefix, RECORDS);
      const group = `readers-${prefix}`;
      const read = await readHalf(source, group, topics);
      const mirror = mirrorBetween(env, byName.get(from)!, byName.get(to)!, `${prefix}\\..*`, GROUPS);
      try {
        await caughtUp(mirror, source, topics, TIMEOUT_MS);
        for (const topic of topics) await expectEqual(source, target, topic);
        await expectGroupGoesOn(target, group, read, 30_000);
        expect(mirror.flows[0]!.counters.gaps).toBe(0);
      } finally {
        await mirror.stop();
      }
    },
    TIMEOUT_MS,
  );
});

/** Checkpoints and the target's group offsets each second. */
const GROUPS = {
  'sync.group.offsets.enabled': 'true',
  'sync.group.offsets.interval.seconds': '1',
  'emit.checkpoints.interval.seconds': '1',
  'refresh.groups.interval.seconds': '1',
};
/** What a group may read again of a partition in ordinary mode. */
const MAX_REREAD = 100;

interface HalfRead {
  readonly topic: string;
  readonly partition: number;
  /** Records of the source that the group has not read. */
  readonly left: number;
}

/** A group has read half of each partition: its offsets lie in the middle of batches, too. Not of what is compacted meanwhile. */
async function readHalf(source: ClusterClient, groupId: string, topics: readonly TopicPlan[]): Promise<HalfRead[]> {
  const read: HalfRead[] = [];
  const rows = [];
  for (const { name, partitions, kind } of topics) {
    if (kind === 'compacted') continue;
    const offsets = [];
    for (let partition = 0; partition < partitions; partition++) {
      const endOffset = await source.listOffset(name, partition, -1);
      const committedOffset = Math.floor(endOffset / 2);
      read.push({ topic: name, partition, left: endOffset - committedOffset });
      offsets.push({ partitionIndex: partition, committedOffset, committedMetadata: '' });
    }
    rows.push({ name, partitions: offsets });
  }
  const coordinator = await source.findCoordinator(groupId);
  const request = { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics: rows };
  const answer = await source.ask(coordinator, 'OffsetCommit', request, { maxVersion: 9 });
  expect(answer.topics.flatMap(({ partitions }) => partitions).filter(({ errorCode }) => errorCode !== 0)).toEqual([]);
  return read;
}

/** On the target the group has left to read what it had left on the source, and a little of what it had read. */
async function expectGroupGoesOn(
  target: ClusterClient,
  group: string,
  read: readonly HalfRead[],
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const far = await placesOff(target, group, read);
    // The copy may be ahead of its checkpoints for a moment, never behind them.
    if (far.length === 0) return;
    if (Date.now() > deadline || far.some(({ again }) => again < 0)) throw new Error(JSON.stringify(far));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Where the group would skip records, or read too many again. */
async function placesOff(
  target: ClusterClient,
  group: string,
  read: readonly HalfRead[],
): Promise<{ where: string; again: number }[]> {
  const offsets = await committedOffsets(target, group);
  const off: { where: string; again: number }[] = [];
  for (const { topic, partition, left } of read) {
    const found = offsets.find((each) => each.topic === `A.${topic}` && each.partition === partition);
    const again = (await target.listOffset(`A.${topic}`, partition, -1)) - (found?.offset ?? 0) - left;
    if (again < 0 || again > MAX_REREAD) off.push({ where: `${topic}-${partition}`, again });
  }
  return off;
}

/** Every partition's position is the source's end. */
async function caughtUp(
  mirror: Mirror,
  source: ClusterClient,
  topics: readonly TopicPlan[],
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { counters } = mirror.flows[0]!;
    let missing = '';
    for (const { name, partitions } of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const endOffset = await source.listOffset(name, partition, -1);
        const position = counters.partitions.get(`A.${name}:${partition}`)?.lag.position ?? -1;
        if (position < endOffset) missing = `${name}-${partition} at ${position} of ${endOffset}`;
      }
    }
    if (missing === '') return;
    if (Date.now() > deadline) throw new Error(`not caught up: ${missing}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function expectEqual(source: ClusterClient, target: ClusterClient, topic: TopicPlan): Promise<void> {
  for (let partition = 0; partition < topic.partitions; partition++) {
    const from = await recordsOf(source, topic.name, partition);
    const to = await recordsOf(target, `A.${topic.name}`, partition);
    const where = `${topic.name}-${partition}`;
    if (topic.kind === 'compacted') {
      // Both sides compact when they like: the last record of each key is what counts.
      expect([where, effective(to.records)]).toEqual([where, effective(from.records)]);
      continue;
    }
    expect(to.records.length).toBe(from.records.length);
    for (let i = 0; i < from.records.length; i++) {
      if (textOf(to.records[i]!) !== textOf(from.records[i]!))
        expect([where, i, textOf(to.records[i]!)]).toEqual([where, i, textOf(from.records[i]!)]);
    }
    if (topic.kind === 'append-time') continue;
    expect(to.batches.map((batch) => batch.sizeBytes)).toEqual(from.batches.map((batch) => batch.sizeBytes));
    for (let i = 0; i < from.batches.length; i++) {
      const isEqual = Buffer.compare(headerless(to.batches[i]!), headerless(from.batches[i]!)) === 0;
      expect([where, i, isEqual]).toEqual([where, i, true]);
    }
  }
}

test('the plan has twelve topics', () => {
  expect(TOPICS).toHaveLength(12);
});

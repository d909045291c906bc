import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import { ClusterClient } from '../../wire/cluster-client';
import type { ClusterClientOptions } from '../../wire/cluster-client';
import { committedOffsets } from '../../wire/group-admin';
import { encodeBatch } from '../../wire/record/records';
import { startBroker } from '../../src/index';
import type { Answer, Answers, Versions } from './support/fake-broker';
import { FakeBroker, env } from './support/fake-broker';

const TOPIC_ID = 'AbCdEfGhIjKlMnOpQrStUv'.slice(0, 21) + 'A';
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(answers: Answers, versions: Versions = {}): Promise<FakeBroker> {
  const started = await new FakeBroker(answers, versions).start();
  open.push({ close: () => started.stop() });
  return started;
}

function client(brokers: readonly { port: number }[], options: Partial<ClusterClientOptions> = {}): ClusterClient {
  const bootstrap = brokers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const made = new ClusterClient(env, { bootstrap, clientId: 'client', ...options });
  open.push(made);
  return made;
}

/** Metadata of one topic `t` whose partitions are led by the given brokers. */
function metadataOf(brokers: () => readonly FakeBroker[], leaders: () => readonly number[]): Answer<'Metadata'> {
  return (request) => ({
    brokers: brokers().map(({ port }, nodeId) => ({ nodeId, host: '127.0.0.1', port })),
    topics: (request.topics ?? [{ name: 't' }]).map(({ name }) => {
      if (name !== 't') return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] };
      const partitions = leaders().map((leaderId, partitionIndex) => {
        return { errorCode: 0, partitionIndex, leaderId, replicaNodes: [], isrNodes: [] };
      });
      return { errorCode: 0, name, topicId: TOPIC_ID, partitions };
    }),
  });
}

const batch = Buffer.from('as good as a batch');

describe('a cluster client', () => {
  test('negotiates versions, also with a broker that is older, and refuses what there is no common version for', async () => {
    const old = await start(
      { Metadata: () => ({ brokers: [], topics: [] }), Heartbeat: () => ({ errorCode: 0 }) },
      { ApiVersions: [0, 1], Metadata: [1, 5] },
    );
    const asking = client([old]);
    await asking.metadata([]);
    expect(old.asked).toEqual([
      { name: 'ApiVersions', version: 1 },
      { name: 'Metadata', version: 5 },
    ]);
    await asking.ask('any', 'Heartbeat', { groupId: 'g', generationId: 0, memberId: '' }, { maxVersion: 2 });
    expect(old.asked.at(-1)).toEqual({ name: 'Heartbeat', version: 2 });
    const refused = await asking.ask('any', 'ListGroups', {}).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'ServerError', errorCode: ErrorCode.UNSUPPORTED_VERSION });
  });

  test.each([
    ['by id', 13, 13],
    ['by name', 9, 12],
  ])('writes to and reads from the leader, topics named %s', async (_, produceVersion, fetchVersion) => {
    const brokers: FakeBroker[] = [];
    const Metadata = metadataOf(
      () => brokers,
      () => [1, 0],
    )!;
    const answers = (node: number): Answers => ({
      Metadata,
      Produce: ({ topicData: [topic] }) => {
        const { name, topicId, partitionData } = topic!;
        expect(produceVersion >= 13 ? topicId : name).toBe(produceVersion >= 13 ? TOPIC_ID : 't');
        const [partition] = partitionData;
        expect(Buffer.from(partition!.records!).equals(batch)).toBe(true);
        const { index } = partition!;
        return {
          responses: [{ name, topicId, partitionResponses: [{ index, errorCode: 0, baseOffset: 100 + node }] }],
        };
      },
      Fetch: ({ topics: [asked] }) => {
        const { topic, topicId, partitions } = asked!;
        const [{ partition, fetchOffset }] = partitions as [(typeof partitions)[0]];
        const answer = {
          partitionIndex: partition,
          errorCode: 0,
          highWatermark: fetchOffset + node,
          abortedTransactions: null,
        };
        return { responses: [{ topic, topicId, partitions: [{ ...answer, records: batch }] }] };
      },
      ListOffsets: ({ topics: [asked] }) => {
        const { name, partitions } = asked!;
        const [{ partitionIndex, timestamp }] = partitions as [(typeof partitions)[0]];
        return { topics: [{ name, partitions: [{ partitionIndex, errorCode: 0, offset: timestamp + 10 * node }] }] };
      },
    });
    const versions: Versions = { Produce: [3, produceVersion], Fetch: [4, fetchVersion] };
    brokers.push(await start(answers(0), versions), await start(answers(1), versions));
    const asking = client([brokers[0]!]);
    expect(await asking.produce('t', 0, batch)).toMatchObject({ baseOffset: 101 });
    expect(await asking.produce('t', 1, batch)).toMatchObject({ baseOffset: 100 });
    const fetched = await asking.fetch('t', 0, 50);
    expect([fetched.highWatermark, Buffer.from(fetched.records).equals(batch)]).toEqual([51, true]);
    expect(await asking.listOffset('t', 0, 7)).toBe(17);
  });

  test('finds a leader that has moved, and waits while there is none', async () => {
    const brokers: FakeBroker[] = [];
    let leader = 0;
    let elections = 0;
    const Metadata = metadataOf(
      () => brokers,
      () => [elections++ === 1 ? -1 : leader],
    )!;
    const produced =
      (node: number): Answer<'Produce'> =>
      ({ topicData: [topic] }) => {
        const errorCode = leader === node ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
        const { name, topicId } = topic!;
        return { responses: [{ name, topicId, partitionResponses: [{ index: 0, errorCode, baseOffset: node }] }] };
      };
    brokers.push(await start({ Metadata, Produce: produced(0) }), await start({ Metadata, Produce: produced(1) }));
    const asking = client(brokers);
    expect((await asking.produce('t', 0, batch)).baseOffset).toBe(0);
    leader = 1;
    expect((await asking.produce('t', 0, batch)).baseOffset).toBe(1);
    expect(elections).toBeGreaterThanOrEqual(3);
  });

  test('goes on with another broker when the one it asked is gone', async () => {
    const brokers: FakeBroker[] = [];
    const Metadata = metadataOf(
      () => brokers.slice(-1),
      () => [0],
    )!;
    const gone = await start({ Metadata });
    brokers.push(gone);
    const asking = client([gone, { port: 1 }]);
    await asking.metadata(['t']);
    const alive = await start({ Metadata });
    brokers.push(alive);
    await asking.metadata(['t']);
    await gone.stop();
    await asking.metadata(['t']);
    expect(alive.asked.map(({ name }) => name)).toEqual(['ApiVersions', 'Metadata']);
  });

  test('gives up after its attempts, and at once on an error that will not pass', async () => {
    let tries = 0;
    const broker: FakeBroker = await start({
      Metadata: metadataOf(
        () => [broker],
        () => [0],
      )!,
      Produce: ({ topicData: [topic] }) => {
        tries += 1;
        const { name, topicId } = topic!;
        const [index, errorCode] = [0, tries < 3 ? ErrorCode.NOT_ENOUGH_REPLICAS : ErrorCode.MESSAGE_TOO_LARGE];
        return { responses: [{ name, topicId, partitionResponses: [{ index, errorCode, baseOffset: -1 }] }] };
      },
    });
    const patient = await client([broker])
      .produce('t', 0, batch)
      .catch((error: unknown) => error);
    expect([patient instanceof ServerError && patient.errorCode, tries]).toEqual([ErrorCode.MESSAGE_TOO_LARGE, 3]);
    tries = 0;
    const impatient = await client([broker], { maxAttempts: 2 })
      .produce('t', 0, batch)
      .catch((error: unknown) => error);
    expect([impatient instanceof ServerError && impatient.errorCode, tries]).toEqual([
      ErrorCode.NOT_ENOUGH_REPLICAS,
      2,
    ]);
  });

  test('creates a topic and waits for its leaders; finds coordinators in old and new versions', async () => {
    let asked = 0;
    const broker: FakeBroker = await start({
      Metadata: metadataOf(
        () => [broker],
        () => [0, asked++ > 1 ? 0 : -1],
      )!,
      CreateTopics: ({ topics: [topic] }) => ({ topics: [{ name: topic!.name, errorCode: 0, errorMessage: null }] }),
      FindCoordinator: (request, { apiVersion }) => {
        const found = { nodeId: 9, host: '127.0.0.1', port: broker.port, errorMessage: null };
        if (apiVersion < 4) return { errorCode: 0, ...found };
        return { coordinators: request.coordinatorKeys.map((key) => ({ key, errorCode: 0, ...found })) };
      },
      Heartbeat: () => ({ errorCode: 0 }),
    });
    const asking = client([broker]);
    await asking.createTopic('t', 2);
    expect(asked).toBe(3);
    expect(await asking.findCoordinator('group')).toBe(9);
    await asking.ask(9, 'Heartbeat', { groupId: 'group', generationId: 1, memberId: '' });
    broker.versions.FindCoordinator = [0, 0];
    expect(await client([broker]).findCoordinator('group')).toBe(9);
  });

  test('waits for the coordinator of the first group of a cluster, however few attempts it has', async () => {
    let asked = 0;
    const broker: FakeBroker = await start({
      FindCoordinator: () => ({ coordinators: [{ key: 'g', nodeId: 0, host: '127.0.0.1', port: broker.port, errorCode: 0, errorMessage: null }] }),
      OffsetFetch: () => ({
        groups: [{ groupId: 'g', topics: [], errorCode: ++asked < 6 ? ErrorCode.NOT_COORDINATOR : 0 }],
      }),
    });
    expect(await committedOffsets(client([broker], { maxAttempts: 2 }), 'g')).toEqual([]);
    expect(asked).toBe(6);
    expect(broker.asked.filter(({ name }) => name === 'FindCoordinator').length).toBe(6);
  });

  test('that is closed asks nobody', async () => {
    const broker = await start({ Metadata: () => ({ brokers: [], topics: [] }) });
    const asking = client([broker]);
    await asking.metadata([]);
    asking.close();
    await expect(asking.metadata([])).rejects.toMatchObject({ kind: 'closed' });
    while (broker.server.metrics.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});

test('a cluster client writes to and reads from a whole broker', async () => {
  const broker = await startBroker();
  open.push({ close: () => broker.stop() });
  const asking = client([broker]);
  await asking.createTopic('t', 3, 1);
  const record = { key: null, value: Buffer.from('value'), timestampMs: 1_700_000_000_000 };
  const written = encodeBatch({ records: [record] }, env.crc32c);
  expect((await asking.produce('t', 1, written)).baseOffset).toBe(0);
  expect((await asking.produce('t', 1, written)).baseOffset).toBe(1);
  const { records, highWatermark } = await asking.fetch('t', 1, 0);
  expect([records.length, highWatermark]).toEqual([2 * written.length, 2]);
  expect([await asking.listOffset('t', 1, -1), await asking.listOffset('t', 1, -2)]).toEqual([2, 0]);
  const coordinator = await asking.findCoordinator('group');
  const software = { clientSoftwareName: 'tester', clientSoftwareVersion: '1' };
  expect((await asking.ask(coordinator, 'ApiVersions', software)).errorCode).toBe(ErrorCode.NONE);
});

/** AlterReplicaLogDirs and what DescribeLogDirs says meanwhile, of a broker with two directories, over real sockets and files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ErrorCode } from '../../wire/base/error-codes';
import { encodeBatch } from '../../wire/record/records';
import { crc32cOfTests } from './support/crc32c';
import { startTestBroker, type TestBroker } from './support/test-broker';
import type { WireClient } from './support/wire-client';

const RATE = 'replica.alter.log.dirs.io.max.bytes.per.second';
const BROKER = 4;
const SET = 0;
const DELETE = 1;

let parent: string;
let dirs: readonly string[];
let broker: TestBroker;
let client: WireClient;

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'moldau-two-directories-'));
  dirs = [join(parent, 'a'), join(parent, 'b')];
  // A piece is one batch.
  broker = await startTestBroker({ 'log.dirs': dirs.join(), 'replica.fetch.max.bytes': '10' });
  client = broker.client();
  await client.ask('CreateTopics', 7, {
    topics: [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 30_000,
  });
  // The topic is answered before its log is made.
  while ((await places()).length === 0);
});

afterEach(async () => {
  await broker.stop();
  rmSync(parent, { recursive: true, force: true });
});

interface Place {
  readonly path: string;
  readonly offsetLag: number;
  readonly isFutureKey: boolean;
}

async function places(): Promise<Place[]> {
  const { results } = await client.ask('DescribeLogDirs', 4, { topics: [{ topic: 't', partitions: [0] }] });
  return results.flatMap(({ logDir: path, topics }) =>
    topics.flatMap(({ partitions }) => partitions.map(({ offsetLag, isFutureKey }) => ({ path, offsetLag, isFutureKey }))),
  );
}

async function produce(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from(`${i}`), timestampMs: 1 }] }, crc32cOfTests);
    await client.ask('Produce', 9, { acks: -1, timeoutMs: 5000, topicData: [{ name: 't', partitionData: [{ index: 0, records }] }] });
  }
}

async function move(path: string): Promise<number | undefined> {
  const { results } = await client.ask('AlterReplicaLogDirs', 2, { dirs: [{ path, topics: [{ name: 't', partitions: [0] }] }] });
  return results[0]?.partitions[0]?.errorCode;
}

async function limit(rate: string | null): Promise<void> {
  const configs = [{ name: RATE, configOperation: rate === null ? DELETE : SET, value: rate }];
  const resources = [{ resourceType: BROKER, resourceName: '1', configs }];
  const { responses } = await client.ask('IncrementalAlterConfigs', 1, { resources, validateOnly: false });
  expect(responses[0]?.errorCode).toBe(ErrorCode.NONE);
}

const logIn = (path: string): Buffer => readFileSync(join(path, 't-0', `${'0'.repeat(20)}.log`));

test('a replica is copied at the rate that is set, told as on its way, and the same in its new place', async () => {
  await produce(20);
  const [from] = await places();
  const to = dirs.find((dir) => dir !== from?.path) ?? '';
  await limit('1');
  expect(await move(to)).toBe(ErrorCode.NONE);
  expect((await places()).sort((a, b) => Number(a.isFutureKey) - Number(b.isFutureKey))).toEqual([
    { path: from?.path, offsetLag: 0, isFutureKey: false },
    { path: to, offsetLag: expect.any(Number) as number, isFutureKey: true },
  ]);
  await produce(5);
  expect((await places()).find(({ isFutureKey }) => isFutureKey)?.offsetLag).toBeGreaterThan(5);
  const before = logIn(from?.path ?? '');
  await limit(null);
  while ((await places()).length > 1 || (await places())[0]?.path !== to);
  expect(await places()).toEqual([{ path: to, offsetLag: 0, isFutureKey: false }]);
  expect(logIn(to).equals(before)).toBe(true);
  await produce(1);
  expect(logIn(to).length).toBeGreaterThan(before.length);
  expect(readdirSync(from?.path ?? '').filter((name) => name.startsWith('t-0'))).toEqual([expect.stringMatching(/^t-0\.[0-9a-f]{32}-delete$/)]);
  expect(broker.takeErrors()).toEqual([]);
});

test('a directory that the broker does not have is told so', async () => {
  expect(await move('/nowhere/at/all')).toBe(ErrorCode.LOG_DIR_NOT_FOUND);
  expect(await places()).toHaveLength(1);
});

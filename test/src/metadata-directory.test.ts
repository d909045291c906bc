/** A node with metadata.log.dir apart from log.dirs, as Kafka's users have it: on a disk of its own. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeDisk } from '../../log/node-disk';
import { ErrorCode } from '../../wire/base/error-codes';
import { encodeBatch } from '../../wire/record/records';
import { crc32cOfTests } from '../handlers/support/crc32c';
import { startTestBroker, type TestBroker } from '../handlers/support/test-broker';
import type { WireClient } from '../handlers/support/wire-client';
import { FaultyDisk } from '../support/faulty-disk';

let parent: string;
let disk: FaultyDisk;
let broker: TestBroker;
let client: WireClient;

async function start(): Promise<void> {
  const properties = { 'log.dirs': `${join(parent, 'first')},${join(parent, 'second')}`, 'metadata.log.dir': join(parent, 'meta') };
  broker = await startTestBroker(properties, disk);
  client = broker.client();
}

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'moldau-test-'));
  disk = new FaultyDisk(new NodeDisk({ unsafeNoSync: true }));
  await start();
  for (const name of ['a', 'b', 'c']) {
    const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    const answer = await client.ask('CreateTopics', 7, { topics });
    expect(answer.topics.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.NONE]);
  }
});

afterEach(async () => {
  await broker.stop();
  rmSync(parent, { recursive: true, force: true });
});

async function produce(topic: string): Promise<number | undefined> {
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from('v'), timestampMs: 1 }] }, crc32cOfTests);
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const { responses } = await client.ask('Produce', 9, { acks: -1, timeoutMs: 1000, topicData });
  return responses[0]?.partitionResponses[0]?.errorCode;
}

const partitionsIn = (name: string): string[] => readdirSync(join(parent, name)).filter((each) => /^[abc]-0$/.test(each));

describe('a metadata directory apart from the log directories', () => {
  test('holds the metadata log alone, and the others hold the replicas alone', async () => {
    expect(existsSync(join(parent, 'meta', '__cluster_metadata-0'))).toBe(true);
    expect(existsSync(join(parent, 'first', '__cluster_metadata-0'))).toBe(false);
    expect(partitionsIn('meta')).toEqual([]);
    expect([...partitionsIn('first'), ...partitionsIn('second')].sort()).toEqual(['a-0', 'b-0', 'c-0']);
    expect(readFileSync(join(parent, 'meta', 'meta.properties'), 'utf8')).toContain('node.id=1');
  });

  test('is none of the directories that DescribeLogDirs tells', async () => {
    const { results } = await client.ask('DescribeLogDirs', 4, { topics: null });
    expect(results.map(({ logDir }) => logDir).sort()).toEqual([join(parent, 'first'), join(parent, 'second')]);
  });

  test('is found again by the next start, with the topics and their records', async () => {
    expect(await produce('a')).toBe(ErrorCode.NONE);
    await broker.stop();
    await start();
    const { topics } = await client.ask('ListOffsets', 6, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'a', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
    });
    expect(topics[0]?.partitions[0]?.offset).toBe(1);
  });
});

describe('a broker that has lost every log directory', () => {
  test('ends and says so, though its metadata can still be written', async () => {
    disk.fail('write', /(first|second).[abc]-0/);
    for (const topic of ['a', 'b', 'c']) await produce(topic).catch(() => undefined);
    await expect(broker.closed).rejects.toThrow('every log directory has failed');
    expect(broker.takeErrors().join('\n')).toContain('every log directory has failed');
  });
});

import { ErrorCode } from '../../wire/base/error-codes';
import { encodeBatch } from '../../wire/record/records';
import { NodeDisk } from '../../log/node-disk';
import { FaultyDisk } from '../support/faulty-disk';
import { crc32cOfTests } from './support/crc32c';
import { startTestBroker, type TestBroker } from './support/test-broker';
import type { WireClient } from './support/wire-client';

let broker: TestBroker;
let client: WireClient;
let disk: FaultyDisk;

beforeEach(async () => {
  disk = new FaultyDisk(new NodeDisk({ unsafeNoSync: true }));
  broker = await startTestBroker({}, disk);
  client = broker.client();
  await client.ask('CreateTopics', 7, {
    topics: ['a', 'b'].map((name) => ({ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] })),
  });
  // The topics are answered before the last of their logs are made.
  for (let count = 0; count < 4; ) {
    const { results } = await client.ask('DescribeLogDirs', 4, { topics: null });
    count = results.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions)).length;
  }
});

afterEach(() => broker.stop());

describe('DescribeLogDirs', () => {
  test('tells where replicas lie, how large they are, and how large the volume is', async () => {
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from('v'), timestampMs: 1 }] }, crc32cOfTests);
    await client.ask('Produce', 9, { acks: 1, timeoutMs: 1000, topicData: [{ name: 'a', partitionData: [{ index: 1, records }] }] });
    const { errorCode, results } = await client.ask('DescribeLogDirs', 4, { topics: null });
    expect(errorCode).toBe(ErrorCode.NONE);
    expect(results).toHaveLength(1);
    const [result] = results;
    expect(result).toMatchObject({ errorCode: ErrorCode.NONE, logDir: broker.directory });
    const sizes = result?.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, partitionSize }) => [name, partitionIndex, partitionSize]),
    );
    expect(sizes?.sort()).toEqual([
      ['a', 0, 0],
      ['a', 1, records.length],
      ['b', 0, 0],
      ['b', 1, 0],
    ]);
    expect(result?.usableBytes).toBeGreaterThan(0);
    expect(result?.totalBytes).toBeGreaterThanOrEqual(result?.usableBytes ?? Infinity);
  });

  test('tells of what is asked for alone', async () => {
    const { results } = await client.ask('DescribeLogDirs', 4, {
      topics: [
        { topic: 'b', partitions: [1, 7] },
        { topic: 'absent', partitions: [0] },
      ],
    });
    const told = results.flatMap(({ topics }) => topics);
    expect(told.map(({ name, partitions }) => [name, partitions.map(({ partitionIndex }) => partitionIndex)])).toEqual([['b', [1]]]);
  });

  test('says that a volume cannot be read', async () => {
    disk.fail('freeBytes', /./, 'EIO', 1);
    const { results } = await client.ask('DescribeLogDirs', 4, { topics: null });
    expect(results).toMatchObject([{ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir: broker.directory, topics: [] }]);
  });
});

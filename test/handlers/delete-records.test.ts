import { ErrorCode } from '../../wire/base/error-codes';
import { encodeBatch } from '../../wire/record/records';
import { crc32cOfTests } from './support/crc32c';
import { startTestBroker, type TestBroker } from './support/test-broker';
import type { WireClient } from './support/wire-client';

let broker: TestBroker;
let client: WireClient;

beforeEach(async () => {
  broker = await startTestBroker();
  client = broker.client();
  await create('t', []);
  await produce('t', 5);
});

afterEach(() => broker.stop());

async function create(name: string, configs: readonly { name: string; value: string }[]): Promise<void> {
  await client.ask('CreateTopics', 7, {
    topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [...configs] }],
  });
}

async function produce(name: string, count: number): Promise<void> {
  const record = { key: Buffer.from('k'), value: Buffer.from('v'), timestampMs: 1000 };
  const records = encodeBatch({ records: Array.from({ length: count }, () => record) }, crc32cOfTests);
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  await client.ask('Produce', 9, { acks: -1, timeoutMs: 1000, topicData });
}

async function deleteBefore(name: string, ...offsets: readonly number[]) {
  const partitions = offsets.map((offset) => ({ partitionIndex: 0, offset }));
  const answer = await client.ask('DeleteRecords', 2, { topics: [{ name, partitions }], timeoutMs: 1000 });
  return answer.topics[0]?.partitions.map(({ errorCode, lowWatermark }) => ({ errorCode, lowWatermark }));
}

async function earliest(name: string): Promise<number | undefined> {
  const topics = [{ name, partitions: [{ partitionIndex: 0, timestamp: -2 }] }];
  const answer = await client.ask('ListOffsets', 7, { replicaId: -1, topics });
  return answer.topics[0]?.partitions[0]?.offset;
}

const done = (lowWatermark: number) => [{ errorCode: ErrorCode.NONE, lowWatermark }];
const refused = (errorCode: number) => [{ errorCode, lowWatermark: -1 }];

describe('DeleteRecords', () => {
  test('moves the start of a log, never back', async () => {
    expect(await deleteBefore('t', 3)).toEqual(done(3));
    expect(await earliest('t')).toBe(3);
    expect(await deleteBefore('t', 1)).toEqual(done(3));
    expect(await earliest('t')).toBe(3);
  });

  test('up to the high watermark, which -1 stands for, and not beyond', async () => {
    expect(await deleteBefore('t', 6)).toEqual(refused(ErrorCode.OFFSET_OUT_OF_RANGE));
    expect(await deleteBefore('t', -2)).toEqual(refused(ErrorCode.OFFSET_OUT_OF_RANGE));
    expect(await deleteBefore('t', -1)).toEqual(done(5));
    expect(await earliest('t')).toBe(5);
  });

  test('of a partition that is named twice the last offset counts', async () => {
    expect(await deleteBefore('t', 4, 2)).toEqual(done(2));
  });

  test('says why it does not', async () => {
    await create('compacted', [{ name: 'cleanup.policy', value: 'compact' }]);
    await create('both', [{ name: 'cleanup.policy', value: 'compact,delete' }]);
    await client.ask('FindCoordinator', 4, { coordinatorKeys: ['group'] });
    expect(await deleteBefore('compacted', 0)).toEqual(refused(ErrorCode.POLICY_VIOLATION));
    expect(await deleteBefore('both', 0)).toEqual(done(0));
    expect(await deleteBefore('absent', 0)).toEqual(refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
    expect(await deleteBefore('__consumer_offsets', 0)).toEqual(refused(ErrorCode.INVALID_TOPIC_EXCEPTION));
  });
});

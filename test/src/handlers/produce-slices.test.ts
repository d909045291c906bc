/** Produce requests that are too much for one turn of the loop, against a whole broker. */
import { ErrorCode } from '../../../wire/base/error-codes';
import { encodeBatch } from '../../../wire/record/records';
import { crc32cOfTests } from '../../handlers/support/crc32c';
import { type TestBroker, startTestBroker } from '../../handlers/support/test-broker';
import type { WireClient } from '../../handlers/support/wire-client';

const PARTITIONS = 12;
const VERSION = 9;

let broker: TestBroker;
let client: WireClient;

beforeAll(async () => {
  broker = await startTestBroker();
  client = broker.client();
  const topics = [{ name: 'wide', numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [] }];
  await client.ask('CreateTopics', 7, { topics });
});
afterAll(() => broker.stop());

function batch(...values: readonly Buffer[]): Uint8Array {
  return encodeBatch({ records: values.map((value) => ({ key: null, value, timestampMs: 1 })) }, crc32cOfTests);
}

const large = batch(Buffer.alloc(700_000, 'large'));
const small = batch(Buffer.from('a'), Buffer.from('b'));

function produce(records: Uint8Array, partitions: readonly number[], acks = -1) {
  const partitionData = partitions.map((index) => ({ index, records }));
  return client.ask('Produce', VERSION, { acks, timeoutMs: 5000, topicData: [{ name: 'wide', partitionData }] });
}

const all = Array.from({ length: PARTITIONS }, (_, index) => index);

test('are answered whole, and before what was sent behind them on the same connection', async () => {
  const order: string[] = [];
  const first = produce(large, [...all, PARTITIONS]).finally(() => order.push('large'));
  const second = produce(small, all).finally(() => order.push('small'));
  const [one, two] = await Promise.all([first, second]);
  expect(order).toEqual(['large', 'small']);
  const rows = (answer: typeof one): (number | undefined)[][] =>
    answer.responses.flatMap(({ partitionResponses }) =>
      partitionResponses.map(({ index, errorCode, baseOffset }) => [index, errorCode, baseOffset]),
    );
  const missing = [PARTITIONS, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1];
  expect(rows(one)).toEqual([...all.map((index) => [index, ErrorCode.NONE, 0]), missing]);
  expect(rows(two)).toEqual(all.map((index) => [index, ErrorCode.NONE, 1]));
  expect(broker.takeErrors()).toEqual([]);
});

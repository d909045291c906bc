import { startTestBroker, type TestBroker } from './support/test-broker';

let broker: TestBroker;
beforeAll(async () => (broker = await startTestBroker()));
afterAll(() => broker.stop());

test('DescribeLogDirs tells where replicas lie, all of them or those that are asked for', async () => {
  const client = broker.client();
  const topics = [{ name: 'kept', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }];
  await client.ask('CreateTopics', 7, { topics, timeoutMs: 1000 });
  const asked = async (wanted: { topic: string; partitions: number[] }[] | null): Promise<unknown> => {
    const { results } = await client.ask('DescribeLogDirs', 4, { topics: wanted });
    return results.map(({ errorCode, logDir, topics: found, usableBytes }) => ({
      errorCode,
      logDir,
      hasSpace: usableBytes > 0,
      found: found.map(({ name, partitions }) => [name, partitions.map(({ partitionIndex }) => partitionIndex).sort()]),
    }));
  };
  const there = { errorCode: 0, logDir: broker.directory, hasSpace: true };
  expect(await asked(null)).toEqual([{ ...there, found: [['kept', [0, 1, 2]]] }]);
  expect(await asked([{ topic: 'kept', partitions: [1, 9] }])).toEqual([{ ...there, found: [['kept', [1]]] }]);
  expect(await asked([])).toEqual([{ ...there, found: [] }]);
});

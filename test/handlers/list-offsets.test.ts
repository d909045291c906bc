import { ErrorCode } from '../../wire/base/error-codes';
import { encodeBatch } from '../../wire/record/records';
import { CompressionType } from '../../wire/record/compression-type';
import { crc32cOfTests } from './support/crc32c';
import { startTestBroker } from './support/test-broker';

/** A batch that says gzip and holds none, with a checksum that is right. */
function undecodable(): Uint8Array {
  const record = { key: null, value: Buffer.alloc(100, 'v'), timestampMs: 1000 };
  const bytes = Buffer.from(encodeBatch({ records: [record], compression: CompressionType.none }, crc32cOfTests));
  bytes.writeInt16BE(CompressionType.gzip, 21);
  bytes.writeUInt32BE(crc32cOfTests(bytes.subarray(21)), 17);
  return bytes;
}

describe('ListOffsets by timestamp', () => {
  test('says that a batch cannot be read, and keeps the connection', async () => {
    const broker = await startTestBroker({ 'log.record.validation': 'header' });
    try {
      const client = broker.client();
      const topics = [{ name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
      await client.ask('CreateTopics', 7, { topics });
      const topicData = [{ name: 't', partitionData: [{ index: 0, records: undecodable() }] }];
      const produced = await client.ask('Produce', 9, { acks: -1, timeoutMs: 1000, topicData });
      expect(produced.responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.NONE);
      const ask = async (timestamp: number) => {
        const request = { replicaId: -1, topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp }] }] };
        const answer = await client.ask('ListOffsets', 7, request);
        return answer.topics[0]?.partitions[0]?.errorCode;
      };
      expect(await ask(500)).toBe(ErrorCode.CORRUPT_MESSAGE);
      expect(await ask(-1)).toBe(ErrorCode.NONE);
    } finally {
      await broker.stop();
    }
  });
});

/** Waits for a broker that is starting, until it has acknowledged a record on a topic made for it. */
import { setTimeout as delay } from 'node:timers/promises';
import { apis } from '../../wire/api-keys';
import { ErrorCode, errorName, isRetriable } from '../../wire/base/error-codes';
import { crc32cPortable } from '../../wire/record/crc32c';
import { encodeBatch } from '../../wire/record/records';
import { createTopic, deleteTopic, type Topic } from './topics';
import { WireConnection } from './wire-connection';

const TOPIC = 'bench-first-ack';
const RETRY_MS = 5;

/** Resolves at the ack; the topic is gone again when `removed` resolves. Rejects when the time is up or `isRunning` says no. */
export async function firstAck(
  host: string,
  port: number,
  timeoutMs: number,
  isRunning: () => boolean,
): Promise<{ atMs: number; removed: Promise<void> }> {
  const deadlineMs = performance.now() + timeoutMs;
  let last: unknown = null;
  while (performance.now() < deadlineMs) {
    if (!isRunning()) throw new Error('the broker ended while it was starting');
    const connection = await WireConnection.open(host, port).catch((error: unknown) => {
      last = error;
      return null;
    });
    if (connection !== null) {
      try {
        const topic = await createTopic(connection, { name: TOPIC, partitions: 1, configs: {} });
        await produceOne(connection, topic, deadlineMs);
        const atMs = performance.now();
        return { atMs, removed: deleteTopic(connection, topic).finally(() => connection.close()) };
      } catch (error) {
        // Closed by a broker that is not ready: begin again. What is not its start is told when the time is up.
        last = error;
        connection.close();
      }
    }
    await delay(RETRY_MS);
  }
  throw new Error(`no ack within ${timeoutMs} ms: ${String(last)}`);
}

async function produceOne(connection: WireConnection, topic: Topic, deadlineMs: number): Promise<void> {
  const record = { key: null, value: Buffer.from('first'), timestampMs: Date.now() };
  const records = encodeBatch({ records: [record] }, crc32cPortable);
  for (;;) {
    const { responses } = await connection.call(apis.Produce, {
      acks: 1,
      timeoutMs: 10_000,
      topicData: [{ name: topic.name, topicId: topic.id, partitionData: [{ index: 0, records }] }],
    });
    const code = responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (code === ErrorCode.NONE) return;
    if (!isRetriable(code) || performance.now() > deadlineMs) throw new Error(`first record: ${errorName(code)}`);
    await delay(RETRY_MS);
  }
}

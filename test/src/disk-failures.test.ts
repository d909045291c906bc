/** A running broker whose disk fails: what clients are told, and that the rest goes on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NodeDisk } from '../../log/node-disk';
import { ErrorCode } from '../../wire/base/error-codes';
import { encodeBatch } from '../../wire/record/records';
import { crc32cOfTests } from '../handlers/support/crc32c';
import { startTestBroker, type TestBroker } from '../handlers/support/test-broker';
import type { WireClient } from '../handlers/support/wire-client';
import { FaultyDisk } from '../support/faulty-disk';

const directories: string[] = [];
let disk: FaultyDisk;
let broker: TestBroker;
let client: WireClient;

/** Two directories, the metadata in the first: topics go to them in turn, `here` to the first and `there` to the second. */
beforeEach(async () => {
  const parent = mkdtempSync(join(tmpdir(), 'moldau-test-'));
  directories.push(parent);
  disk = new FaultyDisk(new NodeDisk({ unsafeNoSync: true }));
  broker = await startTestBroker({ 'log.dirs': `${join(parent, 'first')},${join(parent, 'second')}` }, disk);
  client = broker.client();
  await createTopic('here');
  await createTopic('there');
});

afterEach(async () => {
  await broker.stop();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

async function createTopic(name: string, numPartitions = 1): Promise<void> {
  const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }];
  const answer = await client.ask('CreateTopics', 7, { topics });
  expect(answer.topics.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.NONE]);
}

async function produce(topic: string, partition = 0): Promise<number | undefined> {
  const records = encodeBatch(
    { records: [{ key: null, value: Buffer.alloc(2000, 'v'), timestampMs: 1 }] },
    crc32cOfTests,
  );
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
  const { responses } = await client.ask('Produce', 9, { acks: -1, timeoutMs: 1000, topicData });
  return responses[0]?.partitionResponses[0]?.errorCode;
}

function fetch(from: WireClient, topic: string, partitions: readonly number[], fetchOffset = 0, maxWaitMs = 0) {
  return from.ask('Fetch', 12, {
    maxWaitMs,
    minBytes: 1,
    sessionEpoch: -1,
    topics: [
      { topic, partitions: partitions.map((partition) => ({ partition, fetchOffset, partitionMaxBytes: 1_000_000 })) },
    ],
    forgottenTopicsData: [],
  });
}

describe('a broker whose disk fails', () => {
  test('takes the directory offline when records cannot be read to be sent, and goes on with the others', async () => {
    expect(await produce('there')).toBe(ErrorCode.NONE);
    // The batch's header is found; its body is not.
    disk.fail('read', /second.there-0/, 'EIO', 1, 500);
    await fetch(broker.client(), 'there', [0]).catch(() => undefined);
    expect(await produce('there')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(await produce('here')).toBe(ErrorCode.NONE);
    expect(broker.takeErrors().join()).toContain('is offline');
  });

  test('answers who waits for records of a directory that goes offline', async () => {
    expect(await produce('there')).toBe(ErrorCode.NONE);
    const waiting = fetch(broker.client(), 'there', [0], 1, 60_000);
    await client.ask('ApiVersions', 0, {});
    disk.fail('write', /second.there-0/);
    expect(await produce('there')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect((await waiting).responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    broker.takeErrors();
  });

  test('goes on without a directory in which a deleted topic cannot be put away', async () => {
    await createTopic('here-too');
    await createTopic('there-too');
    disk.fail('rename', /second.there-0/);
    const { responses } = await client.ask('DeleteTopics', 4, { topicNames: ['there'], timeoutMs: 1000 });
    expect(responses[0]?.errorCode).toBe(ErrorCode.NONE);
    expect(await produce('there')).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await produce('there-too')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(await produce('here')).toBe(ErrorCode.NONE);
    expect(broker.takeErrors().join()).toContain('is offline');
  });

  test('coordinates no group any more whose partition was in a directory that failed', async () => {
    await createTopic('here-too');
    await client.ask('FindCoordinator', 4, { coordinatorKeys: ['g'] });
    const ask = async (): Promise<number> =>
      (await client.ask('Heartbeat', 4, { groupId: 'g', generationId: 1, memberId: 'm' })).errorCode;
    for (let tries = 0; tries < 50 && (await ask()) !== ErrorCode.UNKNOWN_MEMBER_ID; tries++) await pause(10);
    expect(await ask()).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    disk.fail('write', /second.there-0/);
    expect(await produce('there')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(await ask()).toBe(ErrorCode.NOT_COORDINATOR);
    broker.takeErrors();
  });
});

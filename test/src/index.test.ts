/** The library as a program uses it, in this process. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type Socket, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, type Message, logLevel } from 'kafkajs';
import { InvalidConfigError, type StartedBroker, startBroker } from '../../src/index';
import { WireClient } from '../handlers/support/wire-client';

const running: StartedBroker[] = [];
const directories: string[] = [];

async function started(...args: Parameters<typeof startBroker>): Promise<StartedBroker> {
  const broker = await startBroker(...args);
  running.push(broker);
  return broker;
}

function directoryToKeep(): string {
  const directory = mkdtempSync(join(tmpdir(), 'moldau-test-'));
  directories.push(directory);
  return directory;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((broker) => broker.stop()));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const clientOf = ({ brokers }: StartedBroker): Kafka => new Kafka({ brokers, logLevel: logLevel.NOTHING });

async function write(broker: StartedBroker, topic: string, ...values: string[]): Promise<void> {
  const producer = clientOf(broker).producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value): Message => ({ value })) });
  await producer.disconnect();
}

async function readFirst(broker: StartedBroker, topic: string, groupId = 'readers'): Promise<string> {
  const consumer = clientOf(broker).consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const value = await new Promise<string>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> =>
      resolve(String(message.value));
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return value;
}

/** A socket that is connected, and says when it is closed. */
async function connected(port: number): Promise<{ readonly socket: Socket; readonly closed: Promise<void> }> {
  const socket = createConnection({ port, host: 'localhost' });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  await new Promise((resolve) => {
    socket.on('connect', resolve);
  });
  return { socket, closed };
}

describe('a broker in this process', () => {
  test('serves, keeps its files in a temporary directory, and removes it when it stops', async () => {
    const broker = await started();
    expect(broker.brokers).toEqual([`localhost:${broker.port}`]);
    expect(broker.clusterId).toMatch(/^[A-Za-z0-9_-]{22}$/);
    await write(broker, 'greetings', 'hello');
    expect(readdirSync(broker.directory)).toContain('greetings-0');
    expect(await readFirst(broker, 'greetings')).toBe('hello');
    await broker.stop();
    await broker.closed;
    expect(existsSync(broker.directory)).toBe(false);
  });

  test('suits tests: one partition of offsets, and a group that waits for nobody', async () => {
    const broker = await started();
    await write(broker, 'greetings', 'hello');
    const startedMs = performance.now();
    await readFirst(broker, 'greetings');
    // group.initial.rebalance.delay.ms is 3 s otherwise.
    expect(performance.now() - startedMs).toBeLessThan(2500);
    const admin = clientOf(broker).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['__consumer_offsets'] });
    await admin.disconnect();
    expect(topics[0]?.partitions).toHaveLength(1);
  });

  test('lives beside another one that knows nothing of it', async () => {
    const [one, two] = await Promise.all([started(), started()]);
    expect(one.clusterId).not.toBe(two.clusterId);
    await Promise.all([write(one, 'greetings', 'one'), write(two, 'greetings', 'two')]);
    expect(await Promise.all([readFirst(one, 'greetings'), readFirst(two, 'greetings')])).toEqual(['one', 'two']);
    await one.stop();
    await write(two, 'more', 'still there');
    expect(await readFirst(two, 'more', 'others')).toBe('still there');
  });

  test('starts again from a directory that was named, which it leaves in place', async () => {
    const directory = directoryToKeep();
    const first = await started({ directory });
    await write(first, 'greetings', 'kept');
    await first.stop();
    const second = await started({ directory });
    expect(second.clusterId).toBe(first.clusterId);
    expect(await readFirst(second, 'greetings')).toBe('kept');
  });

  test('is alone in a directory that was named', async () => {
    const directory = directoryToKeep();
    const first = await started({ directory });
    await expect(startBroker({ directory })).rejects.toThrow(/is locked: another broker runs on it/);
    await write(first, 'greetings', 'not disturbed');
  });
});

describe('stopping', () => {
  test('may be asked for twice, at once and afterwards', async () => {
    const broker = await started();
    await Promise.all([broker.stop(), broker.stop()]);
    await broker.stop();
    await expect(broker.closed).resolves.toBeUndefined();
  });

  test('closes what is connected, and answers no more', async () => {
    const broker = await started();
    const clients = await Promise.all([1, 2, 3].map(() => connected(broker.port)));
    await broker.stop();
    await Promise.all(clients.map(({ closed }) => closed));
    await expect(
      new Promise((resolve, reject) => {
        createConnection({ port: broker.port, host: 'localhost' }).on('connect', resolve).on('error', reject);
      }),
    ).rejects.toThrow();
  });

  test('does not wait for a consumer that waits for records', async () => {
    const broker = await started();
    await write(broker, 'greetings', 'hello');
    const partitions = [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1 << 20 }];
    const request = { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1 << 20, topics: [{ topic: 'greetings', partitions }] };
    const client = new WireClient(broker.port);
    const answered = client.ask('Fetch', 4, request).catch(() => undefined);
    // Another connection's requests are answered behind the fetch that waits.
    await write(broker, 'others', 'hello');
    const startedMs = performance.now();
    await broker.stop();
    expect(performance.now() - startedMs).toBeLessThan(2000);
    await answered;
    await client.close();
  });
});

describe('what is asked for', () => {
  test('wins over the defaults', async () => {
    const broker = await started({ overrides: { 'num.partitions': 3, 'auto.create.topics.enable': true } });
    await write(broker, 'greetings', 'hello');
    const admin = clientOf(broker).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['greetings'] });
    await admin.disconnect();
    expect(topics[0]?.partitions).toHaveLength(3);
  });

  test('is refused in whole sentences when it is no configuration, and nothing is left behind', async () => {
    const overrides = { 'num.partitions': 'many', 'log.retention.ms': 'x' };
    const failure = await startBroker({ overrides }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidConfigError);
    const { message } = failure as InvalidConfigError;
    expect(message.split('\n')).toHaveLength(2);
    expect(message).toMatch(/Invalid value many for configuration num.partitions: .*\(it comes from overrides\)\./);
    expect(temporaryDirectories()).toEqual([]);
  });

  test('is warned about when no such key exists, with the nearest that does', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await started({ overrides: { 'num.partition': 3 } });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('Did you mean num.partitions?'), 'MoldauWarning');
    warn.mockRestore();
  });

  test('may be a port, and one that is taken is said to be', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, 'localhost', resolve);
    });
    const { port } = other.address() as { port: number };
    await expect(startBroker({ port })).rejects.toThrow(/EADDRINUSE/);
    expect(temporaryDirectories()).toEqual([]);
    await new Promise((resolve) => {
      other.close(resolve);
    });
    const broker = await started({ port });
    expect(broker.port).toBe(port);
  });
});

/** This process's. */
function temporaryDirectories(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`moldau-${process.pid}-`));
}

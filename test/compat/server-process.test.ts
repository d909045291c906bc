/**
 * `moldau server` as a process: what it prints, how it ends, what it says when it cannot start, and that what it
 * acknowledged is there again.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, type Socket, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { WireClient } from '../handlers/support/wire-client';
import { Child } from '../support/child';
import { freePorts } from '../support/free-ports';
import { moldauCommand } from '../support/moldau-process';

const START_MS = 30_000;

let folder = '';
const children: Child[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moldau-server-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.isRunning) child.kill('SIGKILL');
    await child.exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

interface ServerOptions {
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function server(overrides: readonly string[], { file, env = {} }: ServerOptions = {}): Child {
  const flags = overrides.flatMap((override) => ['--override', override]);
  const args = [moldauCommand, 'server', ...(file === undefined ? [] : [file]), ...flags];
  const child = new Child('moldau', process.execPath, args, { cwd: folder, env });
  children.push(child);
  return child;
}

interface Started {
  readonly child: Child;
  readonly port: number;
}

async function started(...overrides: string[]): Promise<Started> {
  const [port] = (await freePorts(1)) as [number];
  return startedOn(port, overrides);
}

async function startedOn(
  port: number,
  overrides: readonly string[] = [],
  options: ServerOptions = {},
): Promise<Started> {
  const flags = [`listeners=PLAINTEXT://localhost:${port}`, 'group.initial.rebalance.delay.ms=0', ...overrides];
  const child = server(flags, options);
  await child.until('ready', () => child.stdout.includes('is ready'), START_MS);
  return { child, port };
}

/** What the command itself said, without what the broker logs. */
const said = (child: Child): string[] => child.stderr.split('\n').filter((line) => line.startsWith('moldau: '));

const clientOf = (port: number): Kafka => new Kafka({ brokers: [`localhost:${port}`], logLevel: logLevel.NOTHING });

async function write(port: number, topic: string, values: readonly string[]): Promise<void> {
  const producer = clientOf(port).producer();
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
  } finally {
    await producer.disconnect();
  }
}

async function readAll(port: number, topic: string, count: number): Promise<string[]> {
  const consumer = clientOf(port).consumer({ groupId: 'readers' });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      read.push(String(message.value));
      if (read.length === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return read;
}

/** A fetch at the log's end that would wait a minute; settles when it is answered or its connection closed. */
async function parkedFetch(port: number, topic: string): Promise<void> {
  const client = new WireClient(port);
  const partitions = [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1 << 20 }];
  const request = { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1 << 20, topics: [{ topic, partitions }] };
  await client.ask('Fetch', 4, request).catch(() => undefined);
  await client.close();
}

async function connected(port: number): Promise<Socket> {
  const socket = createConnection({ port, host: 'localhost' });
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.on('connect', resolve);
  });
  return socket;
}

describe('a server process', () => {
  test('says in a few lines where it is, what an ack survives and what to try, and ends in order on SIGTERM', async () => {
    const { child, port } = await started();
    const { code } = await child.stop();
    expect(code).toBe(0);
    expect(child.stdout).toContain(`localhost:${port} (PLAINTEXT)`);
    expect(child.stdout).toContain(join(folder, 'data'));
    expect(child.stdout).toContain('survives kill -9 of this process, not power loss');
    expect(child.stdout).toContain(`kcat -P -b localhost:${port}`);
    expect(child.stdout).toMatch(/cluster +[A-Za-z0-9_-]{22}, node 1/);
    expect(child.stderr).toContain('SIGTERM, stopping in order');
  });

  test('ends in order on SIGINT, and keeps its cluster id from start to start', async () => {
    const clusterOf = (text: string) => /cluster +(\S+),/.exec(text)?.[1];
    const first = await started();
    first.child.kill('SIGINT');
    expect((await first.child.exited).code).toBe(0);
    const second = await started();
    await second.child.stop();
    expect(clusterOf(first.child.stdout)).toBeDefined();
    expect(clusterOf(second.child.stdout)).toBe(clusterOf(first.child.stdout));
  });

  test('ends in order within two seconds though clients are connected and wait for records', async () => {
    const { child, port } = await started();
    await write(port, 'greetings', ['hello']);
    const idle = await Promise.all(Array.from({ length: 20 }, () => connected(port)));
    const waiting = parkedFetch(port, 'greetings');
    // Answered behind the fetch that waits.
    await write(port, 'others', ['hello']);
    const startedMs = performance.now();
    child.kill('SIGTERM');
    expect((await child.exited).code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    for (const socket of idle) socket.destroy();
    await waiting;
  });

  test('takes a signal that arrives twice at once for one, as Ctrl-C under npm start may', async () => {
    const { child } = await started();
    child.kill('SIGINT');
    await child.until('stopping', () => said(child).length > 0, START_MS);
    child.kill('SIGINT');
    expect((await child.exited).code).toBe(0);
    expect(said(child)).toEqual(['moldau: SIGINT, stopping in order (once more to end at once)']);
  });

  test('says in one sentence that a port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, 'localhost', resolve));
    const { port } = other.address() as { port: number };
    const child = server([`listeners=PLAINTEXT://localhost:${port}`]);
    const { code } = await child.exited;
    await closed(other);
    expect(code).toBe(1);
    expect(child.stdout).toBe('');
    expect(said(child)).toEqual([expect.stringContaining('another process has the port')]);
    expect(said(child)[0]).toContain(`PLAINTEXT://localhost:${port}`);
  });

  test('does not share its directory with a second process', async () => {
    const first = await started();
    const [port] = (await freePorts(1)) as [number];
    const second = server([`listeners=PLAINTEXT://localhost:${port}`]);
    const { code } = await second.exited;
    await first.child.stop();
    expect(code).toBe(1);
    expect(said(second)).toEqual([
      'moldau: Cannot start: Log directory ./data is locked: another broker runs on it. Stop that one, or give this one another log.dirs.',
    ]);
  });

  test('says so when every ack waits for the disk', async () => {
    const { child } = await started('log.flush.before.ack=true');
    await child.stop();
    expect(child.stdout).toContain('survives kill -9 and power loss');
  });

  test('goes on when whoever read its output has left', async () => {
    const { child, port } = await started();
    child.closeOutput();
    await write(port, 'greetings', ['hello']);
    expect(await readAll(port, 'greetings', 1)).toEqual(['hello']);
    expect((await child.stop()).code).toBe(0);
  });

  test('has every acknowledged record again after kill -9', async () => {
    const first = await started();
    const values = Array.from({ length: 500 }, (_, index) => `record ${index}`);
    await write(first.port, 'greetings', values.slice(0, 250));
    await write(first.port, 'greetings', values.slice(250));
    first.child.kill('SIGKILL');
    await first.child.exited;
    const second = await startedOn(first.port);
    expect(await readAll(second.port, 'greetings', values.length)).toEqual(values);
    await second.child.stop();
  });
});

describe('the configuration of a server process', () => {
  test('that is wrong is told in one line per mistake, with exit code 1', async () => {
    const child = server(['num.partitions=x', 'log.retention.ms=y', 'log.flush.before.ack=maybe']);
    expect((await child.exited).code).toBe(1);
    expect(child.stdout).toBe('');
    expect(said(child)).toEqual([
      expect.stringMatching(/^moldau: Invalid value y for configuration log.retention.ms: .*--override/),
      expect.stringMatching(/^moldau: Invalid value x for configuration num.partitions: .*--override/),
      expect.stringMatching(/^moldau: Invalid value maybe for configuration log.flush.before.ack: .*--override/),
    ]);
    expect(child.stderr.trimEnd().split('\n')).toHaveLength(3);
  });

  test('comes from a file, then the environment, then the flags', async () => {
    const file = join(folder, 'server.properties');
    const lines = ['process.roles=broker,controller', 'node.id=7', 'controller.listener.names=CONTROLLER'];
    const [port] = (await freePorts(1)) as [number];
    const listeners = `listeners=PLAINTEXT://localhost:${port},CONTROLLER://localhost:0`;
    writeFileSync(file, [...lines, listeners, 'log.dirs=from-file', 'offsets.topic.replication.factor=1'].join('\n'));
    const child = server(['log.dirs=from-flag'], {
      file,
      env: { KAFKA_LOG_DIRS: 'from-environment', KAFKA_NODE_ID: '8' },
    });
    await child.until('ready', () => child.stdout.includes('is ready'), START_MS);
    await child.stop();
    expect(child.stdout).toContain(join(folder, 'from-flag'));
    expect(child.stdout).toMatch(/cluster +\S+, node 8/);
  });

  test('may come from the environment alone', async () => {
    const [port] = (await freePorts(1)) as [number];
    const env = {
      KAFKA_LISTENERS: `PLAINTEXT://localhost:${port}`,
      KAFKA_LOG_DIRS: 'elsewhere',
      KAFKA_NUM_PARTITIONS: '4',
    };
    const child = server([], { env });
    await child.until('ready', () => child.stdout.includes('is ready'), START_MS);
    await write(port, 'greetings', ['hello']);
    const admin = clientOf(port).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['greetings'] });
    await admin.disconnect();
    expect((await child.stop()).code).toBe(0);
    expect(topics[0]?.partitions).toHaveLength(4);
    expect(child.stdout).toContain(join(folder, 'elsewhere'));
  });

  test('with a key that nobody knows, or that has no effect yet, is warned about and served', async () => {
    const { child } = await started('num.partition=3', 'num.io.threads=3', 'log.message.format.version=2.0');
    await child.stop();
    expect(said(child).slice(0, 3)).toEqual([
      'moldau: warning: num.partition (from --override) is not a configuration key and has no effect. Did you mean num.partitions?',
      expect.stringMatching(/^moldau: warning: log.message.format.version .* Kafka 4.0 removed it/),
      expect.stringMatching(/^moldau: warning: num.io.threads .*one event loop/),
    ]);
  });

  test('that names a file or a directory that cannot be is told in one sentence', async () => {
    const noFile = server([], { file: 'missing.properties' });
    expect((await noFile.exited).code).toBe(1);
    expect(noFile.stderr).toBe('moldau: Cannot read missing.properties: there is no such file.\n');
    writeFileSync(join(folder, 'file'), '');
    const noDirectory = server(['log.dirs=file/data', 'listeners=PLAINTEXT://localhost:0']);
    expect((await noDirectory.exited).code).toBe(1);
    expect(noDirectory.stderr).toMatch(
      /^moldau: Cannot start, there is no such directory, and it cannot be made .*; log.dirs is file\/data\.\n$/,
    );
    const notEmpty = join(folder, 'holiday');
    mkdirSync(notEmpty);
    writeFileSync(join(notEmpty, 'photo.jpg'), '');
    const foreign = server(['log.dirs=holiday', 'listeners=PLAINTEXT://localhost:0']);
    expect((await foreign.exited).code).toBe(1);
    expect(foreign.stderr).toContain('holds photo.jpg');
  });

  test('that does not fit what the directory holds is told in one sentence', async () => {
    const first = await started();
    await first.child.stop();
    const other = server([`listeners=PLAINTEXT://localhost:${first.port}`, 'node.id=2']);
    expect((await other.exited).code).toBe(1);
    expect(said(other)).toEqual([expect.stringMatching(/^moldau: Cannot start: Stored node id 1 .*meta.properties/)]);
  });
});

function closed(listening: Server): Promise<void> {
  return new Promise((resolve) => {
    listening.close(() => resolve());
  });
}

/** The network floor on real sockets: hostile, slow and many clients, on both ways of reading. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { NodeDisk } from '../../../log/node-disk';
import { InvariantViolation } from '../../../wire/base/invariant';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import type { ReadPath } from '../../../wire/base/node-network';
import { SocketServer } from '../../../src/network/listener';
import type { SocketServerOptions } from '../../../src/network/listener';
import type { FileRangeBody } from '../../../src/network/response-body';
import { silentLogger } from '../../../src/observe/silent-logger';
import { FETCH, METADATA, PRODUCE, TestHandler, echo, requestFrame, responsesIn } from './support/test-handler';

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

class Client {
  received: Buffer[] = [];
  receivedBytes = 0;
  isClosed = false;
  constructor(readonly socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      this.received.push(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
  }
  responses(): string[] {
    return responsesIn(Buffer.concat(this.received)).map(
      ({ correlationId, body }) => `${correlationId}:${body.toString()}`,
    );
  }
}

interface Served {
  readonly server: SocketServer;
  readonly handler: TestHandler;
  readonly port: number;
  readonly violations: InvariantViolation[];
  client(): Promise<Client>;
}

async function serve(readPath: ReadPath, overrides: Partial<SocketServerOptions> = {}): Promise<Served> {
  const env = createNodeBaseEnv({ logger: silentLogger, readPath });
  const handler = new TestHandler();
  const violations: InvariantViolation[] = [];
  const server = new SocketServer({
    env,
    handler,
    memory: env.memory,
    maxRequestBytes: 100 * 1024 * 1024,
    maxUnfinishedBytes: 256 * 1024 * 1024,
    limits: { maxConnections: () => 10_000, maxConnectionsOf: () => 10_000 },
    maxIdleMs: () => 600_000,
    maxOverlap: 100,
    invariantBroken: (violation) => violations.push(violation),
    ...overrides,
  });
  const { port } = await server.listen('PLAINTEXT', '127.0.0.1', 0);
  const client = async (): Promise<Client> => {
    const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    return new Client(socket);
  };
  return { server, handler, port, violations, client };
}

const tcpHandles = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;

describe.each<ReadPath>(['window', 'data'])('a server on the %s path', (readPath) => {
  const running: { served: Served; clients: Client[] }[] = [];

  async function started(overrides: Partial<SocketServerOptions> = {}): Promise<Served> {
    const served = await serve(readPath, overrides);
    const clients: Client[] = [];
    running.push({ served, clients });
    return {
      ...served,
      client: async () => {
        const client = await served.client();
        clients.push(client);
        return client;
      },
    };
  }

  afterEach(async () => {
    for (const { served, clients } of running.splice(0)) {
      const stopped = served.server.stop(0);
      for (const { socket } of clients) socket.destroy();
      await stopped;
      expect(served.server.metrics.connections).toBe(0);
    }
    await until(() => tcpHandles() === 0, 'no handle left');
  });

  test('answers thousands of pipelined requests in order, cut anywhere', async () => {
    const { handler, client, server } = await started();
    handler.onRequest = echo;
    const { socket, ...seen } = await client();
    const frames = Buffer.concat(
      Array.from({ length: 5000 }, (_, id) => requestFrame(METADATA, 1, id, 'x'.repeat(id % 300))),
    );
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    for (let at = 0; at < frames.length; at += 70_001) {
      socket.write(frames.subarray(at, at + 70_001));
      await turns(1);
    }
    await until(() => responsesIn(Buffer.concat(received)).length === 5000, 'all answers');
    const answers = responsesIn(Buffer.concat(received));
    expect(answers.every(({ correlationId, body }, id) => correlationId === id && body.length === id % 300)).toBe(true);
    expect(server.metrics).toMatchObject({ requests: 5000, requestsInFlight: 0 });
    expect(seen.isClosed).toBe(false);
  });

  test('keeps the order of overlapping requests that end in any order, for many connections at once', async () => {
    const { handler, client } = await started();
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
    handler.onRequest = (handled) => {
      let left = random(6);
      const later = (): void => {
        if (left-- > 0) setImmediate(later);
        else echo(handled);
      };
      later();
    };
    const clients = await Promise.all(Array.from({ length: 20 }, () => client()));
    for (const { socket } of clients) {
      for (let id = 0; id < 300; id++) socket.write(requestFrame(id % 10 === 9 ? METADATA : PRODUCE, 8, id, `${id}`));
    }
    const expected = Array.from({ length: 300 }, (_, id) => `${id}:${id}`);
    await until(() => clients.every((each) => each.responses().length === 300), 'all answers');
    for (const each of clients) expect(each.responses()).toEqual(expected);
  });

  test('survives garbage of every kind, and goes on serving', async () => {
    const { handler, client, server } = await started();
    handler.onRequest = echo;
    let seed = 99;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
    const clients = await Promise.all(Array.from({ length: 60 }, () => client()));
    clients.forEach(({ socket }, i) => {
      const garbage = Buffer.from(Array.from({ length: 20 + random(2000) }, () => random(256)));
      if (i % 3 === 0) garbage.writeInt32BE(garbage.length - 4);
      if (i % 3 === 1) garbage[0] = 0xff;
      socket.write(garbage);
      socket.end();
    });
    await until(() => clients.every(({ isClosed }) => isClosed), 'all closed');
    const good = await client();
    good.socket.write(requestFrame(METADATA, 1, 1, 'still here'));
    await until(() => good.responses().length === 1, 'an answer');
    expect(server.metrics.connections).toBe(1);
    expect(server.metrics.requestsInFlight).toBe(0);
  });

  test('takes a frame of 100 MB, and refuses a larger one without waiting for it', async () => {
    const { handler, client, server } = await started();
    const sizes: number[] = [];
    handler.onRequest = ({ body, request, respond }) => {
      sizes.push(body.length);
      respond({ chunks: [Buffer.from(`${request.correlationId}`)], sizeBytes: 1 });
    };
    const large = await client();
    const body = Buffer.alloc(100 * 1024 * 1024 - 14, 'z');
    large.socket.write(requestFrame(PRODUCE, 8, 1, body));
    const tooLarge = await client();
    const header = Buffer.alloc(4);
    header.writeInt32BE(100 * 1024 * 1024 + 1);
    tooLarge.socket.write(header);
    await until(() => tooLarge.isClosed || tooLarge.socket.readableEnded, 'refused');
    await until(() => large.responses().length === 1, 'the large one is answered');
    expect(sizes).toEqual([body.length]);
    expect(server.metrics.connectionsMalformed).toBe(1);
    tooLarge.socket.destroy();
  });

  test('serves a client that sends byte by byte, beside fast ones', async () => {
    const { handler, client } = await started();
    handler.onRequest = echo;
    const [slow, fast] = [await client(), await client()];
    const frame = requestFrame(METADATA, 1, 1, 'slowly but surely');
    for (const byte of frame) {
      slow.socket.write(Buffer.from([byte]));
      fast.socket.write(requestFrame(METADATA, 1, byte, 'fast'));
      await turns(2);
    }
    await until(() => slow.responses().length === 1 && fast.responses().length === frame.length, 'all answers');
    expect(slow.responses()).toEqual(['1:slowly but surely']);
  });

  test('holds back a client that sends and never reads, at the cost of kilobytes', async () => {
    const { handler, client, server } = await started();
    let answered = 0;
    const answer = Buffer.alloc(1000, 'a');
    handler.onRequest = ({ respond }) => {
      answered += 1;
      respond({ chunks: [answer], sizeBytes: answer.length });
    };
    const greedy = await client();
    greedy.socket.pause();
    const frames = Buffer.concat(Array.from({ length: 2000 }, (_, id) => requestFrame(METADATA, 1, id, '')));
    let sent = 0;
    // Until the server no longer reads and the kernel's buffers are full.
    while (greedy.socket.writableLength < 1024 * 1024 && sent < 200) {
      greedy.socket.write(frames);
      sent += 1;
      await turns(20);
    }
    const [connection] = server.connections;
    expect(connection!.queuedBytes.memory).toBeLessThan(512 * 1024);
    const held = answered;
    await turns(50);
    expect(answered).toBe(held);
    expect(sent).toBeLessThan(200);
    const other = await client();
    other.socket.write(requestFrame(METADATA, 1, 5, ''));
    await until(() => other.responses().length === 1, 'another client is served');
    greedy.socket.resume();
    await until(() => greedy.receivedBytes === sent * 2000 * 1008, 'all answers after reading on');
  });

  test('closes what is over the limits of all and of one address', async () => {
    const limit = { all: 3 };
    const { client, server } = await started({
      limits: { maxConnections: () => limit.all, maxConnectionsOf: (host) => (host === '127.0.0.1' ? 2 : 0) },
    });
    const [first] = [await client(), await client()];
    const third = await client();
    await until(() => third.socket.destroyed || third.socket.readableEnded, 'the third is closed');
    expect(server.metrics).toMatchObject({ connections: 2, connectionsRefused: 1 });
    first.socket.destroy();
    await until(() => server.metrics.connections === 1, 'counted out');
    const fourth = await client();
    await until(() => server.metrics.connections === 2, 'accepted again');
    limit.all = 2;
    const fifth = await client();
    await until(() => server.metrics.connectionsRefused === 2, 'refused by the total');
    for (const each of [third, fourth, fifth]) each.socket.destroy();
  });

  test('closes the idle, and only them', async () => {
    const { handler, client, server } = await started({ maxIdleMs: () => 150 });
    const [idle, parked] = [await client(), await client()];
    parked.socket.write(requestFrame(FETCH, 4, 1, 'wait'));
    await until(() => idle.socket.readableEnded, 'the idle one is closed');
    expect(server.metrics).toMatchObject({ connectionsIdleClosed: 1, connections: 1 });
    echo(handler.handled[0]!);
    await until(() => parked.responses().length === 1, 'the parked one is answered');
    idle.socket.destroy();
  });

  test('answers a client that has closed its half', async () => {
    const { handler, client, server } = await started();
    const half = await client();
    half.socket.end(requestFrame(FETCH, 4, 1, 'late reply'));
    await until(() => handler.handled.length === 1, 'handled');
    await turns(10);
    expect(server.metrics.connections).toBe(1);
    echo(handler.handled[0]!);
    await until(() => half.isClosed, 'closed');
    expect(half.responses()).toEqual(['1:late reply']);
    expect(server.metrics.connections).toBe(0);
  });

  test('forgets a client that resets while a request of it is parked', async () => {
    const { handler, client, server } = await started();
    const gone: number[] = [];
    const lost = await client();
    lost.socket.write(requestFrame(FETCH, 4, 1, ''));
    await until(() => handler.handled.length === 1, 'handled');
    handler.handled[0]!.request.connection.whenGone(() => gone.push(1));
    lost.socket.resetAndDestroy();
    await until(() => gone.length === 1, 'noticed');
    echo(handler.handled[0]!);
    expect(server.metrics).toMatchObject({ connections: 0, requestsInFlight: 0 });
  });

  test('passes a broken invariant up', async () => {
    const { handler, client, violations } = await started();
    handler.onRequest = () => {
      throw new InvariantViolation('impossible');
    };
    const unlucky = await client();
    unlucky.socket.write(requestFrame(METADATA, 1, 1, ''));
    await until(() => violations.length === 1, 'passed up');
    expect(violations[0]!.message).toBe('impossible');
  });

  test('stops when what is under way is answered, and not later than its patience', async () => {
    const first = await started();
    const waiting = await first.client();
    waiting.socket.write(requestFrame(FETCH, 4, 1, 'answered'));
    await until(() => first.handler.handled.length === 1, 'handled');
    const stopped = first.server.stop(20_000);
    await turns(5);
    echo(first.handler.handled[0]!);
    waiting.socket.once('end', () => waiting.socket.end());
    await stopped;
    expect(waiting.responses()).toEqual(['1:answered']);
    await expect(first.client()).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const second = await started();
    const stuck = await second.client();
    stuck.socket.write(requestFrame(FETCH, 4, 1, 'never'));
    await until(() => second.handler.handled.length === 1, 'handled');
    await second.server.stop(50);
    expect(second.server.metrics.connections).toBe(0);
  });

  test('fetches from files arrive whole, hot and cold, for readers of any speed', async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'listener-'));
    const content = Buffer.alloc(6 * 1024 * 1024 + 321);
    for (let i = 0; i < content.length; i++) content[i] = (i * 13 + (i >> 11)) & 0xff;
    fs.writeFileSync(path.join(directory, 'segment'), content);
    const file = new NodeDisk().openSync(path.join(directory, 'segment'), 'read');
    const { handler, client } = await started();
    let releases = 0;
    handler.onRequest = ({ request, respond }) => {
      const isCold = request.correlationId % 2 === 0;
      const range = (position: number, sizeBytes: number): FileRangeBody => {
        return { file, position, sizeBytes, isCold, release: () => (releases += 1) };
      };
      const chunks = [Buffer.from('meta'), range(100, content.length - 100), Buffer.from('more'), range(0, 77)];
      respond({ chunks, sizeBytes: 8 + content.length - 100 + 77 });
    };
    const expected = Buffer.concat([
      Buffer.from('meta'),
      content.subarray(100),
      Buffer.from('more'),
      content.subarray(0, 77),
    ]);
    const clients = await Promise.all(Array.from({ length: 6 }, () => client()));
    clients.forEach(({ socket }, i) => {
      for (const id of [1, 2, 3]) socket.write(requestFrame(FETCH, 4, id, ''));
      if (i % 2 === 1) socket.on('data', () => (socket.pause(), setImmediate(() => socket.resume())));
    });
    const wholeBytes = 3 * (8 + expected.length);
    await until(() => clients.every(({ receivedBytes }) => receivedBytes === wholeBytes), 'everything arrived');
    for (const { received } of clients) {
      for (const { body } of responsesIn(Buffer.concat(received))) expect(body.equals(expected)).toBe(true);
    }
    expect(releases).toBe(6 * 3 * 2);
    file.closeSync();
    fs.rmSync(directory, { recursive: true });
  });
});

test('20 stalled fetches of 50 MB cost less than 64 MB', async () => {
  // In a process of its own, so that what else a test run holds does not count.
  const script = path.join(__dirname, 'support/stalled-fetches.ts');
  const runner = path.join(__dirname, '../../../scripts/run-ts.cjs');
  const child = spawn(process.execPath, ['--expose-gc', runner, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  const { grownBytes, queuedFileBytes } = JSON.parse(output) as { grownBytes: number; queuedFileBytes: number };
  expect(queuedFileBytes).toBeGreaterThan(20 * 40 * 1024 * 1024);
  expect(grownBytes).toBeLessThan(64 * 1024 * 1024);
});

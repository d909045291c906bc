import * as net from 'node:net';
import type { CloseReason, Connection, ConnectionEvents, Listener } from '../../../wire/base/env';
import { BindError } from '../../../wire/base/env';
import { adopt, checkAdoption } from '../../../wire/base/node-adoption';
import { nodeClock, nodeRandom, nodeTimers } from '../../../wire/base/node-clock';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import type { NodeConnection } from '../../../wire/base/node-connection';
import { sharedIoMemory } from '../../../wire/base/node-io-memory';
import type { ReadPath } from '../../../wire/base/node-network';
import { NodeNetwork } from '../../../wire/base/node-network';

const timers = nodeTimers();
const window = sharedIoMemory().receiveWindow;

const nothing = (): void => undefined;

/** Waits for `condition`, one turn of the loop at a time. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Remembers what a connection told. */
class Recorder implements ConnectionEvents {
  connection!: Connection;
  readonly received: Buffer[] = [];
  receivedBytes = 0;
  drains = 0;
  endedCount = 0;
  readonly reasons: CloseReason[] = [];
  onBytes: ((slice: Uint8Array) => void) | undefined;

  bytes(slice: Uint8Array): void {
    this.receivedBytes += slice.length;
    this.received.push(Buffer.from(slice));
    this.onBytes?.(slice);
  }
  drain(): void {
    this.drains += 1;
  }
  ended(): void {
    this.endedCount += 1;
    this.connection.end();
  }
  closed(reason: CloseReason): void {
    this.reasons.push(reason);
  }
  text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }
}

interface Served {
  readonly network: NodeNetwork;
  readonly listener: Listener;
  readonly accepted: Recorder[];
}

async function serve(path: ReadPath, setUp: (recorder: Recorder) => void = () => undefined): Promise<Served> {
  const network = new NodeNetwork({ window, timers }, path);
  const accepted: Recorder[] = [];
  const accept = (connection: Connection): Recorder => {
    const recorder = new Recorder();
    recorder.connection = connection;
    accepted.push(recorder);
    setUp(recorder);
    return recorder;
  };
  const listener = await network.listen('127.0.0.1', 0, accept, () => undefined);
  return { network, listener, accepted };
}

async function dial(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

async function dialThroughPort(network: NodeNetwork, port: number): Promise<Recorder> {
  const recorder = new Recorder();
  recorder.connection = await new Promise<Connection>((resolve, reject) => {
    network.connect('127.0.0.1', port, 5000, recorder, (result) => {
      if (typeof result === 'string') reject(new Error(result));
      else resolve(result);
    });
  });
  return recorder;
}

function pattern(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = (i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

function tcpHandleCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}

describe('the adoption check', () => {
  test('holds in this Node, and leaves no handle', async () => {
    const before = tcpHandleCount();
    expect(await checkAdoption(window)).toBe(true);
    await until(() => tcpHandleCount() === before, 'handles gone');
  });

  test('answers no, and leaves no handle, when this Node has other internals', async () => {
    const throwing = (): net.Socket => {
      throw new TypeError('no such handle');
    };
    const deaf = (shell: net.Socket): net.Socket => shell;
    expect(await checkAdoption(window, throwing)).toBe(false);
    expect(await checkAdoption(window, deaf)).toBe(false);
    expect(await checkAdoption(new Uint8Array(0))).toBe(false);
    await until(() => tcpHandleCount() === 0, 'handles gone');
  });

  test('answers no when the server is never told that its connection is gone', async () => {
    const forgetful: typeof adopt = (shell, onread, mark) => {
      const adopted = adopt(shell, onread, mark);
      Object.assign(adopted, { _server: null });
      return adopted;
    };
    expect(await checkAdoption(window, forgetful)).toBe(false);
  });
});

describe.each<ReadPath>(['window', 'data'])('connections on the %s path', (path) => {
  let open: Served[] = [];
  async function served(setUp?: (recorder: Recorder) => void): Promise<Served> {
    const made = await serve(path, setUp);
    open.push(made);
    return made;
  }

  afterEach(async () => {
    for (const { listener, accepted } of open) {
      await listener.close();
      for (const recorder of accepted) recorder.connection.destroy();
    }
    open = [];
    await until(() => tcpHandleCount() === 0, 'all handles gone');
  });

  test('deliver 10 MB in order, in slices of the shared window', async () => {
    const { listener, accepted } = await served((recorder) => {
      recorder.onBytes = (slice) => expect(slice.buffer).toBe(window.buffer);
    });
    const socket = await dial(listener.port);
    const sent = pattern(10 * 1024 * 1024);
    socket.end(sent);
    await until(() => accepted[0]?.endedCount === 1, 'the end');
    expect(Buffer.concat(accepted[0]!.received).equals(sent)).toBe(true);
    await until(() => accepted[0]!.reasons.length === 1, 'closed');
    expect(accepted[0]!.reasons).toEqual(['fin']);
  });

  test('answer after the peer has closed its half', async () => {
    const { listener, accepted } = await served((recorder) => {
      recorder.ended = (): void => {
        recorder.endedCount += 1;
        timers.set(20, () => {
          recorder.connection.write([Buffer.from('late '), Buffer.from('reply')]);
          recorder.connection.end();
        });
      };
    });
    const socket = await dial(listener.port);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.end('question');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(accepted[0]!.text()).toBe('question');
    expect(answer).toBe('late reply');
  });

  test('close at once when the owner knows no half-close', async () => {
    const { listener, accepted } = await served((recorder) => {
      Object.defineProperty(recorder, 'ended', { value: undefined });
    });
    const socket = await dial(listener.port);
    socket.end();
    await until(() => accepted[0]?.reasons.length === 1, 'closed');
    expect(accepted[0]!.reasons).toEqual(['fin']);
    socket.destroy();
  });

  test('deliver nothing while paused, and everything after', async () => {
    const { listener, accepted } = await served((recorder) => {
      recorder.onBytes = (): void => recorder.connection.pauseReading();
    });
    const socket = await dial(listener.port);
    const sent = pattern(3 * 1024 * 1024);
    socket.end(sent);
    await until(() => (accepted[0]?.receivedBytes ?? 0) > 0, 'first bytes');
    const recorder = accepted[0]!;
    for (let turns = 0; recorder.endedCount === 0; turns++) {
      expect(turns).toBeLessThan(5000);
      const before = recorder.receivedBytes;
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
      expect(recorder.receivedBytes).toBe(before);
      recorder.connection.resumeReading();
      await until(() => recorder.receivedBytes > before || recorder.endedCount === 1, 'more after resuming');
    }
    expect(Buffer.concat(recorder.received).equals(sent)).toBe(true);
  });

  test('may be paused before the first byte and from outside', async () => {
    const { listener, accepted } = await served((recorder) => recorder.connection.pauseReading());
    const socket = await dial(listener.port);
    socket.write('a');
    await until(() => accepted.length === 1, 'accepted');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted[0]!.receivedBytes).toBe(0);
    accepted[0]!.connection.resumeReading();
    await until(() => accepted[0]!.text() === 'a', 'the byte');
    accepted[0]!.connection.pauseReading();
    socket.end('b');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted[0]!.text()).toBe('a');
    accepted[0]!.connection.resumeReading();
    await until(() => accepted[0]!.text() === 'ab' && accepted[0]!.endedCount === 1, 'the rest and the end');
  });

  test('report a reset', async () => {
    const { listener, accepted } = await served();
    const socket = await dial(listener.port);
    await until(() => accepted.length === 1, 'accepted');
    socket.resetAndDestroy();
    await until(() => accepted[0]!.reasons.length === 1, 'closed');
    expect(accepted[0]!.reasons).toEqual(['reset']);
  });

  test('destroyed within the callback tell the owner once, in a later turn', async () => {
    const { listener, accepted } = await served((recorder) => {
      recorder.onBytes = (): void => {
        recorder.connection.destroy();
        recorder.connection.destroy();
        expect(recorder.reasons).toEqual([]);
      };
    });
    const socket = await dial(listener.port);
    socket.write(pattern(1024 * 1024));
    await until(() => accepted[0]?.reasons.length === 1, 'closed');
    expect(accepted[0]!.reasons).toEqual(['local']);
    expect(accepted[0]!.received).toHaveLength(1);
    socket.destroy();
  });

  test('hold a writer back while the peer does not read, then drain', async () => {
    const { listener, accepted } = await served();
    const socket = await dial(listener.port);
    socket.pause();
    await until(() => accepted.length === 1, 'accepted');
    const { connection } = accepted[0]!;
    const chunk = pattern(256 * 1024);
    let released = 0;
    let written = 0;
    while (written < 64) {
      written += 1;
      if (!connection.write([chunk], () => (released += 1)) && connection.bufferedBytes > 8 * 1024 * 1024) break;
    }
    expect(connection.bufferedBytes).toBeGreaterThan(0);
    expect(released).toBeLessThan(written);
    let got = 0;
    socket.on('data', (part: Buffer) => (got += part.length));
    socket.resume();
    await until(() => got === written * chunk.length, 'everything read');
    await until(() => released === written && connection.bufferedBytes === 0, 'released and drained');
    expect(accepted[0]!.drains).toBeGreaterThan(0);
    socket.destroy();
  });

  test.each([
    ['the owner destroys', (recorder: Recorder): void => recorder.connection.destroy()],
    ['the peer resets', (_: Recorder, socket: net.Socket): unknown => socket.resetAndDestroy()],
  ])('release every write once when %s', async (_, kill) => {
    const { listener, accepted } = await served();
    const socket = await dial(listener.port);
    socket.pause();
    await until(() => accepted.length === 1, 'accepted');
    const { connection } = accepted[0]!;
    const releases = new Array<number>(40).fill(0);
    for (let i = 0; i < releases.length; i++) {
      connection.write([pattern(512 * 1024), pattern(10)], () => (releases[i]! += 1));
    }
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    kill(accepted[0]!, socket);
    await until(() => accepted[0]!.reasons.length === 1, 'closed');
    connection.write([pattern(10)], () => (releases[0]! += 1));
    await until(() => releases.every((count, i) => count === (i === 0 ? 2 : 1)), 'all released');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(releases).toEqual(releases.map((_count, i) => (i === 0 ? 2 : 1)));
    socket.destroy();
  });

  test('send what was queued before the end', async () => {
    const { listener, accepted } = await served();
    const socket = await dial(listener.port);
    await until(() => accepted.length === 1, 'accepted');
    const sent = pattern(4 * 1024 * 1024);
    accepted[0]!.connection.write([sent.subarray(0, 1000), sent.subarray(1000)]);
    accepted[0]!.connection.end();
    const got: Buffer[] = [];
    socket.on('data', (part: Buffer) => got.push(part));
    await new Promise((resolve) => socket.once('end', resolve));
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    socket.end();
    await until(() => accepted[0]!.reasons.length === 1, 'closed');
    expect(accepted[0]!.reasons).toEqual(['fin']);
  });

  test('yield to the others: two fast peers take turns', async () => {
    const order: number[] = [];
    const { listener, accepted } = await served((recorder) => {
      const index = accepted.length - 1;
      recorder.onBytes = (slice): void => {
        for (let i = 0; i < slice.length; i += 65536) order.push(index);
      };
    });
    const sockets = [await dial(listener.port), await dial(listener.port)];
    await until(() => accepted.length === 2, 'accepted');
    for (const socket of sockets) socket.end(pattern(8 * 1024 * 1024));
    await until(() => accepted.every((recorder) => recorder.endedCount === 1), 'both ends');
    const changes = order.filter((index, i) => i > 0 && order[i - 1] !== index).length;
    expect(changes).toBeGreaterThan(6);
  });

  test('live 200 at a time, and are forgotten by the server', async () => {
    const { network, listener, accepted } = await served((recorder) => {
      recorder.onBytes = (slice): void => void recorder.connection.write([Buffer.from(slice)]);
    });
    const clients = await Promise.all(Array.from({ length: 200 }, () => dialThroughPort(network, listener.port)));
    clients.forEach((client, i) => client.connection.write([Buffer.from(`hello ${i}`)]));
    await until(() => clients.every((client, i) => client.text() === `hello ${i}`), 'echoes');
    expect(accepted).toHaveLength(200);
    expect(new Set(accepted.map((recorder) => recorder.connection.remotePort)).size).toBe(200);
    clients.forEach((client, i) => (i % 2 === 0 ? client.connection.destroy() : client.connection.end()));
    await until(() => accepted.every((recorder) => recorder.reasons.length === 1), 'all closed');
    await until(() => clients.every((client) => client.reasons.length === 1), 'all clients closed');
    await listener.close();
    await until(() => tcpHandleCount() === 0, 'no handle left');
  });

  test('survive the end of their listener, whose port is free at once', async () => {
    const { network, listener, accepted } = await served();
    const client = await dialThroughPort(network, listener.port);
    await until(() => accepted.length === 1, 'accepted');
    await listener.close();
    const again = await network.listen(
      '127.0.0.1',
      listener.port,
      () => new Recorder(),
      () => undefined,
    );
    expect(again.port).toBe(listener.port);
    await again.close();
    client.connection.write([Buffer.from('still here')]);
    await until(() => accepted[0]!.text() === 'still here', 'bytes on the old connection');
    client.connection.destroy();
  });

  test('a throw in the owner surfaces, and leaves no open socket', async () => {
    const { listener, accepted } = await served((recorder) => {
      recorder.onBytes = (): void => {
        throw new Error('the owner broke its promise');
      };
    });
    const socket = await dial(listener.port);
    await until(() => accepted.length === 1, 'accepted');
    // Called as the read event would: thrown from there it would be an uncaught exception of this test run.
    expect(() => (accepted[0]!.connection as NodeConnection).received(1)).toThrow('broke its promise');
    await until(() => accepted[0]?.reasons.length === 1, 'closed');
    socket.destroy();
  });
});

test('a paused connection of the window path notices that its idle peer is gone', async () => {
  const { listener, accepted } = await serve('window', (recorder) => {
    recorder.onBytes = (): void => recorder.connection.pauseReading();
  });
  const [ending, resetting] = [await dial(listener.port), await dial(listener.port)];
  ending.write('x');
  resetting.write('x');
  await until(() => accepted.length === 2 && accepted.every((recorder) => recorder.receivedBytes === 1), 'paused');
  ending.end();
  resetting.resetAndDestroy();
  await until(() => accepted.every((recorder) => recorder.reasons.length === 1), 'both noticed');
  expect(accepted.map((recorder) => recorder.reasons[0]).sort()).toEqual(['fin', 'reset']);
  await listener.close();
  ending.destroy();
});

describe('connect', () => {
  const network = new NodeNetwork({ window, timers });
  function result(host: string, port: number, timeoutMs = 5000): Promise<Connection | string> {
    return new Promise((resolve) => network.connect(host, port, timeoutMs, new Recorder(), resolve));
  }

  test('says refused when nobody listens', async () => {
    const { listener } = await serve('window');
    await listener.close();
    expect(await result('127.0.0.1', listener.port)).toBe('refused');
  });

  test('says unresolved for a name that does not exist', async () => {
    expect(await result('no-such-host.invalid', 9092)).toBe('unresolved');
  });

  test('says unreachable for a port that cannot be', async () => {
    expect(await result('127.0.0.1', 70_000)).toBe('unreachable');
    expect(await result('127.0.0.1', -1)).toBe('unreachable');
  });

  test('reaches localhost by name, whatever family it resolves to', async () => {
    const { listener, accepted } = await serve('window');
    const connection = await result('localhost', listener.port);
    if (typeof connection === 'string') throw new Error(connection);
    connection.write([Buffer.from('by name')]);
    await until(() => accepted[0]?.text() === 'by name', 'bytes');
    expect(connection.remotePort).toBe(listener.port);
    connection.destroy();
    await listener.close();
  });

  test('says timeout when the time is over first, and keeps no socket', async () => {
    const { listener } = await serve('window');
    const impatient = {
      ...timers,
      set: (_delayMs: number, run: () => void) => (queueMicrotask(run), { cancel: () => undefined }),
    };
    const hasty = new NodeNetwork({ window, timers: { ...impatient, soon: (run) => timers.soon(run) } });
    const told: (Connection | string)[] = [];
    hasty.connect('127.0.0.1', listener.port, 1, new Recorder(), (made) => told.push(made));
    await until(() => told.length === 1, 'told');
    await listener.close();
    await until(() => tcpHandleCount() === 0, 'no handle left');
    expect(told).toEqual(['timeout']);
  });
});

test('listen rejects with the system code when the port is taken', async () => {
  const { network, listener } = await serve('window');
  const second = network.listen(
    '127.0.0.1',
    listener.port,
    () => new Recorder(),
    () => undefined,
  );
  const error = await second.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BindError);
  expect((error as BindError).code).toBe('EADDRINUSE');
  await listener.close();
});

test("the environment is cheap to make, and its memory is the process's", () => {
  const logger = { child: () => logger, debug: nothing, info: nothing, warn: nothing, error: nothing };
  const [one, other] = [createNodeBaseEnv({ logger }), createNodeBaseEnv({ logger })];
  expect(one.memory).toBe(other.memory);
  expect(one.crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(one.process.pid).toBe(process.pid);
  expect(one.random('any').below(1)).toBe(0);
});

describe('clock, timers and chance', () => {
  afterEach(() => void jest.useRealTimers());

  test('go on under the fake timers of a user', async () => {
    const clock = nodeClock();
    jest.useFakeTimers({ now: 1000 });
    expect(Date.now()).toBe(1000);
    expect(clock.wallMs()).toBeGreaterThan(1_700_000_000_000);
    const startMs = clock.monotonicMs();
    await new Promise<void>((resolve) => timers.set(30, resolve));
    await new Promise<void>((resolve) => timers.soon(resolve));
    expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(29);
  });

  test('a cancelled timer does not run, and one beyond 24 days does not run at once', async () => {
    const runs: string[] = [];
    const cancelled = timers.set(5, () => runs.push('cancelled'));
    const distant = timers.set(40 * 24 * 3600 * 1000, () => runs.push('distant'));
    cancelled.cancel();
    await new Promise<void>((resolve) => timers.set(30, resolve));
    distant.cancel();
    expect(runs).toEqual([]);
  });

  test('random numbers stay below their bound and fill bytes', () => {
    const random = nodeRandom();
    const seen = new Set(Array.from({ length: 500 }, () => random.below(3)));
    expect([...seen].sort()).toEqual([0, 1, 2]);
    expect(random.below(1)).toBe(0);
    const bytes = new Uint8Array(64);
    random.bytes(bytes);
    expect(bytes.some((byte) => byte !== 0)).toBe(true);
  });
});

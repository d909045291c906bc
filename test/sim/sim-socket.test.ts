import { Kafka, logLevel } from 'kafkajs';
import type { Env } from '../../log/env';
import type { Connection, ConnectionEvents } from '../../wire/base/env';
import { createSocketFactory } from './sim-socket';
import type { SimSocket } from './sim-socket';
import { SimWorld } from './world';

const PORT = 9092;

/** Answers every request as if it were ApiVersions up to version 2: one API is served, Metadata. */
async function fakeBroker(env: Env): Promise<void> {
  const accept = (connection: Connection): ConnectionEvents => {
    let buffered = Buffer.alloc(0);
    return {
      bytes: (slice) => {
        buffered = Buffer.concat([buffered, slice]);
        while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
          const correlationId = buffered.readInt32BE(8);
          buffered = buffered.subarray(4 + buffered.readInt32BE(0));
          const response = Buffer.alloc(4 + 4 + 2 + 4 + 6 + 4);
          response.writeInt32BE(response.length - 4, 0);
          response.writeInt32BE(correlationId, 4);
          response.writeInt32BE(1, 10);
          response.writeInt16BE(3, 14);
          response.writeInt16BE(5, 18);
          connection.write([response]);
        }
      },
      drain: () => {},
      closed: () => {},
    };
  };
  await env.network.listen('', PORT, accept, () => {});
}

function createWorld(): { world: SimWorld; factory: ReturnType<typeof createSocketFactory> } {
  const world = new SimWorld({ seed: 1 });
  world.start(world.host('kafka'), 'broker', (env) => fakeBroker(env));
  const owner = world.scheduler.createOwner('client');
  return { world, factory: createSocketFactory(world.network, world.scheduler, owner) };
}

/** Lets the world go on beside real code until `work` is done. */
async function beside<T>(world: SimWorld, work: Promise<T>): Promise<T> {
  let isDone = false;
  const finished = (): void => {
    isDone = true;
  };
  work.then(finished, finished);
  while (!isDone) await world.runAwaiting({ untilMs: world.nowMs + 1 });
  return work;
}

describe('a socket over the simulated network', () => {
  test('carries an unmodified kafkajs', async () => {
    const { world, factory } = createWorld();
    const kafka = new Kafka({
      brokers: [`kafka:${PORT}`],
      logLevel: logLevel.NOTHING,
      socketFactory: factory as never,
    });
    const admin = kafka.admin();
    await beside(world, admin.connect());
    await beside(world, admin.disconnect());
    expect(world.network.liveConnections).toBe(0);
  });

  test('tells kafkajs that nobody listens', async () => {
    const { world, factory } = createWorld();
    const kafka = new Kafka({
      brokers: ['kafka:1'],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      socketFactory: factory as never,
    });
    await expect(beside(world, kafka.admin().connect())).rejects.toThrow('ECONNREFUSED');
  });

  test('hands over copies, writes early bytes in order, and closes once', async () => {
    const { world, factory } = createWorld();
    const events: string[] = [];
    const kept: Buffer[] = [];
    const socket: SimSocket = factory({ host: 'kafka', port: PORT, onConnect: () => events.push('connect') });
    socket.on('data', (chunk: Buffer) => kept.push(chunk));
    socket.on('end', () => events.push('end'));
    socket.on('close', () => events.push('close'));
    const request = Buffer.alloc(12);
    request.writeInt32BE(8, 0);
    request.writeInt32BE(42, 8);
    socket.write(request.subarray(0, 5), () => events.push('first written'));
    socket.write(request.subarray(5));
    request.fill(0);
    await world.runAwaiting();
    expect(Buffer.concat(kept).readInt32BE(4)).toBe(42);
    world.network.reset('outside', 'kafka');
    socket.on('error', (error: NodeJS.ErrnoException) => events.push(`error ${error.code}`));
    await world.runAwaiting();
    expect(events).toEqual(['connect', 'first written', 'error ECONNRESET', 'close']);
    expect(socket.writable).toBe(false);
  });

  test('tells when it has been idle for too long', async () => {
    const { world, factory } = createWorld();
    const socket = factory({ host: 'kafka', port: PORT });
    let timeouts = 0;
    socket.setTimeout(1000, () => timeouts++);
    await world.runAwaiting({ untilMs: world.nowMs + 900 });
    expect(timeouts).toBe(0);
    await world.runAwaiting();
    expect(timeouts).toBe(1);
    expect(world.nowMs).toBeLessThan(1100);
  });
});

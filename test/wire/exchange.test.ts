import * as net from 'node:net';
import { ErrorCode } from '../../wire/base/error-codes';
import { EncodeError } from '../../wire/base/errors';
import { ExchangeError } from '../../wire/client-connection';
import type { ExchangeOptions } from '../../wire/exchange';
import { Exchange } from '../../wire/exchange';
import { FakeBroker, env, gate } from './support/fake-broker';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function broker(...parameters: ConstructorParameters<typeof FakeBroker>): Promise<FakeBroker> {
  const started = await new FakeBroker(...parameters).start();
  open.push({ close: () => started.stop() });
  return started;
}

async function exchangeWith(port: number, options: Partial<ExchangeOptions> = {}): Promise<Exchange> {
  const exchange = await Exchange.open(env, {
    host: '127.0.0.1',
    port,
    clientId: 'tester',
    connectTimeoutMs: 5000,
    requestTimeoutMs: 10_000,
    ...options,
  });
  open.push(exchange);
  return exchange;
}

/** A server of raw bytes. */
async function rawServer(onData: (socket: net.Socket, data: Buffer) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('data', (data) => onData(socket, data));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close() });
  return (server.address() as net.AddressInfo).port;
}

const kindOf = (error: unknown): string => (error instanceof ExchangeError ? error.kind : String(error));

describe('an exchange', () => {
  test('asks in every version, and gets typed answers with client id and correlation matched', async () => {
    const seen: (string | null)[] = [];
    const { port } = await broker({
      Metadata: (_request, context) => {
        seen.push(context.clientId);
        return { brokers: [{ nodeId: context.apiVersion, host: 'h', port: 1 }], topics: [] };
      },
    });
    const exchange = await exchangeWith(port);
    for (let version = 0; version <= 13; version++) {
      const response = await exchange.send('Metadata', version, { topics: [] });
      expect(response.brokers[0]!.nodeId).toBe(version);
    }
    expect(new Set(seen)).toEqual(new Set(['tester']));
  });

  test('keeps requests in flight and gives each its own answer', async () => {
    const { port } = await broker({ Heartbeat: ({ generationId }) => ({ errorCode: generationId }) });
    const exchange = await exchangeWith(port);
    const codes = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        exchange.send('Heartbeat', 4, { groupId: 'g', generationId: i, memberId: '' }),
      ),
    );
    expect(codes.map(({ errorCode }) => errorCode)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(exchange.inFlight).toBe(0);
  });

  test('carries records both ways, which belong to the receiver', async () => {
    const batch = Buffer.alloc(300_000, 'r');
    const { port } = await broker({
      Produce: ({ topicData }) => {
        expect(Buffer.from(topicData[0]!.partitionData[0]!.records!).equals(batch)).toBe(true);
        return { responses: [] };
      },
      Fetch: () => ({
        responses: [
          {
            topic: 't',
            partitions: [
              { partitionIndex: 0, highWatermark: 1, abortedTransactions: null, records: batch, errorCode: 0 },
            ],
          },
        ],
      }),
    });
    const exchange = await exchangeWith(port);
    await exchange.send('Produce', 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 't', partitionData: [{ index: 0, records: batch }] }],
    });
    const fetchOne = async (): Promise<Uint8Array> => {
      const request = { maxWaitMs: 0, minBytes: 0, topics: [], forgottenTopicsData: [] };
      const response = await exchange.send('Fetch', 11, request);
      return response.responses[0]!.partitions[0]!.records!;
    };
    const first = await fetchOne();
    await fetchOne();
    expect(Buffer.from(first).equals(batch)).toBe(true);
  });

  test('reads the answer of a broker that knows only older versions of ApiVersions', async () => {
    const { port } = await broker({}, { ApiVersions: [0, 2] });
    const exchange = await exchangeWith(port);
    const software = { clientSoftwareName: 'x', clientSoftwareVersion: '1' };
    const response = await exchange.send('ApiVersions', 4, software);
    expect(response).toMatchObject({
      errorCode: ErrorCode.UNSUPPORTED_VERSION,
      apiKeys: [{ apiKey: 18, maxVersion: 2 }],
    });
    expect((await exchange.send('ApiVersions', 2, software)).errorCode).toBe(0);
  });

  test('sends Produce with acks=0 without waiting for an answer', async () => {
    const arrived = gate<number>();
    const { port } = await broker({
      Produce: ({ acks }) => {
        arrived.open(acks);
        return null;
      },
      Heartbeat: () => ({ errorCode: 0 }),
    });
    const exchange = await exchangeWith(port);
    await exchange.sendUnanswered(9, { acks: 0, timeoutMs: 0, topicData: [] });
    expect(await arrived.promise).toBe(0);
    expect(exchange.inFlight).toBe(0);
    expect((await exchange.send('Heartbeat', 4, { groupId: 'g', generationId: 1, memberId: '' })).errorCode).toBe(0);
  });

  test('throws at once what the version cannot carry, and stays usable', async () => {
    const { port } = await broker({ Heartbeat: () => ({ errorCode: 0 }) });
    const exchange = await exchangeWith(port);
    const tooNew = { groupId: 'g', generationId: 1, memberId: '', groupInstanceId: 'i' };
    await expect(exchange.send('Heartbeat', 0, tooNew)).rejects.toBeInstanceOf(EncodeError);
    expect((await exchange.send('Heartbeat', 3, tooNew)).errorCode).toBe(0);
  });
});

describe('an exchange that fails', () => {
  test('says how the connection could not be made', async () => {
    const started = await new FakeBroker({}).start();
    await started.stop();
    expect(kindOf(await exchangeWith(started.port).catch((error: unknown) => error))).toBe('refused');
  });

  test('ends all requests when one takes too long, and those after it at once', async () => {
    const { port } = await broker({ Metadata: () => new Promise(() => undefined) });
    const exchange = await exchangeWith(port);
    const closed = new Promise<void>((resolve) => exchange.whenClosed(resolve));
    const [slow, behind] = await Promise.allSettled([
      exchange.send('Metadata', 12, { topics: [] }, { timeoutMs: 30 }),
      exchange.send('Metadata', 12, { topics: [] }),
    ]);
    expect([slow, behind].map((each) => kindOf((each as PromiseRejectedResult).reason))).toEqual([
      'timeout',
      'timeout',
    ]);
    await closed;
    const late = await exchange.send('Metadata', 12, { topics: [] }).catch((error: unknown) => error);
    expect([kindOf(late), exchange.isClosed]).toEqual(['timeout', true]);
    await new Promise<void>((resolve) => exchange.whenClosed(resolve));
  });

  test('ends all requests when the peer closes', async () => {
    const started = await broker({ Metadata: () => new Promise(() => undefined) });
    const exchange = await exchangeWith(started.port);
    const asked = exchange.send('Metadata', 12, { topics: [] }).catch((error: unknown) => error);
    while (started.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await started.stop();
    expect(kindOf(await asked)).toBe('closed');
  });

  test.each([
    ['another correlation id', Buffer.from('00000006' + '7fffffff' + '0000', 'hex')],
    ['a negative size', Buffer.from('ffffffff', 'hex')],
    ['a frame without a header', Buffer.from('0000000100', 'hex')],
    ['a body that is cut off', Buffer.from('00000005' + '00000001' + '00', 'hex')],
  ])('ends the connection on %s', async (_, bytes) => {
    const port = await rawServer((socket) => void socket.write(bytes));
    const exchange = await exchangeWith(port);
    const failure = await exchange
      .send('Heartbeat', 0, { groupId: 'g', generationId: 1, memberId: '' })
      .catch((e: unknown) => e);
    expect(kindOf(failure)).toBe('malformed');
    expect(exchange.isClosed).toBe(true);
  });

  test('ends the connection on an answer that nobody asked for', async () => {
    const port = await rawServer((socket) => void socket.write(Buffer.from('00000006000000010000'.repeat(2), 'hex')));
    const exchange = await exchangeWith(port);
    const closed = new Promise<void>((resolve) => exchange.whenClosed(resolve));
    expect((await exchange.send('Heartbeat', 0, { groupId: 'g', generationId: 1, memberId: '' })).errorCode).toBe(0);
    await closed;
  });

  test('refuses more requests than may wait', async () => {
    const { port } = await broker({ Metadata: () => new Promise(() => undefined) });
    const exchange = await exchangeWith(port, { maxInFlight: 2 });
    const settled = Promise.allSettled([1, 2, 3].map(() => exchange.send('Metadata', 12, { topics: [] })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(exchange.inFlight).toBe(2);
    exchange.close();
    const kinds = (await settled).map((each) => kindOf((each as PromiseRejectedResult).reason));
    expect(kinds).toEqual(['closed', 'closed', 'overloaded']);
  });
});

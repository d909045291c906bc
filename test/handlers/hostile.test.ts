/**
 * Bytes that no client sends: whatever comes, the connection is answered or closed, nothing of it reaches the logger as an
 * error of ours, others are served, and memory stays within bounds.
 */
import { served } from '../../src/handlers/index';
import { apis, responseHeaderVersion, type Api } from '../../wire/api-keys';
import { encode } from '../../wire/codec';
import { encodeRequestHeader } from '../../wire/header';
import type { Input } from '../../wire/schema';
import { makeValue } from '../wire/support/message-values';
import { seeded, seedOf } from '../wire/support/seeded';
import { startTestBroker, type TestBroker } from './support/test-broker';
import { ConnectionClosed, type WireClient } from './support/wire-client';

const MAX_REQUEST_BYTES = 1024 * 1024;
const CUTS = 20;
const MUTATIONS = 30;
/** A request that waits for something has not been answered by then; its client leaves. */
const PATIENCE_MS = 50;
const MEBIBYTE = 1024 * 1024;

let broker: TestBroker;
let good: WireClient;

beforeAll(async () => {
  broker = await startTestBroker({ 'socket.request.max.bytes': String(MAX_REQUEST_BYTES), 'num.partitions': '1' });
  good = broker.client('good');
});

afterAll(() => broker.stop());

afterEach(async () => {
  expect(broker.takeErrors()).toEqual([]);
  // The same connection through all tests: others' bytes do not touch it.
  expect((await good.ask('ApiVersions', 0, {})).errorCode).toBe(0);
});

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

describe('bytes that are no requests', () => {
  test.each([
    ['a negative size', 'ffffffff'],
    ['the smallest size', '80000000'],
    ['a size beyond the limit', '00100001'],
    ['the largest size', '7fffffff'],
    ['an empty frame', '00000000'],
    ['a frame of one byte', '00000001 00'],
    ['a frame without a whole header', '00000007 0012 0000 000000'],
    ['a header whose client id is cut off', '0000000a 0012 0000 00000001 0005'],
    ['a header whose tagged fields are cut off', '0000000b 0012 0003 00000001 ffff 05'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n').toString('hex')],
    ['a TLS greeting', '16030100c8010000c40303'.padEnd(400, 'a5')],
  ])('%s closes the connection', async (_, hex) => {
    const client = broker.client();
    client.sendBytes(bytesOf(hex));
    await client.closed;
  });

  test('random bytes close the connection, or wait for more', async () => {
    const random = seeded(1);
    for (let round = 0; round < 200; round++) {
      const client = broker.client();
      client.sendBytes(random.bytes(1 + random.below(300)));
      await Promise.race([client.closed, pause(PATIENCE_MS)]);
      await client.close();
    }
  });
});

describe('APIs and versions that are not served', () => {
  const advertised = new Map([...served()].map(([name, range]) => [apis[name].key, range]));

  test.each(
    [-32768, -1, ...Array.from({ length: 110 }, (_, key) => key), 999, 32767].filter((key) => !advertised.has(key)),
  )('API %i closes the connection', async (apiKey) => {
    const client = broker.client();
    client.sendFrame([header(apiKey, 0), new Uint8Array(20)]);
    await client.closed;
  });

  test.each([...served()].filter(([name]) => name !== 'ApiVersions'))(
    '%s before and after what is served closes the connection',
    async (name, range) => {
      for (const version of [-1, range.minVersion - 1, range.maxVersion + 1, 32767]) {
        const client = broker.client();
        client.sendFrame([header(apis[name].key, version), new Uint8Array(20)]);
        await client.closed;
      }
    },
  );
});

const cases = [...served()].flatMap(([name, { minVersion, maxVersion }]) =>
  Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => [name, minVersion + index] as const),
);

describe.each(cases)('%s v%i', (name, version) => {
  const api: Api = apis[name];
  const random = seeded(seedOf(`hostile ${name} ${version}`));
  const body = encode(
    api.request,
    version,
    makeValue(api.request, version, 'maximal', random) as Input<Api['request']>,
  );

  test('cut off', async () => {
    for (let round = 0; round < CUTS && body.length > 0; round++) {
      await closes(api, version, body.subarray(0, random.below(body.length)));
    }
  });

  test('with bytes too many', () => closes(api, version, Buffer.concat([body, new Uint8Array(3)])));

  test('with other bytes in it', async () => {
    for (let round = 0; round < MUTATIONS; round++) {
      const mutated = body.slice();
      for (let flips = 1 + random.below(3); flips > 0 && mutated.length > 0; flips--)
        mutated[random.below(mutated.length)] = random.below(256);
      await settles(api, version, mutated);
    }
  });
});

describe('memory', () => {
  test('frames that are announced and do not come cost what has come of them', async () => {
    const before = usedBytes();
    const clients = Array.from({ length: 100 }, () => broker.client());
    for (const client of clients) {
      const announced = Buffer.alloc(4);
      announced.writeInt32BE(MAX_REQUEST_BYTES);
      client.sendBytes(Buffer.concat([announced, new Uint8Array(1000)]));
    }
    await good.ask('Metadata', 9, {
      topics: null,
      includeTopicAuthorizedOperations: false,
      includeClusterAuthorizedOperations: false,
    });
    expect(usedBytes() - before).toBeLessThan(32 * MEBIBYTE);
    await Promise.all(clients.map((client) => client.close()));
  });

  test.each([
    ['Metadata', 1, '7fffffff'],
    ['Metadata', 9, 'ffffffff0f'],
    ['Fetch', 4, 'ffffffff 00000000 00000000 7fffffff 00 7fffffff'],
    ['ListOffsets', 1, 'ffffffff 7fffffff'],
    ['Produce', 3, 'ffff 0001 00000000 7fffffff'],
    ['CreateTopics', 5, 'ffffffff0f'],
    ['OffsetFetch', 8, 'ffffffff0f'],
  ] as const)('%s v%i with a count of two billion closes the connection at once', async (name, version, hex) => {
    const before = usedBytes();
    await closes(apis[name], version, bytesOf(hex));
    expect(usedBytes() - before).toBeLessThan(32 * MEBIBYTE);
  });

  test('as many names as fit into a request are answered, or are too many', async () => {
    // Compact arrays of empty names: one byte each.
    const count = MAX_REQUEST_BYTES - 100;
    const names = Buffer.concat([varint(count + 1), Buffer.alloc(count, 1), bytesOf('00 00')]);
    const before = usedBytes();
    const client = broker.client();
    await Promise.race([client.exchange(apis.DescribeGroups, 5, names).catch(ignoreClosed), client.closed]);
    await client.close();
    // A difference: what the suites before this one left in the process is not the request's.
    expect(usedBytes() - before).toBeLessThan(128 * MEBIBYTE);
  });
});

function header(apiKey: number, version: number): Uint8Array {
  const bytes = Buffer.from(encodeRequestHeader(apis.ApiVersions, 0, 1, 'hostile'));
  bytes.writeInt16BE(apiKey, 0);
  bytes.writeInt16BE(version, 2);
  return bytes;
}

/** What does not hold a request closes the connection. */
async function closes(api: Api, version: number, body: Uint8Array): Promise<void> {
  const client = broker.client();
  await expect(client.exchange(api, version, body)).rejects.toBeInstanceOf(ConnectionClosed);
}

/** What may or may not hold a request is answered, closes the connection, or waits. */
async function settles(api: Api, version: number, body: Uint8Array): Promise<void> {
  const client = broker.client();
  const answered = client.exchange(api, version, body, responseHeaderVersion(api, version)).catch(ignoreClosed);
  await Promise.race([answered, pause(PATIENCE_MS)]);
  await client.close();
  await answered;
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof ConnectionClosed)) throw error;
}

function pause(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs));
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Uint8Array.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
}

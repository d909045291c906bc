/** A peer that says on a real socket what no broker says: what it costs whoever mirrors from it. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { DEFAULT_COPY_SETTINGS } from '../../../mirror/copy/copy-settings';
import { linkTo } from '../../../mirror/copy/engine-parts';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { ClusterClient } from '../../../wire/cluster-client';
import { quietLogger } from '../support/copy-bench';

const env = createNodeBaseEnv({ logger: quietLogger('hostile') });
/** More than is pooled: from here on memory is taken for the whole frame at once. */
const SENT_BYTES = 6 * 1024 * 1024;

let port: number;
const sockets: Socket[] = [];
const server = createServer((socket) => {
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.once('data', () => {
    const answer = Buffer.alloc(SENT_BYTES);
    answer.writeInt32BE(1_900_000_000, 0);
    socket.write(answer);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => void server.close(resolve));
});

function expectRefused(error: unknown): void {
  expect(error).toMatchObject({ kind: 'malformed' });
  expect(String(error)).toContain('a frame of 1900000000 bytes, at most 134217728');
}

test('an answer of two gigabytes to a question about the cluster is refused by its announced size', async () => {
  const client = new ClusterClient(env, { bootstrap: [{ host: '127.0.0.1', port }], clientId: 'test', requestTimeoutMs: 3000 });
  expectRefused(await client.metadata(null).catch((error: unknown) => error));
  client.close();
});

test('an answer of two gigabytes on the connection of records is refused by its announced size', async () => {
  const settings = { ...DEFAULT_COPY_SETTINGS, requestTimeoutMs: 3000 };
  const link = linkTo({ env, clientId: 'test', settings }, { host: '127.0.0.1', port });
  const result = await new Promise((resolve) => link.call('Fetch', { topics: [], forgottenTopicsData: [], maxWaitMs: 0, minBytes: 1 }, {}, resolve));
  expectRefused(result);
  link.close();
});

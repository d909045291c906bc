/**
 * Prints what 20 fetches of 50 MB cost this process while their readers have stopped: `{ grownBytes, queuedFileBytes }`.
 * The readers are sockets of this process too; what they hold counts against us.
 */
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { NodeDisk } from '../../../../log/node-disk';
import { createNodeBaseEnv } from '../../../../wire/base/node-env';
import { SocketServer } from '../../../../src/network/listener';
import { silentLogger } from '../../../../src/observe/silent-logger';
import { FETCH, TestHandler, requestFrame } from './test-handler';

const READERS = 20;
const BODY_BYTES = 50 * 1024 * 1024;

async function main(): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stalled-'));
  fs.writeFileSync(path.join(directory, 'segment'), Buffer.alloc(1024 * 1024));
  fs.truncateSync(path.join(directory, 'segment'), BODY_BYTES);
  const file = new NodeDisk().openSync(path.join(directory, 'segment'), 'read');
  const env = createNodeBaseEnv({ logger: silentLogger });
  const handler = new TestHandler();
  handler.onRequest = ({ respond }) =>
    respond({
      chunks: [{ file, position: 0, sizeBytes: BODY_BYTES, isCold: false, release: () => undefined } as never],
      sizeBytes: BODY_BYTES,
    });
  const server = new SocketServer({
    env,
    handler,
    memory: env.memory,
    maxRequestBytes: 1000,
    maxUnfinishedBytes: 100_000,
    limits: { maxConnections: () => 100, maxConnectionsOf: () => 100 },
    maxIdleMs: () => -1,
    maxOverlap: 1,
    invariantBroken: (violation) => {
      throw violation;
    },
  });
  const { port } = await server.listen('PLAINTEXT', '127.0.0.1', 0);
  const sockets = Array.from({ length: READERS }, () => net.connect({ host: '127.0.0.1', port }).pause());
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  for (const socket of sockets) socket.write(requestFrame(FETCH, 4, 1, ''));
  const queued = (): number => [...server.connections].reduce((sum, { queuedBytes }) => sum + queuedBytes.file, 0);
  let last = -1;
  // Until nothing moves any more: the kernel's buffers are full.
  for (let still = 0; still < 20; still = queued() === last && last > 0 ? still + 1 : 0) {
    last = queued();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const grownBytes = process.memoryUsage().rss - before;
  process.stdout.write(JSON.stringify({ grownBytes, queuedFileBytes: queued() }));
  for (const socket of sockets) socket.destroy();
  await server.stop(1000);
  file.closeSync();
  fs.rmSync(directory, { recursive: true });
}

void main();

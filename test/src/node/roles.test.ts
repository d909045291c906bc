/** Nodes with one role. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatNode } from '../../../controller/raft/format';
import { NodeDisk } from '../../../log/node-disk';
import { InlineWorkers } from '../../../log/node-workers';
import type { Env } from '../../../log/env';
import { startBrokerNode } from '../../../src/broker';
import { buildBrokerConfig } from '../../../src/config/build-config';
import type { BrokerConfig } from '../../../src/config/broker-config';
import { silentLogger } from '../../../src/observe/silent-logger';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { WireClient } from '../../handlers/support/wire-client';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'moldau-test-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function env(): Env {
  const disk = new NodeDisk({ unsafeNoSync: true });
  return { ...createNodeBaseEnv({ logger: silentLogger }), disk, workers: new InlineWorkers() };
}

function config(...lines: readonly (readonly [string, string])[]): BrokerConfig {
  const texts = new Map([['node.id', '3'], ['controller.listener.names', 'CONTROLLER'], ['log.dirs', directory], ...lines]);
  const built = buildBrokerConfig([{ origin: 'test', texts }]);
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}

test('a controller alone is ready when it knows the metadata, registers, and serves no client', async () => {
  const node = await startBrokerNode(env(), config(['process.roles', 'controller'], ['listeners', 'CONTROLLER://127.0.0.1:0']));
  const [listener, ...others] = node.listeners;
  expect([listener?.name, others]).toEqual(['CONTROLLER', []]);
  const client = new WireClient(listener?.port ?? 0);
  const wanted = { endpointType: 2, includeClusterAuthorizedOperations: false };
  const registered = async (): Promise<readonly number[]> =>
    (await client.ask('DescribeCluster', 1, wanted)).brokers.map(({ brokerId }) => brokerId);
  while ((await registered()).length === 0);
  expect(await registered()).toEqual([3]);
  await client.close();
  await node.stop();
  await node.closed;
});

test('a broker alone gives up when no controller registers it in time, and leaves its directory to the next', async () => {
  const broker = config(
    ['process.roles', 'broker'],
    ['listeners', 'PLAINTEXT://127.0.0.1:0'],
    ['controller.quorum.bootstrap.servers', '127.0.0.1:1'],
    ['initial.broker.registration.timeout.ms', '50'],
  );
  const ports = env();
  const { nodeId, logDirs, metadataLogDir } = broker;
  const request = { nodeId, logDirs, metadataLogDir, clusterId: 'some-cluster', controllerEndpoints: [], voters: 'none' } as const;
  formatNode(request, { disk: ports.disk, random: ports.random('format'), crc32c: ports.crc32c, wallMs: 0 });
  for (let round = 0; round < 2; round++) {
    await expect(startBrokerNode(env(), broker)).rejects.toThrow('no controller has registered this broker within 50 ms');
  }
});

test('a broker alone is not formatted by itself', async () => {
  const broker = config(
    ['process.roles', 'broker'],
    ['listeners', 'PLAINTEXT://127.0.0.1:0'],
    ['controller.quorum.bootstrap.servers', '127.0.0.1:1'],
  );
  await expect(startBrokerNode(env(), broker)).rejects.toThrow('is not formatted, and this node is no controller');
});

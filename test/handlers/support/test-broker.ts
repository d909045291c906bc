/**
 * A broker in this process, over real sockets and files without fsync; what it logs as an error is kept, since a handler
 * that throws shows itself there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disk } from '../../../log/disk';
import { NodeDisk } from '../../../log/node-disk';
import { InlineWorkers } from '../../../log/node-workers';
import { startBrokerNode } from '../../../src/broker';
import { buildBrokerConfig } from '../../../src/config/build-config';
import { withNodeDefaults } from '../../../src/config/layers';
import type { Logger, LogFields } from '../../../wire/base/env';
import { createNodeBaseEnv } from '../../../wire/base/node-env';
import { WireClient } from './wire-client';

export interface TestBroker {
  readonly port: number;
  readonly controllerPort: number;
  readonly directory: string;
  /** What was logged as an error since the last call, with its fields. */
  takeErrors(): string[];
  client(clientId?: string | null): WireClient;
  /** Of the controller's listener. */
  controllerClient(): WireClient;
  /** Rejects when the broker cannot go on. */
  readonly closed: Promise<void>;
  /** Ends the clients and the broker, and removes its files. */
  stop(): Promise<void>;
}

const DEFAULTS: Readonly<Record<string, string>> = {
  listeners: 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '1',
  'metadata.max.idle.interval.ms': '0',
};

export async function startTestBroker(
  properties: Readonly<Record<string, string>> = {},
  disk: Disk = new NodeDisk({ unsafeNoSync: true }),
): Promise<TestBroker> {
  const directory = mkdtempSync(join(tmpdir(), 'moldau-test-'));
  const texts = new Map(Object.entries({ ...DEFAULTS, 'log.dirs': directory, ...properties }));
  const built = buildBrokerConfig(withNodeDefaults([{ origin: 'test', texts }]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  const errors: string[] = [];
  const base = createNodeBaseEnv({ logger: errorLogger(errors) });
  const broker = await startBrokerNode({ ...base, disk, workers: new InlineWorkers() }, built.config);
  const port = broker.listeners.find(({ name }) => name === 'PLAINTEXT')?.port ?? 0;
  const controllerPort = broker.listeners.find(({ name }) => name === 'CONTROLLER')?.port ?? 0;
  const clients = new Set<WireClient>();
  const clientOf = (to: number, clientId?: string | null): WireClient => {
    const client = new WireClient(to, clientId);
    clients.add(client);
    return client;
  };
  return {
    port,
    controllerPort,
    directory,
    closed: broker.closed,
    takeErrors: () => errors.splice(0),
    client: (clientId) => clientOf(port, clientId),
    controllerClient: () => clientOf(controllerPort),
    stop: async () => {
      await Promise.all([...clients].map((client) => client.close()));
      await broker.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function errorLogger(errors: string[]): Logger {
  const logger: Logger = {
    child: () => logger,
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (message: string, fields?: LogFields) => {
      errors.push(fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
    },
  };
  return logger;
}

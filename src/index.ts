/**
 * What a program imports: a broker inside this process, for tests of code that uses Kafka.
 *
 * `startBroker()` gives the same broker as the command: real sockets, real files, Kafka's protocol. Its defaults suit tests:
 * a free port, a temporary directory that is removed at the end, no fsync, no waiting for members that may yet join.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeDisk } from '../log/node-disk';
import { InlineWorkers } from '../log/node-workers';
import { createNodeBaseEnv } from '../wire/base/node-env';
import { startBrokerNode } from './broker';
import { buildBrokerConfig } from './config/build-config';
import { withNodeDefaults, type ConfigLayer } from './config/layers';
import { silentLogger } from './observe/silent-logger';

export interface StartBrokerOptions {
  /** Port for clients on localhost; by default one that is free. */
  readonly port?: number;
  /** Where records are kept. By default a temporary directory, removed by `stop()`; one that you name stays. */
  readonly directory?: string;
  /** Kafka's broker keys, e.g. `{ 'num.partitions': '3' }`; they win over the defaults for tests. */
  readonly overrides?: Readonly<Record<string, string | number | boolean>>;
}

export interface StartedBroker {
  /** What clients are given as bootstrap servers: `['localhost:54321']`. */
  readonly brokers: string[];
  readonly port: number;
  readonly clusterId: string;
  readonly directory: string;
  /** Resolves after `stop()`, rejects if the broker had to end by itself. */
  readonly closed: Promise<void>;
  /** Ends the broker; nothing of it is left open afterwards. May be called again. */
  stop(): Promise<void>;
}

/** The overrides are not a valid configuration; the message names each key, its value and what is allowed. */
export class InvalidConfigError extends Error {
  override readonly name = 'InvalidConfigError';
}

const TEST_DEFAULTS: Readonly<Record<string, string>> = {
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '1',
  'metadata.max.idle.interval.ms': '0',
};

/** Starts a broker and resolves when it serves. Rejects with InvalidConfigError, or with what kept it from starting. */
export async function startBroker(options: StartBrokerOptions = {}): Promise<StartedBroker> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'moldau-'));
  const isTemporary = options.directory === undefined;
  const removeIfTemporary = (): void => {
    if (isTemporary) rmSync(directory, { recursive: true, force: true });
  };
  try {
    const config = testConfig(options, directory);
    const base = createNodeBaseEnv({ logger: silentLogger });
    const env = { ...base, disk: new NodeDisk({ unsafeNoSync: isTemporary }), workers: new InlineWorkers() };
    const broker = await startBrokerNode(env, config);
    const client = broker.listeners.find(({ name }) => !config.controllerListenerNames.includes(name));
    const port = client?.advertisedPort ?? 0;
    const stop = async (): Promise<void> => {
      await broker.stop();
      removeIfTemporary();
    };
    const brokers = [`${client?.advertisedHost ?? 'localhost'}:${port}`];
    return { brokers, port, clusterId: broker.clusterId, directory, closed: broker.closed, stop };
  } catch (error) {
    removeIfTemporary();
    throw error;
  }
}

function testConfig(options: StartBrokerOptions, directory: string): Parameters<typeof startBrokerNode>[1] {
  const listeners = `PLAINTEXT://localhost:${options.port ?? 0},CONTROLLER://localhost:0`;
  const overrides = Object.entries(options.overrides ?? {}).map(([key, value]) => [key, String(value)] as const);
  const values = new Map([...Object.entries(TEST_DEFAULTS), ['listeners', listeners], ['log.dirs', directory], ...overrides] as const);
  const layer: ConfigLayer = { origin: 'startBroker', texts: values };
  const built = buildBrokerConfig(withNodeDefaults([layer]));
  if (!built.ok) throw new InvalidConfigError(built.problems.join('\n'));
  return built.config;
}

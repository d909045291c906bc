/**
 * What a program imports: a broker inside this process, for tests of code that uses Kafka.
 *
 * `startBroker()` gives the same broker as the command: real sockets, real files, Kafka's protocol. Its defaults suit tests:
 * a free port, a temporary directory that is removed at the end, no fsync, no waiting for members that may yet join.
 *
 * What is exported here is the package's published surface: its types are published as this one file, so it imports none
 * of ours into them.
 */
import { NodeDisk } from '../log/node-disk';
import { makeTemporaryDirectory } from '../log/node-temporary-directory';
import { InlineWorkers } from '../log/node-workers';
import type { Logger } from '../wire/base/env';
import { createNodeBaseEnv } from '../wire/base/node-env';
import { startBrokerNode } from './broker';
import type { BrokerConfig } from './config/broker-config';
import { buildBrokerConfig } from './config/build-config';
import { withNodeDefaults, type ConfigLayer } from './config/layers';
import { lazyLogger } from './observe/lazy-logger';

export interface StartBrokerOptions {
  /** Port for clients on localhost; by default one that is free. */
  readonly port?: number;
  /**
   * Where records are kept. By default a temporary directory without fsync, removed by `stop()`; one that you name stays, is
   * written as a server writes it, and can be started from again.
   */
  readonly directory?: string;
  /** Kafka's broker keys, e.g. `{ 'num.partitions': 3 }`; they win over the defaults for tests. */
  readonly overrides?: Readonly<Record<string, string | number | boolean>>;
  /** What the broker says on standard error: lines of this level and above. By default `error`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
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

const TEST_DEFAULTS: ConfigLayer = {
  origin: 'the defaults of startBroker',
  isImplied: true,
  texts: new Map([
    ['group.initial.rebalance.delay.ms', '0'],
    ['offsets.topic.num.partitions', '1'],
    ['metadata.max.idle.interval.ms', '0'],
  ]),
};

/** Starts a broker and resolves when it serves. Rejects with InvalidConfigError, or with what kept it from starting. */
export async function startBroker(options: StartBrokerOptions = {}): Promise<StartedBroker> {
  if (options.directory !== undefined) return start(options, options.directory, new NodeDisk());
  const temporary = makeTemporaryDirectory('moldau-');
  try {
    // Nobody else knows the directory, and nothing in it is to survive: neither locks nor fsyncs.
    const disk = new NodeDisk({ unsafeNoSync: true, isPrivate: true });
    const started = await start(options, temporary.path, disk);
    return { ...started, stop: () => started.stop().finally(() => temporary.remove()) };
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

async function start(options: StartBrokerOptions, directory: string, disk: NodeDisk): Promise<StartedBroker> {
  const config = configOf(options, directory);
  const base = createNodeBaseEnv({ logger: lazyLogger(options.logLevel ?? 'error', terminalLogger) });
  const broker = await startBrokerNode({ ...base, disk, workers: new InlineWorkers() }, config);
  const client = broker.listeners.find(({ name }) => !config.controllerListenerNames.includes(name));
  const port = client?.advertisedPort ?? 0;
  const brokers = [`${client?.advertisedHost ?? 'localhost'}:${port}`];
  return { brokers, port, clusterId: broker.clusterId, directory, closed: broker.closed, stop: () => broker.stop() };
}

function configOf(options: StartBrokerOptions, directory: string): BrokerConfig {
  const chosen: ConfigLayer = {
    origin: 'the options of startBroker',
    isImplied: true,
    texts: new Map([
      ['listeners', `PLAINTEXT://localhost:${options.port ?? 0},CONTROLLER://localhost:0`],
      ['log.dirs', directory],
    ]),
  };
  const given: ConfigLayer = {
    origin: 'overrides',
    texts: new Map(Object.entries(options.overrides ?? {}).map(([key, value]) => [key, String(value)])),
  };
  const built = buildBrokerConfig(withNodeDefaults([TEST_DEFAULTS, chosen, given]));
  if (!built.ok) throw new InvalidConfigError(built.problems.join('\n'));
  for (const warning of built.warnings) process.emitWarning(warning, 'MoldauWarning');
  return built.config;
}

/** Loads pino: only when there is something to say. */
function terminalLogger(): Logger {
  const { createLogger } = require('./observe/logger') as typeof import('./observe/logger');
  return createLogger({ format: 'text', level: 'DEBUG' }).logger;
}

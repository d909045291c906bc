/**
 * What a program imports: a broker or a whole cluster inside this process, for tests of code that uses Kafka.
 *
 * `startBroker()` gives the same broker as the command: real sockets, real files, Kafka's protocol. Its defaults suit tests:
 * a free port, a temporary directory that is removed at the end, no fsync, no waiting for members that may yet join.
 * `startCluster(3)` gives several that replicate to each other; one of them can be killed, paused and started again.
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
import { clusterDefaults } from './config/cluster-defaults';
import { withNodeDefaults, type ConfigLayer } from './config/layers';
import { LocalCluster, type NodePorts } from './local-cluster';
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
  /** Where /metrics, /healthz and /readyz are: for whoever asks with `{ 'metrics.listener': 'localhost:0' }`, else null. */
  readonly metricsUrl: string | null;
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
    ['metrics.listener', ''],
  ]),
};

export interface StartClusterOptions {
  /** Kafka's broker keys, for every node; they win over the defaults for tests. */
  readonly overrides?: Readonly<Record<string, string | number | boolean>>;
  /** What the nodes say on standard error: lines of this level and above. By default `error`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

export interface ClusterNode {
  /** 1 for the first node. */
  readonly id: number;
  readonly port: number;
  /** As of `startBroker`; null while the node does not run. */
  readonly metricsUrl: string | null;
  readonly isRunning: boolean;
  /** It runs, and stands still until `resume`. */
  readonly isPaused: boolean;
}

export interface StartedCluster {
  /** What clients are given as bootstrap servers, one for each node. */
  readonly brokers: string[];
  readonly clusterId: string;
  readonly nodes: readonly ClusterNode[];
  /** Ends all nodes in order; nothing of them is left open or on disk afterwards. May be called again. */
  stop(): Promise<void>;
  /** Ends a node at once, as kill -9 of its process: its connections are closed, what it had written is on its disk. */
  kill(nodeId: number): Promise<void>;
  /**
   * Stops a node where it is, as SIGSTOP of its process: it reads nothing, answers nothing, and its timers do not fire, while
   * its connections stay open. Throws when it does not run.
   */
  pause(nodeId: number): void;
  /** Lets a paused node go on; it finds out what it has missed. Does nothing to one that is not paused. */
  resume(nodeId: number): void;
  /** Starts a node again on its files and its port, after stopping it in order if it runs; resolves when it serves. */
  restart(nodeId: number): Promise<void>;
}

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

/** More have never been tried. */
const MAX_NODES = 9;

/** Elections in one process need not wait as long as between machines. */
const CLUSTER_TEST_DEFAULTS: ConfigLayer = {
  origin: 'the defaults of startCluster',
  isImplied: true,
  texts: new Map([
    ['group.initial.rebalance.delay.ms', '0'],
    ['offsets.topic.num.partitions', '1'],
    ['controller.quorum.election.timeout.ms', '200'],
    ['controller.quorum.election.backoff.max.ms', '100'],
    ['controller.quorum.fetch.timeout.ms', '1000'],
    ['metrics.listener', ''],
  ]),
};

/**
 * Starts a cluster of nodes that are broker and controller each, with three copies of every topic, and resolves when all of
 * them serve. Rejects as `startBroker` does.
 */
export async function startCluster(nodeCount: number, options: StartClusterOptions = {}): Promise<StartedCluster> {
  if (!Number.isInteger(nodeCount) || nodeCount < 1 || nodeCount > MAX_NODES) {
    throw new InvalidConfigError(`A cluster has 1 to ${MAX_NODES} nodes, and not ${nodeCount}.`);
  }
  const temporary = makeTemporaryDirectory('moldau-');
  const nodeIds = Array.from({ length: nodeCount }, (_, index) => index + 1);
  try {
    const cluster = await LocalCluster.start({
      nodeIds,
      newEnv: () => ({
        ...createNodeBaseEnv({ logger: lazyLogger(options.logLevel ?? 'error', terminalLogger) }),
        // Nothing in it is to survive, and each node has its own part: neither locks nor fsyncs.
        disk: new NodeDisk({ unsafeNoSync: true, isPrivate: true }),
        workers: new InlineWorkers(),
      }),
      configOf: (nodeId, ports) =>
        builtConfig([
          clusterDefaults(nodeCount),
          CLUSTER_TEST_DEFAULTS,
          nodeLayer(nodeId, `${temporary.path}/node-${nodeId}`, ports),
          overridesLayer(options.overrides),
        ]),
    });
    return startedCluster(cluster, () => temporary.remove());
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

function startedCluster(cluster: LocalCluster, ended: () => void): StartedCluster {
  let stopping: Promise<void> | null = null;
  const brokers = cluster.nodeIds.map((id) => `localhost:${cluster.clientPort(id)}`);
  return {
    brokers,
    clusterId: cluster.clusterId,
    get nodes(): readonly ClusterNode[] {
      return cluster.nodeIds.map((id) => ({ id, port: cluster.clientPort(id), metricsUrl: cluster.metricsUrl(id), isRunning: cluster.isRunning(id), isPaused: cluster.isPaused(id) }));
    },
    stop: () => (stopping ??= cluster.stop().finally(ended)),
    kill: (nodeId) => cluster.kill(nodeId),
    pause: (nodeId) => cluster.pause(nodeId),
    resume: (nodeId) => cluster.resume(nodeId),
    restart: (nodeId) => cluster.restart(nodeId),
  };
}

function nodeLayer(nodeId: number, directory: string, ports: NodePorts): ConfigLayer {
  return {
    origin: 'the options of startCluster',
    isImplied: true,
    texts: new Map([
      ['node.id', String(nodeId)],
      ['listeners', `PLAINTEXT://localhost:${ports.client},CONTROLLER://localhost:${ports.controller}`],
      ['log.dirs', directory],
    ]),
  };
}

async function start(options: StartBrokerOptions, directory: string, disk: NodeDisk): Promise<StartedBroker> {
  const config = configOf(options, directory);
  const base = createNodeBaseEnv({ logger: lazyLogger(options.logLevel ?? 'error', terminalLogger) });
  const broker = await startBrokerNode({ ...base, disk, workers: new InlineWorkers() }, config);
  const client = broker.listeners.find(({ name }) => !config.controllerListenerNames.includes(name));
  const port = client?.advertisedPort ?? 0;
  const brokers = [`${client?.advertisedHost ?? 'localhost'}:${port}`];
  const metricsUrl = broker.metrics?.url ?? null;
  return { brokers, port, clusterId: broker.clusterId, directory, metricsUrl, closed: broker.closed, stop: () => broker.stop() };
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
  return builtConfig([TEST_DEFAULTS, chosen, overridesLayer(options.overrides)]);
}

function overridesLayer(overrides: StartBrokerOptions['overrides']): ConfigLayer {
  const texts = new Map(Object.entries(overrides ?? {}).map(([key, value]) => [key, String(value)]));
  return { origin: 'overrides', texts };
}

function builtConfig(layers: readonly ConfigLayer[]): BrokerConfig {
  const built = buildBrokerConfig(withNodeDefaults(layers));
  if (!built.ok) throw new InvalidConfigError(built.problems.join('\n'));
  for (const warning of built.warnings) process.emitWarning(warning, 'MoldauWarning');
  return built.config;
}

/** Loads pino: only when there is something to say. */
function terminalLogger(): Logger {
  const { createLogger } = require('./observe/logger') as typeof import('./observe/logger');
  return createLogger({ format: 'text', level: 'DEBUG' }).logger;
}

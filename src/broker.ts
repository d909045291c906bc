/**
 * From ports and a configuration to a running broker. What fails on the way up is taken down before the failure is told; a
 * broken invariant later ends the broker and rejects `closed`.
 */
import { loadOrFormat, type FormatRequest, type NodeIdentity } from '../controller/raft/format';
import type { VoterEndpoint } from '../controller/raft/voter-set';
import { DirectoryLocks } from '../log/directory-locks';
import type { Env } from '../log/env';
import { BrokerNode } from './node/broker-node';
import type { BrokerConfig } from './config/broker-config';
import type { RunningBroker } from './running-broker';

/** Starts a broker and resolves when clients are served. */
export async function startBrokerNode(env: Env, config: BrokerConfig): Promise<RunningBroker> {
  const locks = DirectoryLocks.take(env.disk, config.logDirs);
  const ending = new Ending(env);
  let node: BrokerNode;
  try {
    const endpoints = controllerEndpoints(config);
    node = new BrokerNode(env, config, identify(env, config, endpoints), locks, endpoints, (why, error) => ending.fail(why, error));
  } catch (error) {
    locks.release();
    throw error;
  }
  try {
    await Promise.race([node.start(), ending.failed]);
  } catch (error) {
    await node.stop(false);
    throw error;
  }
  return ending.running(node, config.logDirs);
}

function controllerEndpoints(config: BrokerConfig): readonly VoterEndpoint[] {
  return config.listeners
    .filter(({ isController }) => isController)
    .map(({ name, advertisedHost, advertisedPort, port }) => ({ name, host: advertisedHost, port: advertisedPort === 0 ? port : advertisedPort }));
}

function identify(env: Env, config: BrokerConfig, endpoints: readonly VoterEndpoint[]): NodeIdentity {
  const others = config.quorumVoters.filter(({ id }) => id !== config.nodeId).map(({ host, port }) => `${host}:${port}`);
  const request: FormatRequest = {
    nodeId: config.nodeId,
    logDirs: config.logDirs,
    metadataLogDir: config.metadataLogDir,
    clusterId: null,
    controllerEndpoints: endpoints,
    otherQuorumHosts: others,
  };
  return loadOrFormat(request, { disk: env.disk, random: env.random('format'), crc32c: env.crc32c, wallMs: env.clock.wallMs() });
}

/** How a broker ends: asked to, or because it cannot go on. */
class Ending {
  /** Rejects when the broker cannot go on. */
  readonly failed: Promise<never>;
  private reject: (error: Error) => void = () => undefined;
  private stopping: Promise<void> | null = null;

  constructor(private readonly env: Env) {
    this.failed = new Promise<never>((_, reject) => {
      this.reject = reject;
    });
    // Whoever waits for it hears of it; nobody has to.
    this.failed.catch(() => undefined);
  }

  fail(why: string, error: unknown): void {
    const message = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
    this.env.logger.error(`${why}: ${message}`);
    this.reject(new Error(`${why}: ${message}`, { cause: error }));
  }

  running(node: BrokerNode, logDirs: readonly string[]): RunningBroker {
    let resolveStopped: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => {
      resolveStopped = resolve;
    });
    const stop = (): Promise<void> => (this.stopping ??= node.stop(true).then(resolveStopped));
    const failed = this.failed.catch(async (error: unknown) => {
      await (this.stopping ??= node.stop(false));
      throw error;
    });
    const closed = Promise.race([stopped, failed]);
    closed.catch(() => undefined);
    return { clusterId: node.clusterId, listeners: node.listeners, logDirs, stop, closed };
  }
}

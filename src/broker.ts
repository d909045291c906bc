/**
 * From ports and a configuration to a running node. What fails on the way up is taken down before the failure is told; a
 * broken invariant later ends the node and rejects `closed`.
 */
import { loadOrFormat, type FormatRequest, type NodeIdentity } from '../controller/raft/format';
import type { VoterEndpoint } from '../controller/raft/voter-set';
import { DirectoryLocks } from '../log/directory-locks';
import type { Env } from '../log/env';
import { BrokerNode } from './node/broker-node';
import { ControllerListeners } from './node/controller-listeners';
import type { BrokerConfig } from './config/broker-config';
import type { RunningBroker } from './running-broker';

/** Starts a node and resolves when clients are served. */
export async function startBrokerNode(env: Env, config: BrokerConfig): Promise<RunningBroker> {
  return (await PreparedNode.open(env, config)).start();
}

/**
 * A node that has its directories to itself and its controller listeners bound, so that it is known where they are reached;
 * whoever formats several nodes for each other does so between `open` and `start`.
 */
export class PreparedNode {
  private constructor(
    private readonly env: Env,
    private readonly config: BrokerConfig,
    private readonly locks: DirectoryLocks,
    private readonly listeners: ControllerListeners,
    private readonly ending: Ending,
  ) {}

  static async open(env: Env, config: BrokerConfig): Promise<PreparedNode> {
    const locks = DirectoryLocks.take(env.disk, config.directories);
    const ending = new Ending(env);
    try {
      const listeners = await ControllerListeners.bind(env, config, (violation) => {
        ending.fail('a broken invariant', violation);
      });
      return new PreparedNode(env, config, locks, listeners, ending);
    } catch (error) {
      locks.release();
      throw error;
    }
  }

  get controllerEndpoints(): readonly VoterEndpoint[] {
    return this.listeners.endpoints;
  }

  async start(): Promise<RunningBroker> {
    const { env, config, locks, listeners, ending } = this;
    let node: BrokerNode;
    try {
      const identity = identify(env, config, listeners.endpoints);
      const fatal = (why: string, error: unknown): void => ending.fail(why, error);
      node = new BrokerNode({ env, config, identity, locks, listeners, fatal });
    } catch (error) {
      await this.abandon();
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

  /** In place of `start`. */
  async abandon(): Promise<void> {
    await this.listeners.stop(0);
    this.locks.release();
  }
}

function identify(env: Env, config: BrokerConfig, endpoints: readonly VoterEndpoint[]): NodeIdentity {
  const others = config.quorumVoters.filter(({ id }) => id !== config.nodeId).map(({ host, port }) => `${host}:${port}`);
  const bootstrap = config.quorumBootstrapServers.map(({ host, port }) => `${host}:${port}`);
  const own = new Set(endpoints.map(({ host, port }) => `${host}:${port}`));
  const request: FormatRequest = {
    nodeId: config.nodeId,
    logDirs: config.logDirs,
    metadataLogDir: config.metadataLogDir,
    clusterId: null,
    controllerEndpoints: endpoints,
    otherQuorumHosts: [...others, ...bootstrap.filter((server) => !own.has(server))],
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
    return { clusterId: node.clusterId, listeners: node.listeners, logDirs, metrics: node.metrics, leave: () => node.leave(), stop, closed };
  }
}

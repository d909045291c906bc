/**
 * What a node shows of itself over HTTP (metrics.listener): its metrics, and its health. Opened before the logs are read, so
 * that a start can be watched; a port that cannot be had keeps nobody from serving.
 */
import type { NodeIdentity } from '../../controller/raft/format';
import type { Env } from '../../log/env';
import type { LogManager } from '../../log/log-manager';
import type { HttpListener, Monitoring } from '../../wire/base/monitoring';
import type { MetricFamily } from '../../wire/metrics/metric-family';
import { MetricsRegistry } from '../../wire/metrics/metrics-registry';
import { type Health, openMetricsServer, parseMetricsListener } from '../../wire/metrics/metrics-server';
import type { TimerHandle } from '../../wire/base/env';
import { processMetrics } from '../../wire/metrics/process-metrics';
import type { BrokerConfig } from '../config/broker-config';
import type { MetadataCache } from '../metadata/metadata-cache';
import { clusterMetrics } from '../observe/metrics/cluster-metrics';
import { DirectoryMetrics, offlineDirectories } from '../observe/metrics/directory-metrics';
import { Elections } from '../observe/metrics/elections';
import { GroupMetrics } from '../observe/metrics/group-metrics';
import { brokerStanding, nodeInfo, purgatories } from '../observe/metrics/node-metrics';
import { PartitionMetrics } from '../observe/metrics/partition-metrics';
import { whyNotReady } from '../observe/metrics/readiness';
import { RemoteEnds } from '../observe/metrics/remote-ends';
import { isrMetrics, ReplicationLagMetrics } from '../observe/metrics/replication-metrics';
import { requestMetrics } from '../observe/metrics/request-metrics-source';
import { trafficMetrics } from '../observe/metrics/traffic-metrics';
import { version } from '../version';
import type { BrokerPart } from './broker-part';
import type { ControllerListeners } from './controller-listeners';
import type { Quorum } from './quorum';

export interface NodeEyesParts {
  readonly env: Env;
  readonly monitoring: Monitoring;
  readonly config: BrokerConfig;
  readonly identity: NodeIdentity;
  readonly metadata: MetadataCache;
  readonly logs: LogManager;
  readonly quorum: Quorum;
  /** Null on a node that is only a controller. */
  readonly broker: BrokerPart | null;
  readonly controllerListeners: ControllerListeners;
  readonly isActiveController: () => boolean;
  readonly isStopping: () => boolean;
}

/** After the listener is open. */
const PRELOAD_MS = 2_000;

/** Null when nobody wants to watch, or nobody can. */
export function nodeEyes(parts: Omit<NodeEyesParts, 'monitoring'>): NodeEyes | null {
  const { monitoring } = parts.env;
  if (monitoring === undefined || parts.config.get('metrics.listener') === '') return null;
  return new NodeEyes({ ...parts, monitoring });
}

export class NodeEyes {
  private readonly registry: MetricsRegistry;
  private readonly directories: DirectoryMetrics;
  private readonly remote: RemoteEnds;
  private readonly elections: Elections;
  private listener: HttpListener | null = null;
  private preload: TimerHandle | null = null;

  constructor(private readonly parts: NodeEyesParts) {
    const { env, config, logs, broker, metadata, isActiveController } = parts;
    this.registry = new MetricsRegistry(env, config.get('metrics.max.series'));
    this.directories = new DirectoryMetrics(env, logs);
    this.elections = new Elections(isActiveController);
    this.remote = new RemoteEnds({
      env,
      logger: env.logger.child('metrics'),
      endpointOf: (id) => broker?.endpointOf(id) ?? null,
    });
    this.register(broker, metadata);
  }

  private register(broker: BrokerPart | null, metadata: MetadataCache): void {
    const { env, monitoring, config, identity, logs, quorum, controllerListeners, isActiveController } = this.parts;
    const roles = [...(config.isBroker ? ['broker'] : []), ...(config.isController ? ['controller'] : [])].join(',');
    const controllerServer = { role: 'controller', sockets: controllerListeners.sockets } as const;
    this.registry.register(
      nodeInfo({ version, nodeId: config.nodeId, clusterId: identity.clusterId, roles }),
      ...(broker === null ? [] : [brokerStanding(() => broker.standing)]),
      ...requestMetrics(() => [
        ...(broker === null ? [] : [{ role: 'broker', sockets: broker.sockets } as const]),
        ...(config.isController ? [controllerServer] : []),
      ]),
      ...clusterMetrics({
        ...quorum,
        elections: this.elections,
        isActiveController,
        wallMs: () => env.clock.wallMs(),
      }),
      offlineDirectories(logs),
      this.directories,
    );
    if (broker !== null) {
      const { replicas, groups } = broker;
      this.registry.register(
        ...trafficMetrics(replicas.traffic),
        new PartitionMetrics(replicas),
        isrMetrics(replicas),
        new ReplicationLagMetrics(env.clock, replicas),
        purgatories(replicas),
        new GroupMetrics({ clock: env.clock, groups, replicas, metadata, remote: this.remote }),
      );
    }
    this.registry.register(processMetrics(monitoring));
  }

  /** All metrics that this node may show. */
  get families(): readonly MetricFamily[] {
    return this.registry.families;
  }

  /** Where it answers; null when it does not. */
  get url(): string | null {
    const host = parseMetricsListener(this.parts.config.get('metrics.listener'))?.host ?? '';
    if (this.listener === null) return null;
    const reachable = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
    return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${this.listener.port}`;
  }

  async open(): Promise<void> {
    const { monitoring, env, config, quorum, isStopping } = this.parts;
    quorum.loader.installPublisher(this.elections);
    this.directories.start();
    // The loop is measured from here on, not only from the first scrape.
    monitoring.figures();
    // What collects the rest takes tens of milliseconds to load: neither the start nor the first scrape has to wait for it.
    this.preload = env.timers.set(PRELOAD_MS, () => {
      monitoring.runtimeMetrics().catch(() => {
        // The scrape that needs it says what is wrong.
      });
    });
    const listener = await openMetricsServer({
      monitoring,
      logger: env.logger.child('metrics'),
      address: config.get('metrics.listener'),
      registry: this.registry,
      healthz: () => ({ reasons: [], facts: this.facts() }),
      readyz: () => this.readyz(),
    });
    if (isStopping()) await listener?.close();
    else this.listener = listener;
  }

  async close(): Promise<void> {
    this.directories.stop();
    this.remote.close();
    this.preload?.cancel();
    const { listener } = this;
    this.listener = null;
    await listener?.close();
  }

  private facts(): Health['facts'] {
    const { config, identity } = this.parts;
    return { nodeId: config.nodeId, clusterId: identity.clusterId, version };
  }

  private readyz(): Health {
    const { logs, quorum, broker, isStopping } = this.parts;
    const reasons = whyNotReady({ ...quorum, logs, isStopping: isStopping(), broker: broker?.readiness ?? null });
    return { reasons, facts: this.facts() };
  }
}

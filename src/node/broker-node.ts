/**
 * A node with the roles that its configuration gives it, in one process: owns the parts, starts them in order and stops them
 * in reverse. Every node takes part in the quorum, as voter or as observer; beside that it is controller, broker, or both.
 */
import type { MetadataImage } from '../../controller/metadata/image';
import { directoryOf } from '../../controller/metadata/partition-registration';
import type { NodeIdentity } from '../../controller/raft/format';
import type { DirectoryLocks } from '../../log/directory-locks';
import type { Env } from '../../log/env';
import { resolveTopicConfig } from '../../log/log-config';
import { LogManager } from '../../log/log-manager';
import { randomUuid } from '../../wire/base/uuid';
import { NO_TEXTS, type BrokerConfig } from '../config/broker-config';
import type { ControllerServices } from '../controller-services';
import { MetadataCache } from '../metadata/metadata-cache';
import type { RunningListener, RunningMetrics } from '../running-broker';
import { runningListener } from './bound-listener';
import { BrokerPart } from './broker-part';
import { openChannels, type ControllerChannels } from './controller-channel/channels';
import type { ControllerListeners } from './controller-listeners';
import { ControllerPart } from './controller-part';
import { openController, type LocalController } from './local-controller';
import { logManagerSettings } from './log-settings';
import { type NodeEyes, nodeEyes } from './node-eyes';
import { openQuorum, type Quorum } from './quorum';

/** What handing leadership of the quorum over may take. */
const QUORUM_GRACE_MS = 1_000;

export interface NodeParts {
  readonly env: Env;
  readonly config: BrokerConfig;
  readonly identity: NodeIdentity;
  readonly locks: DirectoryLocks;
  readonly listeners: ControllerListeners;
  /** The node cannot go on. */
  readonly fatal: (why: string, error: unknown) => void;
}

export class BrokerNode {
  /** Of this process's broker: whoever registers under its id with another one is another. */
  private readonly incarnationId: string;
  private readonly logs: LogManager;
  private readonly quorum: Quorum;
  private readonly channels: ControllerChannels;
  private readonly broker: BrokerPart | null;
  private readonly controller: ControllerPart | null;
  private readonly eyes: NodeEyes | null;
  private isStopped = false;
  /** Told to leave first, as when a whole cluster ends: then nobody is to take the quorum over. */
  private hasLeft = false;

  constructor(private readonly parts: NodeParts) {
    const { env, config, identity, locks, listeners, fatal } = parts;
    this.incarnationId = randomUuid(env.random('incarnation'));
    const metadata = new MetadataCache(config);
    this.logs = LogManager.open(
      env,
      {
        ...logManagerSettings(config),
        configOf: (topic) => (config.isBroker ? metadata.topicConfig(topic) : resolveTopicConfig(config, NO_TEXTS)),
        directoryFailed: (path, reason) => {
          this.broker?.directoryFailed(path);
          // Nothing can be led or followed any more, and others may still do it.
          const isLast = this.logs.directoryList.every(({ state }) => state.isOffline);
          if (isLast && this.broker !== null) fatal('every log directory has failed', reason);
        },
        registeredDirectory: ({ topic, partition }) => {
          const registration = config.isBroker ? metadata.partition(topic, partition) : null;
          const id = registration === null ? null : directoryOf(registration, config.nodeId);
          return [...identity.directoryIds].find((entry) => entry[1] === id)?.[0] ?? null;
        },
      },
      locks,
    );
    this.quorum = openQuorum({
      env,
      config,
      identity,
      logs: this.logs,
      controllerEndpoints: listeners.endpoints,
      fatal,
    });
    const { quorum, logs } = this;
    const local = config.isController ? this.openController() : null;
    this.channels = openChannels({ env, config, raft: quorum.raft, local: local?.services ?? null });
    const { channels } = this;
    this.controller = local === null ? null : new ControllerPart({ ...local, quorum, listeners, channels, fatal });
    const invariantBroken = (violation: unknown): void => fatal('a broken invariant', violation);
    this.broker = config.isBroker
      ? new BrokerPart({ env, config, identity, metadata, logs, quorum, channels, invariantBroken, incarnationId: this.incarnationId })
      : null;
    this.eyes = this.openEyes(metadata, () => local?.controller.api.isActive ?? false);
  }

  private openEyes(metadata: MetadataCache, isActiveController: () => boolean): NodeEyes | null {
    const { env, config, identity, listeners: controllerListeners } = this.parts;
    const { logs, quorum, broker } = this;
    return nodeEyes({ env, config, identity, metadata, logs, quorum, broker, controllerListeners, isActiveController, isStopping: () => this.isStopped });
  }

  private openController(): { readonly controller: LocalController; readonly services: ControllerServices } {
    const { env, config, identity, fatal } = this.parts;
    const { nodeId } = config;
    const { clusterId } = identity;
    const { raft, loader } = this.quorum;
    const activityChanged = (): void => this.channels.wake();
    const controller = openController({
      env,
      config,
      identity,
      quorum: this.quorum,
      ownIncarnationId: config.isBroker ? this.incarnationId : null,
      fatal,
      activityChanged,
    });
    const image = (): MetadataImage | null => (loader.isCaughtUp ? loader.image : null);
    return { controller, services: { env, config, nodeId, clusterId, raft, controller: controller.api, image } };
  }

  /** What it shows of itself, and where; null when it shows nothing. */
  get metrics(): RunningMetrics | null {
    const url = this.eyes?.url ?? null;
    return this.eyes === null || url === null ? null : { url, families: this.eyes.families };
  }

  get clusterId(): string {
    return this.parts.identity.clusterId;
  }

  /** Those for clients first. */
  get listeners(): readonly RunningListener[] {
    return [...(this.broker?.bound ?? []), ...this.parts.listeners.bound].map(runningListener);
  }

  /**
   * Resolves when clients are served, or of a node that is only a controller when it knows the metadata; rejects with what
   * kept it from starting, or soon after it has been stopped.
   */
  async start(): Promise<void> {
    const limit = this.registrationLimit();
    try {
      // Whoever watches sees the start too.
      await Promise.race([Promise.all([this.startParts(), this.eyes?.open()]), limit.exceeded]);
    } finally {
      limit.cancel();
    }
  }

  private async startParts(): Promise<void> {
    const { raft, loader } = this.quorum;
    const firstImage = new Promise<void>((resolve) => {
      loader.installPublisher({
        name: 'first image',
        publish: () => {
          this.broker?.adoptFirstImage();
          this.channels.wake();
          resolve();
        },
      });
    });
    raft.register(loader);
    raft.start();
    await firstImage;
    if (this.isStopped) throw new Error('stopped before it had started');
    const registerController = (): void => this.controller?.register();
    // In one turn with the broker, so that one flush makes both durable.
    if (this.broker === null) registerController();
    else await this.broker.start(registerController);
  }

  /** initial.broker.registration.timeout.ms: a broker that no controller has accepted by then gives up. */
  private registrationLimit(): { readonly exceeded: Promise<never>; cancel(): void } {
    const timeoutMs = this.parts.config.get('initial.broker.registration.timeout.ms');
    let give: (error: Error) => void = () => undefined;
    const exceeded = new Promise<never>((_, reject) => {
      give = reject;
    });
    // Whoever waits for it hears of it; nobody has to.
    exceeded.catch(() => undefined);
    const timer = this.parts.env.timers.set(timeoutMs, () => {
      if (this.broker === null || this.broker.brokerEpoch >= 0) return;
      give(new Error(`no controller has registered this broker within ${timeoutMs} ms`));
    });
    return { exceeded, cancel: () => timer.cancel() };
  }

  /** The broker of this node leaves the cluster, in order; its controller, if it has one, goes on. */
  async leave(): Promise<void> {
    this.hasLeft = true;
    this.controller?.leave();
    await this.broker?.leave(true);
  }

  /** Stops everything; with `isClean` the next start believes the files. Safe after a start that failed half-way. */
  async stop(isClean: boolean): Promise<void> {
    this.isStopped = true;
    this.controller?.leave();
    await this.broker?.leave(isClean);
    this.channels.close();
    // Another voter takes the quorum over at once instead of missing this one first.
    if (isClean && !this.hasLeft) {
      this.controller?.leaving();
      await this.quorum.leave(QUORUM_GRACE_MS);
    }
    if (this.controller === null) await this.parts.listeners.stop(0);
    else await this.controller.stop(isClean);
    await this.eyes?.close();
    this.quorum.stop();
    await this.logs.close(this.broker?.brokerEpoch ?? -1);
  }
}

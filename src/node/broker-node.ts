/**
 * A broker with its controller in one process: owns the parts, starts them in order and stops them in reverse.
 *
 * Start: quorum and controller, metadata, logs on disk, replicas, listeners, registration. Whoever connects before the end
 * is served, and told that there is no broker yet.
 */
import type { NodeIdentity } from '../../controller/raft/format';
import type { VoterEndpoint } from '../../controller/raft/voter-set';
import { SUPPORTED_FEATURES } from '../../controller/metadata/supported-features';
import type { DirectoryLocks } from '../../log/directory-locks';
import type { Env } from '../../log/env';
import { LogManager } from '../../log/log-manager';
import type { Listener } from '../../wire/base/env';
import { ErrorCode } from '../../wire/base/error-codes';
import { randomUuid, ZERO_UUID } from '../../wire/base/uuid';
import type { BrokerConfig } from '../config/broker-config';
import { DynamicConfig } from '../config/dynamic-config';
import type { ListenerConfig } from '../config/listeners';
import { groupConfigOf } from '../coordinator/broker-group-config';
import { GroupCoordinator } from '../coordinator/group/group-coordinator';
import { PartitionCoordinatorLog } from '../coordinator/partition-coordinator-log';
import { newTopicSettings, OFFSETS_TOPIC } from '../metadata/internal-topics';
import { BrokerLifecycle, type Registration } from '../lifecycle';
import { openController, type LocalController } from './local-controller';
import { logManagerSettings } from './log-settings';
import { MetadataCache } from '../metadata/metadata-cache';
import { BrokerMetadataPublisher } from '../metadata/metadata-publisher';
import { ProducerIds } from '../producer-ids';
import { openQuorum, type Quorum } from './quorum';
import { FetchSessionCache } from '../replication/fetch-session';
import { ProduceRules } from '../replication/produce-rules';
import { peersOf, replicationSettingsOf } from '../replication/metadata-peers';
import { NO_PEERS, type Peers } from '../replication/peers';
import { ReplicaManager } from '../replication/replica-manager';
import type { RunningListener } from '../running-broker';
import type { Services } from '../services';
import { TopicCreator, type TopicToCreate } from '../metadata/topic-creator';
import { createSocketServer } from './socket-server';
import type { SocketServer } from '../network/listener';
import { RequestRouter } from './request-router';

const MAX_DELAYED_OPERATIONS = 100_000;
const CONTROLLED_SHUTDOWN_TIMEOUT_MS = 5_000;
/** What clients with answers under way get before their connections end. */
const SOCKET_GRACE_MS = 1_000;

export interface BoundListener {
  readonly config: ListenerConfig;
  readonly listener: Listener;
}

export class BrokerNode {
  private readonly dynamic: DynamicConfig;
  private readonly metadata: MetadataCache;
  private readonly logs: LogManager;
  private readonly replicas: ReplicaManager;
  private readonly quorum: Quorum;
  private readonly controller: LocalController;
  private readonly groups: GroupCoordinator;
  private readonly services: Services;
  private readonly sockets: SocketServer;
  private readonly bound: BoundListener[] = [];
  private lifecycle: BrokerLifecycle | null = null;
  private isStopped = false;

  constructor(
    private readonly env: Env,
    private readonly config: BrokerConfig,
    private readonly identity: NodeIdentity,
    locks: DirectoryLocks,
    controllerEndpoints: readonly VoterEndpoint[],
    /** The node cannot go on. */
    fatal: (why: string, error: unknown) => void,
  ) {
    this.dynamic = new DynamicConfig(config, env.logger.child('config'));
    this.metadata = new MetadataCache(config);
    this.logs = LogManager.open(
      env,
      {
        ...logManagerSettings(config),
        configOf: (topic) => this.metadata.topicConfig(topic),
        directoryFailed: (path) => this.directoryFailed(path),
      },
      locks,
    );
    const replicaSettings = {
      brokerId: config.nodeId,
      flushBeforeAck: config.get('log.flush.before.ack'),
      maxDelayedOperations: MAX_DELAYED_OPERATIONS,
      replication: replicationSettingsOf(config),
    };
    this.replicas = new ReplicaManager(env, this.logs, replicaSettings, this.peers());
    this.quorum = openQuorum({ env, config, identity, logs: this.logs, controllerEndpoints, fatal });
    this.controller = openController({ env, config, identity, quorum: this.quorum, fatal });
    this.groups = new GroupCoordinator({ ...env, logger: env.logger.child('groups') }, groupConfigOf(config), this.topicLookup());
    this.services = this.createServices();
    this.sockets = createSocketServer(env, this.dynamic, new RequestRouter(this.services), (violation) => {
      fatal('a broken invariant', violation);
    });
  }

  private peers(): Peers {
    return peersOf({
      metadata: this.metadata,
      channel: NO_PEERS.channel,
      listenerName: this.config.interBrokerListenerName,
      brokerEpoch: () => this.lifecycle?.brokerEpoch ?? -1,
    });
  }

  get clusterId(): string {
    return this.identity.clusterId;
  }

  get listeners(): readonly RunningListener[] {
    return this.bound.map(({ config, listener }) => ({
      name: config.name,
      host: config.host,
      port: listener.port,
      advertisedHost: config.advertisedHost,
      advertisedPort: config.advertisedPort === 0 ? listener.port : config.advertisedPort,
    }));
  }

  /** Resolves when clients are served; rejects with what kept it from starting, or soon after it has been stopped. */
  async start(): Promise<void> {
    const { raft, loader } = this.quorum;
    const firstImage = new Promise<void>((resolve) => {
      loader.installPublisher({
        name: 'first image',
        publish: (_, image) => {
          this.metadata.update(image, this.dynamic.current);
          resolve();
        },
      });
    });
    raft.register(loader);
    raft.start();
    await firstImage;
    await this.logs.loadAll();
    this.assertGoesOn();
    // Groups are served from here on, if only to say that there are none yet.
    this.groups.start(this.metadata.topic(OFFSETS_TOPIC)?.partitionCount ?? this.config.get('offsets.topic.num.partitions'));
    this.replicas.onLeadership((partition) => {
      const { topic, partition: index } = partition.log.topicPartition;
      if (topic !== OFFSETS_TOPIC) return;
      this.groups.start(this.metadata.topic(OFFSETS_TOPIC)?.partitionCount ?? 0);
      this.groups.elected(index, partition.core.leaderEpoch, new PartitionCoordinatorLog(partition));
    });
    this.replicas.onResignation((partition, leaderEpoch) => {
      const { topic, partition: index } = partition.log.topicPartition;
      if (topic === OFFSETS_TOPIC) this.groups.resigned(index, leaderEpoch);
    });
    loader.installPublisher(new BrokerMetadataPublisher(this.metadata, this.dynamic, this.replicas, this.deletedTopics()));
    loader.installPublisher({ name: 'lifecycle', publish: () => this.lifecycle?.metadataApplied() });
    while (this.replicas.isOpening) await new Promise<void>((resolve) => this.env.timers.soon(resolve));
    this.assertGoesOn();
    this.setStraysAside();
    this.logs.startSchedules();
    await this.listen();
    this.assertGoesOn();
    await this.register();
  }

  private assertGoesOn(): void {
    if (this.isStopped) throw new Error('stopped before it had started');
  }

  /** Logs of topics that were deleted, or of replicas that moved away, when the last run could no longer put them away. */
  private setStraysAside(): void {
    for (const { topicPartition } of [...this.logs.all]) {
      const { topic, partition } = topicPartition;
      const replicas = this.metadata.partition(topic, partition)?.replicas ?? [];
      if (!replicas.includes(this.config.nodeId)) this.logs.setAside(topicPartition);
    }
  }

  /** In a turn of its own for the groups: what has failed may be an append of theirs. */
  private directoryFailed(path: string): void {
    this.replicas.directoryFailed(path);
    this.env.timers.soon(() => {
      for (const { log } of this.replicas.all) {
        const { topic, partition } = log.topicPartition;
        if (topic === OFFSETS_TOPIC && log.directoryState.path === path) this.groups.resigned(partition, null);
      }
    });
  }

  private async listen(): Promise<void> {
    for (const config of this.config.listeners) {
      if (config.isController) continue;
      const listener = await this.sockets.listen(config.name, config.host, config.port);
      this.bound.push({ config, listener });
    }
  }

  private register(): Promise<void> {
    const { api } = this.controller;
    this.lifecycle = new BrokerLifecycle({
      channel: {
        registerBroker: (request, respond) => api.registerBroker(request, respond),
        brokerHeartbeat: (request, respond) => api.heartbeat(request, respond),
      },
      timers: this.env.timers,
      logger: this.env.logger.child('lifecycle'),
      registration: this.registration(),
      heartbeatIntervalMs: this.config.get('broker.heartbeat.interval.ms'),
      appliedOffset: () => this.quorum.loader.lastPublishedOffset,
    });
    return this.lifecycle.start();
  }

  private registration(): Registration {
    const [first] = this.logs.directoryList;
    return {
      brokerId: this.config.nodeId,
      clusterId: this.identity.clusterId,
      incarnationId: randomUuid(this.env.random('incarnation')),
      listeners: this.listeners.map(({ name, advertisedHost, advertisedPort }) => ({
        name,
        host: advertisedHost,
        port: advertisedPort,
        securityProtocol: 0,
      })),
      features: [...SUPPORTED_FEATURES].map(([name, { min, max }]) => ({ name, minSupportedVersion: min, maxSupportedVersion: max })),
      rack: this.config.get('broker.rack'),
      isMigratingZkBroker: false,
      logDirs: [...this.identity.directoryIds.values()].sort(),
      previousBrokerEpoch: first?.previousBrokerEpoch ?? -1,
    };
  }

  private createServices(): Services {
    const { env, config, dynamic } = this;
    return {
      env,
      get config(): BrokerConfig {
        return dynamic.current;
      },
      brokerId: config.nodeId,
      clusterId: this.identity.clusterId,
      metadata: this.metadata,
      replicas: this.replicas,
      logs: this.logs,
      fetchSessions: new FetchSessionCache(config.get('max.incremental.fetch.session.cache.slots'), env.clock, env.random('fetch-session')),
      produceRules: new ProduceRules(config.get('log.record.validation') === 'header' ? 'header' : 'full', env.crc32c),
      producerIds: new ProducerIds((done) => {
        const request = { brokerId: config.nodeId, brokerEpoch: this.lifecycle?.brokerEpoch ?? -1 };
        this.controller.api.allocateProducerIds(request, ({ errorCode, producerIdStart, producerIdLen }) => {
          if (errorCode === ErrorCode.NONE) done({ ok: true, firstProducerId: producerIdStart, size: producerIdLen });
          else done({ ok: false, errorCode });
        });
      }),
      groups: this.groups,
      controller: this.controller.api,
      topicCreator: new TopicCreator(
        (name) => newTopicSettings(name, dynamic.current),
        (topic, done) => this.createTopic(topic, done),
        env.logger.child('topics'),
      ),
    };
  }

  private createTopic(topic: TopicToCreate, done: (errorCode: number, message: string | null) => void): void {
    const { name, numPartitions, replicationFactor, configs } = topic;
    const request = {
      topics: [{ name, numPartitions, replicationFactor, assignments: [], configs: [...configs].map(([key, value]) => ({ name: key, value })) }],
      timeoutMs: this.config.get('request.timeout.ms'),
      validateOnly: false,
    };
    this.controller.api.createTopics(request, { apiVersion: 7 }, ({ topics: [answer] }) => {
      done(answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, answer?.errorMessage ?? null);
    });
  }

  private topicLookup(): ConstructorParameters<typeof GroupCoordinator>[2] {
    return {
      topicId: (name) => this.metadata.topic(name)?.id ?? null,
      topicName: (topicId) => (topicId === ZERO_UUID ? null : (this.metadata.topicById(topicId)?.name ?? null)),
      hasPartition: (name, index) => this.metadata.partition(name, index) !== null,
    };
  }

  private deletedTopics(): ConstructorParameters<typeof BrokerMetadataPublisher>[3] {
    return {
      topicsDeleted: (topics) => {
        const offsets = topics.find(({ name }) => name === OFFSETS_TOPIC);
        for (const index of offsets?.partitions ?? []) this.groups.resigned(index, null);
        this.groups.topicsDeleted(topics.map(({ name, id }) => ({ name, topicId: id })));
      },
    };
  }

  /** Stops everything; with `isClean` the next start believes the files. Safe after a start that failed half-way. */
  async stop(isClean: boolean): Promise<void> {
    this.isStopped = true;
    if (isClean) await this.lifecycle?.stop(CONTROLLED_SHUTDOWN_TIMEOUT_MS);
    else this.lifecycle?.abandon();
    // Parked requests are answered before their connections end.
    const ended = this.sockets.stop(isClean ? SOCKET_GRACE_MS : 0);
    this.groups.stop();
    this.replicas.close();
    await ended;
    this.controller.stop();
    this.quorum.stop();
    await this.logs.close(this.lifecycle?.brokerEpoch ?? -1);
  }
}

/**
 * The role broker of a node: logs' replicas, groups, client listeners, and its standing with the controller.
 *
 * Start: metadata, logs on disk, replicas, listeners, registration. Whoever connects before the end is served, and told that
 * there is no broker yet.
 */
import { FIRST_OWN_PRODUCER_ID } from '../../controller/metadata/own-producer-ids';
import type { NodeIdentity } from '../../controller/raft/format';
import type { Env } from '../../log/env';
import type { LogManager } from '../../log/log-manager';
import { ErrorCode } from '../../wire/base/error-codes';
import type { InvariantViolation } from '../../wire/base/invariant';
import { ZERO_UUID } from '../../wire/base/uuid';
import { isPeerFailure } from '../../wire/peer-link';
import type { BrokerConfig } from '../config/broker-config';
import { DynamicConfig } from '../config/dynamic-config';
import { groupConfigOf } from '../coordinator/broker-group-config';
import { GroupCoordinator } from '../coordinator/group/group-coordinator';
import { PartitionCoordinatorLog } from '../coordinator/partition-coordinator-log';
import { handlerOf } from '../handlers/index';
import { BrokerLifecycle, type Registration } from '../lifecycle';
import { newTopicSettings, OFFSETS_TOPIC } from '../metadata/internal-topics';
import type { MetadataCache } from '../metadata/metadata-cache';
import { BrokerMetadataPublisher } from '../metadata/metadata-publisher';
import { TopicCreator, type TopicToCreate } from '../metadata/topic-creator';
import type { BrokerReadiness } from '../observe/metrics/readiness';
import { ProducerIds, type AllocatedBlock } from '../producer-ids';
import { DirectoryAssignments } from '../replication/directory-assignments';
import { moveThrottleOf, peersOf, replicationSettingsOf, throttleSettingsOf } from '../replication/metadata-peers';
import type { Peers } from '../replication/peers';
import type { PeerEndpoint } from '../replication/replica-fetcher';
import { FetchSessionCache } from '../replication/fetch-session';
import { ProduceRules } from '../replication/produce-rules';
import { ReplicaManager } from '../replication/replica-manager';
import type { ReplicaSettings } from '../replication/replica-settings';
import type { SocketServer } from '../network/listener';
import type { Services } from '../services';
import { boundListener, registeredListener, type BoundListener } from './bound-listener';
import type { ControllerChannels } from './controller-channel/channels';
import type { Quorum } from './quorum';
import { hasFastHeartbeats, registeredFeatures } from './registered-features';
import { RequestRouter } from './request-router';
import { createSocketServer } from './socket-server';

const MAX_DELAYED_OPERATIONS = 100_000;
const CONTROLLED_SHUTDOWN_TIMEOUT_MS = 5_000;
/** What clients with answers under way get before their connections end. */
const SOCKET_GRACE_MS = 1_000;

export interface BrokerParts {
  readonly env: Env;
  readonly config: BrokerConfig;
  readonly identity: NodeIdentity;
  readonly metadata: MetadataCache;
  readonly logs: LogManager;
  readonly quorum: Quorum;
  readonly channels: ControllerChannels;
  readonly invariantBroken: (violation: InvariantViolation) => void;
  readonly incarnationId: string;
}

export class BrokerPart {
  readonly bound: BoundListener[] = [];
  private readonly dynamic: DynamicConfig;
  private readonly directories: DirectoryAssignments;
  readonly replicas: ReplicaManager;
  readonly groups: GroupCoordinator;
  readonly sockets: SocketServer;
  private readonly peers: Peers;
  private lifecycle: BrokerLifecycle | null = null;
  private isStopped = false;
  private left: Promise<void> | null = null;
  private readonly isFast: boolean;
  private readonly sessionMs: number;

  constructor(private readonly parts: BrokerParts) {
    const { env, config, logs } = parts;
    this.isFast = hasFastHeartbeats(config);
    this.sessionMs = config.get('broker.fast.session.timeout.ms');
    this.dynamic = new DynamicConfig(config, env.logger.child('config'));
    this.directories = new DirectoryAssignments({
      timers: env.timers,
      logger: env.logger.child('directories'),
      channel: parts.channels.directoryAssignments,
      brokerId: config.nodeId,
      brokerEpoch: () => this.brokerEpoch,
      hasSeveralDirectories: config.logDirs.length > 1,
    });
    const replicaSettings: ReplicaSettings = {
      brokerId: config.nodeId,
      placed: ({ topicId, topicPartition, directoryState }, registered) => {
        const directoryId = parts.identity.directoryIds.get(directoryState.path);
        if (directoryId !== undefined) this.directories.placed(topicId, topicPartition.partition, registered, directoryId);
      },
      flushBeforeAck: config.get('log.flush.before.ack'),
      maxDelayedOperations: MAX_DELAYED_OPERATIONS,
      replication: replicationSettingsOf(config),
      throttle: throttleSettingsOf(() => this.dynamic.current),
      moveThrottle: moveThrottleOf(() => this.dynamic.current),
      directoryIdOf: (path) => parts.identity.directoryIds.get(path),
    };
    this.peers = peersOf({
      metadata: parts.metadata,
      channel: parts.channels.alterPartition,
      listenerName: config.interBrokerListenerName,
      brokerEpoch: () => this.brokerEpoch,
      isConfirmed: () => this.isConfirmed(),
    });
    this.replicas = new ReplicaManager(env, logs, replicaSettings, this.peers);
    this.groups = new GroupCoordinator(
      { ...env, logger: env.logger.child('groups') },
      groupConfigOf(config),
      this.topicLookup(),
    );
    const services = this.createServices();
    const router = new RequestRouter<Services>(handlerOf, () => services);
    this.sockets = createSocketServer(env, this.dynamic, router, parts.invariantBroken);
  }

  /** -1 until registered. */
  get brokerEpoch(): number {
    return this.lifecycle?.brokerEpoch ?? -1;
  }

  /** Null before it has asked to be registered. */
  get standing(): BrokerLifecycle | null {
    return this.lifecycle;
  }

  /** What decides on whether clients are to be sent here. */
  get readiness(): BrokerReadiness {
    const { config, quorum } = this.parts;
    const registration = quorum.loader.image.cluster.brokers.get(config.nodeId);
    return {
      lifecycle: this.lifecycle,
      isConfirmed: this.isConfirmed(),
      isOpening: this.replicas.isOpening,
      isUnfenced: registration !== undefined && !registration.fenced,
    };
  }

  /** Where brokers reach that one; null when the metadata does not tell. */
  endpointOf(brokerId: number): PeerEndpoint | null {
    return this.peers.endpointOf(brokerId);
  }

  /** The first metadata, before anybody is told of changes. */
  adoptFirstImage(): void {
    this.parts.metadata.update(this.parts.quorum.loader.image, this.dynamic.current);
  }

  /**
   * Opens the logs and the listeners and registers; resolves when the broker is unfenced. `registering` is called in the
   * turn in which it asks, for what is to go into the same batch.
   */
  async start(registering: () => void): Promise<void> {
    const { logs, quorum, env, metadata, config, incarnationId } = this.parts;
    await logs.loadAll();
    this.assertGoesOn();
    // Groups are served from here on, if only to say that there are none yet.
    const partitions = (): number | undefined => metadata.topic(OFFSETS_TOPIC)?.partitionCount;
    this.groups.start(partitions() ?? config.get('offsets.topic.num.partitions'));
    this.replicas.onLeadership((partition) => {
      const { topic, partition: index } = partition.log.topicPartition;
      if (topic !== OFFSETS_TOPIC) return;
      this.groups.start(partitions() ?? 0);
      this.groups.elected(index, partition.core.leaderEpoch, new PartitionCoordinatorLog(partition));
    });
    this.replicas.onResignation((partition, leaderEpoch) => {
      const { topic, partition: index } = partition.log.topicPartition;
      if (topic === OFFSETS_TOPIC) this.groups.resigned(index, leaderEpoch);
    });
    quorum.loader.installPublisher(
      new BrokerMetadataPublisher(metadata, this.dynamic, this.replicas, this.deletedTopics(), incarnationId),
    );
    quorum.loader.installPublisher({ name: 'lifecycle', publish: () => this.lifecycle?.metadataApplied() });
    while (this.replicas.isOpening) await new Promise<void>((resolve) => env.timers.soon(resolve));
    this.assertGoesOn();
    this.setStraysAside();
    logs.startSchedules();
    for (const listener of config.listeners) {
      if (!listener.isController) this.bound.push(await boundListener(this.sockets, listener));
    }
    this.assertGoesOn();
    this.lifecycle = this.createLifecycle();
    const running = this.lifecycle.start();
    registering();
    await running;
  }

  private assertGoesOn(): void {
    if (this.isStopped) throw new Error('stopped before it had started');
  }

  /** Logs of topics that were deleted, or of replicas that moved away, when the last run could no longer put them away. */
  private setStraysAside(): void {
    const { logs, metadata, config } = this.parts;
    for (const { topicPartition } of [...logs.all, ...logs.futures.all]) {
      const { topic, partition } = topicPartition;
      const replicas = metadata.partition(topic, partition)?.replicas ?? [];
      if (!replicas.includes(config.nodeId)) logs.setAside(topicPartition);
    }
  }

  /** In a turn of its own for the groups: what has failed may be an append of theirs. */
  directoryFailed(path: string): void {
    this.replicas.directoryFailed(path);
    this.parts.env.timers.soon(() => {
      this.lifecycle?.directoryFailed();
      for (const { log } of this.replicas.all) {
        const { topic, partition } = log.topicPartition;
        if (topic === OFFSETS_TOPIC && log.directoryState.path === path) this.groups.resigned(partition, null);
      }
    });
  }

  private offlineLogDirs(): string[] {
    const { logs, identity } = this.parts;
    const failed = logs.directoryList.filter(({ state }) => state.isOffline);
    return failed.flatMap(({ path }) => identity.directoryIds.get(path) ?? []);
  }

  private createLifecycle(): BrokerLifecycle {
    const { env, config, channels, quorum, logs } = this.parts;
    return new BrokerLifecycle({
      channel: channels.heartbeats,
      timers: env.timers,
      clock: env.clock,
      logger: env.logger.child('lifecycle'),
      registration: this.registration(),
      heartbeatIntervalMs: () => this.heartbeatIntervalMs(),
      requestTimeoutMs: config.get('broker.heartbeat.interval.ms'),
      appliedOffset: () => quorum.loader.lastPublishedOffset,
      offlineLogDirs: () => this.offlineLogDirs(),
      registered: (brokerEpoch) => logs.noteBrokerEpoch(brokerEpoch),
    });
  }

  /**
   * A broker that was paused, or cut off for longer than its session, does not know whether it has been fenced: it serves
   * nobody until the controller has answered it. With Kafka's own heartbeats it behaves as Kafka does, and serves on.
   */
  private isConfirmed(): boolean {
    // Asked for each partition of each request: first what costs nothing and is nearly always so.
    if (!this.isFast || this.lifecycle?.isConfirmed(this.sessionMs) === true) return true;
    return this.isAlone;
  }

  /** A broker whose quorum is this very process has nobody to convince. */
  private get isAlone(): boolean {
    const { config, quorum } = this.parts;
    return config.isController && quorum.raft.voters?.size === 1;
  }

  private heartbeatIntervalMs(): number {
    const { config } = this.parts;
    return this.isFast && !this.isAlone ? config.get('broker.fast.heartbeat.interval.ms') : config.get('broker.heartbeat.interval.ms');
  }

  private registration(): Registration {
    const { config, identity, logs, incarnationId } = this.parts;
    const [epoch = -1, ...others] = new Set(logs.directoryList.map(({ previousBrokerEpoch }) => previousBrokerEpoch));
    const isInterBroker = ({ config: { name } }: BoundListener): boolean => name === config.interBrokerListenerName;
    return {
      brokerId: config.nodeId,
      clusterId: identity.clusterId,
      incarnationId,
      // The one that brokers use comes first.
      listeners: [...this.bound.filter(isInterBroker), ...this.bound.filter((one) => !isInterBroker(one))].map(
        registeredListener,
      ),
      features: registeredFeatures(this.isFast),
      rack: config.get('broker.rack'),
      isMigratingZkBroker: false,
      logDirs: config.logDirs.flatMap((path) => identity.directoryIds.get(path) ?? []).sort(),
      // The last life is all there only if every directory says so, of the same one.
      previousBrokerEpoch: others.length === 0 ? epoch : -1,
    };
  }

  private createServices(): Services {
    const { env, config, identity, metadata, logs, channels, quorum } = this.parts;
    const { dynamic } = this;
    const random = env.random('broker');
    return {
      env,
      get config(): BrokerConfig {
        return dynamic.current;
      },
      brokerId: config.nodeId,
      clusterId: identity.clusterId,
      metadata,
      replicas: this.replicas,
      logs,
      fetchSessions: new FetchSessionCache(
        config.get('max.incremental.fetch.session.cache.slots'),
        env.clock,
        env.random('fetch-session'),
      ),
      produceRules: new ProduceRules(config.get('log.record.validation') === 'header' ? 'header' : 'full', env.crc32c),
      producerIds: this.createProducerIds(),
      groups: this.groups,
      forwarding: channels.forwarding,
      kraftVersion: () => quorum.raft.kraftVersion,
      someBroker: () => {
        const ids = metadata.aliveBrokerIds;
        return ids.length > 1 ? (ids[random.below(ids.length)] ?? -1) : (ids[0] ?? -1);
      },
      topicCreator: new TopicCreator(
        (name) => newTopicSettings(name, dynamic.current),
        (topic, done) => this.createTopic(topic, done),
        env.logger.child('topics'),
      ),
    };
  }

  private createProducerIds(): ProducerIds {
    const { config, channels, metadata } = this.parts;
    const timeoutMs = config.get('request.timeout.ms');
    const hasOwn = (): boolean => metadata.image.nextProducerId >= FIRST_OWN_PRODUCER_ID;
    const allocate = (done: (block: AllocatedBlock) => void): void => {
      const request = { brokerId: config.nodeId, brokerEpoch: this.brokerEpoch };
      channels.producerIds.call('AllocateProducerIds', request, timeoutMs, (result) => {
        if (isPeerFailure(result)) return done({ ok: false, errorCode: ErrorCode.REQUEST_TIMED_OUT });
        const { errorCode, producerIdStart, producerIdLen } = result;
        if (errorCode === ErrorCode.NONE) done({ ok: true, firstProducerId: producerIdStart, size: producerIdLen });
        else done({ ok: false, errorCode });
      });
    };
    return new ProducerIds(allocate, () => (hasOwn() ? FIRST_OWN_PRODUCER_ID : 0));
  }

  private createTopic(topic: TopicToCreate, done: (errorCode: number, message: string | null) => void): void {
    const { name, numPartitions, replicationFactor, configs } = topic;
    const timeoutMs = this.parts.config.get('request.timeout.ms');
    const wanted = [...configs].map(([key, value]) => ({ name: key, value }));
    const topics = [{ name, numPartitions, replicationFactor, assignments: [], configs: wanted }];
    const request = { topics, timeoutMs, validateOnly: false };
    this.parts.channels.forwarding.call('CreateTopics', request, timeoutMs, (result) => {
      if (isPeerFailure(result)) return done(ErrorCode.REQUEST_TIMED_OUT, result.message);
      const [answer] = result.topics;
      done(answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR, answer?.errorMessage ?? null);
    });
  }

  private topicLookup(): ConstructorParameters<typeof GroupCoordinator>[2] {
    const { metadata } = this.parts;
    return {
      topicId: (name) => metadata.topic(name)?.id ?? null,
      topicName: (topicId) => (topicId === ZERO_UUID ? null : (metadata.topicById(topicId)?.name ?? null)),
      hasPartition: (name, index) => metadata.partition(name, index) !== null,
    };
  }

  private deletedTopics(): ConstructorParameters<typeof BrokerMetadataPublisher>[3] {
    return {
      topicsDeleted: (topics) => {
        const offsets = topics.find(({ name }) => name === OFFSETS_TOPIC);
        for (const index of offsets?.partitions ?? []) this.groups.resigned(index, null);
        for (const { name } of topics) this.replicas.traffic.forget(name);
        this.groups.topicsDeleted(topics.map(({ name, id }) => ({ name, topicId: id })));
      },
    };
  }

  /** Leaves the cluster, in order if `isClean`, and serves nobody any more. Calling it again waits for the same end. */
  leave(isClean: boolean): Promise<void> {
    this.isStopped = true;
    this.left ??= this.leaveOnce(isClean);
    return this.left;
  }

  private async leaveOnce(isClean: boolean): Promise<void> {
    if (isClean) await this.lifecycle?.stop(CONTROLLED_SHUTDOWN_TIMEOUT_MS);
    else this.lifecycle?.abandon();
    // Parked requests are answered before their connections end.
    const ended = this.sockets.stop(isClean ? SOCKET_GRACE_MS : 0);
    this.groups.stop();
    this.replicas.close();
    this.directories.close();
    await ended;
  }
}

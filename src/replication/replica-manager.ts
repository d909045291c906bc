/**
 * The replicas of this broker: which partitions are here, in which role, and the requests that wait for them.
 *
 * Invariants: a partition is found under its name only with the topic id that the metadata log gave it; whatever waits for
 * a partition is woken when its log grows, its high watermark moves, its role changes or it goes away; a replica is fetched
 * for exactly as long as it is here, its log works and another broker leads.
 */
import type { PartitionLog } from '../../log/partition-log';
import type { LogManager } from '../../log/log-manager';
import type { LogConfig } from '../../log/log-config';
import { LogStorageError } from '../../log/log-error';
import type { Env } from '../../log/env';
import type { TimerHandle } from '../../wire/base/env';
import { ErrorCode } from '../../wire/base/error-codes';
import { Purgatory } from '../../wire/base/purgatory';
import { UNASSIGNED_DIRECTORY } from '../../controller/metadata/directory-id';
import { DirectoryMoves } from './directory-moves';
import { FetcherManager } from './fetcher-manager';
import { IsrKeeper } from './isr-keeper';
import { Partition, type PartitionContext } from './partition';
import type { PartitionRegistration, RoleChange } from './partition-core';
import { DEFAULT_REPLICATION, NO_PEERS, type Peers } from './peers';
import type { AssignedReplica, ReplicaSettings } from './replica-settings';
import { Traffic } from './traffic';
import { countReplicas, type ReplicaCounts } from './replica-counts';
import { replicationThrottles, UNTHROTTLED, type ReplicationThrottles } from './replication-throttles';

/** A replica without a log yet. */
interface LoglessReplica {
  readonly replica: AssignedReplica;
  readonly config: LogConfig;
}

const RETRY_MS = 1000;
/** New logs are made for so long in one turn; the others follow in turns of their own. */
const SLICE_MS = 5;

export type LeaderLookup =
  | { readonly ok: true; readonly partition: Partition }
  | { readonly ok: false; readonly errorCode: number };

export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

export class ReplicaManager {
  private readonly partitions = new Map<string, Partition>();
  /** Replicas that the metadata assigns here and that no log could be opened for; tried again while every disk works. */
  private readonly failed = new Map<string, LoglessReplica>();
  private retryTimer: TimerHandle | null = null;
  /** Replicas whose logs are made in a later turn, in order. */
  private readonly waiting = new Map<string, LoglessReplica>();
  private sliceEndMs = -1;
  /** Those that wait have their turn: they do not queue up anew. */
  private isDraining = false;
  private isClosed = false;
  readonly traffic = new Traffic();
  readonly producePurgatory: Purgatory;
  readonly fetchPurgatory: Purgatory;
  readonly deletePurgatory: Purgatory;
  private readonly leadershipListeners: ((partition: Partition) => void)[] = [];
  private readonly resignationListeners: ((partition: Partition, leaderEpoch: number | null) => void)[] = [];
  private readonly fetchers: FetcherManager;
  private readonly isrs: IsrKeeper;
  private readonly context: PartitionContext;
  readonly throttles: ReplicationThrottles;
  readonly moves: DirectoryMoves;

  constructor(
    private readonly env: Env,
    private readonly logs: LogManager,
    private readonly settings: ReplicaSettings,
    private readonly peers: Peers = NO_PEERS,
  ) {
    const { brokerId, flushBeforeAck } = settings;
    const replication = settings.replication ?? DEFAULT_REPLICATION;
    const { maxLagMs } = replication;
    const logger = env.logger.child('replication');
    this.throttles = replicationThrottles(env.clock, brokerId, settings.throttle ?? UNTHROTTLED);
    this.fetchers = new FetcherManager({
      env,
      logger,
      throttle: this.throttles.follower,
      ...(env.memory === undefined ? {} : { memory: env.memory }),
      settings: { ...replication, brokerId, flushBeforeAck },
      traffic: this.traffic.replication,
      brokerEpoch: () => peers.brokerEpoch(),
      endpointOf: (id) => peers.endpointOf(id),
      moved: ({ topic, partition }) => this.readable(topic, partition),
    });
    const isrEnv = { clock: env.clock, timers: env.timers, logger };
    this.isrs = new IsrKeeper({ env: isrEnv, peers, brokerId, maxLagMs, partitions: () => this.all });
    this.context = {
      core: { brokerId, flushBeforeAck, maxLagMs, brokers: peers.brokers },
      clock: env.clock,
      trafficOf: (topic) => this.traffic.of(topic),
      advanced: ({ key }) => this.wake(key),
      followed: ({ key }) => this.deletePurgatory.check(key),
      propose: (partition, proposal) => this.isrs.propose(partition, proposal),
    };
    this.moves = new DirectoryMoves({
      env,
      logger,
      logs,
      throttle: settings.moveThrottle ?? { ...UNTHROTTLED, rate: () => Infinity },
      chunkBytes: replication.maxBytes,
      directoryIdOf: (path) => settings.directoryIdOf?.(path),
      assign: (partition, log) => this.settings.placed?.(log, partition.registeredDirectory ?? UNASSIGNED_DIRECTORY),
      replaced: (partition) => this.replaced(partition),
    });
    this.producePurgatory = new Purgatory(env.timers, settings.maxDelayedOperations);
    this.fetchPurgatory = new Purgatory(env.timers, settings.maxDelayedOperations);
    this.deletePurgatory = new Purgatory(env.timers, settings.maxDelayedOperations);
  }

  get all(): Iterable<Partition> {
    return this.partitions.values();
  }

  /** Replicas wait for a later turn to get their logs. */
  get isOpening(): boolean {
    return this.waiting.size > 0;
  }

  get brokerId(): number {
    return this.settings.brokerId;
  }

  /** Whether a replica is here, and another broker leads (or none). */
  isFollower({ leader, replicas }: PartitionRegistration): boolean {
    return leader !== this.settings.brokerId && replicas.includes(this.settings.brokerId);
  }

  /** Told when a replica here begins to lead, with its log ready for appends. */
  onLeadership(listener: (partition: Partition) => void): void {
    this.leadershipListeners.push(listener);
  }

  /**
   * Told when a replica here leads no more, with the leader epoch in which another does; null: the replica is gone, whoever
   * leads.
   */
  onResignation(listener: (partition: Partition, leaderEpoch: number | null) => void): void {
    this.resignationListeners.push(listener);
  }

  /** Of the partitions here; one pass over all of them. */
  counts(): ReplicaCounts {
    return countReplicas(this.all);
  }

  get isrChanges(): Readonly<IsrKeeper['counts']> {
    return this.isrs.counts;
  }

  /** Replicas that are copied from another broker. */
  get followedCount(): number {
    return this.fetchers.size;
  }

  /** Takes one partition as the metadata log has it; `config` applies to its log. */
  apply(replica: AssignedReplica, config: LogConfig): void {
    const { topic, partition: index, registration } = replica;
    const key = partitionKey(topic, index);
    if (!registration.replicas.includes(this.settings.brokerId)) {
      this.remove(topic, index);
      return;
    }
    const partition = this.partitions.get(key) ?? this.openInTurn(key, replica, config);
    if (partition === null) return;
    this.registered(partition, replica.directory ?? null);
    const change = partition.apply(registration);
    if (!partition.core.isAlone) this.isrs.watch();
    if (change === 'none') return this.wake(key);
    this.follow(partition, change);
    this.wake(key);
    if (change === 'leads') for (const listener of this.leadershipListeners) listener(partition);
    if (change === 'resigned') this.resigned(partition, partition.core.leaderEpoch);
  }

  private registered(partition: Partition, directory: string | null): void {
    partition.registeredDirectory = directory;
    if (directory !== null) this.settings.placed?.(this.moves.toBeRegistered(partition), directory);
    this.moves.registered(partition);
  }

  /** Its records lie in another log now. */
  private replaced(partition: Partition): void {
    this.follow(partition, partition.core.role === 'leading' ? 'leads' : 'follows');
    this.wake(partition.key);
  }

  /** Fetches from whoever leads now. */
  private follow({ log, core }: Partition, change: RoleChange): void {
    const { topicPartition, topicId } = log;
    const { leaderEpoch, leaderId } = core;
    if (change === 'leads' || leaderId < 0) this.fetchers.unfollow(topicId, topicPartition.partition);
    else this.fetchers.follow({ ...topicPartition, topicId, leaderEpoch, log }, leaderId);
  }

  private resigned(partition: Partition, leaderEpoch: number | null): void {
    for (const listener of this.resignationListeners) listener(partition, leaderEpoch);
  }

  /** Null when it has to wait for a later turn, or cannot be opened. */
  private openInTurn(key: string, replica: AssignedReplica, config: LogConfig): Partition | null {
    if (this.sliceEndMs < 0) this.beginSlice();
    const isLate = this.waiting.size > 0 || this.env.clock.monotonicMs() >= this.sliceEndMs;
    if (isLate && !this.isDraining) {
      this.waiting.set(key, { replica, config });
      return null;
    }
    return this.open(replica, config);
  }

  private beginSlice(): void {
    this.sliceEndMs = this.env.clock.monotonicMs() + SLICE_MS;
    this.env.timers.soon(() => this.openWaiting());
  }

  /** In the order in which they came; who is left goes on in the next turn. */
  private openWaiting(): void {
    this.sliceEndMs = -1;
    if (this.isClosed || this.waiting.size === 0) return;
    this.beginSlice();
    this.isDraining = true;
    for (const [key, { replica, config }] of this.waiting) {
      if (this.env.clock.monotonicMs() >= this.sliceEndMs) break;
      this.waiting.delete(key);
      this.apply(replica, config);
    }
    this.isDraining = false;
  }

  private open(replica: AssignedReplica, config: LogConfig): Partition | null {
    const { topic, partition: index } = replica;
    const key = partitionKey(topic, index);
    try {
      const log = this.openLog(replica, config);
      const partition = new Partition(log, this.context);
      this.partitions.set(key, partition);
      this.failed.delete(key);
      const future = this.logs.futures.get(log.topicPartition);
      if (future !== undefined) this.moves.begin(partition, future);
      return partition;
    } catch (error) {
      if (!(error instanceof LogStorageError)) throw error;
      if (!this.failed.has(key)) this.env.logger.error(`no log for ${key}: ${error.message}`);
      this.failed.set(key, { replica, config });
      this.retryLater();
      return null;
    }
  }

  /** A full disk may have room later. One that has failed may hold the very log: then nothing is made before a restart. */
  private retryLater(): void {
    if (this.isClosed) return;
    this.retryTimer ??= this.env.timers.set(RETRY_MS, () => {
      this.retryTimer = null;
      if (this.logs.directoryList.some(({ state }) => state.isOffline)) return;
      for (const { replica, config } of [...this.failed.values()]) this.apply(replica, config);
    });
  }

  /** A log on disk that belongs to another topic of the same name makes way for the new one. */
  private openLog(replica: AssignedReplica, config: LogConfig): PartitionLog {
    const { topic, topicId, partition: index } = replica;
    const topicPartition = { topic, partition: index };
    this.moves.settle(replica);
    const existing = this.logs.get(topic, index);
    if (existing?.topicId === '') this.logs.adopt(existing, topicId);
    else if (existing !== undefined && existing.topicId !== topicId) this.logs.setAside(topicPartition);
    const log = this.logs.getOrCreate(topicPartition, topicId, config);
    log.setConfig(config);
    log.setHighWatermark(this.logs.storedHighWatermark(log));
    return log;
  }

  /** The partition is gone from the metadata: its log goes too. */
  remove(topic: string, index: number): void {
    const key = partitionKey(topic, index);
    this.failed.delete(key);
    this.waiting.delete(key);
    const partition = this.partitions.get(key);
    if (partition === undefined) return;
    this.partitions.delete(key);
    this.moves.removed(partition);
    this.fetchers.unfollow(partition.log.topicId, index);
    this.logs.remove({ topic, partition: index });
    const wasLeading = partition.core.role === 'leading';
    // Before anybody is woken: who waits for its high watermark waits for nothing any more.
    partition.core.retire();
    this.wake(key);
    if (wasLeading) this.resigned(partition, null);
  }

  /** Applies a topic's config to its logs. */
  setConfig(topic: string, config: LogConfig): void {
    for (const partition of this.partitions.values()) {
      if (partition.log.topicPartition.topic === topic) partition.log.setConfig(config);
    }
    this.reconfigureLogless((other) => (other === topic ? config : null));
  }

  private reconfigureLogless(configOf: (topic: string) => LogConfig | null): void {
    for (const logless of [this.failed, this.waiting]) {
      for (const [key, { replica, config }] of logless) {
        logless.set(key, { replica, config: configOf(replica.topic) ?? config });
      }
    }
  }

  /** Applies every topic's config anew: what they inherit has changed. */
  refreshConfigs(configOf: (topic: string) => LogConfig): void {
    for (const partition of this.partitions.values())
      partition.log.setConfig(configOf(partition.log.topicPartition.topic));
    this.reconfigureLogless(configOf);
  }

  find(topic: string, index: number): Partition | undefined {
    return this.partitions.get(partitionKey(topic, index));
  }

  /**
   * The partition that this broker leads, or the error to answer. `topicId` '' means that the client knows no ids;
   * `exists` says whether the metadata knows the partition. Source: KIP-320, KIP-516.
   */
  leader(topic: string, topicId: string, index: number, currentLeaderEpoch: number, exists: boolean): LeaderLookup {
    return this.lookUp(partitionKey(topic, index), topicId, currentLeaderEpoch, exists, false);
  }

  /** The same, or one that this broker follows: for who may read from either. Source: KIP-392. */
  replica(topic: string, topicId: string, index: number, currentLeaderEpoch: number, exists: boolean): LeaderLookup {
    return this.lookUp(partitionKey(topic, index), topicId, currentLeaderEpoch, exists, true);
  }

  private lookUp(key: string, topicId: string, currentLeaderEpoch: number, exists: boolean, mayFollow: boolean): LeaderLookup {
    const partition = this.partitions.get(key);
    if (partition === undefined) {
      if (this.failed.has(key)) return { ok: false, errorCode: ErrorCode.KAFKA_STORAGE_ERROR };
      return { ok: false, errorCode: exists ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
    }
    if (topicId !== '' && topicId !== partition.log.topicId)
      return { ok: false, errorCode: ErrorCode.INCONSISTENT_TOPIC_ID };
    const errorCode = check(partition, currentLeaderEpoch, mayFollow);
    // Another broker may lead by now: neither an ack of this one nor what it has to read would count. A follower that is cut
    // off would keep its readers from what is new.
    if (errorCode === ErrorCode.NONE && !this.peers.isConfirmed()) return { ok: false, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
    return errorCode === ErrorCode.NONE ? { ok: true, partition } : { ok: false, errorCode };
  }

  /**
   * The same, for who has looked it up before and kept its key; null when there is an error to answer: `leader` or `replica`
   * tells which.
   */
  servedUnder(key: string, topicId: string, currentLeaderEpoch: number, mayFollow: boolean): Partition | null {
    const partition = this.partitions.get(key);
    if (partition === undefined || (topicId !== '' && topicId !== partition.log.topicId)) return null;
    const mayServe = check(partition, currentLeaderEpoch, mayFollow) === ErrorCode.NONE && this.peers.isConfirmed();
    return mayServe ? partition : null;
  }

  /** A log directory has failed: its replicas serve nothing until a restart. */
  directoryFailed(path: string): void {
    this.moves.directoryFailed(path);
    for (const [key, partition] of this.partitions) {
      if (partition.log.directoryState.path !== path) continue;
      partition.core.goOffline();
      this.fetchers.unfollow(partition.log.topicId, partition.log.topicPartition.partition);
      this.wake(key);
    }
  }

  /** A log that is copied has more to read, or less. */
  private readable(topic: string, index: number): void {
    if (this.fetchPurgatory.size > 0) this.fetchPurgatory.check(partitionKey(topic, index));
  }

  private wake(key: string): void {
    this.producePurgatory.check(key);
    this.fetchPurgatory.check(key);
    this.deletePurgatory.check(key);
  }

  close(): void {
    this.isClosed = true;
    this.retryTimer?.cancel();
    this.fetchers.close();
    this.isrs.close();
    this.moves.close();
    this.producePurgatory.close();
    this.fetchPurgatory.close();
    this.deletePurgatory.close();
  }
}

function check({ core }: Partition, currentLeaderEpoch: number, mayFollow: boolean): number {
  return mayFollow ? core.checkReplica(currentLeaderEpoch) : core.checkLeader(currentLeaderEpoch);
}

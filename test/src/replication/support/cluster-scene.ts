/**
 * Brokers that are only what replication needs of them: logs, replicas and the fetch handlers, over simulated disks and
 * sockets, beneath a controller that is played by the test. One topic with one partition.
 */
import { MetadataImage } from '../../../../controller/metadata/image';
import type { Env } from '../../../../log/env';
import type { LogConfig } from '../../../../log/log-config';
import type { LogManager } from '../../../../log/log-manager';
import type { PartitionLog } from '../../../../log/partition-log';
import type { BrokerConfig } from '../../../../src/config/broker-config';
import { buildBrokerConfig } from '../../../../src/config/build-config';
import { withNodeDefaults } from '../../../../src/config/layers';
import type { ControllerChannel } from '../../../../src/controller-channel';
import { MetadataCache } from '../../../../src/metadata/metadata-cache';
import { SocketServer } from '../../../../src/network/listener';
import { handlerOf } from '../../../../src/handlers/index';
import { RequestRouter } from '../../../../src/node/request-router';
import { FetchSessionCache } from '../../../../src/replication/fetch-session';
import { peersOf, throttleSettingsOf } from '../../../../src/replication/metadata-peers';
import type { Partition } from '../../../../src/replication/partition';
import type { ReplicationSettings } from '../../../../src/replication/peers';
import { ProduceRules } from '../../../../src/replication/produce-rules';
import { ReplicaManager } from '../../../../src/replication/replica-manager';
import type { Services } from '../../../../src/services';
import type { ApiName } from '../../../../wire/api-keys';
import { ErrorCode } from '../../../../wire/base/error-codes';
import { ExchangeError } from '../../../../wire/client-connection';
import { Exchange, type RequestInput, type ResponseOf } from '../../../../wire/exchange';
import type { AlterPartitionRequest, AlterPartitionResponse } from '../../../../wire/schema/replica';
import { openManager, smallLogConfig, TOPIC_ID } from '../../../log/support/log-bench';
import { SimWorld } from '../../../sim/world';

export const PORT = 9092;
export const MAX_LAG_MS = 1_000;

export interface State {
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface SceneOptions {
  readonly flushBeforeAck?: boolean;
  readonly topic?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  readonly replication?: Partial<ReplicationSettings>;
  /** Broker 1 is in rack r1, and so on. */
  readonly hasRacks?: boolean;
  /** A clock by which every look at it takes a millisecond. */
  readonly hasBusyClock?: boolean;
}

export interface SceneBroker {
  readonly id: number;
  readonly env: Env;
  readonly logs: LogManager;
  readonly replicas: ReplicaManager;
  readonly epoch: number;
}

export class ClusterScene {
  readonly world: SimWorld;
  readonly image = new MetadataImage();
  readonly brokers = new Map<number, SceneBroker>();
  /** What the played controller answers with; null: it does not answer at all. */
  alterError: number | null = ErrorCode.NONE;
  readonly alterRequests: AlterPartitionRequest[] = [];
  /** Brokers that the controller has not answered for longer than a session. */
  readonly unconfirmed = new Set<number>();
  /** Whether what AlterPartition has changed becomes metadata at once. */
  publishes = true;
  /** Brokers whose registration has not been answered yet. */
  readonly unregistered = new Set<number>();
  state: State = { leader: -1, leaderEpoch: -1, partitionEpoch: -1, replicas: [], isr: [] };
  private readonly topicConfig: LogConfig;
  private nextEpoch = 100;
  private clients = 0;

  constructor(
    seed: number,
    private readonly options: SceneOptions = {},
  ) {
    this.world = new SimWorld({ seed });
    this.topicConfig = smallLogConfig(options.topic ?? {});
    this.image.topics.addTopic({ name: 't', topicId: TOPIC_ID }, null);
  }

  /** Starts a broker, for the first time or again, and registers it. */
  async start(id: number): Promise<void> {
    this.brokers.delete(id);
    this.register(id, false);
    this.world.start(this.world.host(`h${id}`), `b${id}`, async (env) => {
      const broker = await this.open(this.options.hasBusyClock === true ? withBusyClock(env) : env, id);
      this.brokers.set(id, broker);
    });
    await this.until(`broker ${id} runs`, () => this.brokers.has(id));
    await this.publish();
  }

  /** A new incarnation has a new epoch; fencing keeps it. */
  register(id: number, fenced: boolean): void {
    const epoch = fenced ? (this.image.cluster.brokers.get(id)?.epoch ?? 0) : this.nextEpoch++;
    const endPoints = [{ name: 'PLAINTEXT', host: `h${id}`, port: PORT, securityProtocol: 0 }];
    const rack = this.options.hasRacks === true ? `r${id}` : null;
    const record = { brokerId: id, brokerEpoch: epoch, endPoints, fenced, incarnationId: TOPIC_ID, features: [], rack };
    const rest = { isMigratingZkBroker: false, inControlledShutdown: false, logDirs: [], cordonedLogDirs: null };
    this.image.cluster.registerBroker({ ...record, ...rest }, null);
  }

  kill(id: number): void {
    this.brokers.delete(id);
    this.world.kill(`b${id}`);
  }

  private async open(env: Env, id: number): Promise<SceneBroker> {
    const config = configOf(id, this.options.properties ?? {});
    const told: { replicas: ReplicaManager | null } = { replicas: null };
    const logs = openManager(env, this.topicConfig, this.options.directories ?? ['/data'], {
      directoryFailed: (path) => told.replicas?.directoryFailed(path),
    });
    await logs.loadAll();
    const epoch = this.image.cluster.brokers.get(id)?.epoch ?? -1;
    const metadata = new MetadataCache(config);
    metadata.update(this.image, config);
    const channel = this.channelOf(env);
    const brokerEpoch = (): number => (this.unregistered.has(id) ? -1 : epoch);
    const isConfirmed = (): boolean => !this.unconfirmed.has(id);
    const peers = peersOf({ metadata, channel, listenerName: 'PLAINTEXT', brokerEpoch, isConfirmed });
    const settings = {
      brokerId: id,
      flushBeforeAck: this.options.flushBeforeAck ?? false,
      maxDelayedOperations: 100,
      replication: { ...REPLICATION, maxLagMs: MAX_LAG_MS, ...this.options.replication },
      throttle: throttleSettingsOf(() => config),
    };
    const replicas = new ReplicaManager(env, logs, settings, peers);
    told.replicas = replicas;
    const fetchSessions = new FetchSessionCache(100, env.clock, env.random('sessions'));
    // What the handlers of records and offsets look at.
    const produceRules = new ProduceRules('full', env.crc32c);
    const kraftVersion = (): number => 1;
    const parts = { env, config, brokerId: id, metadata, replicas, logs, fetchSessions, produceRules, kraftVersion };
    const services = parts as unknown as Services;
    const router = new RequestRouter<Services>(handlerOf, () => services);
    await listen(env, router, `h${id}`);
    return { id, env, logs, replicas, epoch };
  }

  private channelOf(env: Env): ControllerChannel {
    return {
      call: (api, request, _timeoutMs, done) => {
        if (api !== 'AlterPartition') throw new Error(`nobody answers ${api} here`);
        const body = (typeof request === 'function' ? request(3) : request) as AlterPartitionRequest;
        this.alterRequests.push(body);
        env.timers.set(2, () => {
          const response = this.alter(body);
          if (response === null) return;
          (done as (response: AlterPartitionResponse) => void)(response);
          if (this.publishes) void this.publish();
        });
      },
    };
  }

  private alter(request: AlterPartitionRequest): AlterPartitionResponse | null {
    const proposal = request.topics[0]?.partitions[0];
    if (this.alterError === null || proposal === undefined) return null;
    const errorCode = this.refusalOf(proposal) ?? this.alterError;
    if (errorCode === ErrorCode.NONE) {
      const isr = proposal.newIsrWithEpochs.map(({ brokerId }) => brokerId);
      const leaderEpoch = this.state.leaderEpoch + (proposal.beginsLeaderEpoch ? 1 : 0);
      this.set({ ...this.state, isr, leaderEpoch, partitionEpoch: this.state.partitionEpoch + 1 });
    }
    const { leader: leaderId, leaderEpoch, partitionEpoch, isr } = this.state;
    const partition = { partitionIndex: 0, errorCode, leaderId, leaderEpoch, isr: [...isr], leaderRecoveryState: 0, partitionEpoch };
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, topics: [{ topicId: TOPIC_ID, partitions: [partition] }] };
  }

  /** By the controller's rules; null when there is nothing against it. */
  private refusalOf(proposal: AlterPartitionRequest['topics'][number]['partitions'][number]): number | null {
    if (proposal.leaderEpoch < this.state.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
    if (proposal.partitionEpoch < this.state.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION;
    const isEligible = ({ brokerId, brokerEpoch }: { brokerId: number; brokerEpoch: number }): boolean => {
      const broker = this.image.cluster.brokers.get(brokerId);
      return broker?.fenced === false && (brokerEpoch === -1 || brokerEpoch === broker.epoch);
    };
    return proposal.newIsrWithEpochs.every(isEligible) ? null : ErrorCode.INELIGIBLE_REPLICA;
  }

  private set(state: State): void {
    this.state = state;
    const lists = { removingReplicas: [], addingReplicas: [], directories: [], eligibleLeaderReplicas: null, lastKnownElr: null };
    const { leader, leaderEpoch, partitionEpoch, replicas, isr } = state;
    const record = { partitionId: 0, topicId: TOPIC_ID, replicas: [...replicas], isr: [...isr], leader, leaderEpoch, partitionEpoch };
    this.image.topics.addPartition({ ...record, leaderRecoveryState: 0, ...lists }, null);
  }

  /** The controller's word; every broker that runs hears it, unless only some are named. */
  async assign(state: State, listeners?: readonly number[]): Promise<void> {
    this.set(state);
    await this.publish(listeners);
  }

  async publish(listeners: readonly number[] = [...this.brokers.keys()]): Promise<void> {
    const registration = this.state;
    if (registration.leaderEpoch < 0) return;
    const replica = { topic: 't', topicId: TOPIC_ID, partition: 0, registration };
    for (const id of listeners) this.post(id, ({ replicas }) => replicas.apply(replica, this.topicConfig));
    await Promise.resolve();
  }

  /** In a turn of the broker's own. */
  post(id: number, run: (broker: SceneBroker) => void): void {
    const { owner } = this.world.running(`b${id}`).process;
    this.world.scheduler.at(0, owner, () => {
      const broker = this.brokers.get(id);
      if (broker !== undefined) run(broker);
    });
  }

  async append(id: number, batch: Uint8Array): Promise<void> {
    let isDone = false;
    this.post(id, () => {
      this.partition(id).append(batch, 'client');
      isDone = true;
    });
    await this.until('the append', () => isDone);
  }

  /** Asks broker `id` over a connection of its own. The answer is in what comes back as soon as it is there, if ever. */
  send<N extends ApiName>(id: number, name: N, version: number, request: RequestInput<N>): { answer: ResponseOf<N> | null } {
    const sent: { answer: ResponseOf<N> | null } = { answer: null };
    const options = { host: `h${id}`, port: PORT, clientId: 'test', connectTimeoutMs: 5_000, requestTimeoutMs: 60_000 };
    const main = async (env: Env): Promise<void> => {
      try {
        const exchange = await Exchange.open(env, options);
        sent.answer = await exchange.send(name, version, request);
        exchange.close();
      } catch (error) {
        if (!(error instanceof ExchangeError)) throw error;
      }
    };
    const client = `client-${this.clients++}`;
    this.world.start(this.world.host(client), client, main);
    return sent;
  }

  async ask<N extends ApiName>(id: number, name: N, version: number, request: RequestInput<N>): Promise<ResponseOf<N>> {
    const sent = this.send(id, name, version, request);
    await this.until(`an answer to ${name}`, () => sent.answer !== null);
    if (sent.answer === null) throw new Error('no answer');
    return sent.answer;
  }

  partition(id: number): Partition {
    const partition = this.brokers.get(id)?.replicas.find('t', 0);
    if (partition === undefined) throw new Error(`broker ${id} has no replica`);
    return partition;
  }

  log(id: number): PartitionLog {
    return this.partition(id).log;
  }

  /** Lets the world go on until `condition` holds; fails after a minute of its time. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const end = await this.world.runAwaiting({ until: condition, untilMs: this.world.nowMs + 60_000 });
    if (end !== 'met') throw new Error(`${what}: never (${end})`);
  }

  async wait(delayMs: number): Promise<void> {
    await this.world.runAwaiting({ untilMs: this.world.nowMs + delayMs });
  }
}

function withBusyClock(env: Env): Env {
  let looks = 0;
  return { ...env, clock: { wallMs: () => env.clock.wallMs(), monotonicMs: () => env.clock.monotonicMs() + looks++ } };
}

const REPLICATION = {
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 1_048_576,
  responseMaxBytes: 10_485_760,
  backoffMs: 1000,
  socketTimeoutMs: 2_000,
};

function configOf(id: number, properties: Readonly<Record<string, string>>): BrokerConfig {
  const listeners = `PLAINTEXT://h${id}:${PORT},CONTROLLER://h${id}:9093`;
  const texts = new Map(Object.entries({ 'node.id': String(id), listeners, 'log.dirs': '/data', ...properties }));
  const built = buildBrokerConfig(withNodeDefaults([{ origin: 'the test', texts }]));
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.config;
}

async function listen(env: Env, handler: RequestRouter<Services>, host: string): Promise<void> {
  const server = new SocketServer({
    env,
    handler,
    maxRequestBytes: 1_000_000,
    maxUnfinishedBytes: 10_000_000,
    limits: { maxConnections: () => 100, maxConnectionsOf: () => 100 },
    maxIdleMs: () => 600_000,
    maxOverlap: 10,
    invariantBroken: (violation) => {
      throw violation;
    },
  });
  await server.listen('PLAINTEXT', host, PORT);
}

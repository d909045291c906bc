/**
 * A client that knows the cluster: where partitions are led, which versions each broker speaks, and when to try again.
 *
 * It moves prepared batches and raw fetch results; records are not its business. Made for the mirror, the command line,
 * benchmarks and tests: one request per call, no accumulation, no background work.
 */
import type { ApiName } from './api-keys';
import { ErrorCode, isRetriable } from './base/error-codes';
import type { AskOptions, RequestFor } from './broker-link';
import { BrokerLink, ServerError } from './broker-link';
import type { ClientEnv } from './client-connection';
import { ExchangeError } from './client-connection';
import type { ResponseOf } from './exchange';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ClusterClientOptions {
  readonly bootstrap: readonly BrokerAddress[];
  readonly clientId: string | null;
  /** Default: 30,000. */
  readonly requestTimeoutMs?: number;
  /** Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /** How often a call is tried when it fails in a way that may pass. Default: 10. */
  readonly maxAttempts?: number;
}

/** A broker by its id, or any that answers. */
export type Target = number | 'any';

export interface TopicView {
  readonly name: string;
  readonly topicId: string;
  readonly errorCode: number;
  /** Leader of each partition by its index; -1 while there is none. */
  readonly leaders: readonly number[];
}

export interface ProduceOptions {
  /** Default: -1, all. 0 is refused: there is no answer to wait for. */
  readonly acks?: -1 | 1;
  readonly timeoutMs?: number;
  readonly transactionalId?: string | null;
}

export interface Produced {
  readonly baseOffset: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
}

export interface FetchOptions {
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly readCommitted?: boolean;
}

export interface Fetched {
  /** Whole batches, the last one perhaps cut off. */
  readonly records: Uint8Array;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[];
}

/**
 * What is taken of a broker that this side has no reason to trust: more than it was asked for (a batch may be larger), and as
 * much as no broker takes in one request by default (socket.request.max.bytes). Memory for an answer is taken when its size
 * has come, before its bytes.
 */
export const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

const NO_RECORDS = new Uint8Array(0);
const DEFAULT_ATTEMPTS = 10;
const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 1000;
const COORDINATOR_ON_ITS_WAY: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
]);
/** First versions that name topics by id alone. */
const PRODUCE_BY_ID = 13;
const FETCH_BY_ID = 13;

export class ClusterClient {
  readonly #env: ClientEnv;
  readonly #options: ClusterClientOptions;
  readonly #links = new Map<string, Promise<BrokerLink>>();
  #brokers = new Map<number, BrokerAddress>();
  readonly #topics = new Map<string, TopicView>();
  #lastBootstrap = -1;
  #isClosed = false;

  constructor(env: ClientEnv, options: ClusterClientOptions) {
    this.#env = env;
    this.#options = options;
  }

  /** The brokers of the last metadata answer. */
  get brokers(): ReadonlyMap<number, BrokerAddress> {
    return this.#brokers;
  }

  /** One request to one broker, tried once. Rejects with an ExchangeError or a ServerError. */
  async ask<N extends ApiName>(
    target: Target,
    name: N,
    request: RequestFor<N>,
    options: AskOptions = {},
  ): Promise<ResponseOf<N>> {
    const link = await this.#link(this.#addressOf(target));
    return link.ask(name, request, options);
  }

  /** Asks for topics (null is all) and remembers the answer. */
  async metadata(topics: readonly string[] | null): Promise<readonly TopicView[]> {
    const response = await this.#retried(() =>
      this.ask('any', 'Metadata', {
        topics: topics?.map((name) => ({ name })) ?? null,
        allowAutoTopicCreation: false,
      }),
    );
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const views = response.topics.map(({ name, topicId, errorCode, partitions }) => {
      const leaders: number[] = [];
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
      return { name: name ?? '', topicId, errorCode, leaders: Array.from(leaders, (leader) => leader ?? -1) };
    });
    for (const view of views) this.#topics.set(view.name, view);
    return views;
  }

  /** Creates a topic and resolves when it has leaders. No error when it exists. */
  async createTopic(name: string, partitions: number, replicationFactor = -1, configs: Record<string, string> = {}) {
    const topic = {
      name,
      numPartitions: partitions,
      replicationFactor,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    };
    const response = await this.ask('any', 'CreateTopics', { topics: [topic], timeoutMs: 30_000 });
    const { errorCode } = response.topics[0]!;
    if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS)
      throw new ServerError(errorCode, `CreateTopics ${name}`);
    await this.#retried(async () => {
      const [view] = await this.metadata([name]);
      if (view!.errorCode !== ErrorCode.NONE) throw new ServerError(view!.errorCode, `topic ${name}`);
      if (view!.leaders.length === 0 || view!.leaders.includes(-1))
        throw new ServerError(ErrorCode.LEADER_NOT_AVAILABLE, `topic ${name}`);
    });
  }

  /** Writes one batch as it is; tried again while the error may pass, so it may be written twice unless it is idempotent. */
  produce(topic: string, partition: number, batch: Uint8Array, options: ProduceOptions = {}): Promise<Produced> {
    const { acks = -1, timeoutMs = 30_000, transactionalId = null } = options;
    return this.#atLeader(topic, partition, async (leader, { topicId }) => {
      const partitionData = [{ index: partition, records: batch }];
      const response = await this.ask(leader, 'Produce', (version) => ({
        transactionalId,
        acks,
        timeoutMs,
        topicData: [version >= PRODUCE_BY_ID ? { topicId, partitionData } : { name: topic, partitionData }],
      }));
      const { errorCode, baseOffset, logAppendTimeMs, logStartOffset } = response.responses[0]!.partitionResponses[0]!;
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `Produce ${topic}-${partition}`);
      return { baseOffset, logAppendTimeMs, logStartOffset };
    });
  }

  fetch(topic: string, partition: number, offset: number, options: FetchOptions = {}): Promise<Fetched> {
    const { maxWaitMs = 500, minBytes = 1, maxBytes = 50 * 1024 * 1024, readCommitted = false } = options;
    return this.#atLeader(topic, partition, async (leader, { topicId }) => {
      const partitions = [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes }];
      const response = await this.ask(leader, 'Fetch', (version) => ({
        maxWaitMs,
        minBytes,
        maxBytes,
        isolationLevel: readCommitted ? 1 : 0,
        topics: [version >= FETCH_BY_ID ? { topicId, partitions } : { topic, partitions }],
        forgottenTopicsData: [],
      }));
      if (response.errorCode !== ErrorCode.NONE) throw new ServerError(response.errorCode, 'Fetch');
      const answer = response.responses[0]!.partitions[0]!;
      if (answer.errorCode !== ErrorCode.NONE) throw new ServerError(answer.errorCode, `Fetch ${topic}-${partition}`);
      const { records, highWatermark, lastStableOffset, logStartOffset, abortedTransactions } = answer;
      return {
        records: records ?? NO_RECORDS,
        highWatermark,
        lastStableOffset,
        logStartOffset,
        abortedTransactions: abortedTransactions ?? [],
      };
    });
  }

  /** The first offset whose record is not older than `timestamp`; -1 is the latest, -2 the earliest. -1 when there is none. */
  listOffset(topic: string, partition: number, timestamp: number, readCommitted = false): Promise<number> {
    return this.#atLeader(topic, partition, async (leader) => {
      const response = await this.ask(leader, 'ListOffsets', {
        replicaId: -1,
        isolationLevel: readCommitted ? 1 : 0,
        topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
      });
      const { errorCode, offset } = response.topics[0]!.partitions[0]!;
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `ListOffsets ${topic}-${partition}`);
      return offset;
    });
  }

  /** The broker that coordinates a group (key type 0) or a transactional id (1). */
  findCoordinator(key: string, keyType: 0 | 1 = 0): Promise<number> {
    return this.#retried(() => this.#findCoordinatorOnce(key, keyType));
  }

  /**
   * Runs `call` with the group's coordinator, and looks for it again when `call` throws that it has moved. A cluster that has
   * had no group yet makes the topic of the offsets first, which is waited for whatever `maxAttempts` says.
   */
  atCoordinator<T>(groupId: string, call: (coordinator: number) => Promise<T>): Promise<T> {
    return this.#retried(async () => call(await this.#findCoordinatorOnce(groupId, 0)));
  }

  async #findCoordinatorOnce(key: string, keyType: 0 | 1): Promise<number> {
    const response = await this.ask('any', 'FindCoordinator', (version) =>
      version >= 4 ? { keyType, coordinatorKeys: [key] } : { key, ...(version >= 1 ? { keyType } : {}) },
    );
    const { errorCode, nodeId, host, port } = response.coordinators[0] ?? response;
    if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `FindCoordinator ${key}`);
    this.#brokers.set(nodeId, { host, port });
    return nodeId;
  }

  close(): void {
    this.#isClosed = true;
    for (const opening of this.#links.values()) {
      opening.then(
        (link) => link.exchange.close(),
        () => undefined,
      );
    }
    this.#links.clear();
  }

  /** Runs `call` with the partition's leader; when that may have moved, asks for metadata and tries again. */
  #atLeader<T>(topic: string, partition: number, call: (leader: number, view: TopicView) => Promise<T>): Promise<T> {
    return this.#retried(async () => {
      const view = this.#topics.get(topic) ?? (await this.metadata([topic]))[0]!;
      const leader = view.leaders[partition] ?? -1;
      try {
        if (view.errorCode !== ErrorCode.NONE) throw new ServerError(view.errorCode, `topic ${topic}`);
        if (leader < 0) throw new ServerError(ErrorCode.LEADER_NOT_AVAILABLE, `${topic}-${partition}`);
        return await call(leader, view);
      } catch (error) {
        this.#topics.delete(topic);
        throw error;
      }
    });
  }

  async #retried<T>(call: () => Promise<T>): Promise<T> {
    const asked = this.#options.maxAttempts ?? DEFAULT_ATTEMPTS;
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const maxAttempts = isCoordinatorOnItsWay(error) ? Math.max(asked, DEFAULT_ATTEMPTS) : asked;
        if (attempt >= maxAttempts || this.#isClosed || !mayPass(error)) throw error;
      }
      await this.#wait(Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS));
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#env.timers.set(ms, resolve));
  }

  #addressOf(target: Target): BrokerAddress {
    if (target === 'any') return this.#anyAddress();
    const address = this.#brokers.get(target);
    if (address === undefined) throw new ExchangeError('unresolved', `broker ${target} is not in the metadata`);
    return address;
  }

  /** Known brokers and those of the start in turn, so that one that is gone is not asked for ever. */
  #anyAddress(): BrokerAddress {
    const candidates = [...this.#brokers.values(), ...this.#options.bootstrap];
    this.#lastBootstrap = (this.#lastBootstrap + 1) % candidates.length;
    const open = candidates.find((each) => this.#links.has(keyOf(each)));
    return open ?? candidates[this.#lastBootstrap]!;
  }

  async #link(address: BrokerAddress): Promise<BrokerLink> {
    if (this.#isClosed) throw new ExchangeError('closed', 'the client is closed');
    const key = keyOf(address);
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const { clientId, requestTimeoutMs = 30_000, connectTimeoutMs = 10_000 } = this.#options;
    const opening = BrokerLink.open(this.#env, {
      ...address,
      ...{ clientId, requestTimeoutMs, connectTimeoutMs, maxResponseBytes: MAX_ANSWER_BYTES },
    });
    this.#links.set(key, opening);
    try {
      const link = await opening;
      link.exchange.whenClosed(() => void this.#links.delete(key));
      return link;
    } catch (error) {
      this.#links.delete(key);
      throw error;
    }
  }
}

function keyOf({ host, port }: BrokerAddress): string {
  return `${host}:${port}`;
}

/** Such an answer comes at once, and ends by itself as soon as the cluster has a coordinator for the group. */
function isCoordinatorOnItsWay(error: unknown): boolean {
  return error instanceof ServerError && COORDINATOR_ON_ITS_WAY.has(error.errorCode);
}

/** Whether the same call may succeed a little later, perhaps elsewhere. */
function mayPass(error: unknown): boolean {
  if (error instanceof ExchangeError) return error.kind !== 'malformed';
  return error instanceof ServerError && isRetriable(error.errorCode);
}

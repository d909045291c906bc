/**
 * Administrators at work on a real cluster whose active controller is killed. For each node there are some who know no other:
 * so at any kill some lose their connection with a request under way, and some have theirs forwarded by a node that lives.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../../../wire/base/error-codes';
import { ZERO_UUID } from '../../../wire/base/uuid';
import { ServerError } from '../../../wire/broker-link';
import { ExchangeError } from '../../../wire/client-connection';
import type { ClusterClient } from '../../../wire/cluster-client';
import type { SimRandom } from '../../sim/random';
import { MoldauCluster, type MoldauNode } from '../../support/moldau-cluster';
import { AdminLedger, type Outcome, type SeenTopic } from './admin-ledger';
import { HOST } from './client-env';
import { clusterClient, untilAnswered } from './cluster-clients';

const TOPICS_PER_CREATION = 3;
const SHAPE = { partitions: 2, replicas: 3, configs: { 'retention.ms': '123456789', 'segment.ms': '98765432' } };
const CHANGED_KEYS = ['retention.ms', 'retention.bytes', 'segment.ms', 'delete.retention.ms', 'file.delete.delay.ms'];
const CREATORS_PER_NODE = 2;
const CHANGERS_PER_NODE = 1;
const RESOURCES_PER_CHANGER = 2;
const FIRST_VALUE = 1_000_000;
const ACKS_BEFORE = 2;
/** About as long as a request takes, so that the kill meets every stage of one. */
const MAX_AIM_MS = 40;
const LOOK_MS = 10;
const TIMEOUT_MS = 30_000;
const TOPIC = 2;
const SET = 0;
const TOPIC_SOURCE = 1;
const QUORUM = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];

interface Counts {
  readonly creations: number;
  readonly changes: number;
}

export interface AdminRound {
  /** At the moment of the kill. */
  readonly inFlight: Counts;
  /** Requests whose outcome nobody was told. */
  readonly unknown: Counts;
  readonly problems: readonly string[];
}

/** One who sends a request after the other. */
interface Admin {
  readonly nodeId: number;
  readonly kind: keyof Counts;
  readonly client: ClusterClient;
  readonly topics: readonly string[];
  acks: number;
  isWaiting: boolean;
}

export class AdminPlay {
  private readonly client: ClusterClient;
  private isStopping = false;
  private isDisposed = false;
  private created = 0;
  private ledger = new AdminLedger(SHAPE, CHANGED_KEYS);

  private constructor(
    private readonly cluster: MoldauCluster,
    private readonly random: SimRandom,
  ) {
    this.client = clusterClient(cluster.nodes.map(({ port }) => ({ host: HOST, port })), 'observer');
  }

  static async start(random: SimRandom): Promise<AdminPlay> {
    return new AdminPlay(await MoldauCluster.start(), random);
  }

  async dispose(): Promise<void> {
    this.isStopping = true;
    this.isDisposed = true;
    this.client.close();
    await this.cluster.dispose();
  }

  /** Has all of them at work, kills the active controller, and looks at what is there once the next one has acked. */
  async round(round: number): Promise<AdminRound> {
    this.ledger = new AdminLedger(SHAPE, CHANGED_KEYS);
    this.isStopping = false;
    const admins = this.cluster.nodes.flatMap((node) => this.adminsAt(node, round));
    for (const { topics } of admins) if (topics.length > 0) await this.createChanged(topics);
    const ended = Promise.all(admins.map((admin) => this.work(admin)));
    await Promise.race([ended, this.until(() => admins.every(({ acks }) => acks >= ACKS_BEFORE))]);
    const controller = this.cluster.node(await untilAnswered(() => this.activeController()));
    await delay(this.random.between(0, MAX_AIM_MS));
    const inFlight = countsOf((kind) => admins.filter((admin) => admin.kind === kind && admin.isWaiting).length);
    await controller.end('SIGKILL');
    // Not of those who change configs: theirs may be over.
    const others = admins.filter(({ nodeId, kind }) => nodeId !== controller.id && kind === 'creations');
    const before = others.map(({ acks }) => acks);
    await Promise.race([ended, this.until(() => others.every(({ acks }, index) => acks > (before[index] ?? 0)))]);
    this.isStopping = true;
    await ended;
    for (const { client } of admins) client.close();
    await controller.start();
    return { inFlight, unknown: countsOf((kind) => this.unknown(kind)), problems: await this.look(round, admins) };
  }

  private adminsAt({ id, port }: MoldauNode, round: number): readonly Admin[] {
    const admin = (kind: Admin['kind'], index: number): Admin => {
      const name = `changed-${round}-${id}-${index}`;
      const topics = kind === 'creations' ? [] : Array.from({ length: RESOURCES_PER_CHANGER }, (_, at) => `${name}-${at}`);
      return { nodeId: id, kind, topics, client: clusterClient([{ host: HOST, port }], name), acks: 0, isWaiting: false };
    };
    const creators = Array.from({ length: CREATORS_PER_NODE }, (_, index) => admin('creations', index));
    return [...creators, ...Array.from({ length: CHANGERS_PER_NODE }, (_, index) => admin('changes', index))];
  }

  private async createChanged(topics: readonly string[]): Promise<void> {
    for (const topic of topics) await untilAnswered(() => this.client.createTopic(topic, 1, 3));
  }

  private unknown(kind: keyof Counts): number {
    return kind === 'creations' ? this.ledger.creationsOf('unknown') : this.ledger.changesOf('unknown');
  }

  /** Until told to stop, or until its node is gone; who changes configs stops after an unknown outcome, which may come late. */
  private async work(admin: Admin): Promise<void> {
    for (let turn = 0; !this.isStopping; turn++) {
      admin.isWaiting = true;
      const outcome = await (admin.kind === 'creations' ? this.createOnce(admin) : this.changeOnce(admin, String(FIRST_VALUE + turn)));
      admin.isWaiting = false;
      if (outcome === 'acked') admin.acks++;
      else if (admin.kind === 'changes' || !this.cluster.node(admin.nodeId).isRunning) return;
      else await delay(LOOK_MS);
    }
  }

  private async createOnce({ client }: Admin): Promise<Outcome> {
    const names = Array.from({ length: TOPICS_PER_CREATION }, () => `created-${this.created++}`);
    const configs = Object.entries(SHAPE.configs).map(([name, value]) => ({ name, value }));
    const { partitions: numPartitions, replicas: replicationFactor } = SHAPE;
    const topics = names.map((name) => ({ name, numPartitions, replicationFactor, assignments: [], configs }));
    const answer = await unlessGone(() => client.ask('any', 'CreateTopics', { topics, timeoutMs: TIMEOUT_MS }));
    // A node that forwarded it twice is told the second time that they exist: then the first has done it.
    const done = new Set<number>([ErrorCode.NONE, ErrorCode.TOPIC_ALREADY_EXISTS]);
    const isAcked = answer !== 'gone' && answer.topics.every(({ errorCode }) => done.has(errorCode));
    this.ledger.noteCreated(names, isAcked ? 'acked' : 'unknown');
    return isAcked ? 'acked' : 'unknown';
  }

  private async changeOnce({ client, topics }: Admin, value: string): Promise<Outcome> {
    const configs = CHANGED_KEYS.map((name) => ({ name, configOperation: SET, value }));
    const resources = topics.map((resourceName) => ({ resourceType: TOPIC, resourceName, configs }));
    const answer = await unlessGone(() => client.ask('any', 'IncrementalAlterConfigs', { resources, validateOnly: false }));
    const acked = new Set(answer === 'gone' ? [] : answer.responses.flatMap(({ errorCode, resourceName }) => (errorCode === ErrorCode.NONE ? [resourceName] : [])));
    for (const topic of topics) this.ledger.noteChanged(topic, value, acked.has(topic) ? 'acked' : 'unknown');
    return acked.size === topics.length ? 'acked' : 'unknown';
  }

  /** What each node shows, once it knows what was written last. */
  private async look(round: number, admins: readonly Admin[]): Promise<readonly string[]> {
    const marker = `marker-${round}`;
    await untilAnswered(() => this.client.createTopic(marker, 1, 1));
    const problems = admins.flatMap(({ nodeId, kind, acks }) => (acks < ACKS_BEFORE ? [`an administrator of ${kind} at node ${nodeId} was done before the kill`] : []));
    for (const { id, port } of this.cluster.nodes) {
      const client = clusterClient([{ host: HOST, port }], 'observer');
      const seen = new Map<string, SeenTopic>();
      await this.until(async () => {
        seen.clear();
        for (const [name, topic] of await untilAnswered(() => seenBy(client))) seen.set(name, topic);
        return seen.has(marker);
      });
      client.close();
      problems.push(...this.ledger.problems(seen).map((problem) => `node ${id}: ${problem}`));
      if (id === this.cluster.nodes.length) await this.remove([...seen.keys()].filter((name) => name !== marker));
    }
    return problems;
  }

  private async remove(names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({ name, topicId: ZERO_UUID }));
    await untilAnswered(() => this.client.ask('any', 'DeleteTopics', { topics, topicNames: [...names], timeoutMs: TIMEOUT_MS }));
  }

  private async activeController(): Promise<number> {
    const { errorCode, topics } = await this.client.ask('any', 'DescribeQuorum', { topics: QUORUM });
    const leaderId = topics[0]?.partitions[0]?.leaderId ?? -1;
    if (errorCode !== ErrorCode.NONE || leaderId < 0) throw new ServerError(ErrorCode.LEADER_NOT_AVAILABLE, 'DescribeQuorum');
    return leaderId;
  }

  private async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!this.isDisposed && !(await isSo())) await delay(LOOK_MS);
  }
}

function countsOf(count: (kind: keyof Counts) => number): Counts {
  return { creations: count('creations'), changes: count('changes') };
}

async function unlessGone<T>(call: () => Promise<T>): Promise<T | 'gone'> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ExchangeError && error.kind !== 'malformed') return 'gone';
    throw error;
  }
}

/** One image for the topics, and a later one for their configs: nothing is removed in between. */
async function seenBy(client: ClusterClient): Promise<ReadonlyMap<string, SeenTopic>> {
  const { topics } = await client.ask('any', 'Metadata', { topics: null, allowAutoTopicCreation: false });
  const names = topics.flatMap(({ name }) => name ?? []);
  const resources = names.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: null }));
  const { results } = await client.ask('any', 'DescribeConfigs', { resources });
  const configs = new Map(
    results.map(({ resourceName, configs: all }) => {
      const own = all.filter(({ configSource }) => configSource === TOPIC_SOURCE);
      return [resourceName, Object.fromEntries(own.map(({ name, value }) => [name, value ?? '']))];
    }),
  );
  return new Map(topics.map(({ name, partitions }) => [name ?? '', { replicas: partitions.map(({ replicaNodes }) => replicaNodes), configs: configs.get(name ?? '') ?? {} }]));
}

/**
 * The rounds of one measurement: all replicas in sync, the leader where this kind of round wants it, the node gone, the first
 * ack awaited by everybody who writes, the node back.
 */
import { isDeepStrictEqual } from 'node:util';
import { ErrorCode } from '../../wire/base/error-codes';
import type { BrokerAddress, ClusterClient } from '../../wire/cluster-client';
import { crc32cPortable } from '../../wire/record/crc32c';
import { prepareBatch } from '../client/payload';
import { idleShare, machineTicks, peakRssBytes } from './machine';
import { clusterClient, PROBE_TIMEOUT_MS, Prober } from './prober';
import type { FailoverTarget } from './targets';
import type { SplitNetwork } from './split-network';
import { User, type Seen, type UserName } from './user';

export type Kind = 'leader' | 'both' | 'silent' | 'cut';

export interface Round {
  readonly node: number;
  readonly isController: boolean;
  readonly gapMs: number;
  /** The largest node's, when the first ack was there. */
  readonly peakRssBytes: number;
  /** From the moment of the kill to the first ack, 0 to 1; null where it is not known. */
  readonly idleShare: number | null;
  readonly users: ReadonlyMap<UserName, Seen>;
}

export interface RoundsOptions {
  readonly kind: Kind;
  readonly recordsPerSecond: number;
  readonly users: readonly UserName[];
  /** Where a node is cut off; null for the other kinds. */
  readonly network: SplitNetwork | null;
}

const LOAD_PARTITIONS = 12;
const LOAD_INTERVAL_MS = 50;
/** Longer than either system's default session. */
const SILENCE_MS = 15_000;
const SETTLE_TIMEOUT_MS = 120_000;
const LOOK_MS = 50;
const PROBE = 'probe';

interface PartitionSeen {
  readonly topic: string | null;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly isr: readonly number[];
}

interface Leading {
  readonly leader: number;
  readonly controller: number;
}

export class Rounds {
  private readonly addresses: readonly BrokerAddress[];
  private readonly admin: ClusterClient;
  private readonly users: readonly User[];
  private load: NodeJS.Timeout | null = null;

  constructor(
    private readonly target: FailoverTarget,
    private readonly options: RoundsOptions,
  ) {
    this.addresses = target.nodes.map(({ host, port }) => ({ host, port }));
    this.admin = clusterClient(this.addresses, 5000, 20);
    const bootstrap = this.addresses.map(({ host, port }) => `${host}:${port}`).join(',');
    this.users = options.users.map((name) => new User(name, bootstrap, `${PROBE}-${name}`));
  }

  async run(count: number, told: (round: Round, index: number) => void): Promise<Round[]> {
    for (const topic of this.probed()) await this.admin.createTopic(topic, 1, 3);
    await this.admin.createTopic('load', LOAD_PARTITIONS, 3);
    this.startLoad();
    const prober = new Prober(clusterClient(this.addresses, PROBE_TIMEOUT_MS, 1), PROBE);
    const rounds: Round[] = [];
    try {
      for (const user of this.users) await user.start();
      while (rounds.length < count) {
        const round = await this.round(prober);
        rounds.push(round);
        told(round, rounds.length);
      }
    } finally {
      if (this.load !== null) clearInterval(this.load);
      await prober.stop();
      for (const user of this.users) await user.stop();
      this.admin.close();
    }
    return rounds;
  }

  private async round(prober: Prober): Promise<Round> {
    for (const user of this.users) await user.ready();
    const { leader, controller } = await this.settled();
    const before = machineTicks();
    const back = this.takeAway(leader);
    // Afterwards: what was sent while a cable was being pulled may still be acknowledged.
    const [killedMs, killedWallMs] = [performance.now(), Date.now()];
    const seen = this.users.map(async (user) => [user.name, await user.gapAfter(killedWallMs)] as const);
    const gapMs = (await prober.ackAfter(killedMs)) - killedMs;
    const idle = idleShare(before, machineTicks());
    const peak = peakRssBytes(this.target.nodes.filter(({ id }) => this.target.child(id).isRunning).map(({ id }) => this.target.child(id).pid));
    const users = new Map(await Promise.all(seen));
    await back();
    return { node: leader, isController: leader === controller, gapMs, peakRssBytes: peak, idleShare: idle, users };
  }

  /** Returns what brings the node back; one that is only silent wakes up by itself, whatever the users see meanwhile. */
  private takeAway(node: number): () => Promise<void> {
    const child = this.target.child(node);
    const { kind, network } = this.options;
    if (kind === 'silent') {
      child.kill('SIGSTOP');
      return awaited(() => child.kill('SIGCONT'));
    }
    if (network !== null) {
      network.cut(node);
      return awaited(() => network.heal(node));
    }
    child.kill('SIGKILL');
    return async () => {
      await child.exited;
      await this.target.start(node);
    };
  }

  /** Everybody is in sync, and the leader is the controller too or is not, as this kind of round wants it. */
  private async settled(): Promise<Leading> {
    const { kind } = this.options;
    const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      const state = await this.look();
      if (state !== null) {
        const { leaders, controller } = state;
        const [leader = -1] = leaders;
        const isOne = leaders.every((each) => each === leader);
        if (isOne && (!isDeath(kind) || (leader === controller) === (kind === 'both'))) return { leader, controller };
        const wanted = kind === 'both' ? controller : !isDeath(kind) ? leader : (this.others(controller)[0] ?? 1);
        await this.moveLeaders(wanted);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error(`the cluster is not in sync again after ${SETTLE_TIMEOUT_MS} ms`);
  }

  private probed(): string[] {
    return [PROBE, ...this.options.users.map((name) => `${PROBE}-${name}`)];
  }

  private others(id: number): number[] {
    return this.target.nodes.map((node) => node.id).filter((each) => each !== id);
  }

  /** Who leads each probed partition, and the quorum. Null while a replica is missing, or a node has not heard of it all. */
  private async look(): Promise<{ readonly leaders: readonly number[]; readonly controller: number } | null> {
    try {
      const views = await Promise.all(this.target.nodes.map(({ id }) => this.viewOf(id)));
      const [view] = views;
      if (view === undefined || views.some((each) => !isDeepStrictEqual(each, view))) return null;
      const isWhole = view.length === this.probed().length + LOAD_PARTITIONS;
      if (!isWhole || view.some(({ isr, leader }) => isr.length < 3 || leader < 0)) return null;
      const leaders = view.filter(({ topic }) => topic !== 'load').map(({ leader }) => leader);
      const quorum = await this.admin.ask('any', 'DescribeQuorum', { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] });
      const controller = quorum.topics[0]?.partitions[0]?.leaderId ?? -1;
      return controller < 0 ? null : { leaders, controller };
    } catch {
      // A node that has just come back may answer a moment later; whoever asks has a deadline.
      return null;
    }
  }

  /** A node that was silent believes for a moment that it leads what it led. */
  private async viewOf(node: number): Promise<PartitionSeen[]> {
    const topics = [...this.probed(), 'load'].map((name) => ({ name }));
    const answer = await this.admin.ask(node, 'Metadata', { topics, allowAutoTopicCreation: false });
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, leaderId, leaderEpoch, isrNodes }) => ({ topic: name, partition: partitionIndex, leader: leaderId, leaderEpoch, isr: isrNodes })),
    );
  }

  /** By reassignment to an order of replicas that begins with `leader`, and a preferred election. */
  private async moveLeaders(leader: number): Promise<void> {
    const replicas = [leader, ...this.others(leader)];
    const topics = this.probed().map((name) => ({ name, partitions: [{ partitionIndex: 0, replicas }] }));
    await this.admin.ask('any', 'AlterPartitionReassignments', { topics, timeoutMs: 5000 });
    const topicPartitions = this.probed().map((topic) => ({ topic, partitions: [0] }));
    const { errorCode } = await this.admin.ask('any', 'ElectLeaders', { electionType: 0, topicPartitions, timeoutMs: 5000 });
    if (errorCode !== ErrorCode.NONE) process.stderr.write(`electing ${leader}: error ${errorCode}, tried again\n`);
  }

  private startLoad(): void {
    const client = clusterClient(this.addresses, 5000, 1);
    const perTick = Math.max(1, Math.round((this.options.recordsPerSecond * LOAD_INTERVAL_MS) / 1000));
    const { bytes } = prepareBatch({ recordBytes: 1000, batchBytes: perTick * 1024, compression: 'none' }, Date.now(), crc32cPortable);
    let tick = 0;
    this.load = setInterval(() => {
      tick += 1;
      client.produce('load', tick % LOAD_PARTITIONS, bytes.slice()).catch(() => {
        // Load that does not arrive is not measured.
      });
    }, LOAD_INTERVAL_MS);
  }
}

/** Any node may fall silent; one that is killed is the controller, or is not. */
function isDeath(kind: Kind): boolean {
  return kind === 'leader' || kind === 'both';
}

/** Ends a silence when it has lasted, and lets others wait for that. */
function awaited(end: () => void): () => Promise<void> {
  const ended = new Promise<void>((resolve) => setTimeout(resolve, SILENCE_MS)).then(end);
  return () => ended;
}

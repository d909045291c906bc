/**
 * How long a cluster of three takes no writes when a node dies: from the moment at which it is killed until a record that was
 * sent afterwards is acknowledged by all.
 *
 *   node scripts/run-ts.cjs benchmarks/failover.ts [--kind leader|both|silent] [--rounds 30] [--load 2000] [--csv FILE]
 *
 * leader: kill -9 of the node that leads the partition, while another node is the active controller. both: of one that is
 * both. silent: SIGSTOP of the leader for 10 s. Load: records of 1 KB a second to other partitions, acks=all. Bars: leader p50
 * 300 ms and p99 1 s, both p99 2 s, silent 4 s. Exit code 1 when one is missed.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BrokerAddress, ClusterClient } from '../wire/cluster-client';
import { crc32cPortable } from '../wire/record/crc32c';
import { MoldauCluster } from '../test/support/moldau-cluster';
import { prepareBatch } from './client/payload';
import { loadWarning } from './environment';
import { clusterClient, PROBE_TIMEOUT_MS, Prober } from './failover/prober';
import { percentile } from './statistics';

type Kind = 'leader' | 'both' | 'silent';

const BARS: Readonly<Record<Kind, { readonly p50Ms: number; readonly p99Ms: number }>> = {
  leader: { p50Ms: 300, p99Ms: 1000 },
  both: { p50Ms: 2000, p99Ms: 2000 },
  silent: { p50Ms: 4000, p99Ms: 4000 },
};
const LOAD_PARTITIONS = 12;
const LOAD_INTERVAL_MS = 50;
const SILENCE_MS = 10_000;
const SETTLE_TIMEOUT_MS = 60_000;
const LOOK_MS = 50;

interface Round {
  readonly node: number;
  readonly isController: boolean;
  readonly gapMs: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kind: { type: 'string', default: 'leader' },
      rounds: { type: 'string', default: '30' },
      load: { type: 'string', default: '2000' },
      csv: { type: 'string' },
    },
  });
  const warning = loadWarning();
  if (warning !== null) process.stderr.write(`warning: ${warning}\n`);
  const kind = values.kind as Kind;
  if (!(kind in BARS)) throw new Error(`--kind ${values.kind}: leader, both or silent`);
  const cluster = await MoldauCluster.start({ properties: { 'log.segment.bytes': String(64 * 1024 * 1024), 'log.retention.bytes': String(128 * 1024 * 1024) } });
  try {
    const rounds = await new Failover(cluster, kind, Number(values.load)).run(Number(values.rounds));
    if (values.csv !== undefined) writeFileSync(values.csv, csvOf(kind, rounds));
    return report(kind, rounds);
  } finally {
    await cluster.dispose();
  }
}

class Failover {
  private readonly addresses: readonly BrokerAddress[];
  private readonly admin: ClusterClient;
  private load: NodeJS.Timeout | null = null;

  constructor(
    private readonly cluster: MoldauCluster,
    private readonly kind: Kind,
    private readonly recordsPerSecond: number,
  ) {
    this.addresses = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    this.admin = clusterClient(this.addresses, 5000, 20);
  }

  async run(count: number): Promise<Round[]> {
    await this.admin.createTopic('probe', 1, 3);
    await this.admin.createTopic('load', LOAD_PARTITIONS, 3);
    this.startLoad();
    const prober = new Prober(clusterClient(this.addresses, PROBE_TIMEOUT_MS, 1), 'probe');
    const rounds: Round[] = [];
    try {
      while (rounds.length < count) {
        const round = await this.round(prober);
        rounds.push(round);
        process.stderr.write(`${rounds.length}: node ${round.node}${round.isController ? ' (controller too)' : ''} ${round.gapMs.toFixed(0)} ms\n`);
      }
    } finally {
      if (this.load !== null) clearInterval(this.load);
      await prober.stop();
      this.admin.close();
    }
    return rounds;
  }

  private async round(prober: Prober): Promise<Round> {
    const { leader, controller } = await this.settled();
    const node = this.cluster.node(leader);
    const killedMs = performance.now();
    if (this.kind === 'silent') node.pause();
    else node.child?.kill('SIGKILL');
    const ackedMs = await prober.ackAfter(killedMs);
    if (this.kind === 'silent') {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, SILENCE_MS - (ackedMs - killedMs))));
      node.resume();
    } else {
      await node.child?.exited;
      await node.start();
    }
    return { node: leader, isController: leader === controller, gapMs: ackedMs - killedMs };
  }

  /** Everybody is in sync, and the leader is the controller too or is not, as this kind of round wants it. */
  private async settled(): Promise<{ readonly leader: number; readonly controller: number }> {
    const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      const state = await this.look();
      if (state !== null) {
        const isBoth = state.leader === state.controller;
        if (this.kind === 'silent' || isBoth === (this.kind === 'both')) return state;
        await this.moveLeader(this.kind === 'both' ? state.controller : (this.others(state.controller)[0] ?? 1));
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error('the cluster is not in sync again');
  }

  private others(id: number): number[] {
    return this.cluster.nodes.map((node) => node.id).filter((each) => each !== id);
  }

  /** Null while a replica is missing. */
  private async look(): Promise<{ readonly leader: number; readonly controller: number } | null> {
    try {
      const { topics } = await this.admin.ask('any', 'Metadata', { topics: [{ name: 'probe' }, { name: 'load' }], allowAutoTopicCreation: false });
      const partitions = topics.flatMap((topic) => topic.partitions);
      if (partitions.length <= LOAD_PARTITIONS || partitions.some(({ isrNodes, leaderId }) => isrNodes.length < 3 || leaderId < 0)) return null;
      const leader = topics.find(({ name }) => name === 'probe')?.partitions[0]?.leaderId ?? -1;
      const quorum = await this.admin.ask('any', 'DescribeQuorum', { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] });
      const controller = quorum.topics[0]?.partitions[0]?.leaderId ?? -1;
      return controller < 0 ? null : { leader, controller };
    } catch {
      // A node that has just come back may answer a moment later.
      return null;
    }
  }

  /** By reassignment to an order of replicas that begins with `leader`, and a preferred election. */
  private async moveLeader(leader: number): Promise<void> {
    const replicas = [leader, ...this.others(leader)];
    const topics = [{ name: 'probe', partitions: [{ partitionIndex: 0, replicas }] }];
    await this.admin.ask('any', 'AlterPartitionReassignments', { topics, timeoutMs: 5000 });
    await this.admin.ask('any', 'ElectLeaders', { electionType: 0, topicPartitions: [{ topic: 'probe', partitions: [0] }], timeoutMs: 5000 });
  }

  private startLoad(): void {
    const client = clusterClient(this.addresses, 5000, 1);
    const perTick = Math.max(1, Math.round((this.recordsPerSecond * LOAD_INTERVAL_MS) / 1000));
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

function report(kind: Kind, rounds: readonly Round[]): number {
  const gaps = rounds.map(({ gapMs }) => gapMs);
  const [p50, p99, max] = [percentile(gaps, 0.5), percentile(gaps, 0.99), Math.max(...gaps)];
  const bar = BARS[kind];
  const isHeld = p50 <= bar.p50Ms && p99 <= bar.p99Ms;
  process.stdout.write(
    `${kind}: ${rounds.length} rounds, p50 ${p50.toFixed(0)} ms (bar ${bar.p50Ms}), p99 ${p99.toFixed(0)} ms (bar ${bar.p99Ms}), longest ${max.toFixed(0)} ms: ${isHeld ? 'held' : 'MISSED'}\n`,
  );
  return isHeld ? 0 : 1;
}

function csvOf(kind: Kind, rounds: readonly Round[]): string {
  const lines = rounds.map(({ node, isController, gapMs }, index) => `${kind},${index + 1},${node},${isController},${gapMs.toFixed(0)}\n`);
  return `kind,round,node,isController,gapMs\n${lines.join('')}`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`failover: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);

/**
 * A cluster of three with many partitions: how long until they are led and in sync after one CreateTopics, what each node
 * needs while nothing happens, and what the end and the return of a node cost.
 *
 *   node scripts/run-ts.cjs benchmarks/cluster-scale.ts [--partitions 2000] [--topics 1] [--idle-seconds 20] [--load 2000]
 *     [--profile DIR] [--logs DIR]
 *
 * Every partition has three replicas, so 2,000 are 6,000 replicas. Bars: all led, in sync and acknowledging within 30 s;
 * each node under 400 MB and, idle, under 5 % of a core; no stall of an event loop over 100 ms; after kill -9 of a node
 * under load the first ack of a partition that it led within 1 s; in sync again 10 s after its start. Exit code 1 when one
 * is missed. The node that is killed is not the active controller; `failover.ts` measures that.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ClusterClient } from '../wire/cluster-client';
import { crc32cPortable } from '../wire/record/crc32c';
import { prepareBatch } from './client/payload';
import { appendToAll, createTopics, stateOf, untilState } from './cluster/partitions-state';
import { type NodeLook, WatchedCluster } from './cluster/watched-cluster';
import { loadWarning } from './environment';
import { clusterClient, PROBE_TIMEOUT_MS, Prober } from './failover/prober';

const REPLICAS = 3;
const LOAD_INTERVAL_MS = 50;
const LOAD_PARTITIONS = 48;
const SETTLE_MS = 3000;
const TIMEOUT_MS = 60_000;
const BARS = { createMs: 30_000, rssMb: 400, cpuShare: 0.05, stallMs: 100, ackMs: 1000, restartMs: 10_000 };

class Report {
  isHeld = true;

  line(what: string, value: number, bar: number, unit: string, digits = 0): void {
    const isHeld = value <= bar;
    this.isHeld &&= isHeld;
    process.stdout.write(`${what}: ${value.toFixed(digits)} ${unit} (bar ${bar.toFixed(digits)}): ${isHeld ? 'held' : 'MISSED'}\n`);
  }

  phase(name: string, looks: readonly NodeLook[]): void {
    for (const { node, longestStallMs, busyMs, rssMb, heapMb, cpuShare } of looks) {
      process.stdout.write(`  ${name}, node ${node}: stall ${longestStallMs.toFixed(0)} ms (at work ${busyMs.toFixed(0)} ms), RSS ${rssMb.toFixed(0)} MB, heap ${heapMb.toFixed(0)} MB, CPU ${(100 * cpuShare).toFixed(1)} %\n`);
    }
    this.line(`${name}: longest stall`, Math.max(...looks.map(({ longestStallMs }) => longestStallMs)), BARS.stallMs, 'ms');
    this.line(`${name}: most resident memory`, Math.max(...looks.map(({ rssMb }) => rssMb)), BARS.rssMb, 'MB');
  }
}

class Scale {
  private readonly admin: ClusterClient;
  private readonly report = new Report();
  private load: NodeJS.Timeout | null = null;

  constructor(
    private readonly watched: WatchedCluster,
    private readonly topics: readonly string[],
    private readonly partitionsEach: number,
  ) {
    this.admin = clusterClient(this.addresses, 60_000, 20);
  }

  private get addresses(): { host: string; port: number }[] {
    return this.watched.cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  async run(idleSeconds: number, recordsPerSecond: number): Promise<boolean> {
    try {
      await this.admin.metadata([]);
      await this.create();
      await this.idle(idleSeconds);
      const victim = await this.victim();
      await this.kill(victim, recordsPerSecond);
      await this.restart(victim);
    } finally {
      if (this.load !== null) clearInterval(this.load);
      this.admin.close();
    }
    return this.report.isHeld;
  }

  private async create(): Promise<void> {
    const { admin, topics, watched, report } = this;
    await watched.beginPhase();
    const begunMs = performance.now();
    const sinceMs = (): string => (performance.now() - begunMs).toFixed(0);
    await createTopics(admin, topics, this.partitionsEach, REPLICAS);
    process.stdout.write(`  CreateTopics answered after ${sinceMs()} ms\n`);
    const count = topics.length * this.partitionsEach;
    await untilState(admin, topics, REPLICAS, ({ led, inSync }) => led === count && inSync === count, TIMEOUT_MS);
    process.stdout.write(`  all led and in sync in the metadata after ${sinceMs()} ms\n`);
    await appendToAll(admin, topics, REPLICAS, TIMEOUT_MS);
    report.line('create: led, in sync and a record acknowledged by all replicas', performance.now() - begunMs, BARS.createMs, 'ms');
    report.phase('create', await watched.endPhase());
  }

  private async idle(seconds: number): Promise<void> {
    await pause(SETTLE_MS);
    await this.watched.beginPhase();
    await pause(seconds * 1000);
    const looks = await this.watched.endPhase();
    this.report.phase('idle', looks);
    this.report.line('idle: most CPU', 100 * Math.max(...looks.map(({ cpuShare }) => cpuShare)), 100 * BARS.cpuShare, '%', 1);
  }

  /** A node that is not the active controller. */
  private async victim(): Promise<number> {
    const quorum = await this.admin.ask('any', 'DescribeQuorum', { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] });
    const controller = quorum.topics[0]?.partitions[0]?.leaderId ?? -1;
    return this.watched.cluster.nodes.find(({ id }) => id !== controller)?.id ?? 1;
  }

  private async kill(id: number, recordsPerSecond: number): Promise<void> {
    const { admin, topics, watched, report } = this;
    const node = watched.cluster.node(id);
    const probed = (await stateOf(admin, topics, REPLICAS)).leaders.get(id)?.[0];
    if (probed === undefined) throw new Error(`node ${id} leads nothing`);
    this.startLoad(recordsPerSecond);
    const prober = new Prober(clusterClient(this.addresses, PROBE_TIMEOUT_MS, 1), probed.topic, probed.partition);
    await prober.ackAfter(performance.now());
    await pause(SETTLE_MS);
    await watched.beginPhase();
    const killedMs = performance.now();
    node.child?.kill('SIGKILL');
    const acked = prober.ackAfter(killedMs);
    const others = this.addresses.filter(({ port }) => port !== node.port);
    const survivor = clusterClient(others, 60_000, 20);
    await untilState(survivor, topics, REPLICAS, ({ leaders, led, partitions }) => led === partitions && !leaders.has(id), TIMEOUT_MS);
    process.stdout.write(`  every leader has moved after ${(performance.now() - killedMs).toFixed(0)} ms\n`);
    const ackedMs = await Promise.race([acked, pause(TIMEOUT_MS).then(() => null)]);
    if (ackedMs === null) throw new Error(`no record is acknowledged: ${String(prober.lastError)}; ${await this.viewsOf(others)}`);
    report.line('kill: first ack of a partition that the node led', ackedMs - killedMs, BARS.ackMs, 'ms');
    await survivor.metadata([]);
    await appendToAll(survivor, topics, REPLICAS, TIMEOUT_MS);
    process.stdout.write(`  every partition has acknowledged after ${(performance.now() - killedMs).toFixed(0)} ms\n`);
    await node.child?.exited;
    report.phase('kill', await watched.endPhase());
    survivor.close();
    await prober.stop();
  }

  /** What each node by itself says of the leaders. */
  private async viewsOf(addresses: readonly { host: string; port: number }[]): Promise<string> {
    const views = addresses.map(async (address) => {
      const client = clusterClient([address], 5000, 1);
      const { leaders } = await stateOf(client, this.topics, REPLICAS);
      client.close();
      return `${address.port}: ${[...leaders].map(([leader, led]) => `${led.length} led by ${leader}`).join(', ')}`;
    });
    return (await Promise.all(views)).join('; ');
  }

  private async restart(id: number): Promise<void> {
    const { admin, topics, watched, report } = this;
    await watched.beginPhase();
    const startedMs = performance.now();
    await watched.cluster.node(id).start();
    process.stdout.write(`  ready after ${(performance.now() - startedMs).toFixed(0)} ms\n`);
    await untilState(admin, topics, REPLICAS, ({ inSync, partitions }) => inSync === partitions, TIMEOUT_MS);
    report.line('restart: in sync again', performance.now() - startedMs, BARS.restartMs, 'ms');
    report.phase('restart', await watched.endPhase());
  }

  /** Records of 1 KB to partitions of every leader. */
  private startLoad(recordsPerSecond: number): void {
    const client = clusterClient(this.addresses, 5000, 1);
    const perTick = Math.max(1, Math.round((recordsPerSecond * LOAD_INTERVAL_MS) / 1000));
    const { bytes } = prepareBatch({ recordBytes: 1000, batchBytes: perTick * 1024, compression: 'none' }, Date.now(), crc32cPortable);
    let tick = 0;
    this.load = setInterval(() => {
      tick += 1;
      client.produce(this.topics[tick % this.topics.length] ?? '', tick % Math.min(LOAD_PARTITIONS, this.partitionsEach), bytes.slice()).catch(() => {
        // Load that does not arrive is not measured.
      });
    }, LOAD_INTERVAL_MS);
  }
}

function writeLogs({ cluster }: WatchedCluster, dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const { id, child } of cluster.nodes) writeFileSync(join(dir, `node-${id}.log`), child?.stderr ?? '');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      partitions: { type: 'string', default: '2000' },
      topics: { type: 'string', default: '1' },
      'idle-seconds': { type: 'string', default: '20' },
      load: { type: 'string', default: '2000' },
      profile: { type: 'string' },
      logs: { type: 'string' },
    },
  });
  const warning = loadWarning();
  if (warning !== null) process.stderr.write(`warning: ${warning}\n`);
  const names = Array.from({ length: Number(values.topics) }, (_, i) => `scale-${i}`);
  if (values.profile !== undefined) mkdirSync(values.profile, { recursive: true });
  const nodeFlags = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile];
  const watched = await WatchedCluster.start({ nodeFlags });
  try {
    const isHeld = await new Scale(watched, names, Math.ceil(Number(values.partitions) / names.length)).run(Number(values['idle-seconds']), Number(values.load));
    // In order, so that profiles are written.
    await watched.cluster.stop();
    return isHeld ? 0 : 1;
  } finally {
    if (values.logs !== undefined) writeLogs(watched, values.logs);
    await watched.cluster.dispose();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`cluster-scale: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);

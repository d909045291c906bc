/** A cluster of real processes whose event loops, memory and CPU time are looked at. */
import { cpuSeconds, processMemory } from '../process-stat';
import { LOOP_WATCH, lookThrough } from '../watched-broker';
import { MoldauCluster, type MoldauClusterOptions, type MoldauNode } from '../../test/support/moldau-cluster';

/** One node's part in a phase. */
export interface NodeLook {
  readonly node: number;
  readonly longestStallMs: number;
  /** What it has worked in the longest one: on a busy machine it waits for a core as well. */
  readonly busyMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
  /** Of one core, since the phase began. */
  readonly cpuShare: number;
}

const MB = 1024 * 1024;
/** Seldom enough to cost an idle process nothing that counts. */
const WATCH_MS = '10';

export class WatchedCluster {
  private sinceMs = performance.now();
  private cpuBefore = new Map<number, number>();

  private constructor(readonly cluster: MoldauCluster) {}

  static async start(options: MoldauClusterOptions): Promise<WatchedCluster> {
    const nodeFlags = [...(options.nodeFlags ?? []), '--require', LOOP_WATCH];
    return new WatchedCluster(await MoldauCluster.start({ ...options, nodeFlags, env: { LOOP_WATCH_MS: WATCH_MS }, hasChannel: true }));
  }

  get running(): MoldauNode[] {
    return this.cluster.nodes.filter((node) => node.isRunning);
  }

  /** What comes from here on belongs to the next phase. */
  async beginPhase(): Promise<void> {
    await this.endPhase();
    this.sinceMs = performance.now();
    this.cpuBefore = new Map(this.running.map(({ id, pid }) => [id, cpuSeconds(pid) ?? 0]));
  }

  /** Of the nodes that run; one that began in this phase is looked at from its start. */
  async endPhase(): Promise<NodeLook[]> {
    const seconds = (performance.now() - this.sinceMs) / 1000;
    return Promise.all(this.running.map((node) => this.look(node, seconds)));
  }

  private async look({ id, pid, child }: MoldauNode, seconds: number): Promise<NodeLook> {
    const channel = child?.channel;
    if (channel === null || channel === undefined) throw new Error(`node ${id} has no channel`);
    const cpu = (cpuSeconds(pid) ?? 0) - (this.cpuBefore.get(id) ?? 0);
    const { maxMs, maxBusyMs, heapUsed } = await lookThrough(channel);
    const rss = processMemory(pid)?.rssBytes ?? 0;
    return { node: id, longestStallMs: maxMs, busyMs: maxBusyMs, rssMb: rss / MB, heapMb: heapUsed / MB, cpuShare: cpu / seconds };
  }
}

/** A simulated cluster that a test drives by hand: written steps in place of drawn ones, with all the checks looking on. */

import type { PartitionRegistration } from '../../../../controller/metadata/partition-registration';
import type { Env } from '../../../../log/env';
import { checkReplicas } from '../../../support/replica-check';
import { hookNetwork } from '../../frame-hooks';
import { inMacrotask } from '../../runner';
import { SimViolation } from '../../violation';
import { SimWorld } from '../../world';
import { unsettled } from './checkers/settled';
import type { ClusterMode } from './cluster-config';
import { CLIENTS, NODE_IDS } from './cluster-config';
import { ClusterGhost } from './cluster-ghost';
import type { ClusterIdempotentProducer, Destination } from './cluster-producers';
import { ClusterWatch } from './cluster-watch';
import { ClusterWorkload } from './cluster-workload';
import { watchCuts } from './disk-watch';
import { SimCluster } from './sim-cluster';
import { replicaDirectory } from './sim-replicas';
import { WireTap } from './wire-tap';

const SAMPLE_MS = 100;
const MAX_SCRIPT_MS = 300_000;
const WHOLE_MS = 60_000;
const WORKLOAD = { gapMs: 100, maxRecords: 3, minAcked: 0, maxValueBytes: 100, segmentBytes: 4_000, fetchBytes: 4_000, hasRacks: false };
/** As whoever measures the bars of failure detection. */
const PROBER = { requestTimeoutMs: 500, maxRetryMs: 50 };
const MODE: ClusterMode = { flush: false, hasRacks: false, fastDetection: true, offsetsPartitions: 1, snapshotBytes: 4_000 };

export class ClusterScript {
  readonly cluster: SimCluster;
  readonly watch: ClusterWatch;
  readonly tap: WireTap;
  private readonly ghost: ClusterGhost;
  private readonly counts = new Map<string, number>();
  private users: ClusterWorkload | null = null;
  private isOver = false;
  private readonly undoings: (() => void)[] = [];

  /** Plays `steps` on a cluster that has just been started. */
  static play(seed: number | string, steps: (script: ClusterScript) => Promise<void>, mode: Partial<ClusterMode> = {}): Promise<void> {
    return inMacrotask(() => new ClusterScript(new SimWorld({ seed }), { ...MODE, ...mode }).run(steps));
  }

  /** As `play`, at once: call it from a macrotask. Returns the hash of what happened. */
  static playNow(seed: string, steps: (script: ClusterScript) => Promise<void>, mode: Partial<ClusterMode>, count: (counter: string) => void): string {
    const script = new ClusterScript(new SimWorld({ seed }), { ...MODE, ...mode });
    script.run(steps);
    for (const [counter, times] of script.counts) for (let i = 0; i < times; i++) count(counter);
    return script.world.trace.hash;
  }

  private constructor(
    readonly world: SimWorld,
    mode: ClusterMode,
  ) {
    const count = (counter: string): void => void this.counts.set(counter, this.counted(counter) + 1);
    this.ghost = new ClusterGhost((violation) => world.report(violation));
    this.cluster = new SimCluster(world, {
      mode,
      ports: (node, env) => ({
        ...env,
        disk: watchCuts(env.disk, (...cut) => this.watch.cutting(node, ...cut)),
        network: hookNetwork(env.network, env.timers, this.tap.hookOf(node)),
      }),
      ended: (node, { state, exitWhy }) => {
        this.watch.ended(node.id);
        if (state === 'exited') world.report(new SimViolation(`node ${node.id} ended by itself: ${exitWhy}`));
      },
    });
    this.watch = new ClusterWatch(this.cluster, this.ghost, world.random('watch'), count);
    this.tap = new WireTap(this.watch.votes, () => world.nowMs, (node) => this.cluster.isRunning(node.id), count);
  }

  private run(steps: (script: ClusterScript) => Promise<void>): void {
    const { world } = this;
    this.cluster.startAll();
    this.sampleOn();
    world.start(world.host(CLIENTS), CLIENTS, async (env) => {
      this.users = this.workload(env);
      await steps(this);
      this.users.close();
      this.isOver = true;
    });
    try {
      const end = world.run({ until: () => this.isOver, untilMs: MAX_SCRIPT_MS });
      if (end !== 'met') throw new SimViolation(`the script hangs (${end}):\n${this.story()}`);
    } finally {
      this.watch.close();
    }
  }

  private get workingUsers(): ClusterWorkload {
    if (this.users === null) throw new Error('nobody is there yet');
    return this.users;
  }

  counted(counter: string): number {
    return this.counts.get(counter) ?? 0;
  }

  pause(delayMs: number): Promise<void> {
    return this.workingUsers.admin.client.pause(delayMs);
  }

  async until(condition: () => boolean, limitMs: number, what: string, everyMs = SAMPLE_MS): Promise<void> {
    const untilMs = this.world.nowMs + limitMs;
    while (!condition()) {
      if (this.world.nowMs > untilMs) throw new SimViolation(`after ${limitMs} ms still not: ${what}\n${this.story()}`);
      await this.pause(everyMs);
    }
  }

  /** What a checker of the script's own has found. */
  violate(what: string): never {
    this.ghost.violate(what);
  }

  /** One who probes how soon there is an answer. */
  producer(): ClusterIdempotentProducer {
    return this.workingUsers.producer('scripted', PROBER);
  }

  /** Every broker is unfenced, every partition led, every replica in its ISR. */
  whole(limitMs = WHOLE_MS): Promise<void> {
    return this.until(() => this.missing().length === 0, limitMs, this.missing().join('; ') || 'whole');
  }

  private missing(): readonly string[] {
    this.watch.sample();
    return unsettled(this.watch.committed.image, NODE_IDS);
  }

  /** A whole cluster with a topic of one partition and a producer that has sent to it. */
  async ready(topic: string): Promise<ClusterIdempotentProducer> {
    await this.whole();
    await this.addTopic(topic, 1);
    const producer = this.producer();
    await this.sendOne(producer, { topic, partition: 0 });
    await this.whole();
    return producer;
  }

  addTopic(topic: string, partitions: number): Promise<void> {
    return this.workingUsers.addTopic(topic, partitions);
  }

  sendOne(producer: ClusterIdempotentProducer, destination: Destination): Promise<void> {
    return this.workingUsers.sendOne(producer, destination);
  }

  async timeOf(work: () => Promise<void>): Promise<number> {
    const fromMs = this.world.nowMs;
    await work();
    return this.world.nowMs - fromMs;
  }

  /** As it is surely committed now. */
  partition(topic: string, index: number): PartitionRegistration {
    this.watch.sample();
    const found = [...this.watch.partitions()].find((one) => one.topic === topic && one.partition === index);
    if (found === undefined) throw new SimViolation(`no such partition: ${topic}-${index}`);
    return found.registration;
  }

  controller(): number {
    this.watch.sample();
    return this.watch.controllerId ?? -1;
  }

  /** Undoes what `heal` knows nothing of. */
  beforeFinish(undo: () => void): void {
    this.undoings.push(undo);
  }

  /** Everything is mended, becomes whole, and holds what it should. */
  async finish(): Promise<void> {
    for (const undo of this.undoings) undo();
    this.cluster.heal();
    await this.whole();
    await this.workingUsers.finish();
    await this.workingUsers.check();
    this.watch.sampleAll();
    const checked = checkReplicas(this.cluster.nodes.map(replicaDirectory), (topic, partition) => this.ghost.committedEnd(`${topic}-${partition}`));
    const [difference] = checked.flatMap(({ differences }) => differences);
    if (difference !== undefined) throw new SimViolation(`I3 ${difference}`);
  }

  /** The last lines of every node. */
  story(): string {
    const started = this.cluster.nodes.filter(({ lives }) => lives > 0);
    return started.map((node) => `--- node ${node.id}\n${this.world.running(node.processName).log.text().split('\n').slice(-25).join('\n')}`).join('\n');
  }

  private workload(env: Env): ClusterWorkload {
    return new ClusterWorkload({
      env,
      ghost: this.ghost,
      random: (concern) => this.world.random(concern),
      learned: (topic, partition, { leader, leaderEpoch }) => this.watch.leaders.saw(`${topic}-${partition}`, leaderEpoch, leader),
      registers: this.watch.registers,
      lifeOf: (node) => `life ${this.cluster.node(node).lives} of node ${node}`,
      mode: WORKLOAD,
      count: (counter) => void this.counts.set(counter, this.counted(counter) + 1),
    });
  }

  private sampleOn(): void {
    this.world.scheduler.at(SAMPLE_MS, this.world.owner, () => {
      this.watch.sample();
      if (!this.isOver) this.sampleOn();
    });
  }
}

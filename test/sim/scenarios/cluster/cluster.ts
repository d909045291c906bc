/**
 * Three nodes, each broker and controller, under clients that produce, read and commit, while nodes are killed, paused, cut
 * off, lose power or their disks. What was acknowledged with acks=all stays; nobody leads twice; and when all is mended the
 * cluster is whole again.
 */

import type { Env } from '../../../../log/env';
import { hookNetwork } from '../../frame-hooks';
import type { Play, Played, Scenario } from '../../harness/scenario';
import type { SimProcess } from '../../process';
import { SimViolation } from '../../violation';
import { SimWorld } from '../../world';
import { checkReplicas } from '../../../support/replica-check';
import { unsettled } from './checkers/settled';
import { CLIENTS, NODE_IDS, OFFSETS_TOPIC, processOf } from './cluster-config';
import { ClusterGhost } from './cluster-ghost';
import { ClusterNemesis } from './cluster-nemesis';
import { FAULT_KINDS, modesOf, planCluster } from './cluster-plan';
import { ClusterWatch } from './cluster-watch';
import { ClusterWorkload } from './cluster-workload';
import { watchCuts } from './disk-watch';
import type { SimNode } from './sim-cluster';
import { SimCluster } from './sim-cluster';
import { replicaDirectory } from './sim-replicas';
import { WireTap } from './wire-tap';

const MAX_PLAY_MS = 400_000;
/** I34: so soon after everything is mended the cluster is whole. */
const SETTLE_MS = 60_000;
const SAMPLE_MS = 200;
/** What a play is to have at least; shortened schedules have less. */
const WHOLE = { playMs: 30_000, faults: 5, records: 500 } as const;
const WHOLE_PLAY = `play of ${WHOLE.playMs / 1000} s, ${WHOLE.faults} faults, ${WHOLE.records} records`;
const TOPIC = 'orders';
/** The life of a node that a kill point counts in. */
const VICTIM = 1;

export const cluster: Scenario = {
  name: 'cluster',
  counters: [
    ...[WHOLE_PLAY, ...FAULT_KINDS, 'frame lost', 'frame delayed', 'acked', 'plain acked', 'acks=1 told', 'retry', 'fetched', 'commit', 'topic created', 'config altered'],
    ...['register written', 'register refused', 'register read', 'controller asked'],
    ...['election', 'leader lost', 'isr shrink', 'isr expand', 'elr', 'controller elected', 'broker fenced', 'broker unfenced', 'broker registered'],
    ...['roll', 'truncation', 'metadata truncation', 'snapshot checked', 'snapshot fetched', 'vote granted', 'members checked', 'leader looked into', 'high watermark moved', 'flushed mode', 'cached mode', 'fast detection', "Kafka's detection"],
  ],
  plan: planCluster,
  play: (play) => new ClusterPlay(play).run(),
};

class ClusterPlay {
  private readonly world: SimWorld;
  private readonly ghost: ClusterGhost;
  private readonly cluster: SimCluster;
  private readonly watch: ClusterWatch;
  private readonly tap: WireTap;
  private readonly modes: ReturnType<typeof modesOf>;
  private readonly calls: number[] = [];
  private topics = 0;
  private isOver = false;
  /** What the play is about, for whoever reads of its failure. */
  private phase = 'starts';

  constructor(private readonly play: Play) {
    this.world = new SimWorld({ seed: play.seed });
    this.ghost = new ClusterGhost((violation) => this.world.report(violation));
    this.modes = modesOf(play.steps);
    this.cluster = new SimCluster(this.world, {
      mode: this.modes,
      ports: (node, env) => this.ports(node, env),
      starting: (node, life) => this.planKill(node, life),
      ended: (node, process) => this.nodeEnded(node, process),
    });
    const count = (counter: string): void => play.count(counter);
    this.watch = new ClusterWatch(this.cluster, this.ghost, this.world.random('watch'), count);
    this.tap = new WireTap(this.watch.votes, () => this.world.nowMs, (node) => this.cluster.isRunning(node.id), count);
  }

  run(): Played {
    try {
      return this.played();
    } finally {
      this.watch.close();
    }
  }

  private played(): Played {
    const { world, cluster: nodes } = this;
    this.play.count(this.modes.flush ? 'flushed mode' : 'cached mode');
    this.play.count(this.modes.fastDetection ? 'fast detection' : "Kafka's detection");
    nodes.startAll();
    this.sampleOn();
    world.start(world.host(CLIENTS), CLIENTS, (env) => this.main(env));
    const end = world.run({ until: () => this.isOver, untilMs: MAX_PLAY_MS });
    if (end !== 'met') throw new SimViolation(`I34 the play hangs (${end}):\n${this.story()}`);
    this.calls[nodes.node(VICTIM).lives - 1] = world.callCount(processOf(VICTIM));
    return { calls: this.calls, traceHash: world.trace.hash };
  }

  private ports(node: SimNode, env: Env): Env {
    const disk = watchCuts(env.disk, (...cut) => this.watch.cutting(node, ...cut));
    // Frames that are looked at are copied, so that slices which are kept too long are found only in plays without a tap.
    const network = this.modes.isTapped ? hookNetwork(env.network, env.timers, this.tap.hookOf(node)) : env.network;
    return { ...env, disk, network };
  }

  private async main(env: Env): Promise<void> {
    const { world, ghost, modes } = this;
    const workload = new ClusterWorkload({
      env,
      ghost,
      random: (concern) => world.random(concern),
      learned: (topic, partition, { leader, leaderEpoch }) => this.watch.leaders.saw(`${topic}-${partition}`, leaderEpoch, leader),
      registers: this.watch.registers,
      lifeOf: (node) => `life ${this.cluster.node(node).lives} of node ${node}`,
      mode: modes,
      count: (counter) => this.play.count(counter),
    });
    const addTopic = (partitions: number): Promise<void> => workload.addTopic(`${TOPIC}${this.topics++}`, partitions);
    const nemesis = new ClusterNemesis({
      cluster: this.cluster,
      watch: this.watch,
      tap: this.tap,
      admin: workload.admin,
      random: world.random('nemesis'),
      addTopic,
      topics: () => workload.destinations.map(({ topic }) => topic),
      count: (counter) => this.play.count(counter),
    });
    await addTopic(modes.partitions);
    this.phase = 'looks for the coordinator';
    await workload.start();
    this.phase = 'suffers';
    for (const step of this.play.steps) await nemesis.perform(step);
    this.phase = 'is mended';
    await nemesis.end();
    this.phase = 'waits for what is under way';
    await workload.finish();
    this.phase = 'settles';
    await this.settle(workload);
    this.phase = 'is checked';
    await workload.check();
    // Meanwhile a replica whose fetch was lost may have fallen out of its ISR, and behind.
    await this.settle(workload);
    this.checkReplicas();
    workload.close();
    this.countPlay(nemesis.faults);
    this.isOver = true;
  }

  private countPlay(faults: number): void {
    const { play, ghost, world } = this;
    play.count('virtual seconds', Math.round(world.nowMs / 1000));
    play.count('records acked', ghost.ackedCount);
    play.count('faults', faults);
    if (world.nowMs >= WHOLE.playMs && faults >= WHOLE.faults && ghost.ackedCount >= WHOLE.records) play.count(WHOLE_PLAY);
  }

  /** I34. */
  private async settle(workload: ClusterWorkload): Promise<void> {
    const untilMs = this.world.nowMs + SETTLE_MS;
    for (;;) {
      this.watch.sampleAll();
      const missing = unsettled(this.watch.committed.image, NODE_IDS);
      if (missing.length === 0) return;
      if (this.world.nowMs > untilMs) this.ghost.violate(`I34 ${SETTLE_MS} ms after everything was mended, ${missing.join('; ')}\n${this.story()}`);
      await workload.admin.client.pause(SAMPLE_MS);
    }
  }

  /** I3, in the end: every replica holds the same bytes, as far as one of them is known to hold something. */
  private checkReplicas(): void {
    this.watch.sampleAll();
    const checked = checkReplicas(this.cluster.nodes.map(replicaDirectory), (topic, partition) => this.knownEnd(topic, partition));
    const [difference] = checked.flatMap(({ differences }) => differences);
    if (difference !== undefined) this.ghost.violate(`I3 ${difference}`);
  }

  /** Of the group's own topic only the nodes know how far it is committed. */
  private knownEnd(topic: string, partition: number): number | undefined {
    return topic === OFFSETS_TOPIC ? undefined : this.ghost.committedEnd(`${topic}-${partition}`);
  }

  private sampleOn(): void {
    this.world.scheduler.at(SAMPLE_MS, this.world.owner, () => {
      this.watch.sample();
      if (!this.isOver) this.sampleOn();
    });
  }

  /** Killed by the plan; whoever else kills a node starts it again himself. One that gives up by itself is a violation. */
  private nodeEnded(node: SimNode, process: SimProcess): void {
    this.watch.ended(node.id);
    if (node.id === VICTIM) this.calls[node.lives - 1] = process.callCount;
    if (process.state === 'exited') this.world.report(new SimViolation(`node ${node.id} ended by itself: ${process.exitWhy}\n${this.story()}`));
    if (process.killedBefore === '') return;
    this.world.scheduler.at(50, this.world.owner, () => {
      if (this.play.kill?.ending === 'power' && this.modes.flush) this.cluster.losePower(node.id);
      this.cluster.start(node.id);
    });
  }

  private planKill(node: SimNode, life: number): void {
    const { kill } = this.play;
    if (node.id === VICTIM && kill?.life === life) this.world.killBeforeCall(node.processName, kill.beforeCall);
  }

  /** Where the play is, what is committed of its partitions, and the last lines of every node. */
  private story(): string {
    const { watch } = this;
    const partitions = [...watch.partitions()].map(({ key, registration: { leader, leaderEpoch, isr, elr } }) => {
      const ends = this.cluster.nodes.map((node) => watch.logOf(node, key).endOffset());
      return `${key}: leader ${leader} in epoch ${leaderEpoch}, isr [${isr.join()}], elr [${elr.join()}], logs end at [${ends.join()}], known ${this.ghost.committedEnd(key)}`;
    });
    const nodes = this.cluster.nodes
      .filter(({ lives }) => lives > 0)
      .map((node) => `--- node ${node.id}, life ${node.lives}${this.cluster.isRunning(node.id) ? '' : ', not running'}\n${lastLines(this.world.running(node.processName).log.text())}`);
    return [`it ${this.phase}; the controller is ${watch.controllerId}; not settled: ${unsettled(watch.committed.image, NODE_IDS).join('; ')}`, ...partitions, ...nodes].join('\n');
  }
}

/** Snapshots come and go as long as a cluster lives. */
const lastLines = (text: string): string => text.split('\n').filter((line) => !/metadata snapshot/.test(line)).slice(-15).join('\n');

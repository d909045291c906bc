/**
 * Does to a cluster what a schedule says, as far as the budget of the play allows: what is promised holds only while no more
 * disks are lost than it says. A fault that would go beyond is left out, and counted; connections are reset in its place.
 *
 * The budget. kill -9, pauses and cuts: without limit, at all times. Loss of power: without limit where acknowledged means flushed;
 * elsewhere one node at a time, while all others are in every ISR. A wiped disk: one node, likewise. Until the controller
 * knows of such a loss, and that the node's replicas lie on the new disk, nobody else loses anything; the others may be killed,
 * since who was killed says who it was, and remains eligible.
 */

import type { ApiName } from '../../../../wire/api-keys';
import type { Step } from '../../harness/scenario';
import type { SimRandom } from '../../random';
import { usualDelays } from '../../disk-faults';
import { unsettled } from './checkers/settled';
import type { AdminParts } from './cluster-admin';
import { alterConfig, replaceVoter } from './cluster-admin';
import type { FaultKind } from './cluster-plan';
import { CLIENTS, hostOf, NODE_IDS, nodeHosts } from './cluster-config';
import type { ClusterWatch } from './cluster-watch';
import type { SimCluster } from './sim-cluster';
import type { WireTap } from './wire-tap';

export interface NemesisParts {
  readonly cluster: SimCluster;
  readonly watch: ClusterWatch;
  readonly tap: WireTap;
  readonly admin: AdminParts;
  readonly random: SimRandom;
  readonly addTopic: (partitions: number) => Promise<void>;
  readonly topics: () => readonly string[];
  count(counter: string): void;
}

export class ClusterNemesis {
  /** Replacements of voters that are under way. */
  private readonly replacing: Promise<void>[] = [];
  private wiped = false;
  /** Faults so far that really were. */
  faults = 0;
  private isOver = false;

  constructor(private readonly parts: NemesisParts) {}

  async perform(step: Step): Promise<void> {
    await this.parts.admin.client.pause(Number(step['afterMs'] ?? 0));
    const { topics, addTopic, admin, random } = this.parts;
    switch (step.kind) {
      case 'topic':
        return void addTopic(Number(step['partitions']));
      case 'config':
        return void alterConfig(admin, random.pick(topics()), String(step['config']), String(step['value']));
      case 'kill':
      case 'power':
      case 'stop':
      case 'wipe':
        return this.takeDown(step.kind, this.target(step, 'target'), Number(step['downMs']));
      case 'killAll':
      case 'powerAll':
        return this.takeAllDown(step.kind, Number(step['downMs']));
      default:
        return this.disturb(step);
    }
  }

  /** Everything is mended, and what was begun has ended. */
  async end(): Promise<void> {
    this.isOver = true;
    const { cluster, tap, admin } = this.parts;
    tap.clearFaults();
    for (const { host } of cluster.nodes) Object.assign(host.disk.delays, usualDelays());
    cluster.heal();
    for (const a of nodeHosts) for (const b of nodeHosts) if (a < b) cluster.world.network.setDelay(a, b, [0.05, 0.5]);
    // Clean stops that were under way end in a start of their own.
    while (cluster.running.length < cluster.nodes.length || cluster.nodes.some(({ isStopping }) => isStopping)) {
      await admin.client.pause(50);
      for (const node of cluster.nodes) if (!node.isStopping) cluster.start(node.id);
    }
    await Promise.all(this.replacing);
  }

  private target(step: Step, name: string): number {
    const { watch, random, cluster } = this.parts;
    const said = String(step[name] ?? '1');
    const fixed = NODE_IDS.find((id) => String(id) === said);
    if (fixed !== undefined) return fixed;
    const partitions = [...watch.partitions()];
    const partition = partitions.length === 0 ? null : random.pick(partitions).registration;
    const any = random.pick(NODE_IDS);
    if (said === 'controller') return watch.controllerId ?? any;
    if (partition === null || partition.leader < 0) return any;
    return said === 'leader' ? partition.leader : random.pick(cluster.nodes.filter(({ id }) => id !== partition.leader)).id;
  }

  /** Whether a node may lose what it has acknowledged: all others serve, and have it. */
  private mayLose(id: number): boolean {
    const { cluster, watch } = this.parts;
    watch.sample();
    if (watch.isAwaiting || !watch.committed.isCurrent) return false;
    const isServing = cluster.nodes.every((node) => node.id === id || (node.isServing && !node.isPaused && !node.isStopping));
    const others = NODE_IDS.filter((other) => other !== id);
    return isServing && unsettled(watch.committed.image, others).length === 0;
  }

  private takeDown(kind: 'kill' | 'power' | 'stop' | 'wipe', id: number, downMs: number): void {
    const { cluster, watch } = this.parts;
    if (!cluster.isRunning(id) || cluster.node(id).isStopping) return this.leaveOut(id);
    if (kind !== 'kill' && watch.isAwaiting) return this.leaveOut(id);
    if (kind === 'stop') return this.stop(id, downMs);
    const losesData = kind === 'wipe' || (kind === 'power' && !cluster.isFlushed);
    if (losesData && (!this.mayLose(id) || (kind === 'wipe' && this.wiped))) return this.leaveOut(id);
    if (losesData) watch.excuse(id);
    if (kind === 'power') cluster.losePower(id);
    else cluster.kill(id);
    this.did(kind);
    this.startLater(id, downMs, kind === 'wipe' ? () => this.wipe(id) : null);
  }

  private stop(id: number, downMs: number): void {
    const { cluster } = this.parts;
    if (!cluster.node(id).isServing || cluster.node(id).isPaused) return this.leaveOut(id);
    void cluster.stop(id).then(() => {
      this.did('stop');
      this.startLater(id, downMs, null);
    });
  }

  private takeAllDown(kind: 'killAll' | 'powerAll', downMs: number): void {
    const { cluster, random, watch } = this.parts;
    const isTooMuch = kind === 'powerAll' && (watch.isAwaiting || !cluster.isFlushed);
    const isBeyond = isTooMuch || cluster.nodes.some(({ isStopping }) => isStopping);
    if (isBeyond) return this.leaveOut(random.pick(NODE_IDS));
    this.did(kind);
    for (const { id } of cluster.nodes) {
      if (kind === 'powerAll') cluster.losePower(id);
      else cluster.kill(id);
      this.startLater(id, downMs * random.spread(0.2, 1.8), null);
    }
  }

  /** The fault asked for is beyond the budget, or makes no sense now: a harmless one befalls the node. */
  private leaveOut(id: number): void {
    this.parts.count('left out');
    this.parts.cluster.reset(id);
    this.did('reset');
  }

  private did(fault: FaultKind): void {
    this.faults++;
    this.parts.count(fault);
  }

  private startLater(id: number, delayMs: number, first: (() => void) | null): void {
    const { cluster } = this.parts;
    cluster.world.scheduler.at(delayMs, cluster.world.owner, () => {
      if (cluster.isRunning(id)) return;
      first?.();
      cluster.start(id);
    });
  }

  /** The disk is another one; the voter that it was is replaced by the one that it is now. */
  private wipe(id: number): void {
    const { cluster, watch, admin } = this.parts;
    this.wiped = true;
    const node = cluster.node(id);
    const former = node.directoryId;
    watch.excuse(id);
    cluster.wipe(id);
    // Its new directory has a name when the format is done.
    const replace = async (): Promise<void> => {
      while (node.directoryId === former) await admin.client.pause(10);
      await replaceVoter(admin, cluster.clusterId, id, former, node.directoryId);
    };
    this.replacing.push(replace());
  }

  private disturb(step: Step): void {
    const { cluster } = this.parts;
    const id = this.target(step, 'target');
    const lengthMs = Number(step['lengthMs'] ?? 0);
    const { network } = cluster.world;
    const kind = step.kind as FaultKind;
    switch (kind) {
      case 'pause':
        if (!cluster.pause(id)) return this.leaveOut(id);
        this.later(lengthMs, () => cluster.resume(id));
        break;
      case 'isolate': {
        cluster.isolate(id, step['spareClients'] === true);
        this.later(lengthMs, () => [...nodeHosts, CLIENTS].forEach((other) => other !== hostOf(id) && network.heal(hostOf(id), other)));
        break;
      }
      case 'cut': {
        const other = this.other(step, id);
        cluster.cut(id, other, step['oneWay'] === true);
        this.later(lengthMs, () => network.heal(hostOf(id), hostOf(other)));
        break;
      }
      case 'cutClients':
        network.cut(CLIENTS, hostOf(id));
        this.later(lengthMs, () => network.heal(CLIENTS, hostOf(id)));
        break;
      case 'reset':
        cluster.reset(id);
        break;
      case 'slowLink':
        return this.slowLink(id, this.other(step, id), Number(step['delayMs']), lengthMs);
      case 'slowDisk':
        return this.slowDisk(id, Number(step['delayMs']), lengthMs);
      case 'frames':
        return this.spoilFrames(step, lengthMs);
      default:
        return;
    }
    this.did(kind);
  }

  private other(step: Step, id: number): number {
    const other = this.target(step, 'other');
    return other === id ? (id % NODE_IDS.length) + 1 : other;
  }

  private slowLink(a: number, b: number, delayMs: number, lengthMs: number): void {
    const { network } = this.parts.cluster.world;
    network.setDelay(hostOf(a), hostOf(b), [delayMs / 2, delayMs]);
    this.later(lengthMs, () => network.setDelay(hostOf(a), hostOf(b), [0.05, 0.5]));
    this.did('slowLink');
  }

  private slowDisk(id: number, delayMs: number, lengthMs: number): void {
    const { delays } = this.parts.cluster.node(id).host.disk;
    delays.sync = [delayMs / 2, delayMs];
    this.later(lengthMs, () => Object.assign(delays, usualDelays()));
    this.did('slowDisk');
  }

  private spoilFrames(step: Step, lengthMs: number): void {
    const { tap, cluster } = this.parts;
    const delayMs = Number(step['delayMs']);
    const point = step['point'] === 'received' ? 'received' : 'beforeResponse';
    // The schedule was drawn from the list of APIs.
    tap.addFault({ api: String(step['api']) as ApiName, point, action: delayMs < 0 ? 'drop' : delayMs, untilMs: cluster.world.nowMs + lengthMs });
    this.did('frames');
  }

  /** Undoes a fault, unless the end has undone all. */
  private later(delayMs: number, undo: () => void): void {
    const { world } = this.parts.cluster;
    world.scheduler.at(delayMs, world.owner, () => {
      if (!this.isOver) undo();
    });
  }
}

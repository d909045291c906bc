/**
 * Three nodes, each broker and controller, on three simulated hosts, and what can be done to them. Every host is formatted
 * once, before the first start of its node; one whose disk was replaced is formatted anew, as an observer of the quorum.
 */

import { formatNode } from '../../../../controller/raft/format';
import type { Env } from '../../../../log/env';
import { randomUuid } from '../../../../wire/base/uuid';
import { startBrokerNode } from '../../../../src/broker';
import type { RunningBroker } from '../../../../src/running-broker';
import type { SimHost } from '../../host';
import type { SimProcess } from '../../process';
import type { SimWorld } from '../../world';
import type { ClusterMode } from './cluster-config';
import { CLIENTS, formatRequest, hostOf, NODE_IDS, nodeConfig, processOf, voterOf } from './cluster-config';

export interface ClusterOptions {
  readonly mode: ClusterMode;
  /** What stands between a node and its ports: taps and faults. */
  readonly ports?: (node: SimNode, env: Env) => Env;
  /** A life of the node is about to begin; counted from 0. */
  readonly starting?: (node: SimNode, life: number) => void;
  /** The node's process has ended, whoever ended it. */
  readonly ended?: (node: SimNode, process: SimProcess) => void;
}

/** One node over all its lives. */
export class SimNode {
  broker: RunningBroker | null = null;
  /** Lives so far. */
  lives = 0;
  isPaused = false;
  /** How often its disk was replaced. */
  wipes = 0;
  isStopping = false;

  constructor(
    readonly id: number,
    readonly host: SimHost,
    /** Of the disk that it has now. */
    public directoryId: string,
  ) {}

  get processName(): string {
    return processOf(this.id);
  }

  get isServing(): boolean {
    return this.broker !== null;
  }
}

export class SimCluster {
  readonly clusterId: string;
  readonly nodes: readonly SimNode[];

  constructor(
    readonly world: SimWorld,
    private readonly options: ClusterOptions,
  ) {
    const ids = world.random('cluster/ids');
    this.clusterId = randomUuid(ids);
    this.nodes = NODE_IDS.map((id) => new SimNode(id, world.host(hostOf(id)), randomUuid(ids)));
    const voters = this.nodes.map(({ id, directoryId }) => voterOf(id, directoryId));
    for (const node of this.nodes) this.format(node, voters);
    world.host(CLIENTS);
  }

  node(id: number): SimNode {
    const node = this.nodes.find((candidate) => candidate.id === id);
    if (node === undefined) throw new Error(`no such node: ${id}`);
    return node;
  }

  /** Whether acknowledged means flushed. */
  get isFlushed(): boolean {
    return this.options.mode.flush;
  }

  /** Ids of nodes whose process is there, paused or not. */
  get running(): readonly number[] {
    return this.nodes.filter((node) => this.isRunning(node.id)).map(({ id }) => id);
  }

  isRunning(id: number): boolean {
    const node = this.node(id);
    return node.lives > 0 && !this.world.running(node.processName).process.isDead;
  }

  startAll(): void {
    for (const { id } of this.nodes) this.start(id);
  }

  /** Starts the node; does nothing while it runs. Power comes back first, if it was gone. */
  start(id: number): void {
    const node = this.node(id);
    if (this.isRunning(id)) return;
    const { world } = this;
    if (!node.host.net.isUp) world.powerOn(node.host);
    this.options.starting?.(node, node.lives);
    node.lives++;
    node.broker = null;
    node.isPaused = false;
    node.isStopping = false;
    const { lives } = node;
    const running = world.start(node.host, node.processName, async (env) => {
      const ports = this.options.ports?.(node, env) ?? env;
      const broker = await startBrokerNode(ports, nodeConfig(id, this.options.mode));
      if (node.lives === lives) node.broker = broker;
      await broker.closed;
      if (!node.isStopping) throw new Error(`node ${id} says that it was closed as asked, and nobody had asked`);
    });
    running.process.onEnd(() => {
      if (node.lives !== lives) return;
      node.broker = null;
      this.options.ended?.(node, running.process);
    });
  }

  /** kill -9. False when it does not run. */
  kill(id: number): boolean {
    if (!this.isRunning(id)) return false;
    this.world.kill(processOf(id));
    return true;
  }

  /** The power of its host goes; it stays away until `start`. */
  losePower(id: number): void {
    const node = this.node(id);
    if (!node.host.net.isUp) return;
    this.world.powerLoss(node.host);
  }

  /** A clean stop; resolves when the process has ended, of whatever. */
  async stop(id: number): Promise<void> {
    const node = this.node(id);
    const { lives, broker } = node;
    if (broker === null) return;
    node.isStopping = true;
    await broker.stop();
    // Nothing is left of it but the shell: the process ends.
    if (node.lives === lives) this.kill(id);
  }

  pause(id: number): boolean {
    const node = this.node(id);
    if (!this.isRunning(id) || node.isPaused) return false;
    node.isPaused = true;
    this.world.pause(node.processName);
    return true;
  }

  resume(id: number): void {
    const node = this.node(id);
    node.isPaused = false;
    if (this.isRunning(id)) this.world.resume(node.processName);
  }

  /** Its disk is replaced by an empty one, formatted for the cluster; the node must be down. */
  wipe(id: number): void {
    const node = this.node(id);
    if (this.isRunning(id)) throw new Error(`node ${id} runs, its disk cannot be taken away`);
    if (!node.host.net.isUp) this.world.powerOn(node.host);
    node.host.disk.wipe();
    node.wipes++;
    this.format(node, 'none');
  }

  cut(from: number, to: number, oneWay: boolean): void {
    this.world.network.cut(hostOf(from), hostOf(to), oneWay);
  }

  /** Cuts a node off from the other nodes, and from the clients unless they are spared. */
  isolate(id: number, spareClients: boolean): void {
    for (const other of this.nodes) if (other.id !== id) this.cut(id, other.id, false);
    if (!spareClients) this.world.network.cut(hostOf(id), CLIENTS);
  }

  healAll(): void {
    this.world.network.healAll();
  }

  /** Resets every connection of a node, to nodes and clients alike. Returns how many. */
  reset(id: number): number {
    const others = [CLIENTS, ...this.nodes.filter((node) => node.id !== id).map((node) => hostOf(node.id))];
    return others.reduce((count, other) => count + this.world.network.reset(hostOf(id), other), 0);
  }

  /** Everybody runs, everybody reaches everybody. */
  heal(): void {
    this.healAll();
    for (const { id } of this.nodes) {
      this.resume(id);
      this.start(id);
    }
  }

  private format(node: SimNode, voters: Parameters<typeof formatRequest>[2]): void {
    const { world, clusterId } = this;
    const name = `format-${node.id}-${node.wipes}`;
    world.start(node.host, name, (env) => {
      const { disk, crc32c, clock } = env;
      const identity = formatNode(formatRequest(node.id, clusterId, voters), {
        disk,
        crc32c,
        random: world.random('cluster/formats'),
        wallMs: clock.wallMs(),
      });
      node.directoryId = identity.metadataDirectoryId;
      disk.syncDirectorySync('/');
      env.process.exit(0, 'formatted');
    });
  }
}

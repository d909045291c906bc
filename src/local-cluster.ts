/**
 * Several nodes in one process, each broker and controller, over real sockets and files: formatted with one voter set, and
 * killed, paused, stopped and started again one by one.
 *
 * States of a node: running, paused, stopped (in order), killed. A node keeps its ports for life, so that clients and the other
 * nodes find it again.
 */
import { formatNode, type NodeIdentity } from '../controller/raft/format';
import type { Voter } from '../controller/raft/voter-set';
import type { Env } from '../log/env';
import { randomUuid } from '../wire/base/uuid';
import { PreparedNode } from './broker';
import type { BrokerConfig } from './config/broker-config';
import { killableEnv, type KillableEnv } from './killable-env';
import type { RunningBroker } from './running-broker';

export interface LocalClusterParts {
  /** The real ports, for one node's life. */
  readonly newEnv: (nodeId: number) => Env;
  readonly nodeIds: readonly number[];
  /** `ports`: what the node had in its life before; 0 in its first. */
  readonly configOf: (nodeId: number, ports: NodePorts) => BrokerConfig;
}

export interface NodePorts {
  readonly client: number;
  readonly controller: number;
}

interface Member {
  readonly id: number;
  ports: NodePorts;
  life: { readonly killable: KillableEnv; readonly running: RunningBroker } | null;
}

export class LocalCluster {
  private readonly members: Member[] = [];
  clusterId = '';

  private constructor(private readonly parts: LocalClusterParts) {}

  /** Formats what is not formatted yet and starts all nodes; resolves when every one of them serves. */
  static async start(parts: LocalClusterParts): Promise<LocalCluster> {
    const cluster = new LocalCluster(parts);
    try {
      await cluster.startAll();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get nodeIds(): readonly number[] {
    return this.parts.nodeIds;
  }

  /** Where clients reach the node. */
  clientPort(nodeId: number): number {
    return this.member(nodeId).ports.client;
  }

  /** Where the node shows its metrics; null when it does not. */
  metricsUrl(nodeId: number): string | null {
    return this.member(nodeId).life?.running.metrics?.url ?? null;
  }

  isRunning(nodeId: number): boolean {
    return this.member(nodeId).life !== null;
  }

  /** Whether it runs, and stands still. */
  isPaused(nodeId: number): boolean {
    return this.member(nodeId).life?.killable.isPaused ?? false;
  }

  /**
   * As SIGSTOP of its process: it reads nothing, answers nothing, and its timers do not fire; its connections stay open.
   * Throws when it does not run.
   */
  pause(nodeId: number): void {
    this.running(nodeId).killable.pause();
  }

  /** As SIGCONT; throws when it does not run. */
  resume(nodeId: number): void {
    this.running(nodeId).killable.resume();
  }

  private running(nodeId: number): NonNullable<Member['life']> {
    const { life } = this.member(nodeId);
    if (life === null) throw new Error(`node ${nodeId} does not run: start it with restart(${nodeId})`);
    return life;
  }

  /** As kill -9 of its process: it is gone at once, and what it had written is there. */
  async kill(nodeId: number): Promise<void> {
    const member = this.member(nodeId);
    const { life } = member;
    member.life = null;
    await life?.killable.kill();
  }

  /** In order; the others take its leaderships over first. */
  async stopNode(nodeId: number): Promise<void> {
    const member = this.member(nodeId);
    const { life } = member;
    member.life = null;
    life?.killable.resume();
    await life?.running.stop();
  }

  /** Starts a node again on its files, after stopping it in order if it runs; resolves when it serves. */
  async restart(nodeId: number): Promise<void> {
    await this.stopNode(nodeId);
    const member = this.member(nodeId);
    const killable = killableEnv(this.parts.newEnv(nodeId));
    const node = await PreparedNode.open(killable.env, this.parts.configOf(nodeId, member.ports));
    member.life = { killable, running: await node.start() };
  }

  /** All brokers leave before the first controller goes: the quorum is needed until then. */
  async stop(): Promise<void> {
    const lives = this.members.flatMap(({ life }) => life ?? []);
    for (const { killable } of lives) killable.resume();
    await Promise.all(lives.map(({ running }) => running.leave()));
    for (const member of this.members) member.life = null;
    await Promise.all(lives.map(({ running }) => running.stop()));
  }

  private member(nodeId: number): Member {
    const found = this.members.find(({ id }) => id === nodeId);
    if (found === undefined) throw new Error(`there is no node ${nodeId} in this cluster`);
    return found;
  }

  private async startAll(): Promise<void> {
    const opened: { id: number; killable: KillableEnv; config: BrokerConfig; node: PreparedNode }[] = [];
    try {
      for (const id of this.parts.nodeIds) {
        const killable = killableEnv(this.parts.newEnv(id));
        const config = this.parts.configOf(id, { client: 0, controller: 0 });
        opened.push({ id, killable, config, node: await PreparedNode.open(killable.env, config) });
      }
      this.format(opened);
    } catch (error) {
      await Promise.all(opened.map(({ node }) => node.abandon()));
      throw error;
    }
    const starting = opened.map(async ({ id, killable, node }) => {
      const running = await node.start();
      this.clusterId = running.clusterId;
      this.members.push({ id, ports: portsOf(running, node), life: { killable, running } });
    });
    const failed = (await Promise.allSettled(starting)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    this.members.sort((a, b) => a.id - b.id);
  }

  private format(nodes: readonly { id: number; killable: KillableEnv; config: BrokerConfig; node: PreparedNode }[]): void {
    const [first] = nodes;
    if (first === undefined) return;
    const random = first.killable.env.random('format');
    const clusterId = randomUuid(random);
    const voters = nodes.map(({ id, node }): Voter => {
      const endpoints = node.controllerEndpoints;
      return { id, directoryId: randomUuid(random), endpoints, minKraftVersion: 0, maxKraftVersion: 1 };
    });
    for (const { config, node, killable } of nodes) formatOne(killable.env, config, node, clusterId, voters);
  }
}

function formatOne(
  env: Env,
  config: BrokerConfig,
  node: PreparedNode,
  clusterId: string,
  voters: readonly Voter[],
): NodeIdentity {
  const { nodeId, logDirs, metadataLogDir } = config;
  const ports = { disk: env.disk, random: env.random('format'), crc32c: env.crc32c, wallMs: env.clock.wallMs() };
  const controllerEndpoints = node.controllerEndpoints;
  return formatNode({ nodeId, logDirs, metadataLogDir, clusterId, controllerEndpoints, voters }, ports);
}

function portsOf({ listeners }: RunningBroker, node: PreparedNode): NodePorts {
  const [controller] = node.controllerEndpoints;
  const client = listeners.find(({ name }) => name !== controller?.name);
  return { client: client?.port ?? 0, controller: controller?.port ?? 0 };
}

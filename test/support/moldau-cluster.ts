/**
 * A cluster of real `moldau server` processes, on loopback unless told otherwise: each node broker and controller, formatted
 * with the command that an operator uses, with a file of properties each.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type Exit } from './child';
import { LOOPBACK, type ClusterNode, type ClusterProcess, type NodePlace } from './cluster-process';
import { freePorts } from './free-ports';
import { moldauCommand } from './moldau-process';

export interface MoldauClusterOptions {
  readonly nodes?: number;
  /** For every node, beside or instead of those for tests. */
  readonly properties?: Readonly<Record<string, string>>;
  /** For one node, beside or instead of those. */
  readonly propertiesOf?: (node: ClusterNode) => Readonly<Record<string, string>>;
  /** The voters are those of controller.quorum.voters: kraft.version 0. */
  readonly hasStaticVoters?: boolean;
  /** Where a node keeps its logs, instead of below the cluster's temporary directory. */
  readonly logDirOf?: (id: number) => string;
  /** Where each node runs, instead of on loopback. */
  readonly placeOf?: (id: number) => NodePlace;
  /** Of each node's Node. */
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Each node shows its metrics, at `metricsUrl`. */
  readonly hasMetrics?: boolean;
  /** Each node gets descriptor 3 to speak with us. */
  readonly hasChannel?: boolean;
}

/** What makes tests quick; the factors are those of a cluster that loses a node without noticing. */
const PROPERTIES: Readonly<Record<string, string>> = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
  'group.initial.rebalance.delay.ms': '0',
};

const START_TIMEOUT_MS = 60_000;
const FORMAT_TIMEOUT_MS = 30_000;

export class MoldauNode {
  child: Child | null = null;

  constructor(
    readonly id: number,
    readonly port: number,
    /** 0 for a node that is broker alone. */
    readonly controllerPort: number,
    readonly directoryId: string,
    readonly logDir: string,
    readonly propertiesFile: string,
    private readonly options: MoldauClusterOptions = {},
    /** 0 for a node that shows no metrics. */
    readonly metricsPort = 0,
  ) {}

  get host(): string {
    return this.place.host;
  }

  private get place(): NodePlace {
    return this.options.placeOf?.(this.id) ?? LOOPBACK;
  }

  get metricsUrl(): string {
    return `http://${this.host}:${this.metricsPort}`;
  }

  get isRunning(): boolean {
    return this.child?.isRunning ?? false;
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  /** Resolves when clients are served, which takes a majority of the controllers. */
  async start(): Promise<void> {
    const { nodeFlags = [], env = {}, hasChannel = false } = this.options;
    const [command, ...args] = [...this.place.prefix, process.execPath, ...nodeFlags, moldauCommand, 'server', this.propertiesFile] as const;
    const metrics = this.metricsPort === 0 ? {} : { KAFKA_METRICS_LISTENER: `${this.host}:${this.metricsPort}` };
    const child = new Child(`moldau ${this.id}`, command!, args, { env: { ...metrics, ...env }, hasChannel });
    this.child = child;
    await child.until('start', () => /\bready\b/i.test(child.stdout), START_TIMEOUT_MS);
  }

  /** By its own pid; resolves once the process is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit | null> {
    if (this.child === null) return null;
    if (signal === 'SIGTERM') return this.child.stop();
    this.child.kill(signal);
    return this.child.exited;
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }
}

export class MoldauCluster {
  private constructor(
    readonly dir: string,
    readonly clusterId: string,
    private readonly all: MoldauNode[],
    private readonly options: MoldauClusterOptions,
  ) {}

  get nodes(): readonly MoldauNode[] {
    return this.all;
  }

  /** Formats and starts every node; resolves when all serve clients. */
  static async start(options: MoldauClusterOptions = {}): Promise<MoldauCluster> {
    const cluster = await MoldauCluster.format(options);
    try {
      await Promise.all(cluster.nodes.map((node) => node.start()));
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
    return cluster;
  }

  static async format(options: MoldauClusterOptions = {}): Promise<MoldauCluster> {
    if (!existsSync(moldauCommand)) throw new Error('dist/moldau.cjs is missing: npm run build');
    const count = options.nodes ?? 3;
    const dir = mkdtempSync(join(tmpdir(), 'moldau-cluster-'));
    const ports = await freePorts((options.hasMetrics === true ? 3 : 2) * count);
    const nodes = Array.from({ length: count }, (_, index) => {
      const id = index + 1;
      const logDir = options.logDirOf?.(id) ?? join(dir, `node-${id}`);
      const [port, controllerPort] = [ports[index] ?? 0, ports[count + index] ?? 0];
      const metricsPort = ports[2 * count + index] ?? 0;
      return new MoldauNode(id, port, controllerPort, kafkaUuid(), logDir, join(dir, `node-${id}.properties`), options, metricsPort);
    });
    const cluster = new MoldauCluster(dir, kafkaUuid(), nodes, options);
    for (const node of nodes) {
      cluster.writeProperties(node);
      await cluster.formatNode(node);
    }
    return cluster;
  }

  /** One more node, broker alone: formatted, and not started. */
  async addBroker(): Promise<MoldauNode> {
    const [port = 0] = await freePorts(1);
    const id = this.all.length + 1;
    const node = new MoldauNode(id, port, 0, kafkaUuid(), join(this.dir, `node-${id}`), join(this.dir, `node-${id}.properties`), this.options);
    this.all.push(node);
    this.writeProperties(node);
    await this.formatNode(node);
    return node;
  }

  get bootstrap(): string {
    return this.nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  }

  node(id: number): MoldauNode {
    const found = this.nodes.find((node) => node.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  }

  /** `moldau storage format`; of a node that was wiped without voters, as one that joins a quorum that is there. */
  async formatNode(node: MoldauNode, who: 'first voters' | 'no voters' = 'first voters'): Promise<void> {
    const voters = controllersOf(this.nodes).map(({ id, host, controllerPort, directoryId }) => `${id}@${host}:${controllerPort}:${directoryId}`);
    const forController = who === 'no voters' ? ['--no-initial-controllers'] : ['--initial-controllers', voters.join(',')];
    const isNamed = node.controllerPort !== 0 && this.options.hasStaticVoters !== true;
    const quorum = isNamed ? forController : [];
    const args = ['storage', 'format', '--cluster-id', this.clusterId, '--config', node.propertiesFile, ...quorum];
    const child = new Child('format', process.execPath, [moldauCommand, ...args]);
    const timer = setTimeout(() => child.kill('SIGKILL'), FORMAT_TIMEOUT_MS);
    const { code } = await child.exited;
    clearTimeout(timer);
    if (code !== 0) throw child.failure('moldau storage format');
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end('SIGTERM')));
  }

  /** What the nodes have logged last, for whoever debugs a test. */
  show(): void {
    for (const { id, child } of this.nodes) {
      process.stderr.write(`node ${id} ${child?.isRunning === true ? 'runs' : 'has ended'}\n${child?.stderr.slice(-8000)}\n`);
    }
  }

  /** Ends what runs and removes every file. */
  async dispose(): Promise<void> {
    for (const node of this.nodes) node.resume();
    await Promise.all(this.nodes.map((node) => (node.isRunning ? node.end('SIGKILL') : null)));
    rmSync(this.dir, { recursive: true, force: true });
  }

  private writeProperties(node: MoldauNode): void {
    const voters = this.options.hasStaticVoters === true ? staticVoters(this.nodes) : {};
    const properties = { ...clusterProperties(node, this.nodes), ...voters, ...this.options.properties, ...this.options.propertiesOf?.(node) };
    const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(node.propertiesFile, lines.join(''));
  }
}

/** As a scenario of Kafka's tools sees it. */
export async function startMoldauCluster(options: MoldauClusterOptions = {}): Promise<ClusterProcess> {
  const cluster = await MoldauCluster.start(options);
  return {
    name: 'Moldau',
    bootstrap: cluster.bootstrap,
    logDir: cluster.dir,
    nodes: cluster.nodes,
    stop: () => cluster.stop(),
    dispose: () => {
      if (process.env['MOLDAU_COMPAT_SHOW'] === '1') cluster.show();
      return cluster.dispose();
    },
    stopNode: async (id) => {
      await cluster.node(id).end('SIGTERM');
    },
    startNode: (id) => cluster.node(id).start(),
  };
}

/** A node's properties, the same for Moldau and for Apache Kafka. */
export function clusterProperties(node: ClusterNode, nodes: readonly ClusterNode[]): Readonly<Record<string, string>> {
  const isController = node.controllerPort > 0;
  const client = `PLAINTEXT://${node.host}:${node.port}`;
  return {
    'process.roles': isController ? 'broker,controller' : 'broker',
    'node.id': String(node.id),
    listeners: isController ? `${client},CONTROLLER://${node.host}:${node.controllerPort}` : client,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': controllersOf(nodes).map(({ host, controllerPort }) => `${host}:${controllerPort}`).join(','),
    'log.dirs': node.logDir,
    ...PROPERTIES,
  };
}

function controllersOf<N extends ClusterNode>(nodes: readonly N[]): readonly N[] {
  return nodes.filter(({ controllerPort }) => controllerPort > 0);
}

/** Instead of bootstrap servers; an empty value is none. */
export function staticVoters(nodes: readonly ClusterNode[]): Readonly<Record<string, string>> {
  const voters = nodes.map(({ id, host, controllerPort }) => `${id}@${host}:${controllerPort}`);
  return { 'controller.quorum.voters': voters.join(','), 'controller.quorum.bootstrap.servers': '' };
}

/** 16 bytes of chance in Kafka's form; one that begins with a dash would look like a flag. */
export function kafkaUuid(): string {
  const text = randomBytes(16).toString('base64url');
  return text.startsWith('-') ? kafkaUuid() : text;
}

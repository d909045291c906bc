/**
 * A cluster in which some nodes are Moldau and some Apache Kafka: one controller and two brokers, each a process of its own on
 * loopback, each formatted and started with its own commands.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child';
import { freePorts } from './free-ports';
import { compileJava, jvmFlags } from './java';
import { kafkaUuid } from './moldau-cluster';
import { moldauCommand } from './moldau-process';

export type Kind = 'Moldau' | 'Apache Kafka';

/** Node 1 is the controller; the brokers follow as 2 and 3. */
export interface MixedKinds {
  readonly controller: Kind;
  readonly brokers: readonly [Kind, Kind];
}

export interface MixedNode {
  readonly id: number;
  readonly kind: Kind;
  readonly port: number;
  readonly logDir: string;
  readonly child: Child;
}

const HOST = '127.0.0.1';
const HEAP_MB = 256;
const START_TIMEOUT_MS = 60_000;
const CONTROLLER = 1;

/** Kafka's pace of heartbeats, only quicker than its defaults, so that a dead broker is noticed within a test's patience. */
const PROPERTIES: Readonly<Record<string, string>> = {
  'controller.listener.names': 'CONTROLLER',
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'default.replication.factor': '2',
  'offsets.topic.replication.factor': '2',
  'offsets.topic.num.partitions': '4',
  'group.initial.rebalance.delay.ms': '0',
};

export class MixedCluster {
  private constructor(
    private readonly dir: string,
    readonly brokers: readonly MixedNode[],
    private readonly controller: MixedNode,
  ) {}

  /** Resolves when both brokers serve clients. */
  static async start({ controller, brokers }: MixedKinds): Promise<MixedCluster> {
    if (!existsSync(moldauCommand)) throw new Error('dist/moldau.cjs is missing: npm run build');
    const dir = mkdtempSync(join(tmpdir(), 'mixed-cluster-'));
    const started: MixedNode[] = [];
    try {
      const ports = await freePorts(3);
      const clusterId = kafkaUuid();
      for (const [index, kind] of [controller, ...brokers].entries()) {
        started.push(await startNode(dir, clusterId, kind, index + CONTROLLER, ports));
      }
      await Promise.all(started.map(untilServing));
      const [first, ...others] = started as [MixedNode, ...MixedNode[]];
      return new MixedCluster(dir, others, first);
    } catch (error) {
      await Promise.all(started.map(({ child }) => child.stop()));
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  get bootstrap(): string[] {
    return this.brokers.map(({ port }) => `${HOST}:${port}`);
  }

  broker(id: number): MixedNode {
    const found = this.brokers.find((node) => node.id === id);
    if (found === undefined) throw new Error(`no broker ${id}`);
    return found;
  }

  /** kill -9. */
  async kill(id: number): Promise<void> {
    const { child } = this.broker(id);
    child.kill('SIGKILL');
    await child.exited;
  }

  /** The brokers first, which ask the controller to let them go. */
  async stop(): Promise<void> {
    await Promise.all(this.brokers.map(({ child }) => child.stop()));
    await this.controller.child.stop();
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function startNode(dir: string, clusterId: string, kind: Kind, id: number, ports: readonly number[]): Promise<MixedNode> {
  const isController = id === CONTROLLER;
  const port = ports[id - CONTROLLER] ?? 0;
  const logDir = join(dir, `node-${id}`);
  const properties = {
    'process.roles': isController ? 'controller' : 'broker',
    'node.id': String(id),
    listeners: `${isController ? 'CONTROLLER' : 'PLAINTEXT'}://${HOST}:${port}`,
    'controller.quorum.bootstrap.servers': `${HOST}:${ports[0] ?? 0}`,
    'log.dirs': logDir,
    ...PROPERTIES,
  };
  const file = join(dir, `node-${id}.properties`);
  writeFileSync(file, Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''));
  const format = ['-t', clusterId, ...(isController ? ['--standalone'] : [])];
  const child = kind === 'Moldau' ? await startMoldau(file, id, format) : startKafka(file, id, format);
  return { id, kind, port, logDir, child };
}

async function startMoldau(file: string, id: number, format: readonly string[]): Promise<Child> {
  const formatting = new Child('format', process.execPath, [moldauCommand, 'storage', 'format', '-c', file, ...format]);
  const { code } = await formatting.exited;
  if (code !== 0) throw formatting.failure('moldau storage format');
  return new Child(`moldau ${id}`, process.execPath, [moldauCommand, 'server', file]);
}

/** It formats itself in the same JVM. */
function startKafka(file: string, id: number, format: readonly string[]): Child {
  const classpath = compileJava(join(__dirname, 'java', 'ToolRunner.java'));
  return new Child(`Apache Kafka ${id}`, 'java', [...jvmFlags(classpath, HEAP_MB), 'ToolRunner', 'serve', file, ...format]);
}

async function untilServing({ kind, child }: MixedNode): Promise<void> {
  const isServing = (): boolean => (kind === 'Moldau' ? /\bready\b/i.test(child.stdout) : child.stderr.includes('Kafka Server started'));
  await child.until('start', isServing, START_TIMEOUT_MS);
}

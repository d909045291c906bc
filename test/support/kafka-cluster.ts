/**
 * Three real Apache Kafka nodes, each broker and controller in a small JVM of its own, formatted with the voters
 * and their directory ids, as `MoldauCluster` is.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child';
import { LOOPBACK, type ClusterNode, type ClusterProcess, type NodePlace } from './cluster-process';
import { freePorts } from './free-ports';
import { compileJava, jvmBasics, jvmFlags } from './java';
import { clusterProperties, kafkaUuid, staticVoters } from './moldau-cluster';

export interface KafkaClusterOptions {
  /** For every node, beside or instead of those for tests. */
  readonly properties?: Readonly<Record<string, string>>;
  /** For one node, beside or instead of those. */
  readonly propertiesOf?: (node: ClusterNode) => Readonly<Record<string, string>>;
  /** The voters are those of controller.quorum.voters: kraft.version 0. */
  readonly hasStaticVoters?: boolean;
  /** Where each node runs, instead of on loopback. */
  readonly placeOf?: (id: number) => NodePlace;
  /** Feature levels to format with, beside the defaults of the release. */
  readonly features?: Readonly<Record<string, number>>;
  /** Instead of the small heap and the quick start of tests, for what is measured; the class path comes last. */
  readonly jvmFlags?: readonly string[];
}

/** Beside what tools see, the processes: to be killed, paused and measured. */
export interface KafkaClusterProcess extends ClusterProcess {
  child(id: number): Child;
}

const NODES = 3;
const HEAP_MB = 256;
const START_TIMEOUT_MS = 120_000;

interface KafkaNode extends ClusterNode {
  readonly directoryId: string;
  readonly file: string;
}

export async function startKafkaCluster(options: KafkaClusterOptions = {}): Promise<KafkaClusterProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'kafka-cluster-'));
  const place = options.placeOf ?? (() => LOOPBACK);
  const nodes = await plan(dir, place);
  for (const node of nodes) {
    const voters = options.hasStaticVoters === true ? staticVoters(nodes) : {};
    writeProperties(node, nodes, { ...voters, ...options.properties, ...options.propertiesOf?.(node) });
  }
  const formatArgs = formatArgsOf(nodes, options.hasStaticVoters ?? false, options.features ?? {});
  const classpath = compileJava(join(__dirname, 'java', 'ToolRunner.java'));
  const running = new Map<number, Child>();
  const start = async (node: KafkaNode): Promise<void> => {
    const flags = options.jvmFlags === undefined ? jvmFlags(classpath, HEAP_MB) : [...options.jvmFlags, ...jvmBasics(classpath)];
    const [command, ...args] = [...place(node.id).prefix, 'java', ...flags, 'ToolRunner', 'serve', node.file, ...formatArgs] as const;
    const child = new Child(`Apache Kafka ${node.id}`, command!, args, { cwd: dir });
    running.set(node.id, child);
    await child.until('start', () => child.stderr.includes('Kafka Server started'), START_TIMEOUT_MS);
  };
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((child) => child.stop()));
  };
  const dispose = async (): Promise<void> => {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map(start));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    name: 'Apache Kafka',
    bootstrap: nodes.map(({ host, port }) => `${host}:${port}`).join(','),
    logDir: dir,
    nodes,
    stop,
    dispose,
    child: (id) => {
      const child = running.get(id);
      if (child === undefined) throw new Error(`Apache Kafka's node ${id} was never started`);
      return child;
    },
    stopNode: async (id) => {
      await running.get(id)?.stop();
    },
    startNode: async (id) => {
      const node = nodes.find((one) => one.id === id);
      if (node !== undefined) await start(node);
    },
  };
}

async function plan(dir: string, place: (id: number) => NodePlace): Promise<KafkaNode[]> {
  const ports = await freePorts(2 * NODES);
  return Array.from({ length: NODES }, (_, index) => {
    const id = index + 1;
    const [port, controllerPort] = [ports[index] ?? 0, ports[NODES + index] ?? 0];
    const file = join(dir, `node-${id}.properties`);
    return { id, host: place(id).host, port, controllerPort, directoryId: kafkaUuid(), logDir: join(dir, `node-${id}`), file };
  });
}

function writeProperties(node: KafkaNode, nodes: readonly KafkaNode[], own: Readonly<Record<string, string>>): void {
  const properties = { ...clusterProperties(node, nodes), ...own };
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(node.file, lines.join(''));
}

function formatArgsOf(nodes: readonly KafkaNode[], hasStaticVoters: boolean, features: Readonly<Record<string, number>>): string[] {
  const voters = nodes.map(({ id, host, controllerPort, directoryId }) => `${id}@${host}:${controllerPort}:${directoryId}`);
  const levels = Object.entries(features).flatMap(([name, level]) => ['--feature', `${name}=${level}`]);
  const quorum = hasStaticVoters ? [] : ['--initial-controllers', voters.join(',')];
  return ['-t', kafkaUuid(), ...quorum, ...levels];
}

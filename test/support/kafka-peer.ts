/** A real Apache Kafka broker (KRaft, broker and controller in one process) on loopback, in a temporary directory. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child';
import { freePorts } from './free-ports';
import { compileJava, jvmFlags } from './java';

export interface BrokerProcess {
  readonly name: string;
  /** host:port of the client listener. */
  readonly bootstrap: string;
  /** The log directory with a folder per partition. */
  readonly logDir: string;
  /** Ends the process in order; its files stay. */
  stop(): Promise<void>;
  /** Ends the process if need be, and removes its files. */
  dispose(): Promise<void>;
}

export interface KafkaPeerOptions {
  /** Properties beside or instead of those for tests. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly heapMb?: number;
  /** Feature levels to format with, beside the defaults of the release. */
  readonly features?: Readonly<Record<string, number>>;
}

/** What one broker alone needs, and what makes tests quick; Moldau's process is started with the same. */
export const singleBrokerProperties: Readonly<Record<string, string>> = {
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '2',
  'group.initial.rebalance.delay.ms': '0',
};

const START_TIMEOUT_MS = 60_000;

export async function startKafkaPeer(options: KafkaPeerOptions = {}): Promise<BrokerProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'kafka-peer-'));
  const [clientPort, controllerPort] = (await freePorts(2)) as [number, number];
  const logDir = join(dir, 'logs');
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${clientPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${clientPort}`,
    'log.dirs': logDir,
    ...singleBrokerProperties,
    ...options.properties,
  };
  const file = join(dir, 'server.properties');
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const classpath = compileJava(join(__dirname, 'java', 'ToolRunner.java'));
  const args = [...jvmFlags(classpath, options.heapMb ?? 512), 'ToolRunner', 'serve', file, ...formatArgs(options)];
  const child = new Child('Apache Kafka', 'java', args, { cwd: dir });
  await child.until('start', () => child.stderr.includes('Kafka Server started'), START_TIMEOUT_MS);
  return {
    name: 'Apache Kafka',
    bootstrap: `127.0.0.1:${clientPort}`,
    logDir,
    stop: async () => {
      await child.stop();
    },
    dispose: async () => {
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function formatArgs(options: KafkaPeerOptions): string[] {
  const features = Object.entries(options.features ?? {});
  return ['-t', clusterId(), ...features.flatMap(([name, level]) => ['--feature', `${name}=${level}`])];
}

/** A random id; one that begins with a dash would be taken for a flag. */
function clusterId(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url').replace(/^-/, 'A');
}

/** What copies from one cluster to another: Moldau's mirror and Apache Kafka's MirrorMaker 2, each a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { log4jConfig, requireKafkaClasspath } from '../../test/support/peers';
import { ended, type Resources } from '../resources';
import { JVM_FLAGS } from '../targets/kafka-target';
import { BUILT_COMMAND } from '../targets/moldau-target';

export type EngineName = 'moldau' | 'mm2';

export interface EngineRun {
  /** The source's name on the target: topics are called after it, so that each run writes to topics of its own. */
  readonly alias: string;
  readonly source: string;
  readonly target: string;
  readonly topics: string;
  readonly heapMb: number;
  /** Where Moldau writes a CPU profile. */
  readonly profileDir: string | null;
  /** Keys of MirrorMaker 2's file, KEY=VALUE, for both. */
  readonly settings: readonly string[];
}

export interface RunningEngine {
  readonly pid: number;
  isRunning(): boolean;
  errors(): string;
  stop(): Promise<void>;
}

const KEPT_CHARS = 8000;

export function startEngine(name: EngineName, resources: Resources, run: EngineRun): RunningEngine {
  const dir = resources.makeDir(name);
  const child = name === 'moldau' ? moldau(dir, run) : mirrorMaker(dir, run);
  resources.track(child);
  let errors = '';
  child.stdout?.resume();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-KEPT_CHARS);
  });
  return {
    pid: child.pid ?? -1,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    errors: () => errors,
    stop: async () => {
      // Moldau writes its profile at its end; a JVM's end takes long and nobody waits for what it does.
      await ended(child, name === 'moldau' ? 'SIGTERM' : 'SIGKILL');
      resources.removeDir(dir);
    },
  };
}

function properties({ alias, source, target, topics, settings }: EngineRun): Record<string, string> {
  return {
    clusters: `${alias}, target`,
    [`${alias}.bootstrap.servers`]: source,
    'target.bootstrap.servers': target,
    [`${alias}->target.enabled`]: 'true',
    [`${alias}->target.topics`]: topics,
    'replication.factor': '1',
    'offset-syncs.topic.replication.factor': '1',
    'checkpoints.topic.replication.factor': '1',
    'heartbeats.topic.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'config.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    ...Object.fromEntries(settings.map((each) => each.split(/=(.*)/s).slice(0, 2) as [string, string])),
  };
}

function writeProperties(dir: string, run: EngineRun): string {
  const file = join(dir, 'mm2.properties');
  const lines = Object.entries(properties(run)).map(([key, value]) => `${key} = ${value}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

/** The built command, as a user starts it. */
function moldau(dir: string, run: EngineRun): ChildProcess {
  if (!existsSync(BUILT_COMMAND)) throw new Error(`${BUILT_COMMAND} is missing: npm run build`);
  const profile = run.profileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${run.profileDir}`];
  const args = [...profile, BUILT_COMMAND, 'mirror', writeProperties(dir, run)];
  return spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
}

function mirrorMaker(dir: string, run: EngineRun): ChildProcess {
  const file = writeProperties(dir, run);
  const heap = [`-Xmx${run.heapMb}M`, `-Xms256M`];
  const java = [`-Dlog4j2.configurationFile=${log4jConfig()}`, '-cp', requireKafkaClasspath()];
  const args = [...heap, ...JVM_FLAGS.split(' '), ...java, 'org.apache.kafka.connect.mirror.MirrorMaker', file];
  return spawn('java', args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
}

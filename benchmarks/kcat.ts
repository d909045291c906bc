/** kcat (librdkafka) as a second client: one process after another, each with the same file of lines, until the time is up. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from './client/payload';
import { Gauge, type Window } from './client/gauge';
import { createTopic, deleteTopic } from './client/topics';
import { WireConnection } from './client/wire-connection';
import type { Resources } from './resources';
import { type KcatWork, topicConfigs } from './rows';
import type { RunningTarget } from './targets/target';

export interface KcatJob {
  readonly broker: RunningTarget;
  readonly work: KcatWork;
  readonly topic: string;
  readonly file: KcatFile;
  readonly warmUpSeconds: number;
  readonly windowSeconds: number;
  readonly prefix: readonly string[];
}

export interface KcatFile {
  readonly path: string;
  readonly lines: number;
  readonly bytes: number;
}

export function writeKcatFile(resources: Resources, work: KcatWork, sizeBytes: number): KcatFile {
  const lines = linesOf(work.recordBytes, sizeBytes);
  const path = join(resources.makeDir('lines'), 'lines');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return { path, lines: lines.length, bytes: lines.length * work.recordBytes };
}

/** Bytes are those of the records' values. Runs are whole, so a window is as long as its last run makes it. */
export async function runKcat(resources: Resources, job: KcatJob): Promise<Window> {
  const { broker, work, file } = job;
  const connection = await WireConnection.open(broker.host, broker.port);
  const configs = topicConfigs(work);
  const topic = await createTopic(connection, { name: job.topic, partitions: 1, configs });
  const gauge = new Gauge();
  const run = async (args: readonly string[]): Promise<void> => {
    await kcat(resources, [...job.prefix, 'kcat', '-b', `${broker.host}:${broker.port}`, ...args]);
    gauge.requests++;
    gauge.records += file.lines;
    gauge.batchBytes += file.bytes;
  };
  const target = ['-t', topic.name, '-p', '0', '-q'];
  const produce = ['-P', ...target, '-X', 'acks=1', '-l', file.path];
  const consume = ['-C', ...target, '-o', 'beginning', '-c', String(file.lines)];
  if (work.kind === 'kcat-consume') await run(produce);
  const once = (): Promise<void> => run(work.kind === 'kcat-produce' ? produce : consume);
  await repeat(once, job.warmUpSeconds);
  const close = gauge.openWindow([broker.pid]);
  await repeat(once, job.windowSeconds);
  const window = close();
  await deleteTopic(connection, topic);
  connection.close();
  return { ...window, clientCpuSeconds: null, longestStallMs: null };
}

async function repeat(once: () => Promise<void>, seconds: number): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  do await once();
  while (performance.now() < endMs);
}

function kcat(resources: Resources, [command = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  resources.track(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`kcat ended with ${code}: ${errors}`))));
  });
}

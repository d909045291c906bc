/** On what it was measured: said beside the numbers, since they mean nothing without. */
import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { kafkaVersion } from '../test/support/peers';
import type { BenchOptions } from './options';

const ROOT = join(__dirname, '..');

/** Lines of "what: value". */
export function environment(options: BenchOptions): string[] {
  const [cpu] = cpus();
  const isDirty = output('git', ['status', '--porcelain', '--untracked-files=no']) !== '';
  const lines = [
    `machine: ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}`,
    `data on: ${output('stat', ['-f', '-c', '%T', options.dir])}`,
    `commit: ${output('git', ['rev-parse', '--short=12', 'HEAD'])}${isDirty ? ' with changes' : ''}`,
    `Moldau: Node ${process.version}, log.record.validation=${options.validation}${options.overrides.map((each) => `, ${each}`).join('')}`,
    `timing: ${options.pairs} alternated pairs, warm-up ${options.warmUpSeconds} s, windows of ${options.windowSeconds} s`,
    `memory: ${options.fillsMemory ? 'free memory filled with clean page cache before each start' : 'as it was'}`,
    `placement: ${options.pin ? 'broker on core 0, load generator on core 1' : 'left to the system'}`,
  ];
  if (options.against.some((other) => 'heapMb' in other))
    lines.push(`Apache Kafka: ${kafkaVersion()}, ${javaVersion()}, its own scripts' JVM flags`);
  return lines;
}

/** A word of warning when something else keeps the machine busy. */
export function loadWarning(): string | null {
  const [load = 0] = loadavg();
  if (load < 0.5) return null;
  return `the machine is not idle (load ${load.toFixed(1)}): trust no number of this run`;
}

function javaVersion(): string {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return `Java ${/"([^"]+)"/.exec(stderr)?.[1] ?? 'unknown'}`;
}

function output(command: string, args: readonly string[]): string {
  const { stdout } = spawnSync(command, [...args], { cwd: ROOT, encoding: 'utf8' });
  return (stdout ?? '').trim();
}

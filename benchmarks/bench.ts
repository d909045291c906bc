/**
 * npm run bench: Moldau and Apache Kafka in turn, one broker at a time. See options.ts for what can be asked, rows.ts for what
 * is measured, and docs/benchmarks.md for what it means.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, loadWarning } from './environment';
import { type KcatFile, writeKcatFile } from './kcat';
import { type MeasureOptions, measure } from './measure';
import { MemoryFiller } from './memory-filler';
import { type BenchOptions, USAGE, parseOptions } from './options';
import { generatedPart, renewed } from './page';
import { readProfiles, selfTimes } from './profile';
import { Resources } from './resources';
import type { KcatWork, Row } from './rows';
import type { Sample } from './sample';
import { asText, tableOf } from './table';
import { kafkaTarget } from './targets/kafka-target';
import { BUILT_COMMAND, moldauTarget } from './targets/moldau-target';
import type { Target } from './targets/target';

const ROOT = join(__dirname, '..');
const PAGE = join(ROOT, 'docs', 'benchmarks.md');
const MB = 1024 * 1024;
const PROFILE_LINES = 25;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  build();
  const resources = new Resources(options.dir);
  releaseAtEnd(resources);
  try {
    return await bench(options, resources);
  } finally {
    await resources.release();
  }
}

async function bench(options: BenchOptions, resources: Resources): Promise<number> {
  const warning = loadWarning();
  if (warning !== null) say(`warning: ${warning}`);
  const builtMs = builtAtMs();
  const ours = moldauTarget(resources, options);
  const theirs = options.against.map((other) =>
    'heapMb' in other ? kafkaTarget(resources, other.heapMb) : moldauTarget(resources, options, other.command),
  );
  const shared = sharedOptions(options, resources);
  const filler = options.fillsMemory ? new MemoryFiller(resources) : null;
  const samples: Sample[] = [];
  for (const group of groupsOf(options)) {
    for (let pair = 0; pair < options.pairs; pair++) {
      for (const target of inTurn([ours, ...theirs], pair)) {
        await filler?.fill();
        const profileDir = target === ours ? profileDirOf(options, group, pair) : null;
        samples.push(...(await measure(target, pair, group, { ...shared, profileDir })));
        if (profileDir !== null) sayProfile(profileDir);
      }
    }
  }
  if (builtAtMs() !== builtMs) say('warning: dist/ was built anew while this ran: not all of it measured the same');
  report(options, samples, ours, theirs);
  const expected = options.rows.length * (1 + theirs.length) * options.pairs;
  return new Set(samples.map(({ line, target, pair }) => `${line.split(':')[0]} ${target} ${pair}`)).size < expected
    ? 1
    : 0;
}

/** Each row has a process of its own, so that none inherits from another; a smoke test shares one. */
function groupsOf({ rows, isQuick }: BenchOptions): (readonly Row[])[] {
  if (!isQuick) return rows.map((row) => [row]);
  // Memory after start is only that before the others.
  return [[...rows].sort((a, b) => Number(b.work.kind === 'memory') - Number(a.work.kind === 'memory'))];
}

/** Every second round goes backwards, so that no broker always follows the same one. */
function inTurn(targets: readonly Target[], round: number): readonly Target[] {
  return round % 2 === 0 ? targets : [...targets].reverse();
}

function sharedOptions(options: BenchOptions, resources: Resources): Omit<MeasureOptions, 'profileDir'> {
  let file: KcatFile | null = null;
  return {
    resources,
    timing: {
      warmUpSeconds: options.warmUpSeconds,
      windowSeconds: options.windowSeconds,
      settleSeconds: options.isQuick ? 1 : 5,
      maxPreloadBytes: options.isQuick ? 128 * MB : Infinity,
    },
    brokerPrefix: options.pin ? ['taskset', '-c', '0'] : [],
    clientPrefix: options.pin ? ['taskset', '-c', '1'] : [],
    kcatFile: (work: KcatWork) => {
      file ??= writeKcatFile(resources, work, options.isQuick ? 64 * MB : work.fileBytes);
      return file;
    },
    say,
  };
}

function profileDirOf({ profileDir }: BenchOptions, group: readonly Row[], pair: number): string | null {
  if (profileDir === null) return null;
  const dir = join(profileDir, `${group.map(({ name }) => name).join('+')}-${pair}`);
  mkdirSync(dir, { recursive: true });
  return dir;
}

function sayProfile(dir: string): void {
  const [profile] = readProfiles(dir);
  if (profile === undefined) return say(`no profile in ${dir}`);
  for (const { name, share } of selfTimes(profile).slice(0, PROFILE_LINES)) {
    say(`  ${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
}

function report(options: BenchOptions, samples: readonly Sample[], ours: Target, theirs: readonly Target[]): void {
  const lines = environment(options);
  const table = tableOf(options.rows, samples, ours, theirs);
  process.stdout.write(`\n${lines.join('\n')}\n\n${asText(table)}`);
  if (options.write) writeFileSync(PAGE, renewed(readFileSync(PAGE, 'utf8'), generatedPart(lines, table)));
  if (options.json !== null) writeFileSync(options.json, JSON.stringify({ environment: lines, samples }, null, 1));
}

/** What is measured is what the sources say. */
function build(): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--if-stale'], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the build failed');
}

function builtAtMs(): number {
  return statSync(BUILT_COMMAND).mtimeMs;
}

function releaseAtEnd(resources: Resources): void {
  const end = (code: number) => (): void => {
    void resources.release().finally(() => process.exit(code));
  };
  process.once('SIGINT', end(130));
  process.once('SIGTERM', end(143));
  process.once('SIGHUP', end(129));
  process.once('uncaughtException', (error) => {
    process.stderr.write(`${error.stack ?? String(error)}\n`);
    end(1)();
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);

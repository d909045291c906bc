/** The command behind `npm run simulate`; see simulate.ts. */

import { parseArgs } from 'node:util';
import { inMacrotask } from '../runner';
import { FAILURES_DIRECTORY, keepFailure, keptFailures } from './failures';
import { scriptedMutants } from '../scenarios/cluster/cluster-mutants';
import { findMutant, isCleanWithout, mutants, plantMutant, runMutants } from './mutants';
import type { Mutant } from './mutant';
import type { Scenario } from './scenario';
import { parseShard, sendTally, sweepInShards, WHOLE_SWEEP } from './shards';
import type { Shard } from './shards';
import { enumerateSeed, newTally, playOne, shrink, sweepSeed } from './sweep';
import type { Tally } from './sweep';

export interface SimulateOptions {
  readonly maxMs: number;
  readonly maxSeeds: number;
  /** Only this seed, when given. */
  readonly seed: string | null;
  readonly enumerate: boolean;
  /** Of the kills during a recovery, how many are played with `enumerate`: 1 is all. */
  readonly pairShare: number;
  readonly scenario: string | null;
  readonly mutant: string | null;
  /** Says nothing and keeps nothing: only the exit code counts. */
  readonly quiet: boolean;
  /** Where failing schedules are kept. */
  readonly failures: string;
  /** The first seed of a sweep. */
  readonly from: number;
  /** Processes that share the seeds. */
  readonly workers: number;
  /** This process is one of them. */
  readonly shard: Shard | null;
  /** A sweep goes on after a failure, up to so many. */
  readonly maxFailures: number;
}

/** Seeds that a sweep needs before a counter that stayed at zero says something. */
const SEEDS_FOR_COVERAGE = 100;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Returns the exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options.mutant === 'list') {
    for (const mutant of mutants) say(`${mutant.name} (${mutant.scenario}): ${mutant.breaks}`);
    return 0;
  }
  if (options.mutant === 'all') return runMutants(mutants, say);
  if (options.mutant === 'scripted') return runMutants(scriptedMutants, say);
  const mutant = options.mutant === null ? null : findMutant(options.mutant);
  if (mutant !== null) plantMutant(mutant);
  // After the mutant is planted: scenarios load the code that it changes.
  const { scenarios } = await import('../scenarios/registry');
  const wanted = mutant?.scenario ?? options.scenario;
  const chosen = scenarios.filter((scenario) => wanted === null || scenario.name === wanted);
  if (chosen.length === 0) throw new Error(`no such scenario: ${wanted ?? ''}`);
  if (mutant !== null) return huntMutant(mutant, chosen[0]!, options);
  let failed = 0;
  for (const scenario of chosen) {
    const tally = options.workers > 1 ? await sweepInShards(argsOfShards(argv, scenario), options.workers, options.maxFailures > 1) : await inMacrotask(() => sweep(scenario, options, false));
    if (options.shard !== null) sendTally(tally);
    else failed += options.quiet ? tally.failures.length : await inMacrotask(() => report(scenario, tally, options));
  }
  return failed === 0 ? 0 : 1;
}

/** Of our own arguments, what a child needs to play its part of one scenario. */
function argsOfShards(argv: readonly string[], scenario: Scenario): readonly string[] {
  const isOurs = (arg: string | undefined): boolean => arg !== undefined && /^--(workers|scenario)(=|$)/.test(arg);
  const rest = argv.filter((arg, at) => !isOurs(arg) && !(isOurs(argv[at - 1]) && !argv[at - 1]!.includes('=')));
  return [...rest, '--scenario', scenario.name];
}

/** Returns 0 when a seed fails with the bug in the code, and passes without it. */
async function huntMutant(mutant: Mutant, scenario: Scenario, options: SimulateOptions): Promise<number> {
  const tally = await inMacrotask(() => sweep(scenario, options, true));
  const [found] = tally.failures;
  if (found === undefined) {
    say(`${mutant.name}: NOT FOUND in ${tally.runs} runs`);
    return 1;
  }
  const isClean = await isCleanWithout(mutant, found.seed);
  say(`${mutant.name}: ${isClean ? 'found' : 'the code as it is fails, too,'} at seed ${found.seed}: ${found.error.split('\n')[0]!.slice(0, 120)}`);
  return isClean ? 0 : 1;
}

function parseOptions(argv: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string' },
      seeds: { type: 'string' },
      seed: { type: 'string' },
      enumerate: { type: 'boolean', default: false },
      pairs: { type: 'string', default: '1' },
      scenario: { type: 'string' },
      mutant: { type: 'string' },
      quiet: { type: 'boolean', default: false },
      failures: { type: 'string', default: FAILURES_DIRECTORY },
      from: { type: 'string', default: '0' },
      workers: { type: 'string', default: '1' },
      shard: { type: 'string' },
      'max-failures': { type: 'string', default: '1' },
    },
  });
  const maxMs = values.seconds === undefined ? Infinity : Number(values.seconds) * 1000;
  const usualSeeds = values.seconds === undefined ? 200 : Infinity;
  return {
    maxMs,
    maxSeeds: values.seeds === undefined ? usualSeeds : Number(values.seeds),
    seed: values.seed ?? null,
    enumerate: values.enumerate,
    pairShare: Number(values.pairs),
    scenario: values.scenario ?? null,
    mutant: values.mutant ?? null,
    quiet: values.quiet,
    failures: values.failures,
    from: Number(values.from),
    workers: Number(values.workers),
    shard: values.shard === undefined ? null : parseShard(values.shard),
    maxFailures: Number(values['max-failures']),
  };
}

/** Plays until the time or the seeds are used up, or something failed. */
function sweep(scenario: Scenario, options: SimulateOptions, hasMutant: boolean): Tally {
  const tally = newTally();
  const endAtMs = performance.now() + options.maxMs;
  const mayGoOn = (): boolean => tally.failures.length < options.maxFailures && performance.now() < endAtMs;
  if (options.seed !== null) {
    playSeed(scenario, options.seed, options, tally, mayGoOn);
    return tally;
  }
  const { index, count } = options.shard ?? WHOLE_SWEEP;
  for (const kept of hasMutant || index > 0 ? [] : keptFailures(options.failures)) {
    if (kept.scenario === scenario.name) playOne(scenario, kept.seed, kept.steps, kept.kill, tally);
  }
  const maxSeeds = Math.min(options.maxSeeds, scenario.maxSeeds ?? Infinity);
  for (let at = index; at < maxSeeds && mayGoOn(); at += count) playSeed(scenario, String(options.from + at), options, tally, mayGoOn);
  return tally;
}

function playSeed(scenario: Scenario, seed: string, options: SimulateOptions, tally: Tally, mayGoOn: () => boolean): void {
  const failures = tally.failures.length;
  if (options.enumerate) enumerateSeed(scenario, seed, tally, mayGoOn, options.pairShare);
  else sweepSeed(scenario, seed, tally);
  const failed = tally.failures[failures];
  if (failed !== undefined && !options.quiet && options.mutant === null) process.stderr.write(`run ${tally.runs}, seed ${seed} fails: ${failed.error.split('\n')[0]}\n`);
}

/** Says what came of it; returns how much is wrong. */
function report(scenario: Scenario, tally: Tally, options: SimulateOptions): number {
  say(`${scenario.name}: ${tally.runs} runs, ${tally.killPoints} kill points, ${tally.pairs} pairs with a kill during the recovery, ${tally.failures.length} failed`);
  say(tally.coverage.entries().map(([counter, count]) => `  ${counter} ${count}`).join('\n'));
  for (const failure of tally.failures) {
    const shortest = shrink(scenario, failure);
    say(`FAILED seed ${failure.seed}, ${failure.steps.length} steps (${shortest.steps.length} after shrinking), kept in ${keepFailure(shortest, options.failures)}`);
    say(shortest.error);
  }
  const missing = tally.runs < SEEDS_FOR_COVERAGE || options.seed !== null || options.enumerate ? [] : tally.coverage.missing(scenario.counters);
  for (const counter of missing) say(`NEVER MET: ${counter}`);
  return tally.failures.length + missing.length;
}

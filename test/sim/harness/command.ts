/** The command behind `npm run simulate`; see simulate.ts. */

import { parseArgs } from 'node:util';
import { inMacrotask } from '../runner';
import { FAILURES_DIRECTORY, keepFailure, keptFailures } from './failures';
import { findMutant, mutants, plantMutant, runMutants } from './mutants';
import type { Scenario } from './scenario';
import { enumerateSeed, newTally, playOne, shrink, sweepSeed } from './sweep';
import type { Tally } from './sweep';

export interface SimulateOptions {
  readonly maxMs: number;
  readonly maxSeeds: number;
  /** Only this seed, when given. */
  readonly seed: string | null;
  readonly enumerate: boolean;
  readonly scenario: string | null;
  readonly mutant: string | null;
  /** Where failing schedules are kept. */
  readonly failures: string;
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
  if (options.mutant === 'all') return runMutants(say);
  const mutant = options.mutant === null ? null : findMutant(options.mutant);
  if (mutant !== null) plantMutant(mutant);
  // After the mutant is planted: scenarios load the code that it changes.
  const { scenarios } = await import('../scenarios/registry');
  const wanted = mutant?.scenario ?? options.scenario;
  const chosen = scenarios.filter((scenario) => wanted === null || scenario.name === wanted);
  if (chosen.length === 0) throw new Error(`no such scenario: ${wanted ?? ''}`);
  let failed = 0;
  for (const scenario of chosen) {
    const tally = await inMacrotask(() => sweep(scenario, options, mutant !== null));
    failed += await inMacrotask(() => report(scenario, tally, options, mutant !== null));
  }
  if (mutant === null) return failed === 0 ? 0 : 1;
  say(failed > 0 ? `mutant ${mutant.name}: found` : `mutant ${mutant.name}: NOT FOUND`);
  return failed > 0 ? 0 : 1;
}

function parseOptions(argv: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string' },
      seeds: { type: 'string' },
      seed: { type: 'string' },
      enumerate: { type: 'boolean', default: false },
      scenario: { type: 'string' },
      mutant: { type: 'string' },
      failures: { type: 'string', default: FAILURES_DIRECTORY },
    },
  });
  const maxMs = values.seconds === undefined ? Infinity : Number(values.seconds) * 1000;
  const usualSeeds = values.seconds === undefined ? 200 : Infinity;
  return {
    maxMs,
    maxSeeds: values.seeds === undefined ? usualSeeds : Number(values.seeds),
    seed: values.seed ?? null,
    enumerate: values.enumerate,
    scenario: values.scenario ?? null,
    mutant: values.mutant ?? null,
    failures: values.failures,
  };
}

/** Plays until the time or the seeds are used up, or something failed. */
function sweep(scenario: Scenario, options: SimulateOptions, hasMutant: boolean): Tally {
  const tally = newTally();
  const endAtMs = performance.now() + options.maxMs;
  const mayGoOn = (): boolean => tally.failures.length === 0 && performance.now() < endAtMs;
  if (options.seed !== null) {
    playSeed(scenario, options.seed, options, tally, mayGoOn);
    return tally;
  }
  for (const kept of hasMutant ? [] : keptFailures(options.failures)) {
    if (kept.scenario === scenario.name) playOne(scenario, kept.seed, kept.steps, kept.kill, tally);
  }
  for (let seed = 0; seed < options.maxSeeds && mayGoOn(); seed++) playSeed(scenario, String(seed), options, tally, mayGoOn);
  return tally;
}

function playSeed(scenario: Scenario, seed: string, options: SimulateOptions, tally: Tally, mayGoOn: () => boolean): void {
  if (options.enumerate) enumerateSeed(scenario, seed, tally, mayGoOn);
  else sweepSeed(scenario, seed, tally);
}

/** Says what came of it; returns how much is wrong. */
function report(scenario: Scenario, tally: Tally, options: SimulateOptions, hasMutant: boolean): number {
  say(`${scenario.name}: ${tally.runs} runs, ${tally.killPoints} kill points, ${tally.failures.length} failed`);
  if (!hasMutant) say(tally.coverage.entries().map(([counter, count]) => `  ${counter} ${count}`).join('\n'));
  const [first] = tally.failures;
  if (first !== undefined && !hasMutant) {
    const shortest = shrink(scenario, first);
    say(`FAILED seed ${first.seed}, ${first.steps.length} steps (${shortest.steps.length} after shrinking), kept in ${keepFailure(shortest, options.failures)}`);
    say(shortest.error);
  }
  const missing = tally.runs < SEEDS_FOR_COVERAGE || options.seed !== null || options.enumerate || hasMutant ? [] : tally.coverage.missing(scenario.counters);
  for (const counter of missing) say(`NEVER MET: ${counter}`);
  return tally.failures.length + missing.length;
}

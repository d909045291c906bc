import { keptFailures, FAILURES_DIRECTORY } from '../harness/failures';
import { enumerateSeed, newTally, planFor, playOne, sweepSeed } from '../harness/sweep';
import { inMacrotask } from '../runner';
import { partitionLog } from './partition-log';
import { scenarios } from './registry';

/** What failed, short enough to read. */
const errors = (tally: ReturnType<typeof newTally>): string[] => tally.failures.map((failure) => `seed ${failure.seed}: ${failure.error.slice(0, 400)}`);

/** Of all kills during the recovery from a kill; `npm run simulate -- --enumerate` plays them all. */
const PAIR_SHARE = 0.05;

describe('a partition log, simulated', () => {
  test('keeps its promises over random lives', () =>
    inMacrotask(() => {
      const tally = newTally();
      for (let seed = 0; seed < 100; seed++) sweepSeed(partitionLog, String(seed), tally);
      expect(errors(tally)).toEqual([]);
      expect(tally.coverage.missing(partitionLog.counters)).toEqual([]);
    }));

  test('keeps its promises when it is killed before any port call and again during recovery, with and without loss of power', () =>
    inMacrotask(() => {
      const tally = newTally();
      enumerateSeed(partitionLog, '0', tally, () => true, PAIR_SHARE);
      expect(errors(tally)).toEqual([]);
      expect(tally.killPoints).toBeGreaterThan(100);
      expect(tally.pairs).toBeGreaterThan(100);
    }));

  test('is the same run for the same seed', () =>
    inMacrotask(() => {
      const traces = (): (string | undefined)[] =>
        Array.from({ length: 40 }, (_, seed) => playOne(partitionLog, String(seed), planFor(partitionLog, String(seed), 'wild'), null, newTally())?.traceHash);
      expect(traces()).toEqual(traces());
    }));
});

describe('schedules that failed once', () => {
  test('do not fail again', () =>
    inMacrotask(() => {
      const tally = newTally();
      for (const kept of keptFailures(FAILURES_DIRECTORY)) {
        const scenario = scenarios.find((candidate) => candidate.name === kept.scenario);
        if (scenario === undefined) throw new Error(`no such scenario: ${kept.scenario}`);
        playOne(scenario, kept.seed, kept.steps, kept.kill, tally);
      }
      expect(errors(tally)).toEqual([]);
    }));
});

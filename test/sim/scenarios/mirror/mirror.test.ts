import { newTally, planFor, playOne, sweepSeed } from '../../harness/sweep';
import { inMacrotask } from '../../runner';
import { mirror } from './mirror';

const errors = (tally: ReturnType<typeof newTally>): string[] => tally.failures.map(({ seed, error }) => `seed ${seed}: ${error.slice(0, 400)}`);

describe('two clusters and a mirror between them, simulated', () => {
  test('have the same records in the end, over kills, pauses, cuts, expired records and a topic made again', () =>
    inMacrotask(() => {
      const tally = newTally();
      for (let seed = 0; seed < 25; seed++) sweepSeed(mirror, String(seed), tally);
      expect(errors(tally)).toEqual([]);
      expect(tally.coverage.missing(mirror.counters)).toEqual([]);
    }));

  test('lose nothing when the mirror is killed before any call of its first life', () =>
    inMacrotask(() => {
      const tally = newTally();
      const steps = planFor(mirror, '0', 'calm');
      for (let beforeCall = 1; beforeCall <= 100; beforeCall += 9) playOne(mirror, '0', steps, { life: 0, beforeCall, ending: 'restart' }, tally);
      expect(errors(tally)).toEqual([]);
    }));

  test('are the same run for the same seed', () =>
    inMacrotask(() => {
      const traces = (): (string | undefined)[] => Array.from({ length: 4 }, (_, seed) => playOne(mirror, String(seed), planFor(mirror, String(seed), 'wild'), null, newTally())?.traceHash);
      const first = traces();
      expect(first).not.toContain(undefined);
      expect(traces()).toEqual(first);
    }));
});

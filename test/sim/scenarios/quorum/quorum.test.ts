import { newTally, planFor, playOne, sweepSeed } from '../../harness/sweep';
import { inMacrotask } from '../../runner';
import { quorum } from './quorum';

const errors = (tally: ReturnType<typeof newTally>): string[] => tally.failures.map((failure) => `seed ${failure.seed}: ${failure.error.slice(0, 400)}`);

describe('a quorum, simulated', () => {
  test('keeps what it committed, over kills, loss of power, cuts, pauses and elections', () =>
    inMacrotask(() => {
      const tally = newTally();
      for (let seed = 0; seed < 120; seed++) sweepSeed(quorum, String(seed), tally);
      expect(errors(tally)).toEqual([]);
      expect(tally.coverage.missing(quorum.counters)).toEqual([]);
    }));

  test('keeps it when a node is killed before any of its calls, with and without loss of power', () =>
    inMacrotask(() => {
      const tally = newTally();
      const steps = planFor(quorum, '1', 'calm');
      const whole = playOne(quorum, '1', steps, null, tally);
      for (const [life, calls] of whole?.calls.entries() ?? []) {
        for (let beforeCall = 1 + life; beforeCall <= calls; beforeCall += 9) {
          playOne(quorum, '1', steps, { life, beforeCall, ending: beforeCall % 2 === 0 ? 'power' : 'restart' }, tally);
        }
      }
      expect(errors(tally)).toEqual([]);
      expect(tally.runs).toBeGreaterThan(50);
    }));

  test('is the same run for the same seed', () =>
    inMacrotask(() => {
      const traces = (): (string | undefined)[] =>
        Array.from({ length: 10 }, (_, seed) => playOne(quorum, String(seed), planFor(quorum, String(seed), 'wild'), null, newTally())?.traceHash);
      const first = traces();
      expect(first).not.toContain(undefined);
      expect(traces()).toEqual(first);
    }));
});

import { newTally, planFor, playOne, sweepSeed } from '../../harness/sweep';
import { inMacrotask } from '../../runner';
import { singleBroker } from './single-broker';

const errors = (tally: ReturnType<typeof newTally>): string[] => tally.failures.map((failure) => `seed ${failure.seed}: ${failure.error.slice(0, 400)}`);

describe('a broker, simulated', () => {
  test('loses nothing that it acknowledged, over kills, loss of power, cuts and pauses', () =>
    inMacrotask(() => {
      const tally = newTally();
      for (let seed = 0; seed < 40; seed++) sweepSeed(singleBroker, String(seed), tally);
      expect(errors(tally)).toEqual([]);
      expect(tally.coverage.missing(singleBroker.counters)).toEqual([]);
    }));

  test('comes up again when it is killed before any call of its first start, with and without loss of power', () =>
    inMacrotask(() => {
      const tally = newTally();
      const steps = planFor(singleBroker, '0', 'calm');
      for (let beforeCall = 1; beforeCall <= 100; beforeCall += 3) {
        playOne(singleBroker, '0', steps, { life: 0, beforeCall, ending: beforeCall % 2 === 0 ? 'power' : 'restart' }, tally);
      }
      expect(errors(tally)).toEqual([]);
    }));

  test('comes up again when it is killed during its first start and again during the recovery from that', () =>
    inMacrotask(() => {
      const tally = newTally();
      const steps = planFor(singleBroker, '0', 'calm');
      // One pair in a hundred of the first hundred calls; `npm run simulate -- --enumerate` plays them all.
      for (let pair = 0; pair < 10_000; pair += 97) {
        const [beforeCall, again] = [1 + Math.floor(pair / 100), 1 + (pair % 100)];
        const ending = pair % 2 === 0 ? 'power' : 'restart';
        playOne(singleBroker, '0', steps, { life: 0, beforeCall, ending, again: { beforeCall: again, ending } }, tally);
      }
      expect(errors(tally)).toEqual([]);
      expect(tally.runs).toBeGreaterThan(100);
    }));

  test('is the same run for the same seed', () =>
    inMacrotask(() => {
      const traces = (): (string | undefined)[] =>
        Array.from({ length: 10 }, (_, seed) => playOne(singleBroker, String(seed), planFor(singleBroker, String(seed), 'wild'), null, newTally())?.traceHash);
      const first = traces();
      expect(first).not.toContain(undefined);
      expect(traces()).toEqual(first);
    }));
});

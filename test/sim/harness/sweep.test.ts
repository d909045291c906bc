import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inMacrotask } from '../runner';
import { SimViolation } from '../violation';
import { SimWorld } from '../world';
import { keepFailure, keptFailures } from './failures';
import type { Play, Played, Scenario, Step } from './scenario';
import { enumerateSeed, newTally, planFor, playOne, shrink, sweepSeed } from './sweep';

/**
 * A toy: a file that holds one number, raised step by step. Written in place it can be torn between its two halves; written
 * beside and renamed it cannot.
 */
function counterScenario(writesInPlace: boolean): Scenario {
  return {
    name: 'counter',
    counters: ['raised', 'restarted', 'never'],
    plan: (random) => Array.from({ length: random.between(3, 9) }, () => ({ kind: 'raise', by: random.between(1, 9) })),
    play: (play) => playCounter(play, writesInPlace),
  };
}

function playCounter(play: Play, writesInPlace: boolean): Played {
  const world = new SimWorld({ seed: play.seed });
  const host = world.host('a');
  const calls: number[] = [];
  let acked = 0;
  let trying = 0;
  if (play.kill !== null) world.killBeforeCall('p', play.kill.beforeCall);
  for (const life of [0, 1]) {
    world.start(host, 'p', ({ disk }) => {
      const read = (): [number, number] => {
        if (disk.statSync('/n') === null) return [0, 0];
        const bytes = new Uint8Array(2);
        const file = disk.openSync('/n', 'read');
        file.readSync(0, bytes);
        file.closeSync();
        return [bytes[0]!, bytes[1]!];
      };
      const write = (value: number): void => {
        const file = disk.openSync(writesInPlace ? '/n' : '/n.tmp', 'create');
        file.writeSync(0, [new Uint8Array([value])]);
        file.writeSync(1, [new Uint8Array([value])]);
        file.syncSync();
        file.closeSync();
        if (!writesInPlace) disk.renameSync('/n.tmp', '/n');
        disk.syncDirectorySync('/');
      };
      const [low, high] = read();
      if (world.running('p').process.isDead) return;
      if (low !== high) throw new SimViolation(`torn: ${low} and ${high}`);
      if (low !== acked && low !== trying) throw new SimViolation(`holds ${low}, not ${acked} or ${trying}`);
      acked = low;
      if (life === 1) return play.count('restarted');
      for (const step of play.steps) {
        trying = acked + Number(step['by']);
        write(trying);
        if (world.running('p').process.isDead) return;
        acked = trying;
        play.count('raised');
      }
    });
    world.run();
    calls.push(world.callCount('p'));
    if (!world.running('p').process.isDead) world.kill('p');
    if (play.kill?.ending === 'power') {
      world.powerLoss(host);
      world.powerOn(host);
    }
  }
  return { calls, traceHash: world.trace.hash };
}

describe('the harness', () => {
  test('a kill before every port call finds a write that can be torn, and passes one that cannot', () =>
    inMacrotask(() => {
      const good = newTally();
      enumerateSeed(counterScenario(false), '1', good, () => true);
      expect(good.failures).toEqual([]);
      expect(good.killPoints).toBeGreaterThan(20);
      const bad = newTally();
      enumerateSeed(counterScenario(true), '1', bad, () => true);
      expect(bad.failures.length).toBeGreaterThan(0);
      expect(bad.failures[0]!.error).toContain('torn');
    }));

  test('a sweep without kills does not find it, and says what it never met', () =>
    inMacrotask(() => {
      const scenario = counterScenario(true);
      const tally = newTally();
      for (let seed = 0; seed < 20; seed++) sweepSeed(scenario, String(seed), tally);
      expect(tally.failures).toEqual([]);
      expect(tally.coverage.of('restarted')).toBe(20);
      expect(tally.coverage.missing(scenario.counters)).toEqual(['never']);
    }));

  test('a failing schedule is shrunk, kept, and fails again when it is replayed', () =>
    inMacrotask(() => {
      const scenario = counterScenario(true);
      const tally = newTally();
      enumerateSeed(scenario, '3', tally, () => tally.failures.length === 0);
      const [found] = tally.failures;
      const shortest = shrink(scenario, found!);
      expect(shortest.steps.length).toBeLessThanOrEqual(found!.steps.length);
      const directory = mkdtempSync(join(tmpdir(), 'moldau-sim-'));
      try {
        keepFailure(shortest, directory);
        const [kept] = keptFailures(directory);
        expect(kept).toEqual({ ...shortest, error: shortest.error.split('\n')[0] });
        const again = newTally();
        playOne(scenario, kept!.seed, kept!.steps, kept!.kill, again);
        expect(again.failures[0]?.error.split('\n')[0]).toBe(shortest.error.split('\n')[0]);
      } finally {
        rmSync(directory, { recursive: true });
      }
    }));

  test('a plan is data, the same for the same seed', () => {
    const scenario = counterScenario(false);
    const steps: readonly Step[] = planFor(scenario, '5', 'calm');
    expect(JSON.parse(JSON.stringify(steps))).toEqual(planFor(scenario, '5', 'calm'));
    expect(planFor(scenario, '6', 'calm')).not.toEqual(steps);
  });
});

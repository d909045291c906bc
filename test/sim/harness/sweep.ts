/** Running scenarios: seed after seed, or one schedule with a kill at every port call; and shrinking what failed. */

import { SimRandom } from '../random';
import type { Failure, KillBefore, KillPoint, Played, Scenario, Step } from './scenario';

export class Coverage {
  private readonly counts = new Map<string, number>();

  count(counter: string, times = 1): void {
    this.counts.set(counter, (this.counts.get(counter) ?? 0) + times);
  }

  of(counter: string): number {
    return this.counts.get(counter) ?? 0;
  }

  /** Counters that were promised and never met. */
  missing(promised: readonly string[]): readonly string[] {
    return promised.filter((counter) => this.of(counter) === 0);
  }

  entries(): readonly (readonly [string, number])[] {
    return [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

export interface Tally {
  runs: number;
  killPoints: number;
  /** Kills during the recovery from a kill. */
  pairs: number;
  readonly failures: Failure[];
  readonly coverage: Coverage;
}

export function newTally(): Tally {
  return { runs: 0, killPoints: 0, pairs: 0, failures: [], coverage: new Coverage() };
}

export function planFor(scenario: Scenario, seed: string, mood: 'wild' | 'calm'): readonly Step[] {
  return scenario.plan(new SimRandom(`${scenario.name}/${seed}/${mood}`), mood);
}

/** Plays one schedule; a failure goes into the tally. Null when it failed. */
export function playOne(scenario: Scenario, seed: string, steps: readonly Step[], kill: KillPoint | null, tally: Tally): Played | null {
  tally.runs++;
  try {
    return scenario.play({ seed, steps, kill, count: (counter, times) => tally.coverage.count(counter, times) });
  } catch (error) {
    const text = String((error as { stack?: unknown } | null)?.stack ?? error);
    tally.failures.push({ scenario: scenario.name, seed, steps, kill, error: text });
    return null;
  }
}

export function sweepSeed(scenario: Scenario, seed: string, tally: Tally): void {
  playOne(scenario, seed, planFor(scenario, seed, 'wild'), null, tally);
}

const ENDINGS = ['restart', 'power'] as const;
/** Calls of a life that recovers from a kill: recovery itself is over by then, and what follows has kill points of its own. */
const MAX_RECOVERY_CALLS = 60;

/**
 * Plays the calm schedule of `seed` with a kill before every effectful port call of every life, both ways to go on; and of
 * all pairs of that with a kill during the recovery from it a share (1: all of them).
 */
export function enumerateSeed(scenario: Scenario, seed: string, tally: Tally, mayGoOn: () => boolean, pairShare = 0): void {
  const steps = planFor(scenario, seed, 'calm');
  const random = new SimRandom(`${scenario.name}/${seed}/pairs`);
  const whole = playOne(scenario, seed, steps, null, tally);
  for (const [life, calls] of whole?.calls.entries() ?? []) {
    for (let beforeCall = 1; beforeCall <= calls && mayGoOn(); beforeCall++) {
      for (const ending of ENDINGS) {
        const kill = { life, beforeCall, ending };
        tally.killPoints++;
        const recovered = playOne(scenario, seed, steps, kill, tally)?.calls[life + 1] ?? 0;
        for (const again of killsDuring(recovered)) {
          if (!random.chance(pairShare) || !mayGoOn()) continue;
          tally.pairs++;
          playOne(scenario, seed, steps, { ...kill, again }, tally);
        }
      }
    }
  }
}

function killsDuring(calls: number): KillBefore[] {
  const before = Array.from({ length: Math.min(calls, MAX_RECOVERY_CALLS) }, (_, call) => call + 1);
  return before.flatMap((beforeCall) => ENDINGS.map((ending) => ({ beforeCall, ending })));
}

/** What went wrong, without the numbers. */
function kindOf(failure: Failure): string {
  return failure.error.split('\n')[0]!.replace(/[0-9]+/g, '#');
}

/** Plays tried at most to make a failing schedule shorter. */
const MAX_SHRINK_PLAYS = 300;

/** Leaves out steps, ever smaller runs of them, for as long as the schedule still fails. */
export function shrink(scenario: Scenario, failure: Failure): Failure {
  let best = failure;
  let plays = 0;
  for (let size = Math.ceil(failure.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.steps.length && plays < MAX_SHRINK_PLAYS; ) {
      const steps = [...best.steps.slice(0, at), ...best.steps.slice(at + size)];
      const tally = newTally();
      plays++;
      playOne(scenario, failure.seed, steps, best.kill, tally);
      const [again] = tally.failures;
      if (again !== undefined && kindOf(again) === kindOf(failure)) best = again;
      else at += size;
    }
  }
  return best;
}

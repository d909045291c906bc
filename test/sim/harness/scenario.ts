/**
 * What a scenario is: a schedule that is data, drawn from a seed, and a way to play it in a fresh world.
 *
 * A schedule replays for as long as its steps mean the same; a bare seed only until the code that draws changes. So failing
 * schedules are kept (failures.ts), not seeds.
 */

import type { SimRandom } from '../random';

/** One step of a schedule: plain data. */
export interface Step {
  readonly kind: string;
  readonly [key: string]: string | number | boolean;
}

/** Before the k-th effectful port call of a life, counted from 1. */
export interface KillBefore {
  readonly beforeCall: number;
  /** Whether the power goes too. */
  readonly ending: 'restart' | 'power';
}

/** Where to kill, beside what the schedule says. */
export interface KillPoint extends KillBefore {
  readonly life: number;
  /** The life after it, which recovers from that, is killed too. */
  readonly again?: KillBefore;
}

/** What the plan has for a life. */
export function killIn(kill: KillPoint | null, life: number): KillBefore | null {
  if (kill?.life === life) return kill;
  return kill?.life === life - 1 ? (kill.again ?? null) : null;
}

export interface Play {
  readonly seed: string;
  readonly steps: readonly Step[];
  readonly kill: KillPoint | null;
  /** Says that something worth meeting was met, once or so many times. */
  count(counter: string, times?: number): void;
}

export interface Played {
  /** Effectful port calls of each life. */
  readonly calls: readonly number[];
  readonly traceHash: string;
}

export interface Scenario {
  readonly name: string;
  /** What a run of a hundred seeds must have met; a zero means that the scenario no longer tests what it says. */
  readonly counters: readonly string[];
  /** Seeds that mean something; default: all. */
  readonly maxSeeds?: number;
  /** 'wild' has faults of its own; 'calm' has none, for the enumeration of kill points. */
  plan(random: SimRandom, mood: 'wild' | 'calm'): readonly Step[];
  /** Plays the schedule in a world of its own; throws when an invariant does not hold. Call it from a macrotask. */
  play(play: Play): Played;
}

/** A schedule and what went wrong with it. */
export interface Failure {
  readonly scenario: string;
  readonly seed: string;
  readonly steps: readonly Step[];
  readonly kill: KillPoint | null;
  readonly error: string;
}

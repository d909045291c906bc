/** Failing schedules, kept as JSON so that they run again with every simulation, long after their seed means something else. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from './scenario';

export const FAILURES_DIRECTORY = join(__dirname, '..', 'failures');

/** Writes the schedule and returns where. */
export function keepFailure(failure: Failure, directory: string): string {
  mkdirSync(directory, { recursive: true });
  const kill = failure.kill === null ? '' : `-life${failure.kill.life}-call${failure.kill.beforeCall}-${failure.kill.ending}`;
  const path = join(directory, `${failure.scenario}-${failure.seed}${kill}.json`);
  // Only what went wrong: stack traces name this machine's directories.
  const kept: Failure = { ...failure, error: failure.error.split('\n')[0]! };
  writeFileSync(path, `${JSON.stringify(kept)}\n`);
  return path;
}

/** Every kept schedule, by name. */
export function keptFailures(directory: string): readonly Failure[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Failure);
}

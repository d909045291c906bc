/** Reads a CPU profile as Node writes it and tells in which functions the time went. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

export interface SelfTime {
  readonly name: string;
  readonly share: number;
}

/** Functions by self time, idle time left out; `share` is of the time that was not idle. */
export function selfTimes(profile: CpuProfile): SelfTime[] {
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
  const microseconds = new Map<string, number>();
  let busy = 0;
  profile.samples.forEach((id, i) => {
    const name = names.get(id) ?? '?';
    if (name === '(idle)') return;
    const delta = profile.timeDeltas[i] ?? 0;
    busy += delta;
    microseconds.set(name, (microseconds.get(name) ?? 0) + delta);
  });
  return [...microseconds]
    .map(([name, time]) => ({ name, share: busy === 0 ? 0 : time / busy }))
    .sort((a, b) => b.share - a.share);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}

/** The profiles of a directory, largest first: a broker's worker threads write some of their own. */
export function readProfiles(dir: string): CpuProfile[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as CpuProfile)
    .sort((a, b) => b.samples.length - a.samples.length);
}

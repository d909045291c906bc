/**
 * A good client beside attackers, each in a process of its own: it is served, without an error, and the broker stays small.
 * How fast is for `benchmarks/attack.ts` to say, since time decides no test. CHAOS_ATTACK_SECONDS makes the attacks longer.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ATTACKS, type AttackName } from '../../benchmarks/attack/attacks';
import { measureAttacked } from '../../benchmarks/attack/scene';

const SECONDS = Number(process.env['CHAOS_ATTACK_SECONDS'] ?? 2);
const PER_SECOND = 200;
const MB = 1024 * 1024;
/** Unfinished frames may take 256 MB; beyond that there is what the broker needs to handle any load. */
const MAX_GROWN_MB: Readonly<Record<AttackName, number>> = {
  garbage: 128,
  slow: 64,
  'never-reading': 64,
  'huge-frames': 256 + 64,
  'huge-produces': 256 + 64,
  connections: 64,
};

const children = new Set<ChildProcess>();
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'moldau-attack-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

function track(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

const isLinux = process.platform === 'linux';

test.each(ATTACKS)(
  'a good client is served beside %s, and memory stays bounded',
  async (attack) => {
    const seen = await measureAttacked(attack, { dir, seconds: SECONDS, warmUpSeconds: 0.5, track });
    expect(seen.beside.requests).toBe(SECONDS * PER_SECOND);
    expect(seen.beside.errors).toEqual([]);
    // Memory is read from /proc.
    if (isLinux) expect(seen.grownBytes / MB).toBeLessThan(MAX_GROWN_MB[attack]);
  },
  60_000 + SECONDS * 2000,
);

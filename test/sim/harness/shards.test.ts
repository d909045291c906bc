import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseShard } from './shards';

const ROOT = resolve(__dirname, '..', '..', '..');

describe('a sweep over several processes', () => {
  test('plays what one process would have played', () => {
    const failures = mkdtempSync(join(tmpdir(), 'moldau-shards-'));
    try {
      const sweep = (...more: string[]): string =>
        execFileSync(process.execPath, ['scripts/run-ts.cjs', 'test/sim/simulate.ts', '--scenario', 'partition-log', '--from', '3', '--seeds', '7', '--failures', failures, ...more], { cwd: ROOT, encoding: 'utf8' });
      const alone = sweep();
      expect(alone).toContain('partition-log: 7 runs');
      expect(sweep('--workers', '2')).toBe(alone);
    } finally {
      rmSync(failures, { recursive: true });
    }
  }, 60_000);

  test('has parts that are told apart', () => {
    expect(parseShard('1/2')).toEqual({ index: 1, count: 2 });
    for (const text of ['2/2', '1', '-1/2', 'a/b']) expect(() => parseShard(text)).toThrow('--shard');
  });
});

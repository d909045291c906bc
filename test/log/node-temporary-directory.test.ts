import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryDirectory } from '../../log/node-temporary-directory';

const exitListeners = (): number => process.listenerCount('exit');

describe('a temporary directory', () => {
  test('goes with everything in it, and may be removed twice', () => {
    const directory = makeTemporaryDirectory('moldau-test-');
    writeFileSync(join(directory.path, 'file'), 'content');
    directory.remove();
    directory.remove();
    expect(existsSync(directory.path)).toBe(false);
  });

  test('is another one each time, and all of them leave one listener, the last one none', () => {
    const before = exitListeners();
    const made = Array.from({ length: 12 }, () => makeTemporaryDirectory('moldau-test-'));
    expect(new Set(made.map(({ path }) => path)).size).toBe(12);
    expect(exitListeners()).toBe(before + 1);
    for (const directory of made) directory.remove();
    expect(exitListeners()).toBe(before);
  });

  test('goes when its process ends without having removed it', () => {
    const root = join(__dirname, '../..');
    const script = join(__dirname, 'support/leave-temporary-directory.ts');
    const run = spawnSync(process.execPath, [join(root, 'scripts/run-ts.cjs'), script], { encoding: 'utf8' });
    expect(run.status).toBe(3);
    expect(run.stdout).toContain('moldau-test-');
    expect(existsSync(run.stdout)).toBe(false);
  });
});

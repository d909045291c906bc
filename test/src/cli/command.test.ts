/** The built command as a user runs it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const COMMAND = join(ROOT, 'dist/moldau.cjs');

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  const build = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--if-stale'], { encoding: 'utf8' });
  expect(build.stderr).toBe('');
  expect(build.status).toBe(0);
});

describe('the command moldau', () => {
  test('prints its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(run('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('shows what there is', () => {
    const { status, stdout } = run('help');
    expect(status).toBe(0);
    expect(stdout).toContain('server');
  });

  test('names the near miss of a mistyped command or flag, and fails', () => {
    const command = run('sever');
    expect([command.status, command.stderr]).toEqual([1, expect.stringContaining('Did you mean server?')]);
    const flag = run('server', '--overide', 'a=b');
    expect([flag.status, flag.stderr]).toEqual([1, expect.stringContaining('Did you mean --override?')]);
  });

  test('refuses a bad value in one line that says which, what, and what is allowed', () => {
    const { status, stdout, stderr } = run('server', '--override', 'num.partitions=none');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'moldau: Invalid value none for configuration num.partitions: it must be a whole number from -2147483648 to 2147483647, at least 1 (it comes from --override).\n',
    );
  });

  test('takes flags through npm start', () => {
    const { status, stderr } = spawnSync('npm', ['start', '--', '--override', 'node.id=none'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('moldau: Invalid value none for configuration node.id');
  });

  test('sets the size of the thread pool before it loads anything', () => {
    const code = readFileSync(COMMAND, 'utf8');
    const setsPool = code.indexOf('process.env["UV_THREADPOOL_SIZE"] ??=');
    const loads = code.search(/^var import_\w+ = (__toESM\()?require\(/m);
    expect(setsPool).toBeGreaterThan(0);
    expect(setsPool).toBeLessThan(loads);
  });

  test('loads neither the logger nor the property parser for a plain command', () => {
    const script = `
      const before = process.exit;
      process.exit = (code) => {
        const heavy = Object.keys(require.cache).filter((path) => /node_modules.(pino|properties-file|lz4-napi|snappy)/.test(path));
        process.stdout.write(JSON.stringify(heavy));
        before(code);
      };
      process.argv = [process.execPath, ${JSON.stringify(COMMAND)}, '--version'];
      require(${JSON.stringify(COMMAND)});`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(stdout.split('\n').pop()).toBe('[]');
  });
});

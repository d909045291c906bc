/**
 * The package as its users have it: packed, installed by npm into projects of their kinds, and started from their tests.
 *
 * The projects lie in test/fixtures/packaging, each with its own package.json; `shared/` is copied into each. What npm
 * installs for them is kept in the peers' cache, so that only the first run takes long.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../support/child';
import { needs } from '../support/needs';
import { node24Path, peersDir } from '../support/peers';

const ROOT = join(__dirname, '../..');
const FIXTURES = join(ROOT, 'test/fixtures/packaging');
const INSTALL_TIMEOUT_MS = 280_000;
const RUN_TIMEOUT_MS = 170_000;
const NPM_FLAGS = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--prefer-offline'];

let staging = '';
let tarball = '';

beforeAll(async () => {
  staging = mkdtempSync(join(tmpdir(), 'moldau-pack-'));
  // A staged copy, since dist/ is in use by other tests.
  for (const file of ['package.json', 'LICENSE', 'README.md']) {
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(staging, file));
  }
  await succeed('build', process.execPath, [join(ROOT, 'scripts/build.mjs'), `--out=${join(staging, 'dist')}`], ROOT);
  await succeed('npm pack', 'npm', ['pack', '--ignore-scripts'], staging);
  const name = readdirSync(staging).find((file) => file.endsWith('.tgz'));
  expect(name).toBeDefined();
  tarball = join(staging, name ?? '');
}, INSTALL_TIMEOUT_MS);

afterAll(() => rmSync(staging, { recursive: true, force: true }));

describe('the packed package', () => {
  test('holds what its package.json promises, and no sources', async () => {
    const { stdout } = await succeed('tar', 'tar', ['-tzf', tarball], staging);
    const files = stdout.split('\n').map((line) => line.replace(/^package\//, ''));
    const promised = [
      'dist/index.cjs',
      'dist/index.mjs',
      'dist/moldau.cjs',
      'dist/index.d.ts',
      'dist/index.d.mts',
      'package.json',
    ];
    expect(files).toEqual(expect.arrayContaining(promised));
    expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  });
});

describe.each(['jest-commonjs', 'jest-esm', 'ts-jest', 'swc-jest'])('in a project with %s', (name) => {
  const flags = name === 'jest-esm' ? ['--experimental-vm-modules', '--no-warnings'] : [];
  installed(name);

  test(
    'a broker starts from a test, serves it, and lets jest end by itself',
    async () => {
      const project = projectOf(name);
      const jest = [
        ...flags,
        join(project, 'node_modules/jest/bin/jest.js'),
        '--ci',
        '--detectOpenHandles',
        '--rootDir',
        project,
      ];
      const { stderr } = await succeed(`jest in ${name}`, process.execPath, jest, project);
      expect(stderr).not.toMatch(/did not exit|failed to exit gracefully|open handle/i);
    },
    RUN_TIMEOUT_MS,
  );
});

describe('the types', () => {
  installed('ts-jest');

  test.each(['nodenext', 'node16', 'preserve'])('are found, and strict, with module %s', async (module) => {
    const project = projectOf('ts-jest');
    const compiler = join(project, 'node_modules/typescript/bin/tsc');
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
    const files = ['types.mts', 'types.cts'];
    await succeed(
      `tsc in ${module}`,
      process.execPath,
      [compiler, '--ignoreConfig', '--noEmit', ...strict, '--module', module, ...files],
      project,
    );
  });
});

describe('in plain Node', () => {
  installed('plain');

  test.each(['broker.cjs', 'broker.mjs'])(
    '%s starts a broker, and the process ends after it has stopped',
    async (file) => {
      expect((await succeed(file, process.execPath, [file], projectOf('plain'))).stdout).toBe('hello\n');
    },
  );

  test('the first broker costs little more than Node itself, the next ones almost nothing, and no package is loaded', async () => {
    const bare = 'const { user, system } = process.cpuUsage(); process.stdout.write(String((user + system) / 1000))';
    const nodeMs: number[] = [];
    const firstMs: number[] = [];
    const nextMs: number[] = [];
    // Processor time rather than time, and the least of several: other tests run beside this one.
    for (let round = 0; round < 5; round += 1) {
      nodeMs.push(Number((await succeed('node', process.execPath, ['-e', bare], projectOf('plain'))).stdout));
      const { stdout } = await succeed('start-cost', process.execPath, ['start-cost.cjs'], projectOf('plain'));
      const cost = JSON.parse(stdout) as { cpuMs: number; nextMs: number; packages: readonly string[] };
      expect(cost.packages).toEqual([]);
      firstMs.push(cost.cpuMs);
      nextMs.push(cost.nextMs);
    }
    expect(Math.min(...firstMs) - Math.min(...nodeMs)).toBeLessThan(150);
    expect(Math.min(...nextMs)).toBeLessThan(20);
  });

  test('npm puts the command moldau into the path', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const command = join(projectOf('plain'), 'node_modules/.bin/moldau');
    expect((await succeed('moldau', command, ['--version'], projectOf('plain'))).stdout).toBe(`${version}\n`);
  });
});

needs('node24')('in Node 24', () => {
  installed('plain');

  test('a broker starts, serves and stops', async () => {
    expect((await succeed('node 24', node24Path(), ['broker.mjs'], projectOf('plain'))).stdout).toBe('hello\n');
  });
});

/** Makes the project ready before the tests of this block: its own packages once, ours each time. */
function installed(name: string): void {
  beforeAll(async () => {
    const project = projectOf(name);
    mkdirSync(project, { recursive: true });
    // What an older version of the fixture left must not run.
    for (const file of readdirSync(project))
      if (file !== 'node_modules') rmSync(join(project, file), { recursive: true });
    cpSync(join(FIXTURES, name), project, { recursive: true });
    cpSync(join(FIXTURES, 'shared'), join(project, 'shared'), { recursive: true });
    if (!existsSync(join(project, 'node_modules/.package-lock.json'))) {
      await succeed(`npm install in ${name}`, 'npm', ['install', ...NPM_FLAGS], project);
    }
    rmSync(join(project, 'node_modules/moldau'), { recursive: true, force: true });
    await succeed(`npm install moldau in ${name}`, 'npm', ['install', '--no-save', ...NPM_FLAGS, tarball], project);
  }, INSTALL_TIMEOUT_MS);
}

function projectOf(name: string): string {
  const manifest = readFileSync(join(FIXTURES, name, 'package.json'));
  const mark = createHash('sha256').update(manifest).digest('hex').slice(0, 8);
  return join(peersDir(), 'packaging', `${name}-${mark}`);
}

/** Runs a command to its end; its own end, since a timeout is a failure. */
async function succeed(what: string, command: string, args: readonly string[], cwd: string): Promise<Child> {
  const child = new Child(what, command, args, { cwd });
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS);
  const { code } = await child.exited;
  clearTimeout(timer);
  if (code !== 0) throw child.failure('failed');
  return child;
}

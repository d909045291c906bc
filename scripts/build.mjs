/**
 * Builds dist/: one CommonJS bundle for the library with a thin ES module in front, one for the command, and the types.
 *
 *   node scripts/build.mjs              everything
 *   node scripts/build.mjs --if-stale   the bundles only, and only when a source is newer than they are
 *
 * npm dependencies stay outside, above all the native addons; what a command does not use is not loaded. The bundles run
 * under jest in its default CommonJS mode, where a real `import()` fails: so dynamic imports become lazy requires.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stamp = join(dist, '.built');
const require = createRequire(join(root, 'package.json'));

const SOURCES = ['src', 'wire', 'log', 'controller', 'mirror', 'scripts/build.mjs', 'package.json', 'tsconfig.json'];

/** Bundle -> its entry, and what is put before it. */
const BUNDLES = [
  ...(existsSync(join(root, 'src/index.ts')) ? [{ entry: 'src/index.ts', out: 'index.cjs' }] : []),
  { entry: 'src/cli/entry.ts', out: 'moldau.cjs', banner: '#!/usr/bin/env node' },
  // Worker entries are found by their name.
  ...workerEntries(),
];

const isStaleOnly = process.argv.includes('--if-stale');
if (isStaleOnly && isFresh()) process.exit(0);
if (!isStaleOnly) rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const startedMs = Date.now();
await bundle();
if (existsSync(join(dist, 'index.cjs'))) writeWrapper();
if (!isStaleOnly && existsSync(join(root, 'src/index.ts'))) declareTypes();
writeFileSync(stamp, '');
// A source that changed while this ran is newer than the stamp.
utimesSync(stamp, startedMs / 1000, startedMs / 1000);

function workerEntries() {
  return ['src', 'wire', 'log', 'controller']
    .flatMap((folder) => filesBelow(join(root, folder)))
    .filter((path) => path.endsWith('-worker.ts'))
    .map((path) => ({ entry: path, out: `${path.split('/').pop().slice(0, -'.ts'.length)}.cjs` }));
}

function isFresh() {
  if (!existsSync(stamp)) return false;
  const builtMs = statSync(stamp).mtimeMs;
  return SOURCES.every((source) => newestMs(join(root, source)) <= builtMs);
}

function newestMs(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  // A folder's own time tells of files that went away.
  return filesBelow(path).reduce((newest, file) => Math.max(newest, statSync(file).mtimeMs), stat.mtimeMs);
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function bundle() {
  const esbuild = await import('esbuild');
  const builds = BUNDLES.map(({ entry, out, banner }) =>
    esbuild.build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: join(dist, out),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20.19',
      packages: 'external',
      loader: { '.wasm': 'binary' },
      supported: { 'dynamic-import': false },
      legalComments: 'none',
      logLevel: 'warning',
      ...(banner === undefined ? {} : { banner: { js: banner } }),
    }),
  );
  await Promise.all(builds);
  chmodSync(join(dist, 'moldau.cjs'), 0o755);
}

/** ES modules import the same instance that `require` gives: one library in a process, never two. */
function writeWrapper() {
  const names = Object.keys(require(join(dist, 'index.cjs')));
  const lines = names.map((name) => `export const ${name} = library.${name};\n`);
  writeFileSync(join(dist, 'index.mjs'), `import library from './index.cjs';\n${lines.join('')}`);
}

function declareTypes() {
  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  const run = spawnSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) process.exit(run.status ?? 1);
}

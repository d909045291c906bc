/**
 * Builds dist/: one CommonJS bundle for the library with a thin ES module in front, one for the command, and the types of
 * what the library exports.
 *
 *   node scripts/build.mjs              everything
 *   node scripts/build.mjs --if-stale   the bundles only, and only when a source is newer than they are
 *   node scripts/build.mjs --out=DIR    everything, into another folder than dist/
 *
 * npm dependencies stay outside, above all the native addons; what a command does not use is not loaded. The bundles run
 * under jest in its default CommonJS mode, where a real `import()` fails: so dynamic imports become lazy requires.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = process.argv.find((argument) => argument.startsWith('--out='));
const dist = out === undefined ? join(root, 'dist') : resolve(out.slice('--out='.length));
const stamp = join(dist, '.built');

const SOURCES = ['src', 'wire', 'log', 'controller', 'mirror', 'scripts/build.mjs', 'package.json', 'tsconfig.json'];

/** Bundle -> its entry, and what is put before it. */
const BUNDLES = [
  ...(existsSync(join(root, 'src/index.ts')) ? [{ entry: 'src/index.ts', out: 'index.cjs' }] : []),
  { entry: 'src/cli/entry.ts', out: 'moldau.cjs', banner: '#!/usr/bin/env node', mode: 0o755 },
  // Worker entries are found by their name.
  ...workerEntries(),
];

const isStaleOnly = process.argv.includes('--if-stale');
if (isStaleOnly && isFresh()) process.exit(0);
mkdirSync(dist, { recursive: true });
const startedMs = Date.now();
await bundle();
if (existsSync(join(dist, 'index.cjs'))) await writeWrapper();
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
  const builds = BUNDLES.map(async ({ entry, out, banner, mode }) => {
    const { outputFiles } = await esbuild.build({
      absWorkingDir: root,
      entryPoints: [entry],
      write: false,
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
    });
    for (const { contents } of outputFiles) replaceFile(join(dist, out), contents, mode);
  });
  await Promise.all(builds);
}

/** Whole or not at all: somebody may be starting the command right now. */
function replaceFile(path, contents, mode = 0o644) {
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, contents, { mode });
  renameSync(partial, path);
}

/** ES modules import the same instance that `require` gives: one library in a process, never two. */
async function writeWrapper() {
  const lines = (await exportedNames()).map((name) => `export const ${name} = library.${name};\n`);
  replaceFile(join(dist, 'index.mjs'), `import library from './index.cjs';\n${lines.join('')}`);
}

async function exportedNames() {
  const esbuild = await import('esbuild');
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/index.ts'],
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    loader: { '.wasm': 'binary' },
    logLevel: 'error',
    outfile: 'index.js',
  });
  return Object.values(metafile.outputs).flatMap(({ exports }) => exports);
}

/**
 * The compiler declares every module that the entry reaches; published is the entry's declaration alone, once for `require`
 * and once for `import`. So it may not name types of other modules.
 */
function declareTypes() {
  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  const declared = join(dist, 'types');
  rmSync(declared, { recursive: true, force: true });
  const run = spawnSync(compiler, ['-p', 'tsconfig.build.json', '--outDir', declared], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) process.exit(run.status ?? 1);
  const text = readFileSync(join(declared, 'src', 'index.d.ts'), 'utf8');
  rmSync(declared, { recursive: true, force: true });
  const imported = /^(?:import|export)\b.*\bfrom\s+['"](.*)['"]|\bimport\(['"](.*)['"]\)/m.exec(text);
  if (imported !== null) {
    process.stderr.write(
      `build: the types of src/index.ts name ${imported[1] ?? imported[2]}, which is not published\n`,
    );
    process.exit(1);
  }
  for (const name of ['index.d.ts', 'index.d.mts']) replaceFile(join(dist, name), text);
}

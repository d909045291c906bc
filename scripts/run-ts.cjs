/**
 * Runs a TypeScript file of this package: node scripts/run-ts.cjs <file.ts> [arguments]
 *
 * Each file is transformed on its own when it is required, types are not checked (npm run typecheck does). Stack traces
 * point at the sources.
 */
const { readFileSync } = require('node:fs');
const { runMain } = require('node:module');
const { resolve } = require('node:path');
const { transformSync } = require('esbuild');

process.setSourceMapsEnabled(true);

require.extensions['.ts'] = (module, path) => {
  const source = readFileSync(path, 'utf8');
  const { code } = transformSync(source, {
    loader: 'ts',
    format: 'cjs',
    target: 'node20',
    sourcefile: path,
    sourcemap: 'inline',
    supported: { 'dynamic-import': false },
  });
  module._compile(code, path);
};

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('run-ts: which file?\n');
  process.exit(1);
}
process.argv = [process.argv[0], resolve(file), ...rest];
runMain();

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';
import { mutants } from './mutants';

const ROOT = resolve(__dirname, '..', '..', '..');

describe('planted bugs', () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s still has its place in the code', (_, mutant) => {
    const source = readFileSync(join(ROOT, mutant.file), 'utf8');
    const { code } = transformSync(source, { loader: 'ts', format: 'cjs', target: 'node20' });
    expect(code.split(mutant.find)).toHaveLength(2);
    expect(mutant.replace).not.toBe(mutant.find);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPart, renewed } from '../../benchmarks/page';

const PAGE = readFileSync(join(__dirname, '../../docs/benchmarks.md'), 'utf8');
const part = generatedPart(['one machine'], [['row'], ['produce']]);

test('a run replaces what stands between the markers of docs/benchmarks.md, and nothing else', () => {
  const once = renewed(PAGE, part);
  const [before, after] = PAGE.split(/<!-- generated: bench -->\n[^]*<!-- end of bench -->/);
  expect(once).toBe(`${before}<!-- generated: bench -->\n${part}<!-- end of bench -->${after}`);
  expect(renewed(once, part)).toBe(once);
});

test('a page without markers is left alone', () => {
  expect(() => renewed('# Benchmarks\n', part)).toThrow('has no part');
});

import { readFileSync } from 'node:fs';
import { DIFFERENCES, renewed } from '../../scripts/differences';
import { brokerKeys } from '../../src/config/broker-keys';
import { NOT_SERVED } from '../../src/config/not-served';

describe('docs/differences.md', () => {
  test('is up to date with the code (node scripts/run-ts.cjs scripts/differences.ts renews it)', () => {
    const page = readFileSync(DIFFERENCES, 'utf8');
    expect(page).toBe(renewed(page));
  });

  test('names every key that has no effect yet, and only keys that exist', () => {
    const page = readFileSync(DIFFERENCES, 'utf8');
    for (const key of NOT_SERVED.keys()) {
      expect(brokerKeys.has(key)).toBe(true);
      expect(page).toContain(`| \`${key}\` |`);
    }
  });
});

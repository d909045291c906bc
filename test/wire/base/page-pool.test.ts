import fc from 'fast-check';
import { InvariantViolation } from '../../../wire/base/invariant';
import { PagePool } from '../../../wire/base/page-pool';

describe('a page pool', () => {
  test('hands out runs that never overlap, and is one piece again when all have come back', () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ giveBack: fc.nat({ max: 1000 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.array(step, { maxLength: 200 }), (pages, steps) => {
        const pool = new PagePool(pages);
        const owner = new Int32Array(pages).fill(-1);
        const runs: { first: number; pages: number }[] = [];
        const giveBack = (index: number): void => {
          const [run] = runs.splice(index, 1);
          if (run === undefined) return;
          owner.fill(-1, run.first, run.first + run.pages);
          pool.free(run.first);
        };
        for (const action of steps) {
          if ('giveBack' in action) {
            if (runs.length > 0) giveBack(action.giveBack % runs.length);
            continue;
          }
          const first = pool.allocate(action.take);
          if (first < 0) continue;
          expect(first + action.take).toBeLessThanOrEqual(pages);
          expect(owner.subarray(first, first + action.take).every((page) => page === -1)).toBe(true);
          owner.fill(first, first, first + action.take);
          runs.push({ first, pages: action.take });
        }
        expect(pool.freePages).toBe(owner.filter((page) => page === -1).length);
        while (runs.length > 0) giveBack(runs.length - 1);
        expect(pool.freePages).toBe(pages);
        const largest = 2 ** Math.floor(Math.log2(pages));
        expect(pool.allocate(largest)).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test('gives back the pages behind a run at once', () => {
    const pool = new PagePool(8);
    expect(pool.allocate(5)).toBe(0);
    expect(pool.freePages).toBe(3);
    expect(pool.allocate(2)).toBe(6);
    expect(pool.allocate(1)).toBe(5);
    expect(pool.allocate(1)).toBe(-1);
  });

  test('is exhausted rather than grown', () => {
    const pool = new PagePool(4);
    expect(pool.allocate(5)).toBe(-1);
    expect(pool.allocate(2 ** 31)).toBe(-1);
    expect(pool.allocate(4)).toBe(0);
    expect(pool.allocate(1)).toBe(-1);
  });

  test('refuses to free twice, to free the middle of a run, and what it never had', () => {
    const pool = new PagePool(8);
    const first = pool.allocate(4);
    expect(() => pool.free(first + 1)).toThrow(InvariantViolation);
    pool.free(first);
    for (const page of [first, 7, 8, -1, 0.5]) expect(() => pool.free(page)).toThrow(InvariantViolation);
    expect(pool.freePages).toBe(8);
  });
});

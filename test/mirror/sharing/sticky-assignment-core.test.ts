import fc from 'fast-check';
import { stickyAssignment } from '../../../mirror/sharing/sticky-assignment-core';

function owned(rows: Record<string, string[]>): Map<string, string[]> {
  return new Map(Object.entries(rows));
}

describe('sticky assignment', () => {
  test('everybody keeps what is fair, the rest goes to who has least', () => {
    const partitions = ['a', 'b', 'c', 'd', 'e'];
    expect(stickyAssignment(partitions, owned({ one: partitions, two: [] }))).toEqual(
      new Map([
        ['one', ['a', 'b', 'c']],
        ['two', ['d', 'e']],
      ]),
    );
    expect(stickyAssignment(partitions, owned({ one: ['e'], two: ['d', 'gone'] }))).toEqual(
      new Map([
        ['one', ['e', 'a', 'c']],
        ['two', ['d', 'b']],
      ]),
    );
    expect(stickyAssignment(partitions, new Map())).toEqual(new Map());
  });

  test('each partition has one owner, nobody has two more than another, and a second round moves nothing', () => {
    const names = fc.uniqueArray(
      fc.integer({ min: 0, max: 60 }).map((n) => `p${n}`),
      { maxLength: 40 },
    );
    const holdings = fc.dictionary(fc.constantFrom('m1', 'm2', 'm3', 'm4'), names, { minKeys: 1 });
    fc.assert(
      fc.property(names, holdings, (partitions, rows) => {
        const assigned = stickyAssignment(partitions, owned(rows));
        expect([...assigned.values()].flat().sort()).toEqual([...partitions].sort());
        const sizes = [...assigned.values()].map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const again = stickyAssignment(partitions, assigned);
        for (const [member, theirs] of again) expect([...theirs].sort()).toEqual([...assigned.get(member)!].sort());
      }),
    );
  });
});

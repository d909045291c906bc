import fc from 'fast-check';
import { PlacementError, StripedReplicaPlacer, type UsableBroker } from '../../../controller/control/placement';
import { testRandom } from '../support/test-ports';

function brokers(
  count: number,
  rackOf: (id: number) => string | null = () => null,
  fenced: readonly number[] = [],
): UsableBroker[] {
  return Array.from({ length: count }, (_, id) => ({ id, rack: rackOf(id), fenced: fenced.includes(id) }));
}

function place(partitions: number, factor: number, usable: readonly UsableBroker[], seed = 1): number[][] {
  return new StripedReplicaPlacer(testRandom(seed)).place(partitions, factor, usable);
}

function countBy(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

describe('replica placement', () => {
  test('spreads leaders and replicas evenly', () => {
    const placed = place(30, 3, brokers(5));
    expect([...countBy(placed.map(([leader]) => leader ?? -1)).values()]).toEqual(Array(5).fill(6));
    expect([...countBy(placed.flat()).values()]).toEqual(Array(5).fill(18));
  });

  test('puts the replicas of a partition into different racks', () => {
    const usable = brokers(9, (id) => `rack-${id % 3}`);
    for (const replicas of place(50, 3, usable)) expect(new Set(replicas.map((id) => id % 3)).size).toBe(3);
  });

  test('lets only unfenced brokers lead, and takes fenced ones last', () => {
    const placed = place(
      20,
      2,
      brokers(4, () => null, [3]),
    );
    expect(placed.flat()).not.toContain(3);
    for (const [leader] of place(
      20,
      4,
      brokers(4, () => null, [3]),
    ))
      expect(leader).not.toBe(3);
  });

  test('has one answer where there is one broker', () => {
    expect(place(3, 1, brokers(1))).toEqual([[0], [0], [0]]);
  });

  test.each([
    ['no unfenced broker', 1, brokers(2, () => null, [0, 1]), 'All brokers are currently fenced.'],
    [
      'too few brokers',
      3,
      brokers(2),
      'The target replication factor of 3 cannot be reached because only 2 broker(s) are registered or some brokers have all their log directories cordoned.',
    ],
    ['no replicas', 0, brokers(2), 'Invalid replication factor 0: the replication factor must be positive.'],
  ])('fails with %s', (_, factor, usable, message) => {
    expect(() => place(1, factor, usable)).toThrow(PlacementError);
    expect(() => place(1, factor, usable)).toThrow(message);
  });

  test('always ends, with different brokers and an unfenced leader, whatever the cluster looks like', () => {
    const cluster = fc.array(fc.record({ rack: fc.constantFrom('a', 'b', 'c', null), fenced: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        cluster,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        (shape, factor, partitions, seed) => {
          const usable = shape.map((broker, id) => ({ id, ...broker }));
          fc.pre(factor <= usable.length && usable.some(({ fenced }) => !fenced));
          for (const replicas of place(partitions, factor, usable, seed)) {
            expect(new Set(replicas).size).toBe(factor);
            expect(usable[replicas[0] ?? -1]?.fenced).toBe(false);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

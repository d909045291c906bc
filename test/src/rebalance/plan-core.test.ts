import * as fc from 'fast-check';
import type { PlanBroker, PlanPartition } from '../../../src/rebalance/assignments-core';
import { batchesOf, pauseMs } from '../../../src/rebalance/batches-core';
import { type Move, planMoves } from '../../../src/rebalance/plan-core';

const brokersOf = (...ids: readonly number[]): PlanBroker[] => ids.map((id) => ({ id, rack: null }));

const partitionsOf = (topic: string, ...replicas: readonly (readonly number[])[]): PlanPartition[] =>
  replicas.map((each, partition) => ({ topic, partition, replicas: each, bytes: 100 }));

function after(partitions: readonly PlanPartition[], moves: readonly Move[]): PlanPartition[] {
  return partitions.map((each) => {
    const move = moves.find(({ topic, partition }) => topic === each.topic && partition === each.partition);
    return { ...each, replicas: move?.to ?? each.replicas };
  });
}

function counts(ids: readonly number[], numbers: readonly number[]): number[] {
  return ids.map((id) => numbers.filter((each) => each === id).length);
}

const replicasOn = (ids: readonly number[], partitions: readonly PlanPartition[]): number[] =>
  counts(ids, partitions.flatMap(({ replicas }) => replicas));

const leadersOn = (ids: readonly number[], partitions: readonly PlanPartition[]): number[] =>
  counts(ids, partitions.map(({ replicas }) => replicas[0] ?? -1));

const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);

describe('a plan', () => {
  test('leaves alone what is even', () => {
    expect(planMoves(brokersOf(1, 2, 3), partitionsOf('t', [1, 2], [2, 3], [3, 1]))).toEqual([]);
    expect(planMoves(brokersOf(1, 2), [])).toEqual([]);
  });

  test('gives a new broker its share, of replicas and of leaders, and moves nothing else', () => {
    const before = partitionsOf('t', [1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 3, 2], [2, 1, 3], [3, 2, 1], [1, 2, 3], [2, 3, 1]);
    const moves = planMoves(brokersOf(1, 2, 3, 4), before);
    const then = after(before, moves);
    expect(replicasOn([1, 2, 3, 4], then)).toEqual([6, 6, 6, 6]);
    expect(leadersOn([1, 2, 3, 4], then)).toEqual([2, 2, 2, 2]);
    expect(moves.flatMap(({ added }) => added)).toEqual([4, 4, 4, 4, 4, 4]);
    expect(moves.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(600);
  });

  test('gives it of the large as well as of the small', () => {
    const before = Array.from({ length: 16 }, (_, partition) => ({ topic: partition % 2 === 0 ? 'large' : 'small', partition, replicas: [1 + (partition % 4 >> 1)], bytes: partition % 2 === 0 ? 1000 : 1 }));
    const then = after(before, planMoves(brokersOf(1, 2, 3, 4), before));
    const bytes = [1, 2, 3, 4].map((id) => then.filter(({ replicas }) => replicas.includes(id)).reduce((sum, each) => sum + each.bytes, 0));
    expect(bytes).toEqual([2002, 2002, 2002, 2002]);
  });

  test('evens out leaders alone without copying a byte, through a third broker if there is no other way', () => {
    const before = partitionsOf('t', [1, 2], [1, 2], [2, 3], [3, 1].reverse(), [2, 3]);
    const moves = planMoves(brokersOf(1, 2, 3), before);
    expect(spread(leadersOn([1, 2, 3], after(before, moves)))).toBeLessThanOrEqual(1);
    const chain = partitionsOf('t', [1, 2], [1, 2], [1, 2], [2, 3], [2, 3], [3, 4], [4, 3], [3, 4], [4, 1]);
    expect(spread(leadersOn([1, 2, 3, 4], after(chain, planMoves(brokersOf(1, 2, 3, 4), chain))))).toBeLessThanOrEqual(1);
    const onlyLeaders = partitionsOf('t', [1, 2], [1, 2], [1, 2], [1, 2]);
    const [first, ...others] = planMoves(brokersOf(1, 2), onlyLeaders);
    expect(first).toEqual({ topic: 't', partition: 0, from: [1, 2], to: [2, 1], added: [], bytes: 0 });
    expect(others).toHaveLength(1);
  });

  test('takes everything off a broker that is to have nothing', () => {
    const before = partitionsOf('t', [1, 2], [2, 3], [3, 1]);
    expect(replicasOn([1, 2, 3], after(before, planMoves(brokersOf(1, 2), before)))).toEqual([3, 3, 0]);
  });

  test('leaves replicas where they are when nobody can take them', () => {
    const before = partitionsOf('t', [1, 2, 3]);
    expect(planMoves(brokersOf(1, 2), before)).toEqual([]);
  });

  test('keeps replicas in as many racks as before', () => {
    const racks = [1, 2, 3, 4].map((id) => ({ id, rack: id <= 2 ? 'a' : 'b' }));
    const before = partitionsOf('t', [1, 3], [1, 3], [1, 3], [1, 3]);
    const then = after(before, planMoves(racks, before));
    expect(replicasOn([1, 2, 3, 4], then)).toEqual([2, 2, 2, 2]);
    for (const { replicas } of then) expect(new Set(replicas.map((id) => (id <= 2 ? 'a' : 'b'))).size).toBe(2);
  });
});

const anyCluster = fc
  .record({ brokers: fc.integer({ min: 1, max: 7 }), racks: fc.integer({ min: 0, max: 3 }), extra: fc.integer({ min: 0, max: 2 }) })
  .chain(({ brokers, racks, extra }) => {
    const all = Array.from({ length: brokers + extra }, (_, index) => index + 1);
    const replicas = fc.uniqueArray(fc.constantFrom(...all), { minLength: 1, maxLength: Math.min(3, brokers) });
    const partition = fc.record({ topic: fc.constantFrom('a', 'b', 'c'), replicas, bytes: fc.nat(1000) });
    const targets = all.slice(0, brokers).map((id): PlanBroker => ({ id, rack: racks === 0 ? null : `rack-${id % racks}` }));
    return fc.record({
      targets: fc.constant(targets),
      hasRacks: fc.constant(racks > 0),
      partitions: fc.array(partition, { maxLength: 40 }).map((list) => list.map((each, index): PlanPartition => ({ ...each, partition: index }))),
    });
  });

describe('every plan', () => {
  test('is even without racks, keeps factors and racks, is the same in any order, and is the last one', () => {
    fc.assert(
      fc.property(anyCluster, ({ targets, hasRacks, partitions }) => {
        const moves = planMoves(targets, partitions);
        const then = after(partitions, moves);
        const ids = targets.map(({ id }) => id);
        const rackOf = new Map(targets.map(({ id, rack }) => [id, rack]));
        const racks = (replicas: readonly number[]): number => new Set(replicas.map((id) => rackOf.get(id) ?? null).filter((rack) => rack !== null)).size;
        for (const [index, { replicas }] of then.entries()) {
          const { replicas: former = [] } = partitions[index] ?? {};
          expect(new Set(replicas).size).toBe(former.length);
          expect(racks(replicas)).toBeGreaterThanOrEqual(racks(former));
        }
        if (!hasRacks) expect(spread(replicasOn(ids, then))).toBeLessThanOrEqual(1);
        expect(planMoves([...targets].reverse(), [...partitions].reverse())).toEqual(moves);
        expect(planMoves(targets, then)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('of single replicas copies no more than has to be copied', () => {
    const lists = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 });
    fc.assert(
      fc.property(lists, (where) => {
        const partitions = partitionsOf('t', ...where.map((id) => [id]));
        const loads = replicasOn([1, 2, 3, 4, 5], partitions).sort((a, b) => b - a);
        const [low, over] = [Math.floor(where.length / 5), where.length % 5];
        const least = loads.reduce((sum, load, index) => sum + Math.max(0, load - low - (index < over ? 1 : 0)), 0);
        expect(planMoves(brokersOf(1, 2, 3, 4, 5), partitions)).toHaveLength(least);
      }),
    );
  });
});

describe('portions', () => {
  const move = (partition: number, bytes: number): Move => ({ topic: 't', partition, from: [1], to: [2], added: [2], bytes });

  test('are bounded in partitions and in bytes, and keep the order', () => {
    const moves = [move(0, 50), move(1, 50), move(2, 10), move(3, 500), move(4, 1), move(5, 1), move(6, 1), move(7, 1)];
    const numbers = batchesOf(moves, { maxPartitions: 3, maxBytes: 100 }).map((batch) => batch.map(({ partition }) => partition));
    expect(numbers).toEqual([[0, 1], [2], [3], [4, 5, 6], [7]]);
  });

  test('are followed by a pause that keeps the average', () => {
    expect(pauseMs(1000, 400, 1000)).toBe(600);
    expect(pauseMs(1000, 2000, 1000)).toBe(0);
    expect(pauseMs(1000, 0, null)).toBe(0);
  });
});

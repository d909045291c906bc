import { type PartitionFacts, inOrder, lagRow, summaryOf, tableOf } from '../../../mirror/status/lag-core';

const FACTS: PartitionFacts = {
  ...{ flow: 'A->B', topic: 'orders', partition: 0, position: 150 },
  ...{ startOffset: 100, endOffset: 200, sizeBytes: 10_000, oldestTimestampMs: 1000 },
};

describe('the lag of a partition', () => {
  test('is told in records, bytes and seconds', () => {
    expect(lagRow(FACTS, 3500)).toMatchObject({ lagRecords: 50, lagBytes: 5000, lagSeconds: 2.5, lostRecords: 0 });
  });

  test('is nothing for what is copied, and the whole log for what has not begun', () => {
    expect(lagRow({ ...FACTS, position: 200 }, 3500)).toMatchObject({ lagRecords: 0, lagBytes: 0, lagSeconds: 0 });
    expect(lagRow({ ...FACTS, position: null }, 3500)).toMatchObject({
      lagRecords: 100,
      lostRecords: 0,
      position: 100,
    });
  });

  test('counts apart what expired before it was copied', () => {
    expect(lagRow({ ...FACTS, position: 60 }, 3500)).toMatchObject({ lagRecords: 100, lostRecords: 40 });
  });

  test('is unknown where nobody tells', () => {
    expect(lagRow({ ...FACTS, sizeBytes: null, oldestTimestampMs: null }, 3500)).toMatchObject({
      lagBytes: null,
      lagSeconds: null,
    });
  });
});

describe('the table', () => {
  const rows = inOrder([
    lagRow({ ...FACTS, position: 200 }, 3500),
    lagRow({ ...FACTS, partition: 1 }, 3500),
    lagRow({ ...FACTS, topic: 'b', sizeBytes: null, oldestTimestampMs: null, position: 1 }, 0),
  ]);

  test('begins with what is farthest behind, and counts what has no room', () => {
    expect(tableOf(rows, 2)).toEqual([
      'FLOW  TOPIC   PARTITION  COPIED TO  END  LAG    BYTES  SECONDS  LOST',
      'A->B  b               0          1  200  100        -        -    99',
      'A->B  orders          1        150  200   50  4.9 KiB      2.5',
      'and 1 more, none of which is farther behind',
    ]);
  });

  test('has a line for each flow that sums it up', () => {
    expect(summaryOf('A->B', rows, 2)).toBe('A->B: 2 processes, 3 partitions, 150 records, 4.9 KiB, 2.5 s behind');
    expect(summaryOf('A->B', [], 0)).toBe('A->B: no process runs, 0 partitions, 0 records, 0 B, 0 s behind');
  });
});

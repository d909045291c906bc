/** What failover and failback decide, without clusters. */
import { addRange, LogComparison, type OffsetRange } from '../../../mirror/drill/compare-core';
import { stageOf, stepsLeft } from '../../../mirror/drill/failover-core';
import { overlaps } from '../../../mirror/drill/receipt';
import { offsetsToWrite } from '../../../mirror/preserve/group-offsets';
import { BatchView } from '../../../wire/record/batch';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { encodeBatch } from '../../../wire/record/records';

const ORDERLY = { isSourceLost: false, areProducersStopped: false };

describe('a failover', () => {
  test.each([
    ['A', 0, 'mirroring'],
    ['promoting:A', 0, 'promoting'],
    ['promoting:A', 3, 'promoting'],
    ['', 3, 'promoted'],
    ['', 2, 'not-a-mirror'],
    ['C', 3, 'not-a-mirror'],
  ] as const)('takes a topic with mirror.source=%s and %d recorded ends for %s', (mirrorSource, recorded, stage) => {
    expect(stageOf({ topic: 't', partitions: 3, mirrorSource, recorded }, 'A')).toBe(stage);
  });

  test('goes on where it was stopped', () => {
    expect(stepsLeft(['mirroring', 'promoted'], ORDERLY)).toEqual(['freeze', 'catch-up', 'groups', 'fence', 'record', 'promote']);
    expect(stepsLeft(['promoting', 'promoted'], ORDERLY)).toEqual(['groups', 'record', 'promote']);
    expect(stepsLeft(['promoted'], ORDERLY)).toEqual([]);
  });

  test('asks a lost source for nothing', () => {
    expect(stepsLeft(['mirroring'], { ...ORDERLY, isSourceLost: true })).toEqual(['fence', 'record', 'promote']);
  });
});

describe('offsets of groups', () => {
  const row = (partition: number, offset: number) => ({ topic: 't', partition, offset, metadata: '' });
  test('are held at the end of the copy, and do not go back', () => {
    const source = [{ ...row(0, 5), copyEnd: 9 }, { ...row(1, 12), copyEnd: 9 }, { ...row(2, 3), copyEnd: 9 }, { ...row(3, 4), copyEnd: 0 }];
    expect(offsetsToWrite(source, [row(2, 4)])).toEqual([row(0, 5), row(1, 9), row(3, 0)]);
  });
});

/** `"0:a b"` is a batch at offset 0 with two records. */
function log(...batches: readonly string[]): BatchView[] {
  return batches.map((text) => {
    const [at, values] = text.split(':') as [string, string];
    const records = values.split(' ').map((value) => ({ key: null, value: Buffer.from(value), timestampMs: 1 }));
    const view = new BatchView(encodeBatch({ records }, crc32cPortable));
    view.setBaseOffset(Number(at));
    return view;
  });
}

function compared(primary: BatchView[], secondary: BatchView[], promotedAt: number, isCompacted = false): { fork: number | null; gaps: OffsetRange[]; records: number } {
  const comparison = new LogComparison(promotedAt, primary.at(-1)?.nextOffset ?? 0, isCompacted);
  let [i, j] = [0, 0];
  for (;;) {
    const next = comparison.step(primary[i] ?? null, secondary[j] ?? null);
    if (next === null) return { fork: comparison.forkOffset, gaps: comparison.onlyPrimary, records: comparison.records };
    if (next !== 'secondary') i++;
    if (next !== 'primary') j++;
  }
}

describe('the comparison of two logs', () => {
  const shared = ['0:a b', '2:c'];
  test('finds them the same', () => {
    expect(compared(log(...shared), log(...shared), 3)).toEqual({ fork: null, gaps: [], records: 3 });
  });
  test('ends where both wrote after the promotion', () => {
    expect(compared(log(...shared, '3:x'), log(...shared, '3:y'), 3).fork).toBe(3);
  });
  test('ends where only the old primary wrote', () => {
    expect(compared(log(...shared, '5:x'), log(...shared), 3).fork).toBe(5);
  });
  test('does not end with what the old primary lacks at its end', () => {
    expect(compared(log(...shared), log(...shared, '3:y', '4:z'), 3)).toEqual({ fork: null, gaps: [], records: 3 });
  });
  test('goes over what expired before it was copied', () => {
    expect(compared(log('0:a', '1:b', '2:c', '3:d'), log('0:a', '3:d'), 4)).toEqual({ fork: null, gaps: [{ fromOffset: 1, toOffset: 2 }], records: 2 });
  });
  test('ends before the promotion where the histories differ', () => {
    expect(compared(log('0:a', '1:b', '2:c'), log('0:a', '1:x', '2:c'), 3).fork).toBe(1);
    expect(compared(log('0:a', '2:c'), log('0:a', '1:x', '2:c'), 3).fork).toBe(1);
    expect(compared(log('0:a', '1:b c'), log('0:a', '2:c'), 3).fork).toBe(1);
  });
  test('goes on behind the promotion, so that a failback can be done again', () => {
    expect(compared(log(...shared, '3:y'), log(...shared, '3:y', '4:z'), 3)).toEqual({ fork: null, gaps: [], records: 4 });
  });
  test('takes a compacted batch for what it was', () => {
    const compacted = log('0:a b', '2:c');
    const bytes = compacted[0]!.bytes;
    // Of its two records one is left.
    new DataView(bytes.buffer, bytes.byteOffset).setInt32(57, 1);
    expect(compared(compacted, log('0:a b', '2:c'), 3, true).fork).toBeNull();
    expect(compared(log('0:a b'), log('2:c'), 3, true)).toMatchObject({ fork: null });
    // Its tombstones have been given a time to go.
    const noted = log('0:a b');
    new DataView(noted[0]!.bytes.buffer, noted[0]!.bytes.byteOffset).setInt16(21, 0x40);
    expect(compared(noted, log('0:a b'), 2, true).fork).toBeNull();
    expect(compared(noted, log('0:a b'), 2, false).fork).toBe(0);
  });
});

describe('ranges of offsets', () => {
  test('that touch are one, and overlap where both are', () => {
    const range = (fromOffset: number, toOffset: number) => ({ fromOffset, toOffset });
    const ranges: OffsetRange[] = [];
    for (const each of [range(0, 1), range(2, 4), range(6, 6)]) addRange(ranges, each);
    expect(ranges).toEqual([range(0, 4), range(6, 6)]);
    expect(overlaps([range(0, 4), range(6, 9)], [range(3, 7)])).toEqual([range(3, 4), range(6, 7)]);
  });
});

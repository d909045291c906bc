import { committedBatches } from '../../../mirror/copy/committed-batches-core';
import { encodeTransactionMarker } from '../../../wire/record/control-records';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { encodeBatch, type BatchSpec } from '../../../wire/record/records';

const crc = (bytes: Uint8Array): number => crc32cPortable(bytes);

function batch(baseOffset: number, count: number, spec: Partial<BatchSpec> = {}): Uint8Array {
  const records = Array.from({ length: count }, (_, i) => ({
    key: null,
    value: Buffer.from(`v${baseOffset + i}`),
    timestampMs: 1000 + baseOffset + i,
  }));
  return encodeBatch({ records, baseOffset, ...spec }, crc);
}

function marker(baseOffset: number, producerId: number, result: 'ABORT' | 'COMMIT'): Uint8Array {
  return encodeTransactionMarker(
    { result, coordinatorEpoch: 0, producerId, producerEpoch: 0, baseOffset, leaderEpoch: 0, timestampMs: 1 },
    crc,
  );
}

function offsets(
  parts: Uint8Array[],
  fetchOffset: number,
  aborted: { producerId: number; firstOffset: number }[] = [],
) {
  const { batches, nextOffset, problem } = committedBatches(Buffer.concat(parts), fetchOffset, aborted);
  return { offsets: batches.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset]), nextOffset, problem };
}

describe('committed batches', () => {
  test('every whole batch comes in order, a cut off last one is left', () => {
    const last = batch(5, 2);
    const found = offsets([batch(0, 3), batch(3, 2), last.subarray(0, last.length - 1)], 0);
    expect(found).toEqual({
      offsets: [
        [0, 2],
        [3, 4],
      ],
      nextOffset: 5,
      problem: null,
    });
  });

  test('aborted transactions and markers are left out, and the copy goes on behind them', () => {
    const of = (producerId: number): Partial<BatchSpec> => ({
      producerId,
      producerEpoch: 0,
      baseSequence: 0,
      isTransactional: true,
    });
    const parts = [
      batch(0, 2, of(7)),
      batch(2, 1, of(8)),
      batch(3, 1),
      marker(4, 7, 'ABORT'),
      batch(5, 1, of(7)),
      marker(6, 7, 'COMMIT'),
      marker(7, 8, 'COMMIT'),
    ];
    expect(offsets(parts, 0, [{ producerId: 7, firstOffset: 0 }])).toEqual({
      offsets: [
        [2, 2],
        [3, 3],
        [5, 5],
      ],
      nextOffset: 8,
      problem: null,
    });
    expect(offsets([batch(0, 2, of(7)), marker(2, 7, 'ABORT')], 0, [{ producerId: 7, firstOffset: 0 }])).toEqual({
      offsets: [],
      nextOffset: 3,
      problem: null,
    });
  });

  test('a producer that aborts twice is believed in between', () => {
    const spec = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    const parts = [
      batch(0, 1, spec),
      marker(1, 7, 'ABORT'),
      batch(2, 1, spec),
      marker(3, 7, 'COMMIT'),
      batch(4, 1, spec),
      marker(5, 7, 'ABORT'),
    ];
    const aborted = [
      { producerId: 7, firstOffset: 4 },
      { producerId: 7, firstOffset: 0 },
    ];
    expect(offsets(parts, 0, aborted).offsets).toEqual([[2, 2]]);
  });

  test('what compaction has taken out is seen in the header, and empty batches are passed over', () => {
    const holes = batch(0, 2, { lastOffsetDelta: 4 });
    const empty = batch(5, 0, { lastOffsetDelta: 1 });
    const { batches, nextOffset } = committedBatches(Buffer.concat([holes, empty]), 0, null);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({ baseOffset: 0, lastOffset: 4, recordsCount: 2, isDense: false });
    expect(nextOffset).toBe(7);
  });

  test('a fetch that begins within a batch says which of its records are wanted', () => {
    const { batches } = committedBatches(Buffer.concat([batch(0, 2), batch(2, 4)]), 4, null);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({ baseOffset: 2, lastOffset: 5, firstWantedOffset: 4 });
  });

  test('an old format, a size that cannot be and offsets that go back are a problem, not an exception', () => {
    const old = batch(2, 1);
    old[16] = 1;
    expect(offsets([batch(0, 2), old], 0)).toMatchObject({
      offsets: [[0, 1]],
      problem: expect.stringContaining('format 1'),
    });
    const tiny = batch(0, 1);
    tiny.set([0, 0, 0, 1], 8);
    expect(offsets([tiny], 0).problem).toContain('13 bytes');
    expect(offsets([batch(5, 2), batch(4, 1)], 0).problem).toContain('offset 4 after 6');
    const backwards = batch(5, 1);
    backwards.set([0xff, 0xff, 0xff, 0xfe], 23);
    expect(offsets([backwards], 0).problem).toContain('a batch from 5 to 3');
  });
});

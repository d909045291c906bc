import { committedBatches } from '../../../mirror/copy/committed-batches-core';
import { isPassable, rebuiltBatch } from '../../../mirror/copy/rebuilt-batch';
import { BatchView, TimestampType } from '../../../wire/record/batch';
import { CompressionType } from '../../../wire/record/compression-type';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { decodeRecords, encodeBatch, type BatchSpec } from '../../../wire/record/records';

const crc = (bytes: Uint8Array): number => crc32cPortable(bytes);

function committed(spec: Partial<BatchSpec>, fetchOffset: number, deltas: readonly number[] = [0, 2, 5]) {
  const records = deltas.map((offsetDelta) => ({
    key: Buffer.from(`k${offsetDelta}`),
    value: Buffer.from(`v${offsetDelta}`),
    timestampMs: 1000 + 10 * offsetDelta,
    offsetDelta,
  }));
  const bytes = encodeBatch({ records, baseOffset: 100, ...spec }, crc);
  return committedBatches(bytes, fetchOffset, null).batches[0]!;
}

function valuesOf(bytes: Uint8Array | null): string[] {
  return decodeRecords(new BatchView(bytes!)).map(
    ({ offset, value, timestampMs }) => `${offset - 100}:${Buffer.from(value!).toString()}@${timestampMs}`,
  );
}

describe('a batch that a leader would refuse', () => {
  test.each([CompressionType.none, CompressionType.gzip, CompressionType.lz4])(
    'gets dense offsets when compaction has left holes (codec %i)',
    (compression) => {
      const batch = committed({ compression, lastOffsetDelta: 9 }, 100);
      expect(isPassable(batch)).toBe(false);
      const rebuilt = rebuiltBatch(batch, crc);
      expect(rebuilt).toMatchObject({ recordsCount: 3, firstOffset: 100, lastOffset: 105, isContiguous: false });
      expect(valuesOf(rebuilt.bytes)).toEqual(['0:v0@1000', '1:v2@1020', '2:v5@1050']);
      const view = new BatchView(rebuilt.bytes!);
      expect([view.lastOffsetDelta, view.compression]).toEqual([2, compression]);
    },
  );

  test('begins where the copy begins', () => {
    const rebuilt = rebuiltBatch(committed({}, 102), crc);
    expect(rebuilt).toMatchObject({ recordsCount: 2, firstOffset: 102, lastOffset: 105 });
    expect(valuesOf(rebuilt.bytes)).toEqual(['0:v2@1020', '1:v5@1050']);
    expect(rebuiltBatch(committed({ lastOffsetDelta: 9 }, 108), crc).bytes).toBeNull();
  });

  test('keeps the time of the log append for each record', () => {
    const spec = { timestampType: TimestampType.logAppendTime, maxTimestampMs: 5000 };
    const batch = committed(spec, 100, [0, 1]);
    expect(isPassable(batch)).toBe(false);
    const { bytes } = rebuiltBatch(batch, crc);
    expect(valuesOf(bytes)).toEqual(['0:v0@5000', '1:v1@5000']);
    expect(new BatchView(bytes!).timestampType).toBe(TimestampType.createTime);
  });
});

import fc from 'fast-check';
import { DecodeError } from '../../../wire/base/errors';
import { BatchField, BatchView, TimestampType } from '../../../wire/record/batch';
import { filterBatch, type FilteredBatch } from '../../../wire/record/batch-filter';
import { CompressionType } from '../../../wire/record/compression-type';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { decodeRecords, encodeBatch, type BatchSpec } from '../../../wire/record/records';
import { batch, changed, codecNames, record, records } from './validation-case';

const options = { maxDecompressedBytes: 1_000_000, crc32c: crc32cPortable };

const spec: BatchSpec = {
  records: records(5, { headers: [{ key: 'h', value: Buffer.from('v') }] }),
  baseOffset: 1000,
  leaderEpoch: 3,
  producerId: 8,
  producerEpoch: 1,
  baseSequence: 20,
};

function filter(bytes: Uint8Array, stay: readonly number[], more: { deleteHorizonMs?: number } = {}): FilteredBatch {
  let index = 0;
  return filterBatch(new BatchView(bytes), () => stay.includes(index++), { ...options, ...more });
}

describe('a filtered batch', () => {
  test.each(codecNames())('keeps offsets, sequence and what its records say, with the codec %s', (name) => {
    fc.assert(
      fc.property(fc.subarray([0, 1, 2, 3, 4], { minLength: 1, maxLength: 4 }), fc.boolean(), (stay, hasHorizon) => {
        const bytes = encodeBatch({ ...spec, compression: CompressionType[name] }, crc32cPortable);
        const before = new BatchView(bytes);
        const deleteHorizonMs = before.baseTimestamp + 86_400_000;
        const result = filter(bytes, stay, hasHorizon ? { deleteHorizonMs } : {});
        const view = new BatchView(result.bytes as Uint8Array);
        expect(result.recordsCount).toBe(stay.length);
        expect(view.isCrcValid(crc32cPortable)).toBe(true);
        expect(decodeRecords(view)).toEqual(decodeRecords(before).filter((_, i) => stay.includes(i)));
        expect([view.baseOffset, view.lastOffset, view.partitionLeaderEpoch]).toEqual([1000, 1004, 3]);
        expect([view.producerId, view.producerEpoch, view.baseSequence, view.lastSequence]).toEqual([8, 1, 20, 24]);
        expect(view.compression).toBe(CompressionType[name]);
        expect(view.maxTimestamp).toBe(Math.max(...stay.map((i) => spec.records[i]!.timestampMs)));
        expect([view.hasDeleteHorizon, view.baseTimestamp]).toEqual(
          hasHorizon ? [true, deleteHorizonMs] : [false, before.baseTimestamp],
        );
      }),
      { numRuns: 30 },
    );
  });

  test('is the old one when nothing goes and no horizon is to be set', () => {
    const bytes = encodeBatch(spec, crc32cPortable);
    expect(filter(bytes, [0, 1, 2, 3, 4])).toEqual({ bytes: null, recordsCount: 5 });
    const set = filter(bytes, [0, 1, 2, 3, 4], { deleteHorizonMs: 99 }).bytes as Uint8Array;
    expect(filter(set, [0, 1, 2, 3, 4], { deleteHorizonMs: 77 })).toEqual({ bytes: null, recordsCount: 5 });
    expect(new BatchView(filter(set, [1], { deleteHorizonMs: 77 }).bytes as Uint8Array).baseTimestamp).toBe(99);
  });

  test('without records is a header that still tells offsets and sequence', () => {
    const bytes = encodeBatch({ ...spec, compression: CompressionType.zstd, isTransactional: true }, crc32cPortable);
    const view = new BatchView(filter(bytes, [], { deleteHorizonMs: 5 }).bytes as Uint8Array);
    expect([view.sizeBytes, view.recordsCount, view.compression, view.hasDeleteHorizon]).toEqual([61, 0, 0, false]);
    expect([view.lastOffset, view.lastSequence, view.isTransactional, view.baseTimestamp]).toEqual([
      1004,
      24,
      true,
      -1,
    ]);
    expect(view.isCrcValid(crc32cPortable)).toBe(true);
    expect(decodeRecords(view)).toEqual([]);
    expect(filter(view.bytes, []).bytes).toBeNull();
  });

  test('with LogAppendTime keeps the append time', () => {
    const bytes = encodeBatch(
      { ...spec, timestampType: TimestampType.logAppendTime, maxTimestampMs: 123 },
      crc32cPortable,
    );
    const view = new BatchView(filter(bytes, [2]).bytes as Uint8Array);
    expect(decodeRecords(view).map((r) => r.timestampMs)).toEqual([123]);
  });

  test('shows each record to whoever decides, keys and values included', () => {
    const seen: string[] = [];
    filterBatch(
      new BatchView(batch({ records: [record(0), record(1, { key: null, value: null })] })),
      (r) => seen.push(`${r.offsetDelta} ${Buffer.from(r.key ?? []).toString()} ${r.valueBytes}`) > 0,
      options,
    );
    expect(seen).toEqual(['0 key-0 7', '1  -1']);
  });

  test('is a DecodeError when its records are malformed', () => {
    const broken = changed(batch(), (b) => b.writeUInt8(0xff, 61));
    expect(() => filter(broken, [])).toThrow(DecodeError);
    const unknown = changed(batch(), (b) => b.writeInt16BE(6, BatchField.attributes));
    expect(() => filter(unknown, [0])).toThrow(DecodeError);
  });
});

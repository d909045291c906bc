import fc from 'fast-check';
import { DecodeError } from '../../../wire/base/errors';
import { BATCH_HEADER_BYTES, BatchView, TimestampType, batchSizeAt, magicAt } from '../../../wire/record/batch';
import { CompressionType } from '../../../wire/record/compression-type';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { RecordScanner } from '../../../wire/record/record-scanner';
import { decodeRecords, encodeBatch, plainRecords, type RecordSpec } from '../../../wire/record/records';

const field = fc.option(fc.uint8Array({ maxLength: 200 }), { nil: null });

const recordSpec: fc.Arbitrary<RecordSpec> = fc.record({
  key: field,
  value: field,
  timestampMs: fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }), fc.maxSafeInteger().map(Math.abs)),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 12, unit: 'grapheme' }), value: field }), { maxLength: 4 }),
});

const records = fc.array(recordSpec, { minLength: 1, maxLength: 30 });

function plain(bytes: Uint8Array | null): number[] | null {
  return bytes === null ? null : [...bytes];
}

describe('batches and records', () => {
  test('what is encoded decodes to the same records, whatever the codec', () => {
    fc.assert(
      fc.property(
        records,
        fc.constantFrom(CompressionType.none, CompressionType.gzip),
        fc.integer({ min: 0, max: 2 ** 40 }),
        (specs, compression, baseOffset) => {
          const batch = new BatchView(encodeBatch({ records: specs, baseOffset, compression }, crc32cPortable));
          expect(batch.isCrcValid(crc32cPortable)).toBe(true);
          expect(batch.lastOffset).toBe(baseOffset + specs.length - 1);
          expect(batch.maxTimestamp).toBe(Math.max(...specs.map((spec) => spec.timestampMs)));
          const decoded = decodeRecords(batch);
          expect(decoded.map((record) => record.offset)).toEqual(specs.map((_, i) => baseOffset + i));
          decoded.forEach((record, i) => {
            const spec = specs[i] as RecordSpec;
            expect(record.timestampMs).toBe(spec.timestampMs);
            expect(plain(record.key)).toEqual(plain(spec.key));
            expect(plain(record.value)).toEqual(plain(spec.value));
            expect(record.headers.map((h) => [h.key, plain(h.value)])).toEqual(
              (spec.headers ?? []).map((h) => [h.key, plain(h.value)]),
            );
          });
        },
      ),
    );
  });

  test('every field of the header is read as it was written', () => {
    const batch = new BatchView(
      encodeBatch(
        {
          records: [
            { key: null, value: null, timestampMs: 1_700_000_000_000 },
            { key: null, value: null, timestampMs: 1_700_000_000_005 },
          ],
          baseOffset: 2 ** 52 + 3,
          leaderEpoch: 77,
          producerId: 2 ** 45 + 1,
          producerEpoch: 32767,
          baseSequence: 2147483647,
          isTransactional: true,
          isControl: true,
        },
        crc32cPortable,
      ),
    );
    expect(batch.baseOffset).toBe(2 ** 52 + 3);
    expect(batch.nextOffset).toBe(2 ** 52 + 5);
    expect(batch.sizeBytes).toBe(batch.bytes.length);
    expect(batch.partitionLeaderEpoch).toBe(77);
    expect(batch.magic).toBe(2);
    expect(batch.producerId).toBe(2 ** 45 + 1);
    expect(batch.producerEpoch).toBe(32767);
    expect(batch.baseSequence).toBe(2147483647);
    expect(batch.lastSequence).toBe(0);
    expect(batch.isTransactional).toBe(true);
    expect(batch.isControl).toBe(true);
    expect(batch.hasDeleteHorizon).toBe(false);
    expect(batch.timestampType).toBe(TimestampType.createTime);
    expect(batch.baseTimestamp).toBe(1_700_000_000_000);
    expect(batch.recordsCount).toBe(2);
  });

  test('offset and epoch can be patched without touching the checksum, negative numbers included', () => {
    const bytes = encodeBatch({ records: [{ key: null, value: null, timestampMs: 5 }] }, crc32cPortable);
    const batch = new BatchView(bytes);
    const crc = batch.crc;
    for (const offset of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -1, -(2 ** 40)]) {
      batch.setBaseOffset(offset);
      expect(batch.baseOffset).toBe(offset);
    }
    for (const epoch of [-1, 0, 2 ** 31 - 1]) {
      batch.setPartitionLeaderEpoch(epoch);
      expect(batch.partitionLeaderEpoch).toBe(epoch);
    }
    expect(batch.crc).toBe(crc);
    expect(batch.isCrcValid(crc32cPortable)).toBe(true);
  });

  test('log append time replaces every record timestamp and keeps the checksum right', () => {
    const batch = new BatchView(
      encodeBatch(
        { records: [1, 2, 3].map((timestampMs) => ({ key: null, value: null, timestampMs })) },
        crc32cPortable,
      ),
    );
    batch.setTimestamps(TimestampType.logAppendTime, 9_000, crc32cPortable);
    expect(batch.isCrcValid(crc32cPortable)).toBe(true);
    expect(decodeRecords(batch).map((record) => record.timestampMs)).toEqual([9_000, 9_000, 9_000]);
    batch.setTimestamps(TimestampType.createTime, 3, crc32cPortable);
    expect(decodeRecords(batch).map((record) => record.timestampMs)).toEqual([1, 2, 3]);
  });

  test('a delete horizon takes the place of the base timestamp and leaves the records their own', () => {
    const batch = new BatchView(
      encodeBatch(
        {
          records: [{ key: new Uint8Array([1]), value: null, timestampMs: 1_600_000_000_000, offsetDelta: 4 }],
          lastOffsetDelta: 9,
          baseOffset: 100,
          deleteHorizonMs: 1_700_000_000_000,
        },
        crc32cPortable,
      ),
    );
    expect(batch.hasDeleteHorizon).toBe(true);
    expect(batch.baseTimestamp).toBe(1_700_000_000_000);
    expect(batch.lastOffset).toBe(109);
    expect(decodeRecords(batch)).toEqual([
      { offset: 104, timestampMs: 1_600_000_000_000, key: new Uint8Array([1]), value: null, headers: [] },
    ]);
  });

  test('an empty batch keeps its offset range and is never compressed', () => {
    const bytes = encodeBatch(
      { records: [], lastOffsetDelta: 6, baseOffset: 10, compression: CompressionType.gzip },
      crc32cPortable,
    );
    const batch = new BatchView(bytes);
    expect(bytes.length).toBe(BATCH_HEADER_BYTES);
    expect(batch.compression).toBe(0);
    expect(batch.baseTimestamp).toBe(-1);
    expect(batch.lastOffset).toBe(16);
    expect(decodeRecords(batch)).toEqual([]);
  });

  test('a cursor walks batches that lie back to back and stops at the end', () => {
    const one = encodeBatch({ records: [{ key: null, value: null, timestampMs: 1 }], baseOffset: 0 }, crc32cPortable);
    const two = encodeBatch({ records: [{ key: null, value: null, timestampMs: 1 }], baseOffset: 1 }, crc32cPortable);
    const bytes = Buffer.concat([one, two]);
    const cursor = new BatchView(bytes);
    expect(cursor.baseOffset).toBe(0);
    expect(cursor.next()).toBe(true);
    expect(cursor.baseOffset).toBe(1);
    expect(cursor.next()).toBe(false);
  });

  test('a batch that is not whole is not viewed, and its size is told as soon as it is known', () => {
    const bytes = encodeBatch({ records: [{ key: null, value: null, timestampMs: 1 }] }, crc32cPortable);
    for (let length = 0; length < bytes.length; length++) {
      const part = bytes.subarray(0, length);
      expect(batchSizeAt(part, 0)).toBe(length < 12 ? -1 : bytes.length);
      expect(magicAt(part, 0)).toBe(length <= 16 ? -1 : 2);
      expect(() => new BatchView(part)).toThrow(DecodeError);
    }
  });

  test('varint lengths and timestamp deltas at every boundary survive', () => {
    for (let power = 0; power <= 52; power++) {
      for (const timestampMs of [2 ** power - 1, 2 ** power, -(2 ** power), -(2 ** power) - 1]) {
        const specs = [
          { key: null, value: null, timestampMs: 0 },
          { key: null, value: null, timestampMs },
        ];
        const decoded = decodeRecords(new BatchView(encodeBatch({ records: specs }, crc32cPortable)));
        expect(decoded[1]?.timestampMs).toBe(timestampMs);
      }
    }
  });
});

describe('hostile records', () => {
  const bytes = encodeBatch(
    {
      records: Array.from({ length: 5 }, (_, i) => ({
        key: Buffer.from(`key-${i}`),
        value: Buffer.alloc(100, i),
        timestampMs: 1_700_000_000_000 + i * 1000,
        headers: [{ key: 'h', value: i % 2 ? null : Buffer.from('v') }],
      })),
    },
    crc32cPortable,
  );

  test('a changed byte gives records or a DecodeError, never anything else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const copy = Uint8Array.from(bytes);
          for (const [at, byte] of changes) copy[at] = byte;
          try {
            decodeRecords(new BatchView(copy), { maxDecompressedBytes: 10_000 });
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('a scanner ends on any bytes and stays inside them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
        const scanner = new RecordScanner().moveTo(junk);
        let steps = 0;
        while (scanner.next()) {
          steps++;
          expect(scanner.recordEnd).toBeLessThanOrEqual(junk.length);
          expect(scanner.keyOffset + Math.max(0, scanner.keyBytes)).toBeLessThanOrEqual(scanner.recordEnd);
          expect(scanner.valueOffset + Math.max(0, scanner.valueBytes)).toBeLessThanOrEqual(scanner.recordEnd);
          expect(scanner.headers()).toHaveLength(scanner.headersCount);
        }
        expect(steps).toBeLessThanOrEqual(junk.length);
        expect(scanner.isAtEnd || scanner.problem !== null).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('a section cut anywhere has a problem or fewer records', () => {
    const section = plainRecords(new BatchView(bytes));
    for (let length = 1; length < section.length; length++) {
      const scanner = new RecordScanner().moveTo(section, 0, length);
      let count = 0;
      while (scanner.next()) count++;
      expect(count).toBeLessThan(5);
      expect(scanner.problem !== null || scanner.recordEnd === length).toBe(true);
    }
  });

  test.each([
    ['a negative size', [0x01]],
    ['no attributes', [0x00]],
    ['a size beyond the end', [0x10, 0, 0]],
    ['a varint that never ends', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a varint with bits beyond 32', [0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['a key length below -1', [0x0c, 0, 0, 0, 0x03, 0x01, 0]],
    ['a value length below -1', [0x0c, 0, 0, 0, 0x01, 0x03, 0]],
    ['a negative header count', [0x0c, 0, 0, 0, 0x01, 0x01, 0x01]],
    ['more headers than bytes', [0x0c, 0, 0, 0, 0x01, 0x01, 0x7e]],
    ['a header without name', [0x10, 0, 0, 0, 0x01, 0x01, 0x02, 0x01, 0x01]],
    ['bytes left in a record', [0x0e, 0, 0, 0, 0x01, 0x01, 0, 0]],
  ])('%s is a problem', (_, junk) => {
    const scanner = new RecordScanner().moveTo(Uint8Array.from(junk));
    expect(scanner.next()).toBe(false);
    expect(scanner.problem).not.toBeNull();
  });
});

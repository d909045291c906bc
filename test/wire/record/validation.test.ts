import fc from 'fast-check';
import { ErrorCode } from '../../../wire/base/error-codes';
import { BatchField, BatchView, TimestampType } from '../../../wire/record/batch';
import { compress } from '../../../wire/record/codecs/codecs';
import { CompressionType } from '../../../wire/record/compression-type';
import { crc32cPortable } from '../../../wire/record/crc32c';
import { decodeRecords, encodeBatch } from '../../../wire/record/records';
import { validateBatch } from '../../../wire/record/validation';
import { MAX_RECORD_ERRORS, type AcceptedBatch, type RefusedBatch } from '../../../wire/record/validation-rules';
import { batch, changed, codecNames, nowMs, record, records, rules } from './validation-case';

type Rules = Partial<typeof rules>;

function accepts(bytes: Uint8Array, more: Rules = {}): AcceptedBatch {
  const result = validateBatch(bytes, { ...rules, ...more }, nowMs);
  if (!result.ok) throw new Error(`refused: ${result.message}`);
  expect(new BatchView(result.bytes).isCrcValid(crc32cPortable)).toBe(true);
  return result;
}

function refuses(bytes: Uint8Array, more: Rules = {}): RefusedBatch {
  const result = validateBatch(bytes, { ...rules, ...more }, nowMs);
  if (result.ok) throw new Error('accepted');
  return result;
}

const { INVALID_RECORD, CORRUPT_MESSAGE, INVALID_TIMESTAMP, MESSAGE_TOO_LARGE, UNSUPPORTED_COMPRESSION_TYPE } =
  ErrorCode;

describe('a batch that is right', () => {
  test.each(codecNames())('is accepted in place with the codec %s', (name) => {
    const bytes = batch({ compression: CompressionType[name] });
    const before = Uint8Array.from(bytes);
    const result = accepts(bytes);
    expect(result.bytes.buffer).toBe(bytes.buffer);
    expect(Buffer.compare(result.bytes, before)).toBe(0);
    expect(result).toMatchObject({
      isRewritten: false,
      recordsCount: 3,
      maxTimestampMs: nowMs - 998,
      logAppendTimeMs: -1,
    });
  });

  test('may be followed by an incomplete one, which is dropped', () => {
    const whole = batch();
    for (const rest of [batch().subarray(0, -1), batch().subarray(0, 16), new Uint8Array(11)]) {
      expect(Buffer.compare(accepts(Buffer.concat([whole, rest])).bytes, whole)).toBe(0);
    }
  });

  test('gets the maximum timestamp that its records have', () => {
    const bytes = batch({ maxTimestampMs: nowMs + 500 });
    expect(accepts(bytes).maxTimestampMs).toBe(nowMs - 998);
    expect(new BatchView(bytes).maxTimestamp).toBe(nowMs - 998);
  });

  test('may have no timestamps at all', () => {
    expect(accepts(batch({ records: records(2, { timestampMs: -1 }) }), { beforeMaxMs: 10 }).maxTimestampMs).toBe(-1);
  });

  test('of a topic with LogAppendTime gets the broker’s time, whatever its records say', () => {
    const bytes = batch({ records: records(3, { timestampMs: nowMs + 10 ** 12 }) });
    const result = accepts(bytes, { timestampType: TimestampType.logAppendTime });
    expect([result.maxTimestampMs, result.logAppendTimeMs]).toEqual([nowMs, nowMs]);
    expect(decodeRecords(new BatchView(result.bytes)).map((r) => r.timestampMs)).toEqual([nowMs, nowMs, nowMs]);
  });

  test('with offset deltas that do not count up is renumbered, in plain and compressed', () => {
    for (const compression of [CompressionType.none, CompressionType.lz4]) {
      const sent = [record(0, { offsetDelta: 5 }), record(1, { offsetDelta: 5 }), record(2, { offsetDelta: 300 })];
      const bytes = batch({ compression, lastOffsetDelta: 2, records: sent });
      const result = accepts(bytes);
      expect(result.isRewritten).toBe(true);
      const decoded = decodeRecords(new BatchView(result.bytes));
      expect(decoded.map((r) => r.offset)).toEqual([0, 1, 2]);
      expect(decoded.map((r) => Buffer.from(r.value ?? []).toString())).toEqual(['value-0', 'value-1', 'value-2']);
      expect(decoded.map((r) => r.timestampMs)).toEqual(sent.map((r) => r.timestampMs));
    }
  });

  test('is recompressed when the topic wants another codec, and keeps everything else', () => {
    for (const from of codecNames()) {
      for (const to of codecNames().filter((name) => name !== from)) {
        const spec = { producerId: 9, producerEpoch: 1, baseSequence: 70, isTransactional: true, records: records(50) };
        const bytes = batch({ ...spec, compression: CompressionType[from] });
        const result = accepts(bytes, { compressionType: CompressionType[to] });
        expect(result.isRewritten).toBe(true);
        const view = new BatchView(result.bytes);
        expect(view.compression).toBe(CompressionType[to]);
        expect(decodeRecords(view)).toEqual(decodeRecords(new BatchView(bytes)));
        expect([view.producerId, view.producerEpoch, view.baseSequence, view.isTransactional]).toEqual([
          9,
          1,
          70,
          true,
        ]);
      }
    }
  });

  test('is the same for the mode that looks at the header only', () => {
    const bytes = batch({ compression: CompressionType.snappy });
    expect(accepts(bytes, { mode: 'header' })).toMatchObject({ isRewritten: false, recordsCount: 3 });
    expect(accepts(bytes, { mode: 'header', compressionType: CompressionType.zstd }).isRewritten).toBe(true);
  });
});

describe('a batch that is wrong', () => {
  test('is refused when there is none, or not a whole one', () => {
    for (const length of [0, 1, 11, 12, 16, 17, 60, batch().length - 1]) {
      expect(refuses(batch().subarray(0, length)).errorCode).toBe(INVALID_RECORD);
    }
  });

  test('is refused when there are two', () => {
    expect(refuses(Buffer.concat([batch(), batch()])).errorCode).toBe(INVALID_RECORD);
  });

  test('is corrupt when no format looks like that', () => {
    const shapes: [(bytes: Buffer) => unknown, number][] = [
      [(bytes) => bytes.writeInt32BE(13, BatchField.batchLength), CORRUPT_MESSAGE],
      [(bytes) => bytes.writeInt32BE(-1, BatchField.batchLength), CORRUPT_MESSAGE],
      [(bytes) => bytes.writeInt32BE(2 ** 31 - 1, BatchField.batchLength), INVALID_RECORD],
      [(bytes) => bytes.writeInt8(3, BatchField.magic), CORRUPT_MESSAGE],
      [(bytes) => bytes.writeInt8(-1, BatchField.magic), CORRUPT_MESSAGE],
      [(bytes) => bytes.writeInt8(1, BatchField.magic), INVALID_RECORD],
      [(bytes) => bytes.writeInt8(0, BatchField.magic), INVALID_RECORD],
    ];
    for (const [change, code] of shapes) expect(refuses(changed(batch(), change)).errorCode).toBe(code);
    const short = Buffer.from(batch().subarray(0, 40));
    short.writeInt32BE(28, BatchField.batchLength);
    expect(refuses(short).errorCode).toBe(CORRUPT_MESSAGE);
    const junk = Buffer.concat([batch(), Buffer.alloc(12)]);
    expect(refuses(junk).errorCode).toBe(CORRUPT_MESSAGE);
  });

  test('is corrupt when any byte under the checksum has changed', () => {
    const bytes = batch();
    for (let at = BatchField.crc; at < bytes.length; at++) {
      const copy = Uint8Array.from(bytes);
      copy[at] = (copy[at] as number) ^ 0x20;
      expect(refuses(copy)).toMatchObject({ errorCode: CORRUPT_MESSAGE, meter: 'InvalidMessageCrcRecordsPerSec' });
    }
  });

  test('is refused for its header', () => {
    const offsets = 'InvalidOffsetOrSequenceRecordsPerSec';
    const three: [string, Uint8Array, string | null][] = [
      ['a base offset', batch({ baseOffset: 1 }), null],
      ['no records', encodeBatch({ records: [], lastOffsetDelta: 0 }, crc32cPortable), offsets],
      ['a negative count', changed(batch(), (b) => b.writeInt32BE(-3, BatchField.recordsCount)), offsets],
      ['a gap', changed(batch(), (b) => b.writeInt32BE(3, BatchField.lastOffsetDelta)), offsets],
      [
        'an offset range turned round',
        changed(batch(), (b) => b.writeInt32BE(-1, BatchField.lastOffsetDelta)),
        offsets,
      ],
      ['the control bit', batch({ isControl: true }), offsets],
      ['a producer without sequence', batch({ producerId: 5, producerEpoch: 0 }), offsets],
      ['a producer id beyond 2^53', batch({ producerId: 2 ** 60, producerEpoch: 0, baseSequence: 0 }), null],
    ];
    for (const [what, bytes, meter] of three) {
      expect([what, refuses(bytes)]).toMatchObject([what, { errorCode: INVALID_RECORD, recordErrors: [], meter }]);
    }
  });

  test('is too large over max.message.bytes, before and after recompression', () => {
    const bytes = batch({ records: [record(0, { value: Buffer.alloc(5000) })], compression: CompressionType.gzip });
    expect(refuses(bytes, { maxMessageBytes: bytes.length - 1 }).errorCode).toBe(MESSAGE_TOO_LARGE);
    expect(accepts(bytes, { maxMessageBytes: bytes.length }).isRewritten).toBe(false);
    const plain = { maxMessageBytes: 5000, compressionType: CompressionType.none };
    expect(refuses(bytes, plain).errorCode).toBe(MESSAGE_TOO_LARGE);
  });

  test('with zstd needs Produce version 7, and codecs 5 to 7 do not exist', () => {
    const zstd = batch({ compression: CompressionType.zstd });
    expect(refuses(zstd, { produceVersion: 6 }).errorCode).toBe(UNSUPPORTED_COMPRESSION_TYPE);
    expect(accepts(zstd, { produceVersion: 7 }).isRewritten).toBe(false);
    for (const codec of [5, 6, 7]) {
      const bytes = changed(batch(), (b) => b.writeInt16BE(codec, BatchField.attributes));
      expect(refuses(bytes).errorCode).toBe(UNSUPPORTED_COMPRESSION_TYPE);
    }
  });

  test('is refused when its stream is broken, and too large when it is a bomb', () => {
    for (const name of codecNames().filter((codec) => codec !== 'none')) {
      const bytes = batch({ compression: CompressionType[name] });
      const broken = changed(bytes, (b) => b.fill(0xee, 61));
      expect(refuses(broken).errorCode).toBe(INVALID_RECORD);
      const bomb = batch({
        records: [record(0, { value: Buffer.alloc(500_000) })],
        compression: CompressionType[name],
      });
      expect(refuses(bomb, { maxDecompressedBytes: 100_000 }).errorCode).toBe(MESSAGE_TOO_LARGE);
    }
  });

  test('is refused when its records are not what the header counts or do not fill the section', () => {
    for (const compression of [CompressionType.none, CompressionType.gzip]) {
      for (const count of [2, 4]) {
        const bytes = changed(batch({ compression }), (b) => {
          b.writeInt32BE(count, BatchField.recordsCount);
          b.writeInt32BE(count - 1, BatchField.lastOffsetDelta);
        });
        expect(refuses(bytes)).toMatchObject({ errorCode: INVALID_RECORD, recordErrors: [] });
      }
    }
    const junk = Buffer.concat([batch(), Buffer.of(1)]);
    junk.writeInt32BE(junk.length - 12, BatchField.batchLength);
    expect(refuses(changed(junk, () => undefined)).errorCode).toBe(INVALID_RECORD);
  });
});

describe('records that are not accepted', () => {
  test('are those without key on a compacted topic', () => {
    const bytes = batch({ records: [record(0), record(1, { key: null }), record(2), record(3, { key: null })] });
    expect(refuses(bytes, { isCompacted: true })).toMatchObject({
      errorCode: INVALID_RECORD,
      recordErrors: [{ batchIndex: 1 }, { batchIndex: 3 }],
      meter: 'NoKeyCompactedTopicRecordsPerSec',
    });
    expect(accepts(bytes, { mode: 'header', isCompacted: true }).recordsCount).toBe(4);
    expect(accepts(batch({ records: records(2, { key: new Uint8Array(0) }) }), { isCompacted: true }).ok).toBe(true);
  });

  test('are those with timestamps out of bounds, to the millisecond', () => {
    const at = (timestampMs: number) => batch({ records: [record(0), record(1, { timestampMs })] });
    const bounds = { beforeMaxMs: 5000, afterMaxMs: 1000 };
    for (const timestampMs of [nowMs - 5000, nowMs + 1000, -1]) expect(accepts(at(timestampMs), bounds).ok).toBe(true);
    for (const timestampMs of [nowMs - 5001, nowMs + 1001, 0, -2, Number.MAX_SAFE_INTEGER]) {
      expect(refuses(at(timestampMs), bounds)).toMatchObject({
        errorCode: INVALID_TIMESTAMP,
        recordErrors: [{ batchIndex: 1 }],
      });
    }
    const early = batch({ records: records(1, { timestampMs: nowMs - 5001 }) });
    const late = batch({ records: records(1, { timestampMs: nowMs + 1001 }) });
    for (const bytes of [early, late]) {
      expect(refuses(bytes, { ...bounds, mode: 'header' }).errorCode).toBe(INVALID_TIMESTAMP);
    }
  });

  test('make a timestamp error when both kinds are there', () => {
    const bytes = batch({ records: [record(0, { key: null }), record(1, { timestampMs: nowMs * 2 })] });
    expect(refuses(bytes, { isCompacted: true })).toMatchObject({
      errorCode: INVALID_TIMESTAMP,
      recordErrors: [{ batchIndex: 0 }, { batchIndex: 1 }],
    });
  });

  test('are all of them when a producer sets the broker’s timestamp type', () => {
    const bytes = batch({ timestampType: TimestampType.logAppendTime });
    const result = refuses(bytes, { timestampType: TimestampType.logAppendTime });
    expect(result).toMatchObject({ errorCode: INVALID_TIMESTAMP });
    expect(result.recordErrors.map((error) => error.batchIndex)).toEqual([0, 1, 2]);
  });

  test('are listed up to a bound', () => {
    const bytes = batch({ records: records(MAX_RECORD_ERRORS + 500, { key: null, value: null }) });
    const result = refuses(bytes, { isCompacted: true });
    expect(result.recordErrors.length).toBe(MAX_RECORD_ERRORS);
    expect(result.message).toContain(String(MAX_RECORD_ERRORS + 500));
  });
});

describe('any bytes', () => {
  const bases = codecNames().map((name) => batch({ compression: CompressionType[name], records: records(6) }));

  test('are answered, whatever changed in them under a right checksum', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...bases),
        fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.constantFrom<CompressionType | 'producer'>('producer', ...Object.values(CompressionType)),
        fc.constantFrom(TimestampType.createTime, TimestampType.logAppendTime),
        (base, changes, compressionType, timestampType) => {
          const bytes = changed(base, (b) => changes.forEach(([at, byte]) => (b[at % b.length] = byte)));
          const result = validateBatch(
            bytes,
            { ...rules, compressionType, timestampType, maxDecompressedBytes: 5000 },
            nowMs,
          );
          if (!result.ok) return;
          const view = new BatchView(result.bytes);
          expect(view.isCrcValid(crc32cPortable)).toBe(true);
          const decoded = decodeRecords(view);
          expect(decoded.map((r) => r.offset)).toEqual(decoded.map((_, i) => i));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('are answered when they are junk', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (junk) => {
        expect(validateBatch(junk, rules, nowMs).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('that decompress to junk are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.constantFrom(1, 2, 3, 4), (junk, codec) => {
        const section = compress(codec, junk);
        const bytes = Buffer.concat([bases[0]!.subarray(0, 61), section]);
        bytes.writeInt32BE(bytes.length - 12, BatchField.batchLength);
        bytes.writeInt16BE(codec, BatchField.attributes);
        expect(
          validateBatch(
            changed(bytes, () => undefined),
            rules,
            nowMs,
          ).ok,
        ).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

import { ByteReader } from '../../../wire/base/byte-reader';
import { ByteWriter, unsignedVarintBytes } from '../../../wire/base/byte-writer';
import { EncodeError } from '../../../wire/base/errors';

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(1);
  write(writer);
  return Buffer.from(writer.finish()).toString('hex');
}

/** What is written, read again. */
function through<T>(write: (writer: ByteWriter) => void, read: (reader: ByteReader) => T): T {
  const writer = new ByteWriter(1);
  write(writer);
  const reader = new ByteReader(writer.finish());
  const value = read(reader);
  expect(reader.remaining).toBe(0);
  return value;
}

describe('writing numbers', () => {
  test('integers are big-endian', () => {
    const all = written((writer) => {
      writer.int8(-1);
      writer.int16(-2);
      writer.int32(258);
      writer.uint16(65535);
      writer.uint32(4294967295);
      writer.int64(-258);
      writer.bool(true);
    });
    expect(all).toBe('ff' + 'fffe' + '00000102' + 'ffff' + 'ffffffff' + 'fffffffffffffefe' + '01');
  });

  test.each([
    ['int8', 128],
    ['int16', 32768],
    ['uint16', -1],
    ['int32', 2147483648],
    ['uint32', -1],
    ['int32', 0.5],
    ['int32', NaN],
    ['int64', 2 ** 53],
    ['int64', 0.5],
    ['varlong', 2 ** 53],
    ['varint', 2147483648],
    ['unsignedVarint', -1],
  ] as const)('%s refuses %d', (method, value) => {
    expect(() => new ByteWriter()[method](value)).toThrow(EncodeError);
  });

  test.each([
    0,
    1,
    -1,
    4294967295,
    4294967296,
    -4294967296,
    -4294967297,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ])('the 64-bit integer %d comes back', (value) => {
    expect(
      through(
        (writer) => writer.int64(value),
        (reader) => reader.int64(),
      ),
    ).toBe(value);
    expect(
      through(
        (writer) => writer.varlong(value),
        (reader) => reader.varlong(),
      ),
    ).toBe(value);
    expect(
      through(
        (writer) => writer.bigint64(BigInt(value)),
        (reader) => reader.int64(),
      ),
    ).toBe(value);
  });

  test('varints come back at every length', () => {
    for (let bits = 0; bits <= 32; bits++) {
      const value = 2 ** bits - 1;
      expect(
        through(
          (writer) => writer.unsignedVarint(value),
          (reader) => reader.unsignedVarint(),
        ),
      ).toBe(value);
      expect(unsignedVarintBytes(value)).toBe(Math.max(1, Math.ceil(bits / 7)));
    }
    for (const value of [0, -1, 1, 2147483647, -2147483648]) {
      expect(
        through(
          (writer) => writer.varint(value),
          (reader) => reader.varint(),
        ),
      ).toBe(value);
    }
  });

  test('a bigint has at most 64 bits', () => {
    expect(
      through(
        (writer) => writer.bigint64(-(2n ** 63n)),
        (reader) => reader.bigint64(),
      ),
    ).toBe(-(2n ** 63n));
    expect(() => new ByteWriter().bigint64(2n ** 63n)).toThrow(EncodeError);
  });
});

describe('writing what has a length', () => {
  const texts = [
    '',
    'topic',
    'é',
    'x'.repeat(24),
    'x'.repeat(25),
    'x'.repeat(126),
    'x'.repeat(127),
    'é'.repeat(200),
    'x'.repeat(23) + '€',
    '😀'.repeat(5),
    'x'.repeat(32767),
  ];

  test.each(texts.map((text) => [text.length, text] as const))('a string of %d characters comes back', (_, text) => {
    expect(
      through(
        (writer) => writer.string(text),
        (reader) => reader.string(),
      ),
    ).toBe(text);
    expect(
      through(
        (writer) => writer.compactString(text),
        (reader) => reader.compactString(),
      ),
    ).toBe(text);
    expect(
      through(
        (writer) => writer.nullableString(text),
        (reader) => reader.nullableString(),
      ),
    ).toBe(text);
    expect(
      through(
        (writer) => writer.compactNullableString(text),
        (reader) => reader.compactNullableString(),
      ),
    ).toBe(text);
  });

  test('null has its encodings', () => {
    expect(written((writer) => writer.nullableString(null))).toBe('ffff');
    expect(written((writer) => writer.compactNullableString(null))).toBe('00');
    expect(written((writer) => writer.nullableBytes(null))).toBe('ffffffff');
    expect(written((writer) => writer.compactNullableBytes(null))).toBe('00');
  });

  test('a string that is too long is refused', () => {
    expect(() => new ByteWriter().string('x'.repeat(32768))).toThrow(EncodeError);
    expect(() => new ByteWriter().compactString('é'.repeat(16384))).toThrow(EncodeError);
  });

  test('a text is counted in bytes also where its first characters are plain', () => {
    expect(written((writer) => writer.string('aé'))).toBe('0003' + '61c3a9');
  });

  test.each([0, 1, 127, 128, 16383, 16384, 300000])('a size put in front of %d bytes is right', (size) => {
    const writer = new ByteWriter(1);
    writer.int8(7);
    const start = writer.beginSized();
    writer.raw(new Uint8Array(size).fill(5));
    writer.endSized(start);
    writer.int8(9);
    const reader = new ByteReader(writer.finish());
    expect(reader.int8()).toBe(7);
    expect(reader.slice(reader.unsignedVarint()).every((byte) => byte === 5)).toBe(true);
    expect([reader.int8(), reader.remaining]).toEqual([9, 0]);
  });

  test('an id that is none is refused', () => {
    expect(
      through(
        (writer) => writer.uuid('_____________________w'),
        (reader) => reader.uuid(),
      ),
    ).toBe('_____________________w');
    expect(() => new ByteWriter().uuid('nonsense')).toThrow(EncodeError);
  });
});

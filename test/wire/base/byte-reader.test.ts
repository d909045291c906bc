import { ByteReader } from '../../../wire/base/byte-reader';
import { DecodeError } from '../../../wire/base/errors';

function reader(hex: string): ByteReader {
  return new ByteReader(new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
}

describe('reading fixed sizes', () => {
  test('integers are big-endian', () => {
    const input = reader('80 8000 80000000 ffff ffffffff 0000000000000102');
    expect([input.int8(), input.int16(), input.int32(), input.uint16(), input.uint32(), input.int64()]).toEqual([
      -128, -32768, -2147483648, 65535, 4294967295, 258,
    ]);
    expect(input.remaining).toBe(0);
  });

  test('a 64-bit integer is a number up to 2^53 and an error beyond', () => {
    expect(reader('001fffffffffffff').int64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('ffe0000000000001').int64()).toBe(Number.MIN_SAFE_INTEGER);
    expect(reader('ffffffffffffffff').int64()).toBe(-1);
    expect(() => reader('0020000000000000').int64()).toThrow(DecodeError);
    expect(() => reader('8000000000000000').int64()).toThrow(DecodeError);
    expect(reader('7fffffffffffffff').bigint64()).toBe(9223372036854775807n);
    expect(reader('7fffffffffffffff').clampedInt64At(0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('8000000000000000').clampedInt64At(0)).toBe(Number.MIN_SAFE_INTEGER);
  });

  test('any byte but zero is true', () => {
    const input = reader('00 01 ff');
    expect([input.bool(), input.bool(), input.bool()]).toEqual([false, true, true]);
  });

  test('bytes before the offset and after the end are out of reach', () => {
    const input = new ByteReader(Uint8Array.of(1, 2, 3, 4), 1, 3);
    expect(input.int16()).toBe(0x0203);
    expect(() => input.int8()).toThrow(DecodeError);
  });
});

describe('reading varints', () => {
  test('an unsigned one has at most 32 bits', () => {
    expect(reader('00').unsignedVarint()).toBe(0);
    expect(reader('ac02').unsignedVarint()).toBe(300);
    expect(reader('ffffffff0f').unsignedVarint()).toBe(4294967295);
    expect(() => reader('ffffffff1f').unsignedVarint()).toThrow(DecodeError);
    expect(() => reader('ffffffffff01').unsignedVarint()).toThrow(DecodeError);
    expect(() => reader('ff').unsignedVarint()).toThrow(DecodeError);
  });

  test('signed ones are zig-zag', () => {
    expect(['00', '01', '02', 'ffffffff0f', 'feffffff0f'].map((hex) => reader(hex).varint())).toEqual([
      0, -1, 1, -2147483648, 2147483647,
    ]);
    expect(['00', '01', '02', '8080808020', 'ffffffffffffff1f'].map((hex) => reader(hex).varlong())).toEqual([
      0,
      -1,
      1,
      4294967296,
      -(2 ** 53),
    ]);
  });

  test('a 64-bit one is a number up to 2^53 and an error beyond', () => {
    expect(reader('feffffffffffff1f').varlong()).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => reader('8080808080808020').varlong()).toThrow(DecodeError);
    expect(() => reader('80808080808080808001').varlong()).toThrow(DecodeError);
    expect(() => reader('ffffffffffffffffff01').varlong()).toThrow(DecodeError);
    expect(() => reader('ffffffffffffffffffff01').varlong()).toThrow(DecodeError);
  });
});

describe('reading what has a length', () => {
  test('strings, plain and compact', () => {
    expect(reader('0003 c3a961').string()).toBe('éa');
    expect(reader('04 c3a961').compactString()).toBe('éa');
    expect(reader('ffff').nullableString()).toBeNull();
    expect(reader('00').compactNullableString()).toBeNull();
    expect(reader('01').compactNullableString()).toBe('');
  });

  test('null where null has no meaning is an error', () => {
    for (const hex of ['ffff', '8000']) expect(() => reader(hex).string()).toThrow(DecodeError);
    expect(() => reader('00').compactString()).toThrow(DecodeError);
    expect(() => reader('ffffffff').bytesField()).toThrow(DecodeError);
    expect(() => reader('00').compactBytes()).toThrow(DecodeError);
  });

  test('a compact string is not longer than a plain one can be', () => {
    const bytes = new Uint8Array(40000).fill(97);
    bytes.set([0x81, 0x80, 0x02]);
    expect(() => new ByteReader(bytes).compactString()).toThrow('32768');
  });

  test('bytes are a slice of the input, not a copy', () => {
    const input = Uint8Array.of(0, 0, 0, 2, 7, 8);
    const slice = new ByteReader(input).bytesField();
    input[4] = 9;
    expect(slice).toEqual(Uint8Array.of(9, 8));
    expect(reader('03 0708').compactNullableBytes()).toEqual(Uint8Array.of(7, 8));
    expect(reader('ffffffff').nullableBytes()).toBeNull();
  });

  test('a length beyond the input is an error before anything is allocated', () => {
    expect(() => reader('7fffffff 00').bytesField()).toThrow(DecodeError);
    expect(() => reader('7fff 00').string()).toThrow(DecodeError);
    expect(() => reader('7fffffff 00').arrayLength(1)).toThrow(DecodeError);
    expect(() => reader('ffffffff0f 00').compactArrayLength(1)).toThrow(DecodeError);
    expect(() => reader('00000002 00000000 000000').arrayLength(4)).toThrow(DecodeError);
    expect(reader('00000002 00000000 00000000').arrayLength(4)).toBe(2);
    expect(reader('ffffffff').arrayLength(1)).toBe(-1);
    expect(reader('00').compactArrayLength(1)).toBe(-1);
  });
});

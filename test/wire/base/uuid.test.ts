import { EncodeError } from '../../../wire/base/errors';
import type { Random } from '../../../wire/base/env';
import { METADATA_TOPIC_ID, ZERO_UUID, isUuid, randomUuid, uuidToBytes, uuidToString } from '../../../wire/base/uuid';

function bytesOf(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(values);
  return bytes;
}

function randomOf(draws: Uint8Array[]): Random {
  return {
    below: () => 0,
    bytes: (into) => into.set(draws.shift() ?? new Uint8Array(into.length)),
  };
}

describe('ids', () => {
  test('the text is unpadded URL-safe base64 of the bytes', () => {
    for (let seed = 1; seed < 500; seed++) {
      const bytes = Uint8Array.from({ length: 16 }, (_, index) => (seed * 7919 * (index + 1)) >>> 3);
      expect(uuidToString(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
      expect(uuidToBytes(uuidToString(bytes))).toEqual(bytes);
    }
  });

  test('the reserved ids are zero and one', () => {
    expect(uuidToString(bytesOf())).toBe(ZERO_UUID);
    expect(uuidToBytes(METADATA_TOPIC_ID)).toEqual(bytesOf(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));
  });

  test('an id is read at an offset, and never past the end', () => {
    const bytes = new Uint8Array(20).fill(0xff, 4);
    expect(uuidToString(bytes, 4)).toBe('_____________________w');
    expect(() => uuidToString(bytes, 5)).toThrow(RangeError);
  });

  test.each([
    '',
    'AAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAA+',
    'AAAAAAAAAAAAAAAAAAAAAB',
    'AAAAAAAAAAAAAAAAAAAAé=',
  ])('text that no id has is refused: %j', (text) => {
    expect(isUuid(text)).toBe(false);
    expect(() => uuidToBytes(text)).toThrow(EncodeError);
  });

  test('a random id is version 4 and never begins like a flag', () => {
    const dash = new Uint8Array(16).fill(0xfb);
    const plain = new Uint8Array(16).fill(0x11);
    const id = randomUuid(randomOf([dash, plain]));
    expect(id.startsWith('-')).toBe(false);
    const bytes = uuidToBytes(id);
    expect([(bytes[6] as number) >> 4, (bytes[8] as number) >> 6]).toEqual([4, 2]);
  });
});

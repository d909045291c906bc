import crc32cOracle from 'crc-32/crc32c';
import { crc32cPortable } from '../../../wire/record/crc32c';

describe('CRC-32C in plain JavaScript', () => {
  test('gives the check value of the polynomial', () => {
    expect(crc32cPortable(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32cPortable(new Uint8Array(0))).toBe(0);
  });

  test('agrees with an independent implementation on every length up to 300', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 167 + 13) & 255);
    for (let length = 0; length <= 300; length++) {
      expect(crc32cPortable(bytes.subarray(0, length))).toBe(crc32cOracle.buf(bytes.subarray(0, length)) >>> 0);
    }
  });

  test('continues from the checksum of what came before', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
    for (const cut of [0, 1, 7, 8, 50, 99, 100]) {
      expect(crc32cPortable(bytes.subarray(cut), crc32cPortable(bytes.subarray(0, cut)))).toBe(crc32cPortable(bytes));
    }
  });
});

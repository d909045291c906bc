/** CRC-32C (Castagnoli) in plain JavaScript, by four tables: the simulator needs neither WebAssembly nor native code. */

import type { Crc32c } from '../../wire/base/env';

const POLYNOMIAL = 0x82f63b78;

function buildTables(): readonly Int32Array[] {
  const tables = [0, 1, 2, 3].map(() => new Int32Array(256));
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    tables[0]![i] = value;
  }
  for (let t = 1; t < 4; t++) {
    for (let i = 0; i < 256; i++) {
      const previous = tables[t - 1]![i]!;
      tables[t]![i] = tables[0]![previous & 0xff]! ^ (previous >>> 8);
    }
  }
  return tables;
}

/** A function with tables of its own. */
export function createCrc32c(): Crc32c {
  const [t0, t1, t2, t3] = buildTables() as [Int32Array, Int32Array, Int32Array, Int32Array];
  return (bytes) => {
    let crc = -1;
    const whole = bytes.length & ~3;
    for (let i = 0; i < whole; i += 4) {
      crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!;
    }
    for (let i = whole; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
    return ~crc >>> 0;
  };
}

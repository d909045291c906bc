/**
 * CRC-32C (Castagnoli) in plain JavaScript, eight bytes a step: the portable fallback of `IoMemory`, and what tools,
 * tests and the simulator use, where speed does not matter.
 */

const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** Computed once at load and never changed: row k is the effect of a byte followed by k zero bytes. */
const TABLE = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256] as number;
    table[i] = (previous >>> 8) ^ (table[previous & 255] as number);
  }
  return table;
}

/** CRC-32C of `bytes`, unsigned; `seed` is the checksum of what came before. */
export function crc32cPortable(bytes: Uint8Array, seed = 0): number {
  const t = TABLE;
  const b = bytes;
  const length = bytes.length;
  const wholeEnd = length - (length % SLICES);
  let crc = ~seed;
  let i = 0;
  for (; i < wholeEnd; i += SLICES) {
    const low = crc ^ (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24));
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + b[i + 4]!]! ^
      t[512 + b[i + 5]!]! ^
      t[256 + b[i + 6]!]! ^
      t[b[i + 7]!]!;
  }
  for (; i < length; i++) crc = (crc >>> 8) ^ t[(crc ^ b[i]!) & 255]!;
  return ~crc >>> 0;
}

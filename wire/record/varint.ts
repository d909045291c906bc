/** Zig-zag varints as records use them: sizes and writing. Reading is inlined where it is hot. */

/** Bytes of a 32-bit zig-zag varint. */
export function sizeOfVarint(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  for (; rest > 127; rest >>>= 7) size++;
  return size;
}

/** Bytes of a zig-zag varlong; `value` is a safe integer. */
export function sizeOfVarlong(value: number): number {
  let half = value < 0 ? -(value + 1) : value;
  let size = 1;
  for (; half >= 64; half = Math.floor(half / 128)) size++;
  return size;
}

/** Writes a 32-bit zig-zag varint at `offset`; returns the offset after it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let p = offset;
  for (; rest > 127; rest >>>= 7) bytes[p++] = (rest & 127) | 128;
  bytes[p++] = rest;
  return p;
}

/** Writes a zig-zag varlong at `offset`; returns the offset after it. `value` is a safe integer. */
export function writeVarlong(bytes: Uint8Array, offset: number, value: number): number {
  let half = value < 0 ? -(value + 1) : value;
  let low = ((half % 64) << 1) | (value < 0 ? 1 : 0);
  let p = offset;
  for (half = Math.floor(half / 64); half > 0; half = Math.floor(half / 128)) {
    bytes[p++] = low | 128;
    low = half % 128;
  }
  bytes[p++] = low;
  return p;
}

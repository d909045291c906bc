/**
 * Big-endian integers at fixed places of a byte array, for the batch header.
 *
 * Callers have checked bounds. 64-bit integers are numbers: exact within ±2^53, rounded beyond, which no legal batch reaches.
 * Plain byte arithmetic is as fast as a DataView here and needs none to be allocated per buffer.
 */

const TWO_32 = 4294967296;

/** The byte at `offset`; callers have checked bounds. */
function at(bytes: Uint8Array, offset: number): number {
  return bytes[offset] as number;
}

export function readInt8(bytes: Uint8Array, offset: number): number {
  return (at(bytes, offset) << 24) >> 24;
}

export function readInt16(bytes: Uint8Array, offset: number): number {
  return ((at(bytes, offset) << 24) >> 16) | at(bytes, offset + 1);
}

export function readInt32(bytes: Uint8Array, offset: number): number {
  return (
    (at(bytes, offset) << 24) | (at(bytes, offset + 1) << 16) | (at(bytes, offset + 2) << 8) | at(bytes, offset + 3)
  );
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset) >>> 0;
}

export function readInt64(bytes: Uint8Array, offset: number): number {
  return readInt32(bytes, offset) * TWO_32 + readUint32(bytes, offset + 4);
}

export function writeInt8(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
}

export function writeInt16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >> 8;
  bytes[offset + 1] = value;
}

/** Also for unsigned values. */
export function writeInt32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >> 24;
  bytes[offset + 1] = value >> 16;
  bytes[offset + 2] = value >> 8;
  bytes[offset + 3] = value;
}

export function writeInt64(bytes: Uint8Array, offset: number, value: number): void {
  writeInt32(bytes, offset, Math.floor(value / TWO_32));
  writeInt32(bytes, offset + 4, value >>> 0);
}

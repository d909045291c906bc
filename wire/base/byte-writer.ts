/**
 * Writing Kafka's primitive types.
 *
 * A ByteWriter grows as needed and refuses values outside their type with an EncodeError: DataView would wrap them.
 * `reserve` may replace `view`, so whoever writes into reserved room takes `view` after it. Bytes written at a `reserve`
 * stay where they are until `endSized` moves them to make room for a longer length in front.
 */
import { EncodeError } from './errors';
import { writeUuid } from './uuid';

const TWO_32 = 4294967296;
/** Strings carry at most what a 16-bit length can say, in compact form too. */
const MAX_STRING_BYTES = 32767;
/** Up to here a loop over characters beats a call into Node. */
const SHORT_STRING = 24;

export class ByteWriter {
  view: DataView;
  position = 0;
  private buffer: Buffer;

  constructor(initialBytes = 256) {
    this.buffer = Buffer.allocUnsafe(initialBytes);
    this.view = viewOf(this.buffer);
  }

  /** What has been written, without a copy. The writer must not be used again, unless the bytes are no longer needed. */
  finish(): Uint8Array {
    return new Uint8Array(this.buffer.buffer, this.buffer.byteOffset, this.position);
  }

  /** The bytes written since `from`, without a copy. */
  written(from: number): Uint8Array {
    return new Uint8Array(this.buffer.buffer, this.buffer.byteOffset + from, this.position - from);
  }

  /** Makes room for `size` bytes and returns where they begin. `view` may be another one afterwards. */
  reserve(size: number): number {
    const at = this.position;
    const needed = at + size;
    if (needed > this.buffer.length) this.grow(needed);
    this.position = needed;
    return at;
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.position));
    this.buffer = larger;
    this.view = viewOf(larger);
  }

  int8(value: number): void {
    const at = this.reserve(1);
    this.view.setInt8(at, inRange(value, -0x80, 0x7f));
  }

  bool(value: boolean): void {
    const at = this.reserve(1);
    this.view.setInt8(at, value ? 1 : 0);
  }

  int16(value: number): void {
    const at = this.reserve(2);
    this.view.setInt16(at, inRange(value, -0x8000, 0x7fff));
  }

  uint16(value: number): void {
    const at = this.reserve(2);
    this.view.setUint16(at, inRange(value, 0, 0xffff));
  }

  int32(value: number): void {
    const at = this.reserve(4);
    this.view.setInt32(at, inRange(value, -0x80000000, 0x7fffffff));
  }

  uint32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, inRange(value, 0, 0xffffffff));
  }

  float64(value: number): void {
    const at = this.reserve(8);
    this.view.setFloat64(at, value);
  }

  int64(value: number): void {
    this.int64At(this.reserve(8), value);
  }

  /** Writes into room that `reserve` gave. */
  int64At(at: number, value: number): void {
    if (!Number.isSafeInteger(value) && value !== -(2 ** 53))
      throw new EncodeError(`not a whole number within 2^53: ${String(value)}`);
    this.view.setInt32(at, Math.floor(value / TWO_32));
    this.view.setUint32(at + 4, value >>> 0);
  }

  bigint64(value: bigint): void {
    const at = this.reserve(8);
    this.bigint64At(at, value);
  }

  bigint64At(at: number, value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
      throw new EncodeError(`not a 64-bit integer: ${String(value)}`);
    this.view.setBigInt64(at, value);
  }

  uuid(value: string): void {
    const at = this.reserve(16);
    this.uuidAt(at, value);
  }

  uuidAt(at: number, value: string): void {
    writeUuid(value, this.buffer, at);
  }

  unsignedVarint(value: number): void {
    let rest = inRange(value, 0, 0xffffffff);
    const at = this.reserve(unsignedVarintBytes(rest));
    let next = at;
    while (rest > 0x7f) {
      this.buffer[next++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[next] = rest;
  }

  varint(value: number): void {
    inRange(value, -0x80000000, 0x7fffffff);
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  varlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw new EncodeError(`not a whole number within 2^53: ${String(value)}`);
    // Doubling may need 54 bits, so the lowest seven are taken off before: they are exact in every case.
    const negative = value < 0;
    const half = negative ? -value - 1 : value;
    let byte = (half % 64) * 2 + (negative ? 1 : 0);
    let rest = Math.floor(half / 64);
    while (rest > 0) {
      this.byte(byte | 0x80);
      byte = rest % 128;
      rest = Math.floor(rest / 128);
    }
    this.byte(byte);
  }

  private byte(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  /** Bytes without a length in front of them. */
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.buffer.set(bytes, at);
  }

  string(value: string): void {
    const start = this.reserve(2);
    const size = this.utf8(value);
    this.view.setInt16(start, size);
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }

  compactString(value: string): void {
    if (typeof value !== 'string') throw new EncodeError(`not a string: ${String(value)}`);
    const start = this.reserve(1);
    const size = this.utf8(value);
    this.setLength(start, size + 1);
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactString(value);
  }

  /** Writes the text and returns its size in bytes. */
  private utf8(value: string): number {
    if (typeof value !== 'string') throw new EncodeError(`not a string: ${String(value)}`);
    const length = value.length;
    if (length > MAX_STRING_BYTES) throw new EncodeError(`string of ${length} characters`);
    const at = this.reserve(length * 3);
    let size = 0;
    if (length <= SHORT_STRING) {
      while (size < length) {
        const character = value.charCodeAt(size);
        if (character > 0x7f) break;
        this.buffer[at + size++] = character;
      }
    }
    if (size < length) size = this.buffer.write(value, at, 'utf8');
    if (size > MAX_STRING_BYTES) throw new EncodeError(`string of ${size} bytes`);
    this.position = at + size;
    return size;
  }

  bytesField(value: Uint8Array): void {
    this.int32(value.length);
    this.raw(value);
  }

  nullableBytes(value: Uint8Array | null): void {
    if (value === null) this.int32(-1);
    else this.bytesField(value);
  }

  compactBytes(value: Uint8Array): void {
    this.unsignedVarint(value.length + 1);
    this.raw(value);
  }

  compactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactBytes(value);
  }

  /** Leaves room for a varint that `endSized` fills in with the size of what follows: for sizes not known beforehand. */
  beginSized(): number {
    return this.reserve(1);
  }

  endSized(start: number): void {
    this.setLength(start, this.position - start - 1);
  }

  /** Puts `length` where one byte was kept free, and moves what follows when it takes more. */
  private setLength(start: number, length: number): void {
    const extra = unsignedVarintBytes(length) - 1;
    const end = this.position;
    if (extra > 0) {
      this.reserve(extra);
      this.buffer.copyWithin(start + 1 + extra, start + 1, end);
    }
    const after = this.position;
    this.position = start;
    this.unsignedVarint(length);
    this.position = after;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function inRange(value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new EncodeError(`not a whole number in [${min}, ${max}]: ${String(value)}`);
}

/** How many bytes the varint of an unsigned 32-bit number takes. */
export function unsignedVarintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

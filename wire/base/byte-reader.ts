/**
 * Reading Kafka's primitive types.
 *
 * A ByteReader never reads past its end: whatever the bytes claim, it throws a DecodeError and allocates nothing that is
 * larger than what is left. 64-bit integers are numbers: two 32-bit reads are thirty times faster than BigInt, and no
 * offset, timestamp or id that a cluster hands out exceeds 2^53. Compiled codecs read runs of fixed size through `take`.
 */
import { DecodeError } from './errors';
import { uuidFromWords } from './uuid';

const TWO_32 = 4294967296;
/** The high word of a 64-bit integer that a number holds exactly lies in [-2^21, 2^21). */
const SAFE_HIGH = 2097152;
/** Strings carry at most what a 16-bit length can say, in compact form too. */
const MAX_STRING_BYTES = 32767;

export class ByteReader {
  readonly view: DataView;
  /** Where the next read begins, as an index into `bytes`. */
  position: number;
  readonly end: number;
  private text: Buffer | null = null;

  /** Reads `bytes` from `offset` up to `end` (an index, not a length). */
  constructor(
    readonly bytes: Uint8Array,
    offset = 0,
    end = bytes.length,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = offset;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Steps over `size` bytes and returns where they begin. */
  take(size: number): number {
    const at = this.position;
    if (size < 0 || size > this.end - at) throw this.tooShort(size);
    this.position = at + size;
    return at;
  }

  private tooShort(size: number): DecodeError {
    return new DecodeError(`${size} bytes wanted at ${this.position}, ${this.remaining} left`, this.position);
  }

  /** A DecodeError at the place where reading stands. */
  failure(what: string): DecodeError {
    return new DecodeError(`${what} at ${this.position}`, this.position);
  }

  int8(): number {
    return this.view.getInt8(this.take(1));
  }

  bool(): boolean {
    return this.view.getInt8(this.take(1)) !== 0;
  }

  int16(): number {
    return this.view.getInt16(this.take(2));
  }

  uint16(): number {
    return this.view.getUint16(this.take(2));
  }

  int32(): number {
    return this.view.getInt32(this.take(4));
  }

  uint32(): number {
    return this.view.getUint32(this.take(4));
  }

  float64(): number {
    return this.view.getFloat64(this.take(8));
  }

  int64(): number {
    return this.int64At(this.take(8));
  }

  /** The 64-bit integer at an index that `take` gave. */
  int64At(at: number): number {
    const high = this.view.getInt32(at);
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) {
      throw new DecodeError(`64-bit integer beyond 2^53 at ${at}`, at);
    }
    return high * TWO_32 + this.view.getUint32(at + 4);
  }

  /** Like `int64At`, but what lies beyond 2^53 becomes the largest (smallest) integer that a number holds exactly. */
  clampedInt64At(at: number): number {
    const high = this.view.getInt32(at);
    if (high >= SAFE_HIGH) return Number.MAX_SAFE_INTEGER;
    if (high < -SAFE_HIGH) return Number.MIN_SAFE_INTEGER;
    return high * TWO_32 + this.view.getUint32(at + 4);
  }

  bigint64(): bigint {
    return this.view.getBigInt64(this.take(8));
  }

  uuid(): string {
    return this.uuidAt(this.take(16));
  }

  uuidAt(at: number): string {
    const view = this.view;
    return uuidFromWords(view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8), view.getInt32(at + 12));
  }

  /** At most five bytes, as an unsigned 32-bit number. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.view.getUint8(this.take(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.view.getUint8(this.take(1));
    if (last > 0x0f) throw this.failure('varint of more than 32 bits');
    return (value | (last << 28)) >>> 0;
  }

  /** Zig-zag, 32 bits. */
  varint(): number {
    const value = this.unsignedVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zig-zag, 64 bits; beyond 2^53 is a DecodeError. */
  varlong(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.view.getUint8(this.take(1));
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else high += bits * 2 ** (shift - 28);
      if (byte < 0x80) return this.zigZag(low, high);
    }
    throw this.failure('varint of more than 64 bits');
  }

  /** `low` holds 28 bits, `high` what is above them. */
  private zigZag(low: number, high: number): number {
    if (high >= 2 ** 26) throw this.failure('64-bit integer beyond 2^53');
    const half = high * 2 ** 27 + Math.floor(low / 2);
    return low % 2 === 0 ? half : -half - 1;
  }

  /** A slice of the input, not a copy. */
  slice(size: number): Uint8Array {
    const at = this.take(size);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, size);
  }

  /** `size` bytes of UTF-8; malformed sequences become U+FFFD, as in Java. */
  utf8(size: number): string {
    const at = this.take(size);
    if (size === 0) return '';
    this.text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    return this.text.toString('utf8', at, at + size);
  }

  string(): string {
    const size = this.int16();
    if (size < 0) throw this.failure('null where a string belongs');
    return this.utf8(size);
  }

  nullableString(): string | null {
    const size = this.int16();
    return size < 0 ? null : this.utf8(size);
  }

  compactString(): string {
    const size = this.unsignedVarint() - 1;
    if (size < 0) throw this.failure('null where a string belongs');
    return this.compactUtf8(size);
  }

  compactNullableString(): string | null {
    const size = this.unsignedVarint() - 1;
    return size < 0 ? null : this.compactUtf8(size);
  }

  private compactUtf8(size: number): string {
    if (size > MAX_STRING_BYTES) throw this.failure(`string of ${size} bytes`);
    return this.utf8(size);
  }

  bytesField(): Uint8Array {
    const size = this.int32();
    if (size < 0) throw this.failure('null where bytes belong');
    return this.slice(size);
  }

  nullableBytes(): Uint8Array | null {
    const size = this.int32();
    return size < 0 ? null : this.slice(size);
  }

  compactBytes(): Uint8Array {
    const size = this.unsignedVarint() - 1;
    if (size < 0) throw this.failure('null where bytes belong');
    return this.slice(size);
  }

  compactNullableBytes(): Uint8Array | null {
    const size = this.unsignedVarint() - 1;
    return size < 0 ? null : this.slice(size);
  }

  /** The length of an array whose elements take at least `minBytes` each; -1 for null. Never more than can follow. */
  arrayLength(minBytes: number): number {
    return this.boundedLength(this.int32(), minBytes);
  }

  compactArrayLength(minBytes: number): number {
    return this.boundedLength(this.unsignedVarint() - 1, minBytes);
  }

  protected boundedLength(length: number, minBytes: number): number {
    if (length < 0) return -1;
    if (length * minBytes > this.remaining) throw this.failure(`array of ${length} with ${this.remaining} bytes left`);
    return length;
  }
}

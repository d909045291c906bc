/**
 * Walks the records of an uncompressed records section, and allocates nothing: the current record is told by the scanner's
 * fields, as places in the bytes. This is the hot loop of validation, and what the cleaner and decoding are built on.
 *
 * Invariants: never reads outside [start, end); a malformed record ends the walk with `problem` set, never with an
 * exception; each step consumes at least one byte, so that a walk ends.
 */

import { readHeaders, type RecordHeader } from './record-headers';

const NOTHING = new Uint8Array(0);

export class RecordScanner {
  /** Where the current record starts: the first byte of its length. */
  recordOffset = 0;
  /** One past the current record's last byte. */
  recordEnd = 0;
  attributes = 0;
  /** Exact within ±2^53, rounded beyond. */
  timestampDelta = 0;
  offsetDelta = 0;
  /** Where the rest begins that rewriting a record copies as it is: key, value and headers, with their lengths. */
  restOffset = 0;
  /** -1 when the key is null. */
  keyBytes = -1;
  keyOffset = 0;
  /** -1 when the value is null. */
  valueBytes = -1;
  valueOffset = 0;
  headersCount = 0;
  /** The first byte after the header count. */
  headersOffset = 0;
  /** Why the walk ended before the end of the bytes; null while nothing is wrong. */
  problem: string | null = null;

  private data: Uint8Array = NOTHING;
  private position = 0;
  private end = 0;

  /** Places the scanner before the first record of bytes [start, end). */
  moveTo(bytes: Uint8Array, start = 0, end = bytes.length): this {
    this.data = bytes;
    this.position = start;
    this.end = Math.min(end, bytes.length);
    this.problem = null;
    return this;
  }

  /** No byte is left after the current record. */
  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  /** The array that the scanner's offsets point into. */
  get buffer(): Uint8Array {
    return this.data;
  }

  get key(): Uint8Array | null {
    return this.keyBytes < 0 ? null : this.data.subarray(this.keyOffset, this.keyOffset + this.keyBytes);
  }

  get value(): Uint8Array | null {
    return this.valueBytes < 0 ? null : this.data.subarray(this.valueOffset, this.valueOffset + this.valueBytes);
  }

  /** Decodes the headers of the current record; values are slices. */
  headers(): RecordHeader[] {
    return readHeaders(this.data, this.headersOffset, this.recordEnd, this.headersCount);
  }

  /** Moves to the next record. False at the end of the bytes, and on a malformed record, which `problem` describes. */
  next(): boolean {
    if (this.position >= this.end || this.problem !== null) return false;
    this.recordOffset = this.position;
    const length = this.varint(this.end);
    const end = this.position + length;
    if (length <= 0 || end > this.end) return this.fail('invalid record size');
    this.recordEnd = end;
    this.attributes = this.data[this.position++] as number;
    this.timestampDelta = this.varlong(end);
    this.offsetDelta = this.varint(end);
    this.restOffset = this.position;
    this.keyBytes = this.varint(end);
    this.keyOffset = this.position;
    if (this.keyBytes > 0) this.position += this.keyBytes;
    this.valueBytes = this.varint(end);
    this.valueOffset = this.position;
    if (this.valueBytes > 0) this.position += this.valueBytes;
    this.headersCount = this.varint(end);
    this.headersOffset = this.position;
    if (this.headersCount !== 0) this.skipHeaders(end);
    if (this.keyBytes < -1 || this.valueBytes < -1) return this.fail('invalid negative length in a record');
    if (this.position !== end) return this.fail('record size does not match its fields');
    return this.problem === null;
  }

  private skipHeaders(end: number): void {
    if (this.headersCount < 0) this.fail('negative number of record headers');
    for (let left = this.headersCount; left > 0 && this.problem === null; left--) {
      const keyBytes = this.varint(end);
      if (keyBytes < 0) this.fail('negative header key size');
      else this.position += keyBytes;
      const valueBytes = this.varint(end);
      if (valueBytes < -1) this.fail('invalid header value size');
      else if (valueBytes > 0) this.position += valueBytes;
    }
  }

  private fail(problem: string): false {
    if (this.problem === null) this.problem = problem;
    return false;
  }

  /** A zig-zag varint that ends before `end`; 0 after noting the problem. */
  private varint(end: number): number {
    const first = this.position;
    if (first >= end) return this.failValue('record ends inside a field');
    const byte = this.data[first] as number;
    if (byte < 128) {
      this.position = first + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    if (first + 1 >= end) return this.failValue('record ends inside a field');
    const second = this.data[first + 1] as number;
    const value = (byte & 127) | ((second & 127) << 7);
    if (second >= 128) return this.longerVarint(end, value);
    this.position = first + 2;
    return (value >>> 1) ^ -(value & 1);
  }

  private longerVarint(end: number, firstTwo: number): number {
    let value = firstTwo;
    let p = this.position + 2;
    for (let shift = 14; shift <= 28; shift += 7) {
      if (p >= end) return this.failValue('record ends inside a field');
      const byte = this.data[p++] as number;
      if (shift === 28 && byte > 15) break;
      value |= (byte & 127) << shift;
      if (byte < 128) {
        this.position = p;
        return (value >>> 1) ^ -(value & 1);
      }
    }
    return this.failValue('varint too long in a record');
  }

  private varlong(end: number): number {
    const first = this.position;
    if (first >= end) return this.failValue('record ends inside a field');
    const byte = this.data[first] as number;
    if (byte < 128) {
      this.position = first + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    return this.longerVarlong(end, byte);
  }

  /** Halves as it goes, so that every magnitude below 2^53 is exact. */
  private longerVarlong(end: number, firstByte: number): number {
    let half = (firstByte & 127) >>> 1;
    let p = this.position + 1;
    let factor = 64;
    for (let count = 2; count <= 10; count++) {
      if (p >= end) return this.failValue('record ends inside a field');
      const byte = this.data[p++] as number;
      if (count === 10 && byte > 1) break;
      half += (byte & 127) * factor;
      if (byte < 128) {
        this.position = p;
        return firstByte & 1 ? -half - 1 : half;
      }
      factor *= 128;
    }
    return this.failValue('varlong too long in a record');
  }

  private failValue(problem: string): 0 {
    this.fail(problem);
    return 0;
  }
}

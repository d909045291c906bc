/** Record headers: name and bytes, in order, names may repeat. (KIP-82) */

import { sizeOfVarint, writeVarint } from './varint';

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Shared by all records without headers; nobody may change it. */
export const NO_HEADERS: RecordHeader[] = [];

/**
 * Decodes `count` headers that a RecordScanner has already checked. Values are slices of `bytes`.
 * Names that are no valid UTF-8 get replacement characters.
 */
export function readHeaders(bytes: Uint8Array, offset: number, end: number, count: number): RecordHeader[] {
  if (count === 0) return NO_HEADERS;
  const headers: RecordHeader[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor = { position: offset };
  for (let i = 0; i < count; i++) {
    const keyBytes = checkedVarint(bytes, cursor, end);
    const key = buffer.toString('utf8', cursor.position, cursor.position + keyBytes);
    cursor.position += keyBytes;
    const valueBytes = checkedVarint(bytes, cursor, end);
    const value = valueBytes < 0 ? null : bytes.subarray(cursor.position, cursor.position + valueBytes);
    if (valueBytes > 0) cursor.position += valueBytes;
    headers.push({ key, value });
  }
  return headers;
}

/** Reads a varint known to be well formed; stops at `end` all the same. */
function checkedVarint(bytes: Uint8Array, cursor: { position: number }, end: number): number {
  let value = 0;
  for (let shift = 0; shift <= 28 && cursor.position < end; shift += 7) {
    const byte = bytes[cursor.position++] as number;
    value |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return (value >>> 1) ^ -(value & 1);
}

/** Bytes of the header count and all headers. */
export function sizeOfHeaders(headers: readonly RecordHeader[]): number {
  let size = sizeOfVarint(headers.length);
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key, 'utf8');
    size += sizeOfVarint(keyBytes) + keyBytes;
    size += value === null ? 1 : sizeOfVarint(value.length) + value.length;
  }
  return size;
}

/** Writes the header count and all headers at `offset`; returns the offset after them. */
export function writeHeaders(bytes: Buffer, offset: number, headers: readonly RecordHeader[]): number {
  let p = writeVarint(bytes, offset, headers.length);
  for (const { key, value } of headers) {
    p = writeVarint(bytes, p, Buffer.byteLength(key, 'utf8'));
    p += bytes.write(key, p, 'utf8');
    p = writeVarint(bytes, p, value === null ? -1 : value.length);
    if (value !== null) {
      bytes.set(value, p);
      p += value.length;
    }
  }
  return p;
}

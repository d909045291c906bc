/**
 * LZ4 frames, by our own frame code over the package's block functions: the package's frame functions know no limit, stop
 * silently after the first of several frames and accept truncated ones.
 *
 * Read is what Kafka's Java clients and librdkafka read alike: exactly one frame, independent blocks, no dictionary, correct
 * checksums where there are any, the end mark, and nothing after it. Written is what Java writes: blocks of 64 KiB of plain
 * data, no checksums, no content size. The package has no high-compression mode, so `compression.lz4.level` has no effect.
 */

import { CodecError } from './codec-error';
import { asBuffer, joinPieces, lazyPackage } from './native-package';
import { xxHash32 } from './xxhash32';

const lz4 = lazyPackage('lz4-napi', () => require('lz4-napi') as typeof import('lz4-napi'));

const MAGIC = 0x184d2204;
const DESCRIPTOR_OFFSET = 4;
const MIN_HEADER_BYTES = 7;
const STORED = 0x80000000;
const WRITTEN_BLOCK_BYTES = 64 * 1024;
/** Magic, version 01 with independent blocks, 64 KiB, and the descriptor's check byte. */
const WRITTEN_HEADER = Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
/** One more byte of length stands for at most 255 bytes of output. */
const MAX_GROWTH = 255;
const GROWTH_SLACK_BYTES = 64;

function readUint32Le(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function writeUint32Le(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (8 * i);
}

function malformed(what: string): CodecError {
  return new CodecError('malformed', `lz4: ${what}`);
}

export function lz4Compress(bytes: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [WRITTEN_HEADER];
  let total = WRITTEN_HEADER.length;
  for (let at = 0; at < bytes.length; at += WRITTEN_BLOCK_BYTES) {
    const plain = bytes.subarray(at, at + WRITTEN_BLOCK_BYTES);
    // The package puts the plain length into the 4 bytes before the block, where the frame has the block's own.
    const block = lz4().compressSync(asBuffer(plain));
    const blockBytes = block.length - 4;
    if (blockBytes < plain.length) {
      writeUint32Le(block, 0, blockBytes);
      pieces.push(block);
      total += block.length;
    } else {
      const length = new Uint8Array(4);
      writeUint32Le(length, 0, (plain.length | STORED) >>> 0);
      pieces.push(length, plain);
      total += 4 + plain.length;
    }
  }
  pieces.push(new Uint8Array(4));
  return joinPieces(pieces, total + 4);
}

interface FrameHeader {
  readonly sizeBytes: number;
  readonly blockMaxBytes: number;
  readonly hasBlockChecksums: boolean;
  readonly hasContentChecksum: boolean;
  /** -1 when the frame does not tell. */
  readonly contentBytes: number;
}

function readHeader(bytes: Uint8Array): FrameHeader {
  if (bytes.length < MIN_HEADER_BYTES || readUint32Le(bytes, 0) !== MAGIC) throw malformed('not an LZ4 frame');
  const flags = bytes[4]!;
  const block = bytes[5]!;
  if (flags >>> 6 !== 1) throw malformed('unknown frame version');
  if ((flags & 0x20) === 0) throw malformed('linked blocks, which Kafka clients do not read');
  if ((flags & 0x03) !== 0) throw malformed('reserved bit or dictionary');
  const sizeCode = (block >>> 4) & 7;
  if ((block & 0x8f) !== 0 || sizeCode < 4) throw malformed('invalid block size');
  const hasContentSize = (flags & 0x08) !== 0;
  const checkOffset = hasContentSize ? 14 : 6;
  if (bytes.length <= checkOffset) throw malformed('truncated frame header');
  const check = (xxHash32(bytes, DESCRIPTOR_OFFSET, checkOffset) >>> 8) & 0xff;
  if (bytes[checkOffset] !== check) throw malformed('frame header checksum does not match');
  return {
    sizeBytes: checkOffset + 1,
    blockMaxBytes: 1 << (8 + 2 * sizeCode),
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasContentChecksum: (flags & 0x04) !== 0,
    contentBytes: hasContentSize ? readUint32Le(bytes, 6) + readUint32Le(bytes, 10) * 4294967296 : -1,
  };
}

export function lz4Decompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const header = readHeader(bytes);
  if (header.contentBytes > maxBytes) throw tooMuch(maxBytes);
  const pieces: Uint8Array[] = [];
  let total = 0;
  let at = header.sizeBytes;
  for (;;) {
    if (bytes.length - at < 4) throw malformed('frame without end mark');
    const size = readUint32Le(bytes, at);
    if (size === 0) break;
    const blockBytes = size & ~STORED;
    const start = at + 4;
    const end = start + blockBytes;
    at = header.hasBlockChecksums ? end + 4 : end;
    if (blockBytes > header.blockMaxBytes || at > bytes.length) throw malformed('block longer than allowed');
    if (header.hasBlockChecksums && xxHash32(bytes, start, end) !== readUint32Le(bytes, end)) {
      throw malformed('block checksum does not match');
    }
    const plain = size >= STORED ? bytes.subarray(start, end) : readBlock(bytes, start, end, header, maxBytes - total);
    total += plain.length;
    if (total > maxBytes) throw tooMuch(maxBytes);
    pieces.push(plain);
  }
  const plain = joinPieces(pieces, total);
  checkEnd(bytes, at + 4, header, plain);
  return plain;
}

function tooMuch(maxBytes: number): CodecError {
  return new CodecError('limit', `lz4: more than ${maxBytes} bytes come out`);
}

/**
 * Decodes one block. The package wants the output's limit in the 4 bytes before the block, where the frame has the block's
 * length: it is put there for the call and taken back, which saves a copy.
 */
function readBlock(bytes: Uint8Array, start: number, end: number, header: FrameHeader, room: number): Uint8Array {
  const length = end - start;
  const limit = Math.min(header.blockMaxBytes, length * MAX_GROWTH + GROWTH_SLACK_BYTES, room);
  const { uncompressSync } = lz4();
  writeUint32Le(bytes, start - 4, limit);
  try {
    return uncompressSync(bytes.subarray(start - 4, end));
  } catch (error) {
    const why = String((error as { message?: unknown }).message);
    if (limit === room && why.includes('too small'))
      throw new CodecError('limit', 'lz4: more bytes than allowed come out');
    throw malformed(why);
  } finally {
    writeUint32Le(bytes, start - 4, length);
  }
}

function checkEnd(bytes: Uint8Array, at: number, header: FrameHeader, plain: Uint8Array): void {
  const end = header.hasContentChecksum ? at + 4 : at;
  if (end > bytes.length) throw malformed('frame without content checksum');
  if (end < bytes.length) throw malformed('bytes after the end of the frame');
  if (header.contentBytes >= 0 && header.contentBytes !== plain.length) throw malformed('content size does not match');
  if (header.hasContentChecksum && xxHash32(plain) !== readUint32Le(bytes, at)) {
    throw malformed('content checksum does not match');
  }
}

/**
 * Snappy in the two forms that Kafka's clients write: the xerial stream of Java (a header, then chunks of 32 KiB of plain
 * data), and one bare block, as librdkafka does. Written is xerial.
 *
 * The package allocates whatever a block's own header claims, so the claim is read and judged before every call.
 */

import { readInt32, writeInt32 } from '../big-endian';
import { CodecError } from './codec-error';
import { joinPieces, lazyPackage } from './native-package';

const snappy = lazyPackage('snappy', () => require('snappy') as typeof import('snappy'));

const MAGIC = Uint8Array.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const HEADER_BYTES = 16;
const VERSION = 1;
/** What Java's stream puts into one chunk. */
const CHUNK_PLAIN_BYTES = 32 * 1024;
/** A copy of 64 bytes takes 3: no block can grow more than 21.4 times. */
const MAX_GROWTH = 22;

export function snappyCompress(bytes: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  writeInt32(header, 8, VERSION);
  writeInt32(header, 12, VERSION);
  const pieces: Uint8Array[] = [header];
  let total = HEADER_BYTES;
  for (let at = 0; at < bytes.length; at += CHUNK_PLAIN_BYTES) {
    const plain = bytes.subarray(at, at + CHUNK_PLAIN_BYTES);
    const block = snappy().compressSync(plain, { copyOutputData: true });
    const length = new Uint8Array(4);
    writeInt32(length, 0, block.length);
    pieces.push(length, block);
    total += 4 + block.length;
  }
  return joinPieces(pieces, total);
}

export function snappyDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (!isXerial(bytes, 0)) {
    claimedBytes(bytes, maxBytes);
    return uncompressBlock(bytes);
  }
  const blocks: Uint8Array[] = [];
  const total = collectBlocks(bytes, maxBytes, blocks);
  if (blocks.length === 1) return uncompressBlock(blocks[0] as Uint8Array);
  const plain = new Uint8Array(total);
  let at = 0;
  for (const block of blocks) {
    const piece = uncompressBlock(block);
    plain.set(piece, at);
    at += piece.length;
  }
  return plain;
}

function isXerial(bytes: Uint8Array, offset: number): boolean {
  if (bytes.length - offset < HEADER_BYTES) return false;
  return MAGIC.every((byte, i) => bytes[offset + i] === byte);
}

/** Finds the chunks and adds up what they claim; a header may stand again between two, where streams were joined. */
function collectBlocks(bytes: Uint8Array, maxBytes: number, blocks: Uint8Array[]): number {
  let total = 0;
  let at = 0;
  while (at < bytes.length) {
    if (isXerial(bytes, at)) {
      if (readInt32(bytes, at + 8) < VERSION) throw new CodecError('malformed', 'snappy: stream version below 1');
      at += HEADER_BYTES;
      continue;
    }
    const length = bytes.length - at < 4 ? -1 : readInt32(bytes, at);
    at += 4;
    if (length < 1 || length > bytes.length - at) throw new CodecError('malformed', 'snappy: invalid chunk length');
    const block = bytes.subarray(at, at + length);
    total += claimedBytes(block, maxBytes - total);
    blocks.push(block);
    at += length;
  }
  return total;
}

/** What a block says it holds: a varint at its start. Refused when it is over the limit or more than the block can hold. */
function claimedBytes(block: Uint8Array, maxBytes: number): number {
  let claimed = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    claimed += (byte & 127) * 2 ** (7 * i);
    if (byte >= 128) continue;
    if (claimed > block.length * MAX_GROWTH) throw new CodecError('malformed', 'snappy: block claims too much');
    if (claimed > maxBytes) throw new CodecError('limit', 'snappy: more bytes than allowed come out');
    return claimed;
  }
  throw new CodecError('malformed', 'snappy: block without length');
}

function uncompressBlock(block: Uint8Array): Uint8Array {
  const { uncompressSync } = snappy();
  try {
    return uncompressSync(block, { copyOutputData: true }) as Buffer;
  } catch (error) {
    throw new CodecError('malformed', `snappy: ${String((error as { message?: unknown }).message)}`);
  }
}

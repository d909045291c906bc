/**
 * Walks Zstandard frames (RFC 8878) without decoding: where each ends, and how much can come out of it at most.
 *
 * Decoders need this: node:zlib reads only the first of several frames, ignores what follows it, and in some versions
 * takes a truncated frame for a whole one; the WebAssembly package allocates what a frame claims.
 */

import { CodecError } from './codec-error';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAX_BLOCK_BYTES = 128 * 1024;
/** The largest window that decoders take by default (2^27); Kafka's level 22 needs that. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
/** A batch is one frame; each costs a decoder's set-up, so that a stream of thousands of tiny ones is refused. */
const MAX_FRAMES = 64;

export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** -1 when the frame does not tell, as streaming writers do not. */
  readonly contentBytes: number;
  /** What its blocks can become at most. */
  readonly maxContentBytes: number;
}

function malformed(what: string): CodecError {
  return new CodecError('malformed', `zstd: ${what}`);
}

/** Little-endian, up to 8 bytes; rounded beyond 2^53, which no limit allows anyway. */
function readLe(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.length) throw malformed('truncated');
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}

/** Every frame that holds data, in order; skippable ones are left out. Throws a CodecError unless frames fill `bytes`. */
export function walkZstdFrames(bytes: Uint8Array): ZstdFrame[] {
  const frames: ZstdFrame[] = [];
  let at = 0;
  for (let count = 0; at < bytes.length; count++) {
    if (count === MAX_FRAMES) throw malformed('too many frames');
    const magic = readLe(bytes, at, 4);
    if (magic - (magic % 16) === SKIPPABLE_MAGIC) {
      at += 8 + readLe(bytes, at + 4, 4);
      if (at > bytes.length) throw malformed('truncated');
    } else if (magic === MAGIC) {
      const frame = walkFrame(bytes, at);
      frames.push(frame);
      at = frame.end;
    } else {
      throw malformed('not a Zstandard frame');
    }
  }
  if (frames.length === 0) throw malformed('no frame');
  return frames;
}

function walkFrame(bytes: Uint8Array, start: number): ZstdFrame {
  const descriptor = readLe(bytes, start + 4, 1);
  if ((descriptor & 0x08) !== 0) throw malformed('reserved bit');
  if ((descriptor & 0x03) !== 0) throw malformed('needs a dictionary');
  const isSingleSegment = (descriptor & 0x20) !== 0;
  let at = start + 5;
  let windowBytes = 0;
  if (!isSingleSegment) windowBytes = windowOf(readLe(bytes, at++, 1));
  const sizeBytes = contentSizeBytes(descriptor >>> 6, isSingleSegment);
  let contentBytes = sizeBytes === 0 ? -1 : readLe(bytes, at, sizeBytes);
  if (sizeBytes === 2) contentBytes += 256;
  at += sizeBytes;
  if (isSingleSegment) windowBytes = contentBytes;
  else if (windowBytes > MAX_WINDOW_BYTES) throw malformed('window too large');
  return walkBlocks(bytes, start, at, {
    contentBytes,
    blockMaxBytes: Math.min(MAX_BLOCK_BYTES, windowBytes),
    hasChecksum: (descriptor & 0x04) !== 0,
  });
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSizeBytes(flag: number, isSingleSegment: boolean): number {
  if (flag === 0) return isSingleSegment ? 1 : 0;
  return 1 << flag;
}

interface BlockRules {
  readonly contentBytes: number;
  readonly blockMaxBytes: number;
  readonly hasChecksum: boolean;
}

function walkBlocks(bytes: Uint8Array, start: number, firstBlock: number, rules: BlockRules): ZstdFrame {
  let at = firstBlock;
  let most = 0;
  let isLast = false;
  while (!isLast) {
    const header = readLe(bytes, at, 3);
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    isLast = (header & 1) === 1;
    if (type === 3 || size > rules.blockMaxBytes) throw malformed('invalid block');
    most += type === 2 ? rules.blockMaxBytes : size;
    at += 3 + (type === 1 ? 1 : size);
  }
  if (rules.hasChecksum) at += 4;
  if (at > bytes.length) throw malformed('truncated');
  return { start, end: at, contentBytes: rules.contentBytes, maxContentBytes: most };
}

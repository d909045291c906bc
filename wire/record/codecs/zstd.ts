/**
 * Zstandard: node:zlib where Node has it (22.15 and later), else the optional WebAssembly package, loaded on first use and
 * synchronously. The frames are walked first, so that neither decoder meets truncated or trailing bytes, and the memory
 * given to it is what can come out, within the limit.
 */

import * as zlib from 'node:zlib';
import { CodecError } from './codec-error';
import { joinPieces } from './native-package';
import { walkZstdFrames, type ZstdFrame } from './zstd-frame';
import { wasmZstdCompress, wasmZstdDecompress } from './zstd-wasm';

/** Kafka's default for compression.zstd.level. */
const DEFAULT_LEVEL = 3;
const MAX_CHUNK_BYTES = 1024 * 1024;

/** What newer versions of node:zlib have; the types that this project builds with are those of the oldest Node it runs on. */
interface ZlibWithZstd {
  readonly zstdCompressSync?: (bytes: Uint8Array, options: object) => Buffer;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: object) => Buffer;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

const nodeZlib = zlib as unknown as ZlibWithZstd;

export function zstdCompress(bytes: Uint8Array, level = DEFAULT_LEVEL): Uint8Array {
  const { zstdCompressSync, constants } = nodeZlib;
  const levelKey = constants.ZSTD_c_compressionLevel;
  if (zstdCompressSync === undefined || levelKey === undefined) return wasmZstdCompress(bytes, level);
  return zstdCompressSync(bytes, { params: { [levelKey]: level } });
}

export function zstdDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const frames = walkZstdFrames(bytes);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (const frame of frames) {
    const piece = decompressFrame(bytes, frame, maxBytes - total);
    total += piece.length;
    pieces.push(piece);
  }
  return joinPieces(pieces, total);
}

function decompressFrame(bytes: Uint8Array, frame: ZstdFrame, maxBytes: number): Uint8Array {
  if (frame.contentBytes > maxBytes) throw tooMuch();
  if (frame.contentBytes > frame.maxContentBytes) {
    throw new CodecError('malformed', 'zstd: frame claims more than its blocks can hold');
  }
  const capacity = frame.contentBytes >= 0 ? frame.contentBytes : Math.min(frame.maxContentBytes, maxBytes);
  const plain = decode(bytes.subarray(frame.start, frame.end), capacity, capacity < frame.maxContentBytes);
  if (frame.contentBytes >= 0 && plain.length !== frame.contentBytes) {
    throw new CodecError('malformed', 'zstd: content size does not match');
  }
  return plain;
}

/** `mayBeMore`: running out of room means that the limit, not the frame, was wrong. */
function decode(frame: Uint8Array, capacity: number, mayBeMore: boolean): Uint8Array {
  const { zstdDecompressSync } = nodeZlib;
  if (zstdDecompressSync === undefined) return wasmZstdDecompress(frame, capacity, mayBeMore);
  try {
    const plain = zstdDecompressSync(frame, {
      maxOutputLength: Math.max(1, capacity),
      chunkSize: Math.max(64, Math.min(MAX_CHUNK_BYTES, capacity)),
    });
    if (plain.length <= capacity) return plain;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'ERR_BUFFER_TOO_LARGE') throw new CodecError('malformed', `zstd: ${message}`);
  }
  throw tooMuch();
}

function tooMuch(): CodecError {
  return new CodecError('limit', 'zstd: more bytes than allowed come out');
}

/** gzip through node:zlib, synchronously. Several members are joined, as Java's reader does. */

import { gunzipSync, gzipSync } from 'node:zlib';
import { CodecError } from './codec-error';

const MIN_CHUNK_BYTES = 16 * 1024;
const MAX_CHUNK_BYTES = 256 * 1024;

/** The pieces that zlib collects its output in: large enough for a usual batch in one, small enough for a tiny one. */
function chunkBytes(expectedBytes: number): number {
  return Math.max(MIN_CHUNK_BYTES, Math.min(MAX_CHUNK_BYTES, expectedBytes));
}

/** `level` is Kafka's compression.gzip.level: 1 to 9, or -1 for zlib's default. */
export function gzipCompress(bytes: Uint8Array, level = -1): Uint8Array {
  return gzipSync(bytes, { level, chunkSize: chunkBytes(bytes.length) });
}

export function gzipDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    // zlib wants a limit of at least one byte: one byte over an allowance of nothing is caught below.
    const plain = gunzipSync(bytes, {
      maxOutputLength: Math.max(1, maxBytes),
      chunkSize: Math.min(chunkBytes(bytes.length * 4), Math.max(64, maxBytes)),
    });
    if (plain.length <= maxBytes) return plain;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'ERR_BUFFER_TOO_LARGE') throw new CodecError('malformed', `gzip: ${message}`);
  }
  throw new CodecError('limit', `gzip: more than ${maxBytes} bytes come out`);
}

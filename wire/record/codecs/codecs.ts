/**
 * The codecs of record batches: Kafka's stream formats, one call in, one array out, synchronous and bounded.
 *
 * Invariants: nothing here writes or allocates (much) more than `maxBytes`, whatever the bytes say; every refusal is a
 * CodecError; native packages load at first use. What is written can be read by Kafka's Java clients and by librdkafka.
 */

import { CompressionType } from '../compression-type';
import { CodecError } from './codec-error';
import { gzipCompress, gzipDecompress } from './gzip';
import { lz4Compress, lz4Decompress } from './lz4';
import { snappyCompress, snappyDecompress } from './snappy';
import { zstdCompress, zstdDecompress } from './zstd';

/**
 * Compresses one records section. `level` is that of `compression.gzip.level` and its like; codecs without levels ignore it.
 * Throws a CodecError 'unavailable' when the codec cannot be had.
 */
export function compress(codec: number, bytes: Uint8Array, level?: number): Uint8Array {
  return plainArray(compressed(codec, bytes, level));
}

function compressed(codec: number, bytes: Uint8Array, level?: number): Uint8Array {
  switch (codec) {
    case CompressionType.none:
      return bytes;
    case CompressionType.gzip:
      return gzipCompress(bytes, level);
    case CompressionType.snappy:
      return snappyCompress(bytes);
    case CompressionType.lz4:
      return lz4Compress(bytes);
    case CompressionType.zstd:
      return zstdCompress(bytes, level);
    default:
      throw new CodecError('unavailable', `no codec has the id ${codec}`);
  }
}

/**
 * Decompresses one records section into at most `maxBytes`. Throws a CodecError: 'limit' when more would come out,
 * 'malformed' for broken bytes, 'unavailable' when the codec cannot be had.
 */
export function decompress(codec: number, bytes: Uint8Array, maxBytes: number): Uint8Array {
  return plainArray(decompressed(codec, bytes, maxBytes));
}

/** The same bytes as a Uint8Array proper: a Buffer's slices would be Buffers and print, compare and copy otherwise. */
function plainArray(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes;
}

function decompressed(codec: number, bytes: Uint8Array, maxBytes: number): Uint8Array {
  switch (codec) {
    case CompressionType.none:
      if (bytes.length > maxBytes) throw new CodecError('limit', `more than ${maxBytes} bytes`);
      return bytes;
    case CompressionType.gzip:
      return gzipDecompress(bytes, maxBytes);
    case CompressionType.snappy:
      return snappyDecompress(bytes, maxBytes);
    case CompressionType.lz4:
      return lz4Decompress(bytes, maxBytes);
    case CompressionType.zstd:
      return zstdDecompress(bytes, maxBytes);
    default:
      throw new CodecError('unavailable', `no codec has the id ${codec}`);
  }
}

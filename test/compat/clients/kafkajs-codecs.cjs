'use strict';
/** Codecs for kafkajs, which has only gzip: from packages, never from the code under test. */
const { CompressionCodecs, CompressionTypes } = require('kafkajs');
const lz4 = require('lz4-napi');
const snappy = require('snappy');

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;
/** zstd frames need not say how long their content is; this is more than a batch may hold. */
const ZSTD_HEAP_BYTES = 32 * 1024 * 1024;

/** Java's snappy writes blocks, each after its length, behind a header; librdkafka and others one block and nothing else. */
async function unsnappy(buffer) {
  if (!buffer.subarray(0, 8).equals(XERIAL_MAGIC)) return snappy.uncompress(buffer);
  const blocks = [];
  for (let at = XERIAL_HEADER_BYTES; at < buffer.length;) {
    const size = buffer.readUInt32BE(at);
    blocks.push(await snappy.uncompress(buffer.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

/** Resolves once the codecs can be used. */
exports.registerCodecs = async () => {
  const zstd = require('@bokuweb/zstd-wasm');
  await zstd.init();
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: (encoder) => snappy.compress(encoder.buffer),
    decompress: unsnappy,
  });
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: async (encoder) => lz4.compressFrameSync(encoder.buffer),
    decompress: async (buffer) => lz4.decompressFrameSync(buffer),
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async (encoder) => Buffer.from(zstd.compress(encoder.buffer, 3)),
    decompress: async (buffer) => Buffer.from(zstd.decompress(buffer, { defaultHeapSize: ZSTD_HEAP_BYTES })),
  });
};

exports.compressionType = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

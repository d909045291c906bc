/** What the formats allow and forbid in detail: who reads what is written in the headers of wire/record/codecs. */
import { CodecError } from '../../../wire/record/codecs/codec-error';
import { compress, decompress } from '../../../wire/record/codecs/codecs';
import { xxHash32 } from '../../../wire/record/codecs/xxhash32';
import { walkZstdFrames } from '../../../wire/record/codecs/zstd-frame';
import { CompressionType } from '../../../wire/record/compression-type';
import { sampleText } from './sample-text';

const { snappy: SNAPPY, lz4: LZ4, zstd: ZSTD } = CompressionType;

function refusal(codec: number, bytes: Uint8Array, maxBytes = 1_000_000): string {
  try {
    decompress(codec, bytes, maxBytes);
  } catch (error) {
    if (error instanceof CodecError) return error.cause;
    throw error;
  }
  return 'accepted';
}

function ascii(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

describe('snappy', () => {
  const bare = Uint8Array.from([5, 4 << 2, ...Buffer.from('hello')]);

  test('one bare block, as librdkafka writes it, is read', () => {
    expect(ascii(decompress(SNAPPY, bare, 5))).toBe('hello');
    expect(refusal(SNAPPY, bare, 4)).toBe('limit');
  });

  test('a header may stand again between chunks, where streams were joined', () => {
    const one = compress(SNAPPY, Buffer.from('one '));
    const two = compress(SNAPPY, Buffer.from('two'));
    expect(ascii(decompress(SNAPPY, Buffer.concat([one, two]), 7))).toBe('one two');
  });

  test('a stream of version 0 and chunks of impossible length are refused', () => {
    const stream = Buffer.from(compress(SNAPPY, Buffer.from('hello')));
    const version0 = Buffer.from(stream);
    version0.writeInt32BE(0, 8);
    expect(refusal(SNAPPY, version0)).toBe('malformed');
    for (const length of [0, -1, 8, 2 ** 31 - 1, -(2 ** 31)]) {
      const lying = Buffer.from(stream);
      lying.writeInt32BE(length, 16);
      expect(refusal(SNAPPY, lying)).toBe('malformed');
    }
  });

  test('a block that claims 4 GB in 7 bytes is refused before anything is allocated', () => {
    const claim = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1]);
    expect(refusal(SNAPPY, claim, 2 ** 33)).toBe('malformed');
    expect(refusal(SNAPPY, Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]))).toBe('malformed');
  });
});

describe('xxHash32', () => {
  test.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['abcdefghijklmnopqrstuvwxyz', 0x63a14d5f],
  ])('of %p is known', (input, hash) => {
    expect(xxHash32(Buffer.from(input))).toBe(hash);
  });
});

interface FrameOptions {
  readonly flags: number;
  readonly block?: number;
  readonly contentBytes?: number;
  readonly blockChecksums?: boolean;
  readonly contentChecksum?: number;
  readonly blocks: readonly { readonly bytes: Uint8Array; readonly stored?: boolean; readonly checksum?: number }[];
}

/** An LZ4 frame with whatever header is asked for, its check byte right. */
function lz4Frame(options: FrameOptions): Buffer {
  const descriptor = [options.flags, options.block ?? 0x40];
  if (options.contentBytes !== undefined) {
    const size = Buffer.alloc(8);
    size.writeUInt32LE(options.contentBytes, 0);
    descriptor.push(...size);
  }
  const pieces: Uint8Array[] = [Buffer.from([0x04, 0x22, 0x4d, 0x18, ...descriptor])];
  pieces.push(Buffer.from([(xxHash32(Uint8Array.from(descriptor)) >>> 8) & 255]));
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    return bytes;
  };
  for (const { bytes, stored, checksum } of options.blocks) {
    pieces.push(word(stored === true ? bytes.length + 0x80000000 : bytes.length), Buffer.from(bytes));
    if (options.blockChecksums === true) pieces.push(word(checksum ?? xxHash32(bytes)));
  }
  pieces.push(word(0));
  if (options.contentChecksum !== undefined) pieces.push(word(options.contentChecksum));
  return Buffer.concat(pieces);
}

describe('lz4', () => {
  const plain = sampleText(1000);
  const stored = { bytes: plain, stored: true };
  const packed = { bytes: compress(LZ4, plain).subarray(11, -4) };

  test.each<[string, FrameOptions]>([
    ['stored and packed blocks', { flags: 0x60, blocks: [stored, packed, stored] }],
    ['block checksums', { flags: 0x70, blockChecksums: true, blocks: [packed, stored] }],
    ['a content checksum', { flags: 0x64, contentChecksum: xxHash32(plain), blocks: [packed] }],
    ['a content size', { flags: 0x68, contentBytes: 1000, blocks: [packed] }],
    ['blocks of 4 MiB', { flags: 0x60, block: 0x70, blocks: [packed] }],
    ['no blocks', { flags: 0x60, blocks: [] }],
  ])('a frame with %s is read', (_, options) => {
    const expected = ascii(plain).repeat(options.blocks.length);
    expect(ascii(decompress(LZ4, lz4Frame(options), 3000))).toBe(expected);
  });

  test.each<[string, FrameOptions]>([
    ['linked blocks', { flags: 0x40, blocks: [packed] }],
    ['an unknown version', { flags: 0xa0, blocks: [packed] }],
    ['a dictionary', { flags: 0x61, blocks: [packed] }],
    ['a reserved flag', { flags: 0x62, blocks: [packed] }],
    ['a block size code below 4', { flags: 0x60, block: 0x30, blocks: [packed] }],
    ['reserved bits of the block byte', { flags: 0x60, block: 0xc0, blocks: [packed] }],
    ['a wrong block checksum', { flags: 0x70, blockChecksums: true, blocks: [{ ...packed, checksum: 1 }] }],
    ['a wrong content checksum', { flags: 0x64, contentChecksum: 1, blocks: [packed] }],
    ['a content size that is too small', { flags: 0x68, contentBytes: 999, blocks: [packed] }],
    ['a content size that is too large', { flags: 0x68, contentBytes: 1001, blocks: [packed] }],
    ['a block over its maximum', { flags: 0x60, blocks: [{ bytes: new Uint8Array(65_537), stored: true }] }],
  ])('a frame with %s is refused', (_, options) => {
    expect(refusal(LZ4, lz4Frame(options))).toBe('malformed');
  });

  test('a packed block that becomes more than its maximum is refused', () => {
    const bomb = compress(LZ4, new Uint8Array(65_536));
    const block = Buffer.from(bomb.subarray(11, -4));
    expect(refusal(LZ4, lz4Frame({ flags: 0x60, blocks: [{ bytes: block }] }))).toBe('accepted');
    const longer = compressLarge(70_000);
    expect(refusal(LZ4, lz4Frame({ flags: 0x60, blocks: [{ bytes: longer }] }))).toBe('malformed');
    expect(refusal(LZ4, lz4Frame({ flags: 0x60, block: 0x50, blocks: [{ bytes: longer }] }))).toBe('accepted');
    expect(refusal(LZ4, lz4Frame({ flags: 0x60, block: 0x50, blocks: [{ bytes: longer }] }), 69_999)).toBe('limit');
  });

  test('a content size over the limit is refused before any block is read', () => {
    expect(refusal(LZ4, lz4Frame({ flags: 0x68, contentBytes: 4_000_000_000, blocks: [packed] }))).toBe('limit');
  });

  test('a second frame, bytes after the end, and other magic numbers are refused', () => {
    const frame = compress(LZ4, plain);
    expect(refusal(LZ4, Buffer.concat([frame, frame]))).toBe('malformed');
    expect(refusal(LZ4, Buffer.concat([frame, Buffer.of(0)]))).toBe('malformed');
    expect(refusal(LZ4, Buffer.concat([Buffer.of(0x02, 0x21, 0x4c, 0x18), frame.subarray(4)]))).toBe('malformed');
    expect(refusal(LZ4, Buffer.concat([Buffer.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0), frame]))).toBe('malformed');
  });

  /** A raw LZ4 block of zeros: one literal, a long match at distance 1, five literals. */
  function compressLarge(plainBytes: number): Uint8Array {
    const bytes = [0x1f, 0, 1, 0];
    let left = plainBytes - 1 - 5 - 19;
    for (; left >= 255; left -= 255) bytes.push(255);
    bytes.push(left, 0x50, 0, 0, 0, 0, 0);
    return Uint8Array.from(bytes);
  }
});

describe('zstd', () => {
  const frame = compress(ZSTD, sampleText(1000));
  const skippable = Uint8Array.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

  test('frames may follow each other, skippable ones between them', () => {
    const joined = Buffer.concat([skippable, frame, skippable, frame, skippable]);
    expect(ascii(decompress(ZSTD, joined, 2000))).toBe(ascii(sampleText(1000)).repeat(2));
    expect(refusal(ZSTD, joined, 1999)).toBe('limit');
  });

  test('thousands of tiny frames are refused', () => {
    const tiny = compress(ZSTD, Buffer.of(1));
    expect(refusal(ZSTD, Buffer.concat(new Array<Uint8Array>(64).fill(tiny)))).toBe('accepted');
    expect(refusal(ZSTD, Buffer.concat(new Array<Uint8Array>(65).fill(tiny)))).toBe('malformed');
  });

  test('bytes after the end and only skippable frames are refused', () => {
    expect(refusal(ZSTD, Buffer.concat([frame, Buffer.of(0)]))).toBe('malformed');
    expect(refusal(ZSTD, skippable)).toBe('malformed');
    expect(refusal(ZSTD, Uint8Array.from([0x53, 0x2a, 0x4d, 0x18, 255, 255, 255, 255]))).toBe('malformed');
  });

  /** magic, no single segment, no content size, window 1 KiB; then one raw, one repeated and an empty last block */
  const streamed = Uint8Array.from([
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0,
    0,
    2 << 3,
    0,
    0,
    104,
    105,
    (1 << 1) | (3 << 3),
    0,
    0,
    33,
    1,
    0,
    0,
  ]);

  test('a frame without content size is read, raw and repeated blocks in it', () => {
    expect(ascii(decompress(ZSTD, streamed, 5))).toBe('hi!!!');
    expect(refusal(ZSTD, streamed, 4)).toBe('limit');
    expect(walkZstdFrames(streamed)).toEqual([{ start: 0, end: 18, contentBytes: -1, maxContentBytes: 5 }]);
  });

  test.each([
    ['a dictionary', [4, 1]],
    ['a reserved bit', [4, 8]],
    ['a window of 256 MiB', [5, 18 << 3]],
    ['a reserved block type', [6, (3 << 1) | (2 << 3)]],
    ['a block over the window', [7, 0xff]],
  ] as const)('a frame with %s is refused', (_, [at, byte]) => {
    const changed = Uint8Array.from(streamed);
    changed[at] = byte;
    expect(refusal(ZSTD, changed)).toBe('malformed');
  });

  test('a content size that the blocks cannot hold is refused before anything is allocated', () => {
    const claim = [0x28, 0xb5, 0x2f, 0xfd, 0x80, 0, 0, 0, 0, 64, 1, 0, 0];
    expect(refusal(ZSTD, Uint8Array.from(claim), 2 ** 31)).toBe('malformed');
    expect(refusal(ZSTD, Uint8Array.from(claim), 2 ** 20)).toBe('limit');
  });
});

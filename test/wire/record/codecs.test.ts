import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { CodecError } from '../../../wire/record/codecs/codec-error';
import { compress, decompress } from '../../../wire/record/codecs/codecs';
import { CompressionType, compressionName } from '../../../wire/record/compression-type';
import { sampleText } from './sample-text';

const MIB = 1024 * 1024;
const codecs = Object.values(CompressionType).filter((codec) => codec !== CompressionType.none);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CodecError) return error.cause;
    throw error;
  }
  return 'accepted';
}

describe.each(codecs.map((codec) => [compressionName(codec), codec] as const))('%s', (_, codec) => {
  test('gives back what it was given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 80 }), (seed, times) => {
        const bytes = new Uint8Array(seed.length * times);
        for (let i = 0; i < times; i++) bytes.set(seed, i * seed.length);
        expect(Buffer.compare(decompress(codec, compress(codec, bytes), bytes.length), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test.each([0, 1, 32768, 32769, 65535, 65536, 65537, 200_000, 3 * MIB])('survives %i bytes', (length) => {
    const bytes = sampleText(length);
    expect(Buffer.compare(decompress(codec, compress(codec, bytes), length), bytes)).toBe(0);
  });

  test('reads and writes bytes that lie in WebAssembly memory, and leaves them as they were', () => {
    const memory = new Uint8Array(new WebAssembly.Memory({ initial: 4, maximum: 4 }).buffer);
    const plain = sampleText(90_000);
    const stream = compress(codec, plain);
    memory.set(stream, 17);
    memory.set(plain, 150_000);
    expect(Buffer.compare(decompress(codec, memory.subarray(17, 17 + stream.length), 90_000), plain)).toBe(0);
    expect(Buffer.compare(memory.subarray(17, 17 + stream.length), stream)).toBe(0);
    expect(Buffer.compare(compress(codec, memory.subarray(150_000, 240_000)), stream)).toBe(0);
  });

  test('stops at the limit, to the byte', () => {
    const bytes = sampleText(100_000);
    const stream = compress(codec, bytes);
    expect(decompress(codec, stream, 100_000).length).toBe(100_000);
    for (const limit of [0, 1, 1000, 65_536, 99_999]) {
      expect(refusal(() => decompress(codec, stream, limit))).toBe('limit');
    }
  });

  test('refuses a bomb without becoming large', () => {
    const stream = compress(codec, new Uint8Array(64 * MIB));
    const before = process.memoryUsage();
    expect(refusal(() => decompress(codec, stream, MIB))).toBe('limit');
    const after = process.memoryUsage();
    expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(32 * MIB);
  });

  test('refuses a stream that is cut anywhere, but between the chunks of snappy, which has no end mark', () => {
    const bytes = sampleText(70_000);
    const stream = compress(codec, bytes);
    const cuts = new Set([1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 20, 21, 22]);
    for (let i = 1; i < 200; i++) cuts.add(Math.floor((stream.length * i) / 200));
    for (const cut of [...cuts, stream.length - 1, stream.length - 4].filter((at) => at > 0 && at < stream.length)) {
      const part = stream.subarray(0, cut);
      const outcome = refusal(() => decompress(codec, part, 70_000));
      if (codec !== CompressionType.snappy || outcome !== 'accepted') expect(outcome).toBe('malformed');
      else expect(decompress(codec, part, 70_000).length % 32_768).toBe(0);
    }
  });

  test('refuses nothing at all', () => {
    expect(refusal(() => decompress(codec, new Uint8Array(0), 100))).toBe('malformed');
  });

  test('answers changed bytes with bytes within the limit or a CodecError, and nothing else', () => {
    const stream = compress(codec, sampleText(5000));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: stream.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 5 }),
        (changes) => {
          const copy = Uint8Array.from(stream);
          for (const [at, byte] of changes) copy[at] = byte;
          const given = Uint8Array.from(copy);
          expect(['accepted', 'malformed', 'limit']).toContain(refusal(() => decompress(codec, copy, 6000)));
          expect(Buffer.compare(copy, given)).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('answers junk with a CodecError or few bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
        expect(['accepted', 'malformed', 'limit']).toContain(refusal(() => decompress(codec, junk, 1000)));
      }),
      { numRuns: 500 },
    );
  });
});

test('ids that no codec has are refused both ways, and id 0 passes bytes through within the limit', () => {
  for (const id of [5, 6, 7, -1]) {
    expect(refusal(() => decompress(id, new Uint8Array(4), 10))).toBe('unavailable');
    expect(refusal(() => compress(id, new Uint8Array(4)))).toBe('unavailable');
  }
  const bytes = sampleText(10);
  expect(decompress(CompressionType.none, bytes, 10)).toBe(bytes);
  expect(refusal(() => decompress(CompressionType.none, bytes, 9))).toBe('limit');
});

describe('gzip', () => {
  test('joins members and heeds the level', () => {
    const joined = Buffer.concat([gzipSync('one '), gzipSync('two')]);
    expect(Buffer.from(decompress(CompressionType.gzip, joined, 10)).toString()).toBe('one two');
    const bytes = sampleText(50_000);
    expect(compress(CompressionType.gzip, bytes, 9).length).toBeLessThan(
      compress(CompressionType.gzip, bytes, 1).length,
    );
  });
});

/** Node 22.15 and later have Zstandard of their own: the same code has to give the same answers there. */
import { buildSync } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress, decompress } from '../../../wire/record/codecs/codecs';
import { CompressionType } from '../../../wire/record/compression-type';
import { needs } from '../../support/needs';
import { node24Path } from '../../support/peers';
import { sampleText } from './sample-text';

const program = `
const { compress, decompress } = require('./codecs.cjs');
const { frames, plainBytes } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const outcome = (bytes, max) => {
  try { return Buffer.from(decompress(4, bytes, max)).toString('base64'); } catch (error) { return error.cause; }
};
const read = frames.map((frame) => outcome(Buffer.from(frame, 'base64'), plainBytes));
const plain = Buffer.from(read[0], 'base64');
const written = Buffer.from(compress(4, plain)).toString('base64');
const low = compress(4, plain, 1).length, high = compress(4, plain, 19).length;
console.log(JSON.stringify({ hasOwn: typeof require('node:zlib').zstdCompressSync, read, written, low, high }));
`;

needs('node24')('zstd of node:zlib', () => {
  test('reads, bounds and writes as the WebAssembly package does', () => {
    const folder = mkdtempSync(join(tmpdir(), 'moldau-zstd-'));
    try {
      const entry = join(__dirname, '../../../wire/record/codecs/codecs.ts');
      const outfile = join(folder, 'codecs.cjs');
      const external = ['snappy', 'lz4-napi', '@bokuweb/zstd-wasm'];
      buildSync({ entryPoints: [entry], bundle: true, platform: 'node', outfile, external, logLevel: 'error' });
      const plain = sampleText(200_000);
      const frame = compress(CompressionType.zstd, plain);
      const bomb = compress(CompressionType.zstd, new Uint8Array(5_000_000));
      const frames = [
        frame,
        frame.subarray(0, -1),
        Buffer.concat([frame, frame.subarray(0, 3)]),
        bomb,
        new Uint8Array(9),
      ];
      const input = JSON.stringify({
        plainBytes: plain.length,
        frames: frames.map((bytes) => Buffer.from(bytes).toString('base64')),
      });
      const result = spawnSync(node24Path(), ['-e', program], { cwd: folder, input, encoding: 'utf8' });
      expect(result.stderr).toBe('');
      const answer = JSON.parse(result.stdout) as Record<string, unknown>;
      expect(answer).toMatchObject({ hasOwn: 'function' });
      const expected = Buffer.from(plain).toString('base64');
      expect(answer['read']).toEqual([expected, 'malformed', 'malformed', 'limit', 'malformed']);
      const written = Buffer.from(String(answer['written']), 'base64');
      expect(Buffer.compare(decompress(CompressionType.zstd, written, plain.length), plain)).toBe(0);
      expect(Number(answer['high'])).toBeLessThanOrEqual(Number(answer['low']));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

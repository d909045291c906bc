/**
 * Frames of Kafka's own Java streams are read here, and what is written here is read by them. The golden frames were written
 * by test/golden/CodecFrames.java with kafka-clients 4.3.1; with Kafka at hand both directions run against it as well.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compress, decompress } from '../../../wire/record/codecs/codecs';
import { CompressionType, type CompressionName } from '../../../wire/record/compression-type';
import { compileJava, jvmFlags } from '../../support/java';
import { needs } from '../../support/needs';
import { sampleText } from './sample-text';

interface GoldenFrame {
  readonly codec: CompressionName;
  readonly writer: string;
  readonly textBytes: number;
  readonly frame: string;
}

const goldenFile = join(__dirname, '../../golden/codec-frames.json');
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as readonly GoldenFrame[];

const names: readonly CompressionName[] = ['gzip', 'snappy', 'lz4', 'zstd'];
const sizes = [0, 1, 100, 32_767, 32_768, 32_769, 65_536, 65_537, 300_000];

describe('golden frames', () => {
  test.each(golden.map((frame) => [frame.codec, frame.textBytes, frame.writer, frame] as const))(
    '%s of %i bytes by %s is read',
    (codec, textBytes, _, { frame }) => {
      const plain = decompress(CompressionType[codec], Buffer.from(frame, 'base64'), textBytes);
      expect(Buffer.compare(plain, sampleText(textBytes))).toBe(0);
    },
  );

  test('what Java writes for LZ4 is what we write, to the header', () => {
    const java = golden.find((frame) => frame.codec === 'lz4' && frame.textBytes > 1000);
    const ours = compress(CompressionType.lz4, sampleText(1000));
    expect([...ours.subarray(0, 7)]).toEqual([...Buffer.from(java?.frame ?? '', 'base64').subarray(0, 7)]);
  });
});

needs('kafka')('Kafka’s Java streams', () => {
  function ask(lines: readonly string[]): string[] {
    const classpath = compileJava(join(__dirname, '../../golden/CodecFrames.java'));
    const result = spawnSync('java', [...jvmFlags(classpath, 256), 'CodecFrames'], {
      input: lines.join('\n'),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    expect([result.status, result.stderr]).toEqual([0, '']);
    return result.stdout.trimEnd().split('\n');
  }

  function word(bytes: Uint8Array): string {
    return bytes.length === 0 ? '-' : Buffer.from(bytes).toString('base64');
  }

  const cases = names.flatMap((name) => sizes.map((size) => ({ name, plain: sampleText(size) })));

  test('write what we read', () => {
    const frames = ask(cases.map(({ name, plain }) => `write ${name} ${word(plain)}`));
    frames.forEach((frame, i) => {
      const { name, plain } = cases[i]!;
      const ours = decompress(CompressionType[name], Buffer.from(frame, 'base64'), plain.length);
      expect([name, plain.length, Buffer.compare(ours, plain)]).toEqual([name, plain.length, 0]);
    });
  });

  test('read what we write', () => {
    const noise = Uint8Array.from({ length: 100_000 }, (_, i) => (Math.imul(i ^ (i >>> 7), 2654435761) >>> 13) & 255);
    const all = [...cases, ...names.map((name) => ({ name, plain: noise }))];
    const plains = ask(all.map(({ name, plain }) => `read ${name} ${word(compress(CompressionType[name], plain))}`));
    expect(plains.length).toBe(all.length);
    plains.forEach((plain, i) => expect([all[i]!.name, plain === word(all[i]!.plain)]).toEqual([all[i]!.name, true]));
  });
});

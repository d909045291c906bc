import { BATCH_HEADER_BYTES } from '../../../wire/record/batch';
import { contents, CopyBench } from '../support/copy-bench';
import { until } from '../../support/until';

let bench: CopyBench;

beforeAll(async () => {
  bench = await CopyBench.start();
});
afterAll(() => bench.stop());
beforeEach(() => {
  bench.copied.length = 0;
  bench.troubles.length = 0;
});

async function endOffsets(topic: string): Promise<[number, number]> {
  return [await bench.source.listOffset(topic, 0, -1), await bench.target.listOffset(topic, 0, -1)];
}

describe('the copying engine between two real brokers', () => {
  test('batches of every codec arrive byte for byte, with another header', async () => {
    const partitions = await bench.topic('codecs', 3);
    const values = ['a'.repeat(500), null, 'b'.repeat(100)];
    for (let i = 0; i < 30; i++) {
      const compression = (i % 5) as 0 | 1 | 2 | 3 | 4;
      await bench.source.produce('codecs', i % 3, bench.batch({ values, compression, timestampMs: 1000 * i }));
    }
    const engine = bench.engine();
    for (const partition of partitions) engine.add(partition);
    await until('all copied', () => bench.copied.reduce((sum, { records }) => sum + records, 0) === 90);
    for (let p = 0; p < 3; p++) {
      const [source, target] = await Promise.all([
        CopyBench.batches(bench.source, 'codecs', p),
        CopyBench.batches(bench.target, 'codecs', p),
      ]);
      expect(target.map((batch) => batch.recordsBytes.length)).toEqual(
        source.map((batch) => batch.recordsBytes.length),
      );
      for (let i = 0; i < source.length; i++) {
        expect(
          Buffer.compare(target[i]!.bytes.subarray(BATCH_HEADER_BYTES), source[i]!.bytes.subarray(BATCH_HEADER_BYTES)),
        ).toBe(0);
        expect(target[i]!.isCrcValid(bench.env.crc32c)).toBe(true);
      }
      expect(contents(await CopyBench.records(bench.target, 'codecs', p))).toEqual(
        contents(await CopyBench.records(bench.source, 'codecs', p)),
      );
    }
    expect(bench.troubles).toEqual([]);
    // What comes later follows.
    await bench.source.produce('codecs', 1, bench.batch({ values: ['later'] }));
    await until('the later one', () => bench.copied.at(-1)?.records === 1);
    engine.close();
  });

  test('a copy that is taken over goes on without a gap and without a double, wherever the position was stored', async () => {
    const [partition] = await bench.topic('taken', 1);
    for (let i = 0; i < 20; i++) await bench.source.produce('taken', 0, bench.batch({ values: [`v${i}`, 'same'] }));
    const first = bench.engine();
    first.add(partition!);
    await until('half of it', () => bench.copied.length >= 20);
    // The first stored nothing but its beginning: the second must find out all of it by the target's tail.
    first.close();
    for (let i = 20; i < 30; i++) await bench.source.produce('taken', 0, bench.batch({ values: [`v${i}`, 'same'] }));
    const second = bench.engine();
    second.add(partition!);
    await until('the rest', async () => (await endOffsets('taken'))[1] >= 60);
    expect(contents(await CopyBench.records(bench.target, 'taken', 0))).toEqual(
      contents(await CopyBench.records(bench.source, 'taken', 0)),
    );
    expect(bench.troubles).toEqual([]);
    second.close();
  });

  test('a pause ends when nothing is on its way', async () => {
    const [partition] = await bench.topic('paused', 1);
    const engine = bench.engine();
    engine.add(partition!);
    await bench.source.produce('paused', 0, bench.batch({ values: ['1'] }));
    await until('the first', () => bench.copied.length === 1);
    await engine.pause(10_000);
    await bench.source.produce('paused', 0, bench.batch({ values: ['2'] }));
    engine.goOn();
    await until('the second', () => bench.copied.length === 2);
    engine.close();
  });
});

import { until } from '../../support/until';
import { HeldNetwork } from '../support/held-network';
import { contents, CopyBench } from '../support/copy-bench';
import { PoisonMemory } from '../support/poison-memory';

let bench: CopyBench;
let memory: PoisonMemory;
let network: HeldNetwork;

const QUICK = { backoffMs: 5, maxBackoffMs: 50, stoppedRetryMs: 300, requestTimeoutMs: 5_000, fetchMaxBytes: 64 * 1024 };
const BATCHES = 60;

beforeAll(async () => {
  bench = await CopyBench.start();
});
afterAll(() => bench.stop());
beforeEach(() => {
  bench.copied.length = 0;
  bench.troubles.length = 0;
  memory = new PoisonMemory();
  network = new HeldNetwork(bench.env.network);
});

/** Batches small enough to be copied into requests, and others that requests carry in place. */
async function fill(topic: string, partitions: number, count = BATCHES): Promise<void> {
  for (let i = 0; i < count; i++) {
    const values = [`${i}-`.padEnd(i % 3 === 0 ? 100 : 9_000, `${i}`), null];
    await bench.source.produce(topic, i % partitions, bench.batch({ values, compression: i % 5 === 0 ? 2 : 0 }));
  }
}

async function copiedWhole(topic: string, partitions: number): Promise<void> {
  for (let p = 0; p < partitions; p++) {
    const endOffset = await bench.source.listOffset(topic, p, -1);
    await until(`partition ${p} of ${topic}`, async () => (await bench.target.listOffset(topic, p, -1)) >= endOffset);
    expect(contents(await CopyBench.records(bench.target, topic, p))).toEqual(contents(await CopyBench.records(bench.source, topic, p)));
  }
}

/** Nothing is taken for good, nothing was used after it had been given back. */
async function allGivenBack(): Promise<void> {
  await until('all given back', () => memory.takenCount === 0);
  expect(memory.freedCount).toBeGreaterThan(0);
  expect(memory.spoiledCount).toBe(0);
  expect(network.changed).toBe(0);
}

describe('the bytes of answers, overwritten as soon as they are given back', () => {
  test('are given back when the target has acknowledged them, and not before', async () => {
    const partitions = await bench.topic('reuse', 3);
    await fill('reuse', 3);
    const engine = bench.engine(QUICK, { memory, network });
    for (const partition of partitions) engine.add(partition);
    await copiedWhole('reuse', 3);
    expect(bench.troubles).toEqual([]);
    await allGivenBack();
    engine.close();
  });

  test('are kept for another try when the connection to the target is lost again and again', async () => {
    const partitions = await bench.topic('lost', 3);
    const engine = bench.engine(QUICK, { memory, network });
    for (const partition of partitions) engine.add(partition);
    for (let cuts = 0; cuts < 8; cuts++) {
      const before = bench.copied.length;
      network.holdFrom = { port: bench.targetBroker.port, bytes: 4_096 };
      await fill('lost', 3, 9);
      await until('something is on its way', () => network.heldCount > 0);
      network.cut(bench.targetBroker.port);
      network.letGo();
      await until('it goes on', () => bench.copied.length > before);
    }
    await copiedWhole('lost', 3);
    await allGivenBack();
    engine.close();
  });

  test('of a partition that is taken away are kept while a request still carries them', async () => {
    const [gone, other] = await bench.topic('gone', 2);
    const engine = bench.engine(QUICK, { memory, network });
    network.holdFrom = { port: bench.targetBroker.port, bytes: 4_096 };
    engine.add(gone!);
    engine.add(other!);
    await fill('gone', 2);
    await until('both are on their way', () => network.heldCount > 0);
    const freed = memory.freedCount;
    const taken = memory.takenCount;
    engine.remove(gone!);
    expect(memory.takenCount).toBeGreaterThan(0);
    expect(memory.freedCount - freed).toBeLessThan(taken);
    network.letGo();
    const endOffset = await bench.source.listOffset('gone', 1, -1);
    await until('the other is copied', async () => (await bench.target.listOffset('gone', 1, -1)) >= endOffset);
    await allGivenBack();
    engine.close();
  });

  test('are given back at the end, those of requests when nobody reads them any more', async () => {
    const partitions = await bench.topic('closed', 2);
    await fill('closed', 2);
    const engine = bench.engine(QUICK, { memory, network });
    network.holdFrom = { port: bench.targetBroker.port, bytes: 4_096 };
    for (const partition of partitions) engine.add(partition);
    await until('something is on its way', () => network.heldCount > 0);
    engine.close();
    expect(memory.takenCount).toBeGreaterThan(0);
    network.letGo();
    await allGivenBack();
  });
});

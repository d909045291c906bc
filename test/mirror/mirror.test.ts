import type { Mirror } from '../../mirror/mirror';
import { contents, CopyBench } from './support/copy-bench';
import { until } from '../support/until';
import { mirrorBetween } from './support/mirror-settings';

let bench: CopyBench;
const mirrors: Mirror[] = [];

beforeAll(async () => {
  bench = await CopyBench.start();
});
afterAll(async () => {
  await Promise.all(mirrors.map((mirror) => mirror.stop()));
  await bench.stop();
});

function start(): Mirror {
  const [from, to] = [bench.sourceBroker, bench.targetBroker].map(({ port }) => ({ bootstrap: `127.0.0.1:${port}` }));
  const options = { storeIntervalMs: 200, sharing: { heartbeatMs: 100, sessionTimeoutMs: 6_000 } };
  const mirror = mirrorBetween(bench.env, from!, to!, 'orders, payments', {}, options);
  mirrors.push(mirror);
  return mirror;
}

async function produce(topic: string, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) await bench.source.produce(topic, i % 4, bench.batch({ values: [`${topic} ${i}`] }));
}

async function expectEqual(topic: string): Promise<void> {
  for (let partition = 0; partition < 4; partition++) {
    expect(contents(await CopyBench.records(bench.target, `A.${topic}`, partition))).toEqual(
      contents(await CopyBench.records(bench.source, topic, partition)),
    );
  }
}

async function countOf(topic: string): Promise<number> {
  let count = 0;
  for (let partition = 0; partition < 4; partition++)
    count += await bench.target.listOffset(`A.${topic}`, partition, -1);
  return count;
}

describe('a mirror', () => {
  test('copies what its topics name, shares the work with others, and they go on when it stops', async () => {
    await bench.source.createTopic('orders', 4, 1);
    await bench.source.createTopic('strangers', 1, 1);
    await produce('orders', 0, 40);
    const first = start();
    await until(
      'orders are copied',
      async () => (await bench.target.metadata(['A.orders']))[0]!.errorCode === 0 && (await countOf('orders')) === 40,
    );
    const second = start();
    await until(
      'half of the partitions each',
      () => first.flows[0]!.partitions === 2 && second.flows[0]!.partitions === 2,
    );
    await produce('orders', 40, 80);
    await until('both copy', async () => (await countOf('orders')) === 80);
    // A topic that comes later is found and copied.
    await bench.source.createTopic('payments', 4, 1);
    await produce('payments', 0, 20);
    await until('payments are found', async () => (await bench.target.metadata(['A.payments']))[0]!.errorCode === 0);
    await until('payments are copied', async () => (await countOf('payments')) === 20);
    await first.stop();
    await produce('orders', 80, 100);
    await until(
      'the second has it all',
      async () => second.flows[0]!.partitions === 8 && (await countOf('orders')) === 100,
    );
    await expectEqual('orders');
    await expectEqual('payments');
    expect((await bench.target.metadata(['A.strangers']))[0]!.errorCode).not.toBe(0);
    expect([...second.flows[0]!.counters.partitions.values()].every(({ trouble }) => trouble === null)).toBe(true);
  });
});

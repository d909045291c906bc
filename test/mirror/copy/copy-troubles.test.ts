import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlowPartition } from '../../../mirror/flow/flow-partition';
import { startBroker } from '../../../src/index';
import { ZERO_UUID } from '../../../wire/base/uuid';
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
  bench.recoveries = 0;
});

async function produce(topic: string, values: readonly string[]): Promise<void> {
  for (const value of values) await bench.source.produce(topic, 0, bench.batch({ values: [value] }));
}

async function deleteRecords(topic: string, offset: number): Promise<void> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }];
  await bench.source.ask('any', 'DeleteRecords', { topics, timeoutMs: 10_000 });
}

async function deleteTopic(topic: string): Promise<void> {
  await bench.source.ask('any', 'DeleteTopics', (version) =>
    version >= 6
      ? { topics: [{ name: topic, topicId: ZERO_UUID }], timeoutMs: 10_000 }
      : { topicNames: [topic], timeoutMs: 10_000 },
  );
}

async function valuesAtTarget(topic: string): Promise<string[]> {
  return (await CopyBench.records(bench.target, topic, 0)).map(({ value }) => Buffer.from(value!).toString());
}

async function copiedUpTo(topic: string, count: number): Promise<void> {
  await until(`${count} records of ${topic}`, async () => (await bench.target.listOffset(topic, 0, -1)) >= count);
}

const QUICK = { backoffMs: 20, maxBackoffMs: 200, stoppedRetryMs: 300, requestTimeoutMs: 5_000, missingTopicMs: 100 };

describe('the trouble of one partition', () => {
  test('records that expired before they were copied are a gap with its offsets, and the copy goes on behind them', async () => {
    const [gap] = await bench.topic('gap', 1);
    await produce('gap', ['a', 'b', 'c', 'd']);
    const engine = bench.engine(QUICK);
    engine.add(gap!);
    await copiedUpTo('gap', 4);
    bench.storeAll(engine);
    engine.close();
    await produce('gap', ['e', 'f', 'g', 'h']);
    await deleteRecords('gap', 6);
    const second = bench.engine(QUICK);
    second.add(gap!);
    await copiedUpTo('gap', 6);
    expect(await valuesAtTarget('gap')).toEqual(['a', 'b', 'c', 'd', 'g', 'h']);
    expect(bench.troubles).toEqual([{ kind: 'gap', fromOffset: 4, toOffset: 6 }]);
    second.close();
  });

  test('a topic that was deleted and created again is not appended to the copy of the old one', async () => {
    const [old] = await bench.topic('recreated', 1);
    await produce('recreated', ['old']);
    const engine = bench.engine(QUICK);
    engine.add(old!);
    await copiedUpTo('recreated', 1);
    await deleteTopic('recreated');
    await until('the topic is gone', async () => (await bench.source.metadata(['recreated']))[0]!.errorCode !== 0);
    await bench.source.createTopic('recreated', 1, 1);
    await produce('recreated', ['new', 'newer']);
    await until('it is noticed', () => bench.troubles.some(({ kind }) => kind === 'source-recreated'));
    expect(await valuesAtTarget('recreated')).toEqual(['old']);
    engine.close();
    // Nor by another process that finds the old position and the new topic.
    bench.troubles.length = 0;
    const [view] = await bench.source.metadata(['recreated']);
    const fresh: FlowPartition = { ...old!, sourceTopicId: view!.topicId };
    const second = bench.engine(QUICK);
    second.add(fresh);
    await until('it is noticed again', () => bench.troubles.some(({ kind }) => kind === 'source-recreated'));
    expect(await valuesAtTarget('recreated')).toEqual(['old']);
    second.close();
  });

  test('a target whose records are gone is not taken for one that has them', async () => {
    const [lost] = await bench.topic('lost', 1);
    await produce('lost', ['a']);
    bench.stored.set('lost:0', {
      position: 1,
      epoch: -1,
      lastTargetOffset: 5,
      sourceTopicId: lost!.sourceTopicId,
      producerId: -1,
      producerEpoch: -1,
    });
    const engine = bench.engine(QUICK);
    engine.add(lost!);
    await until('it is told', () =>
      bench.troubles.some(
        (trouble) => trouble.kind === 'refused' && trouble.message.includes('had acknowledged up to 5'),
      ),
    );
    expect(await valuesAtTarget('lost')).toEqual([]);
    engine.close();
  });

  test.each([
    ['ends before what was copied', { position: 9, epoch: -1 }],
    ['has no record of the epoch that was copied', { position: 2, epoch: 700 }],
  ])('a source that %s has been cut, and nothing of it is appended', async (what, { position, epoch }) => {
    const topic = what.startsWith('ends') ? 'short' : 'other-history';
    const [cut] = await bench.topic(topic, 1);
    await produce(topic, ['a', 'b', 'c', 'd']);
    const { sourceTopicId } = cut!;
    bench.stored.set(`${topic}:0`, {
      position,
      epoch,
      lastTargetOffset: -1,
      sourceTopicId,
      producerId: -1,
      producerEpoch: -1,
    });
    const engine = bench.engine(QUICK);
    engine.add(cut!);
    await until('it is told', () => bench.troubles.length > 0);
    expect(bench.troubles).toEqual([{ kind: 'source-truncated', position, sourceEndOffset: expect.any(Number) }]);
    expect(await valuesAtTarget(topic)).toEqual([]);
    engine.close();
  });

  test('what the target refuses stops its partition alone, and goes on when the cause has passed', async () => {
    const [small] = await bench.topic('small', 1);
    const [other] = await bench.topic('other', 1);
    await alterTarget('small', 'max.message.bytes', '500');
    await produce('small', ['ok', 'x'.repeat(2000), 'after']);
    await produce('other', ['1', '2']);
    const engine = bench.engine(QUICK);
    engine.add(small!);
    engine.add(other!);
    await copiedUpTo('other', 2);
    await until('it is told', () => bench.troubles.length > 0);
    expect(bench.troubles[0]).toMatchObject({
      kind: 'refused',
      errorCode: 10,
      message: expect.stringContaining('offsets 1 to 1 of small-0'),
    });
    expect(await valuesAtTarget('small')).toEqual(['ok']);
    await alterTarget('small', 'max.message.bytes', '1000000');
    await copiedUpTo('small', 3);
    await until('it is well again', () => bench.recoveries > 0);
    expect(bench.troubles).toHaveLength(1);
    expect(await valuesAtTarget('small')).toEqual(['ok', 'x'.repeat(2000), 'after']);
    engine.close();
  });

  test('records that somebody else wrote to the target are told, and do not end the copy', async () => {
    const [shared] = await bench.topic('shared', 1);
    await produce('shared', ['a']);
    const engine = bench.engine(QUICK);
    engine.add(shared!);
    await copiedUpTo('shared', 1);
    await bench.target.produce('shared', 0, bench.batch({ values: ['stranger'] }));
    await produce('shared', ['b']);
    await copiedUpTo('shared', 3);
    expect(await valuesAtTarget('shared')).toEqual(['a', 'stranger', 'b']);
    await until('it is told', () => bench.troubles.length > 0);
    expect(bench.troubles).toEqual([{ kind: 'foreign-write', targetOffset: 2, expectedOffset: 1 }]);
    engine.close();
  });

  test('a topic that is deleted stops being copied', async () => {
    const [gone] = await bench.topic('gone', 1);
    await produce('gone', ['a']);
    const engine = bench.engine(QUICK);
    engine.add(gone!);
    await copiedUpTo('gone', 1);
    await deleteTopic('gone');
    await until('it is told', () => bench.troubles.some(({ kind }) => kind === 'source-deleted'));
    engine.close();
  }, 30_000);
});

async function alterTarget(topic: string, name: string, value: string): Promise<void> {
  const configs = [{ name, configOperation: 0, value }];
  const resources = [{ resourceType: 2, resourceName: topic, configs }];
  await bench.target.ask('any', 'IncrementalAlterConfigs', { resources, validateOnly: false });
}

describe('clusters that go away', () => {
  test.each(['source', 'target'] as const)(
    'a %s that stops and comes back loses nothing and doubles nothing',
    async (side) => {
      const directory = mkdtempSync(join(tmpdir(), 'mirror-away-'));
      const own = await CopyBench.start({}, { [side]: directory });
      try {
        const [partition] = await own.topic('away', 1);
        const engine = own.engine({ ...QUICK, maxPartitionBufferedBytes: 2_000 });
        engine.add(partition!);
        const write = async (from: number, to: number): Promise<void> => {
          for (let i = from; i < to; i++) await own.source.produce('away', 0, own.batch({ values: [`v${i}`] }));
        };
        await write(0, 20);
        await until('the first', async () => (await own.target.listOffset('away', 0, -1)) === 20);
        const { port } = side === 'source' ? own.sourceBroker : own.targetBroker;
        await (side === 'source' ? own.sourceBroker : own.targetBroker).stop();
        if (side === 'target') await write(20, 200);
        const back = await startBroker({ port, directory });
        if (side === 'source') await write(20, 200);
        await until('the rest', async () => (await own.target.listOffset('away', 0, -1)) === 200);
        expect(contents(await CopyBench.records(own.target, 'away', 0))).toEqual(
          contents(await CopyBench.records(own.source, 'away', 0)),
        );
        engine.close();
        await back.stop();
      } finally {
        await own.stop();
        rmSync(directory, { recursive: true, force: true });
      }
    },
    40_000,
  );
});

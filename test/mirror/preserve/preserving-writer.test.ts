/** Offset-preserving mode between two real brokers. */
import { CopyEngine } from '../../../mirror/copy/copy-engine';
import { keptAnswer } from '../../../mirror/copy/answer-core';
import { DEFAULT_COPY_SETTINGS } from '../../../mirror/copy/copy-settings';
import type { FlowPartition, Trouble } from '../../../mirror/flow/flow-partition';
import { isSameBatch } from '../../../mirror/preserve/batch-identity';
import { cutTail, mirroredRange, setMirrorSource } from '../../../mirror/preserve/mirror-mode';
import { PreservingWriter } from '../../../mirror/preserve/preserving-writer';
import { ServerError } from '../../../wire/broker-link';
import { ErrorCode } from '../../../wire/base/error-codes';
import { BatchAttribute, BatchField, BatchView } from '../../../wire/record/batch';
import { ZERO_UUID } from '../../../wire/base/uuid';
import { writeInt16 } from '../../../wire/record/big-endian';
import { CopyBench } from '../support/copy-bench';
import { until } from '../../support/until';

let bench: CopyBench;
const troubles: Trouble[] = [];

beforeAll(async () => {
  bench = await CopyBench.start();
});
afterAll(() => bench.stop());
beforeEach(() => {
  troubles.length = 0;
});

function writerOf(partition: FlowPartition): PreservingWriter {
  const { env, source, target, positions } = bench;
  const firstOffset = (each: FlowPartition) => source.listOffset(each.sourceTopic, each.partition, -2);
  return new PreservingWriter({ env, source, target, positions, sourceAlias: 'A', firstOffset }, partition);
}

function engine(): CopyEngine {
  const { env, source, target } = bench;
  const events = {
    copied: () => undefined,
    lag: () => undefined,
    recovered: () => undefined,
    trouble: (_: FlowPartition, trouble: Trouble) => void troubles.push(trouble),
  };
  return new CopyEngine({
    env,
    logger: env.logger,
    settings: DEFAULT_COPY_SETTINGS,
    clientId: 'mirror',
    source,
    target,
    events,
    writerOf,
  });
}

async function topic(name: string, configs: Record<string, string> = {}): Promise<FlowPartition> {
  const [partition] = await bench.topic(name, 1, configs);
  await setMirrorSource(bench.target, name, 'A');
  return partition!;
}

const endOffset = (name: string) => bench.target.listOffset(name, 0, -1);
const produce = (name: string, ...values: string[]) => bench.source.produce(name, 0, bench.batch({ values }));

async function deleteBefore(name: string, offset: number): Promise<void> {
  const [view] = await bench.source.metadata([name]);
  const topics = [{ name, partitions: [{ partitionIndex: 0, offset }] }];
  await bench.source.ask(view!.leaders[0]!, 'DeleteRecords', { topics, timeoutMs: 10_000 });
}

async function expectSame(name: string): Promise<void> {
  const [source, target] = await Promise.all([
    CopyBench.batches(bench.source, name, 0),
    CopyBench.batches(bench.target, name, 0),
  ]);
  expect(target.length).toBeGreaterThan(0);
  expect(target.map((batch) => [batch.baseOffset, batch.lastOffset])).toEqual(
    source.map((batch) => [batch.baseOffset, batch.lastOffset]),
  );
  // Byte for byte, apart from the leader epoch.
  for (const [i, batch] of source.entries()) {
    const [a, b] = [batch.bytes.slice(), target[i]!.bytes.slice()];
    new BatchView(a).setPartitionLeaderEpoch(0);
    new BatchView(b).setPartitionLeaderEpoch(0);
    expect(Buffer.compare(a, b)).toBe(0);
  }
}

describe('offset-preserving mode', () => {
  test('copies batches of every codec byte for byte at their offsets', async () => {
    const partition = await topic('codecs');
    for (let i = 0; i < 40; i++) {
      const compression = (i % 5) as 0 | 1 | 2 | 3 | 4;
      const producer = i % 3 === 0 ? { producerId: 77, producerEpoch: 0, baseSequence: i } : {};
      await bench.source.produce(
        'codecs',
        0,
        bench.batch({
          values: i % 3 === 0 ? [`${i}`.repeat(60)] : ['a'.repeat(300), null],
          compression,
          ...(i === 0 ? producer : {}),
        }),
      );
    }
    const copy = engine();
    copy.add(partition);
    const end = await bench.source.listOffset('codecs', 0, -1);
    await until('all copied', async () => (await endOffset('codecs')) === end);
    copy.close();
    await expectSame('codecs');
    expect(troubles).toEqual([]);
  });

  test('starts where its source starts, and goes on behind what expired before it was copied', async () => {
    const partition = await topic('gaps');
    for (let i = 0; i < 10; i++) await produce('gaps', `${i}`);
    await deleteBefore('gaps', 4);
    const first = engine();
    first.add(partition);
    await until('the rest', async () => (await endOffset('gaps')) === 10);
    first.close();
    expect(await bench.target.listOffset('gaps', 0, -2)).toBe(4);
    for (let i = 10; i < 20; i++) await produce('gaps', `${i}`);
    await deleteBefore('gaps', 15);
    const second = engine();
    second.add(partition);
    await until('what is left', async () => (await endOffset('gaps')) === 20);
    second.close();
    expect(troubles).toEqual([{ kind: 'gap', fromOffset: 10, toOffset: 15 }]);
    const offsets = (await CopyBench.records(bench.target, 'gaps', 0)).map(({ offset }) => offset);
    expect(offsets).toEqual([4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19]);
  });

  test('starts an empty log at the end of a source that has expired whole', async () => {
    const partition = await topic('expired');
    await produce('expired', 'a', 'b', 'c');
    await deleteBefore('expired', 3);
    const writer = writerOf(partition);
    expect(await writer.resume()).toMatchObject({ position: 3 });
    expect(await mirroredRange(bench.target, { topic: 'expired', partition: 0 }, 'A')).toEqual({
      logStartOffset: 3,
      logEndOffset: 3,
    });
  });

  test('two copies of one partition double nothing', async () => {
    const partition = await topic('twice');
    for (let i = 0; i < 200; i++) await produce('twice', `${i}`);
    const both = [engine(), engine()];
    for (const each of both) each.add(partition);
    for (let i = 200; i < 300; i++) await produce('twice', `${i}`);
    await until('all copied', async () => (await endOffset('twice')) === 300);
    for (const each of both) each.close();
    await expectSame('twice');
  });

  test('a producer is refused with an error after which it does not try again, until the topic is promoted', async () => {
    await topic('guarded');
    const attempt = bench.target.produce('guarded', 0, bench.batch({ values: ['x'] }));
    await expect(attempt).rejects.toMatchObject({ errorCode: ErrorCode.POLICY_VIOLATION });
    await setMirrorSource(bench.target, 'guarded', null);
    await until('it takes records', async () => {
      try {
        return (await bench.target.produce('guarded', 0, bench.batch({ values: ['x'] }))).baseOffset >= 0;
      } catch (error) {
        expect(error).toBeInstanceOf(ServerError);
        return false;
      }
    });
  });

  test('a producer of the target is never taken for one of the source, and its first batch not for one that came already', async () => {
    const newProducer = async (side: 'source' | 'target'): Promise<number> =>
      (await bench[side].ask('any', 'InitProducerId', { transactionalId: null, transactionTimeoutMs: 60_000 })).producerId;
    const there = await newProducer('source');
    const partition = await topic('producers');
    const batch = (producerId: number, value: string) => bench.batch({ values: [value], producerId, producerEpoch: 0, baseSequence: 0 });
    await bench.source.produce('producers', 0, batch(there, 'source'));
    const copy = engine();
    copy.add(partition);
    await until('copied', async () => (await endOffset('producers')) === 1);
    copy.close();
    await setMirrorSource(bench.target, 'producers', null);
    const fresh = await newProducer('target');
    expect(fresh).toBeGreaterThanOrEqual(2 ** 32);
    expect(there).toBeLessThan(2 ** 32);
    await until('it takes records', async () => {
      try {
        return (await bench.target.produce('producers', 0, batch(fresh, 'target'))).baseOffset === 1;
      } catch {
        return false;
      }
    });
    expect(await endOffset('producers')).toBe(2);
  });

  test('appends nothing behind records that its source does not have', async () => {
    const partition = await topic('diverged');
    await produce('diverged', 'a', 'b');
    const first = engine();
    first.add(partition);
    await until('copied', async () => (await endOffset('diverged')) === 2);
    first.close();
    // The source is created anew, and longer: without a stored position only its records tell.
    bench.stored.clear();
    await bench.source.ask('any', 'DeleteTopics', {
      topics: [{ name: 'diverged', topicId: ZERO_UUID }],
      timeoutMs: 10_000,
    });
    await bench.source.createTopic('diverged', 1, 1);
    await until('the new topic takes records', async () => {
      try {
        await bench.source.produce('diverged', 0, bench.batch({ values: ['x'] }));
        return (await bench.source.listOffset('diverged', 0, -1)) >= 3;
      } catch {
        return false;
      }
    });
    await expect(writerOf(partition).resume()).rejects.toMatchObject({
      trouble: { kind: 'source-truncated', position: 2 },
    });
  });

  test('a tail is cut off and copied anew', async () => {
    const partition = await topic('cut');
    for (let i = 0; i < 10; i++) await produce('cut', `${i}`);
    const first = engine();
    first.add(partition);
    await until('copied', async () => (await endOffset('cut')) === 10);
    first.close();
    await cutTail(bench.env, bench.target, { topic: 'cut', partition: 0 }, 'A', 10, 6);
    expect(await endOffset('cut')).toBe(6);
    const second = engine();
    second.add(partition);
    await until('copied again', async () => (await endOffset('cut')) === 10);
    second.close();
    await expectSame('cut');
  });

  test('takes the transactional bit from a committed batch, and nothing else', async () => {
    const partition = await topic('committed');
    const writer = writerOf(partition);
    await writer.resume();
    const bytes = bench.batch({ values: ['a', 'b'], producerId: 5, producerEpoch: 1, baseSequence: 7 });
    writeInt16(bytes, BatchField.attributes, BatchAttribute.transactional);
    new BatchView(bytes).updateCrc(bench.env.crc32c);
    const before = new BatchView(bytes.slice());
    const view = new BatchView(bytes);
    const batch = {
      bytes,
      answer: keptAnswer(),
      baseOffset: 0,
      lastOffset: 1,
      recordsCount: 2,
      maxTimestampMs: 0,
      attributes: view.attributes,
      isDense: true,
      firstWantedOffset: 0,
      leaderEpoch: 0,
    };
    const parcel = writer.pack([batch], 1_000_000, { logStartOffset: 0, lastStableOffset: 2 });
    const sent = new BatchView(parcel.data.records as Uint8Array);
    expect(sent.isTransactional).toBe(false);
    expect(sent.isCrcValid(bench.env.crc32c)).toBe(true);
    expect(isSameBatch(sent, before)).toBe(true);
  });
});

import { SimWorld } from '../sim/world';
import { readSlice, findByTimestamp, findMaxTimestamp, timestampNear } from '../../log/log-reader';
import { DEFAULT_DECODE_LIMITS } from '../../wire/record/records';
import { ErrorCode } from '../../wire/base/error-codes';
import { batchOf, contents, live, openLog, smallLogConfig, TOPIC_ID } from './support/log-bench';

const config = smallLogConfig();

function words(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `value-${from + i}`);
}

function expected(from: number, to: number): string[] {
  return words(from, to).map((word, i) => `${from + i}=${word}`);
}

describe('a partition log', () => {
  test('gives records consecutive offsets and reads them back across segments', async () => {
    const world = new SimWorld({ seed: 1 });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      for (let i = 0; i < 300; i += 3) {
        const outcome = log.append(batchOf(words(i, i + 3)), 0, 'client');
        expect(outcome).toMatchObject({ status: 'appended', baseOffset: i, lastOffset: i + 2 });
      }
      expect(log.segments.length).toBeGreaterThan(2);
      expect(contents(log)).toEqual(expected(0, 300));
    });
  });

  test('knows when the record at an offset was written, and which offsets a range of bytes holds', async () => {
    const world = new SimWorld({ seed: 1 });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      const begin = env.clock.wallMs();
      const writtenMs: number[] = [];
      for (let i = 0; i < 300; i++) {
        writtenMs.push(begin + i * 60_000);
        log.append(batchOf([`value-${i}`], { timestampMs: begin + i * 60_000 }), 0, 'client');
      }
      expect(log.segments.length).toBeGreaterThan(2);
      expect(Array.from({ length: 300 }, (_, offset) => timestampNear(log, offset))).toEqual(writtenMs);
      expect([timestampNear(log, -1), timestampNear(log, 300)]).toEqual([null, null]);
      const whole = readSlice(log, 0, 1e9, 300, true);
      expect(whole).toMatchObject({ nextOffset: log.segments[1]?.baseOffset });
      const cut = readSlice(log, 0, (log.segments[0]?.sizeBytes ?? 0) / 2, 300, true);
      const middle = (log.segments[1]?.baseOffset ?? 0) / 2;
      expect(Math.abs((cut as { nextOffset: number }).nextOffset - middle)).toBeLessThan(middle / 2);
    });
  });

  test('is the same after a clean stop, and its closed files are not read again', async () => {
    const world = new SimWorld({ seed: 2 });
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      for (let i = 0; i < 200; i++) log.append(batchOf([`value-${i}`]), 0, 'client');
      await manager.close(7);
    });
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      expect(manager.counters.recoveredSegments).toBe(0);
      expect(manager.directoryList[0]).toMatchObject({ wasCleanlyStopped: true, previousBrokerEpoch: 7 });
      expect(contents(log)).toEqual(expected(0, 200));
    });
  });

  test('keeps every record over kill -9, also with a torn write at its end', async () => {
    const world = new SimWorld({ seed: 3 });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      for (let i = 0; i < 100; i++) log.append(batchOf([`value-${i}`]), 0, 'client');
      const last = log.segments.at(-1);
      env.disk.openSync(last?.path('.log') ?? '', 'write').writeSync(last?.sizeBytes ?? 0, [batchOf(['torn']).subarray(0, 50)]);
    });
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      expect(manager.counters).toMatchObject({ tornTails: 1 });
      expect(contents(log)).toEqual(expected(0, 100));
      expect(log.append(batchOf(['value-100']), 0, 'client')).toMatchObject({ baseOffset: 100 });
    });
  });

  test('after power loss holds what was flushed, and nothing that is out of order', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const world = new SimWorld({ seed: `power-${seed}` });
      let flushedTo = 0;
      await live(world, async (env) => {
        const { manager, log } = await openLog(env, config);
        for (let i = 0; i < 120; i++) {
          log.append(batchOf([`value-${i}`]), 0, 'client');
          if (i === 50 || i === 90) {
            await new Promise((resolve) => log.flush(resolve));
            flushedTo = log.flushedOffset;
            if (i === 90) manager.writeRecoveryPoints();
          }
        }
      });
      world.powerLoss(world.host('a'));
      world.powerOn(world.host('a'));
      await live(world, async (env) => {
        const { log } = await openLog(env, config);
        expect(flushedTo).toBe(91);
        expect(log.logEndOffset).toBeGreaterThanOrEqual(flushedTo);
        expect(contents(log)).toEqual(expected(0, log.logEndOffset));
        expect(log.flushedOffset).toBe(log.logEndOffset);
      });
    }
  });

  test('rebuilds missing and damaged indexes, snapshots and checkpoints', async () => {
    const world = new SimWorld({ seed: 5 });
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      for (let i = 0; i < 200; i++) log.append(batchOf([`value-${i}`], { producerId: 9, sequence: i }), 0, 'client');
      await manager.close(1);
      const directory = '/data/t-0';
      const files = env.disk.listSync(directory);
      const indexes = files.filter((name) => name.endsWith('.index'));
      env.disk.unlinkSync(`${directory}/${indexes[0]}`);
      env.disk.openSync(`${directory}/${indexes[1]}`, 'write').writeSync(0, [new Uint8Array(13).fill(255)]);
      const snapshot = files.filter((name) => name.endsWith('.snapshot')).at(-1);
      env.disk.openSync(`${directory}/${snapshot}`, 'write').writeSync(12, [new Uint8Array(4).fill(7)]);
      const epochs = env.disk.openSync(`${directory}/leader-epoch-checkpoint`, 'write');
      epochs.writeSync(0, [new TextEncoder().encode('nonsense')]);
    });
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      expect(manager.counters).toMatchObject({ rebuiltIndexes: 2, damagedSnapshots: 1 });
      expect(contents(log)).toEqual(expected(0, 200));
      expect(log.latestEpoch).toBe(0);
      expect(log.append(batchOf(['value-199'], { producerId: 9, sequence: 199 }), 0, 'client')).toMatchObject({ status: 'duplicate', baseOffset: 199 });
    });
  });

  test('recognises a retried batch of an idempotent producer, also after a restart, and refuses gaps', async () => {
    const world = new SimWorld({ seed: 6 });
    const batch = (sequence: number): Uint8Array => batchOf([`s-${sequence}`], { producerId: 5, sequence });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      for (let i = 0; i < 8; i++) log.append(batch(i), 0, 'client');
      expect(log.append(batch(4), 0, 'client')).toMatchObject({ status: 'duplicate', baseOffset: 4 });
      expect(log.append(batch(9), 0, 'client')).toMatchObject({ status: 'refused', errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER });
    });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      expect(log.append(batch(7), 0, 'client')).toMatchObject({ status: 'duplicate', baseOffset: 7 });
      expect(log.append(batch(8), 0, 'client')).toMatchObject({ status: 'appended', baseOffset: 8 });
      expect(log.append(batchOf(['old'], { producerId: 5, epoch: -1, sequence: 0 }), 0, 'client')).toMatchObject({
        status: 'refused',
        errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
      });
    });
  });

  test('reads by size: at least one batch, or none where that was not asked for', async () => {
    const world = new SimWorld({ seed: 7 });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      for (let i = 0; i < 20; i++) log.append(batchOf([`value-${i}`]), 0, 'client');
      const size = batchOf(['value-10']).length;
      expect(readSlice(log, 10, 1, 20, true)).toMatchObject({ baseOffset: 10, sizeBytes: size });
      expect(readSlice(log, 10, 1, 20, false)).toMatchObject({ firstBatchTooLarge: true, sizeBytes: 0 });
      expect(readSlice(log, 10, 3 * size + 5, 20, true)).toMatchObject({ sizeBytes: 3 * size + 5 });
      expect(readSlice(log, 10, 1_000_000, 12, true)).toMatchObject({ sizeBytes: 2 * size });
      expect(readSlice(log, 20, 100, 20, true)).toBeNull();
      expect(readSlice(log, 21, 100, 20, true)).toBe('out-of-range');
    });
  });

  test('finds records by timestamp, and the one with the largest', async () => {
    const world = new SimWorld({ seed: 8 });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      for (let i = 0; i < 200; i++) log.append(batchOf(['a', 'b'], { timestampMs: 10_000 + i * 10 }), 0, 'client');
      expect(findByTimestamp(log, 10_995, DEFAULT_DECODE_LIMITS)).toMatchObject({ offset: 200, timestampMs: 11_000 });
      expect(findByTimestamp(log, 10_991, DEFAULT_DECODE_LIMITS)).toMatchObject({ offset: 199, timestampMs: 10_991 });
      expect(findByTimestamp(log, 99_999, DEFAULT_DECODE_LIMITS)).toBeNull();
      expect(findMaxTimestamp(log, DEFAULT_DECODE_LIMITS)).toMatchObject({ offset: 399, timestampMs: 11_991 });
    });
  });

  test('refuses appends while the disk is full, goes on reading, and takes appends again when space is free', async () => {
    const world = new SimWorld({ seed: 9 });
    const host = world.host('a');
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      log.append(batchOf(['value-0']), 0, 'client');
      host.disk.capacityBytes = 0;
      expect(() => log.append(batchOf(['value-1']), 0, 'client')).toThrow(/is full/);
      expect(() => log.append(batchOf(['value-1']), 0, 'client')).toThrow(/is full/);
      expect(contents(log)).toEqual(['0=value-0']);
      host.disk.capacityBytes = Infinity;
      await new Promise<void>((resolve) => void env.timers.set(300, resolve));
      expect(log.append(batchOf(['value-1']), 0, 'client')).toMatchObject({ baseOffset: 1 });
      expect(contents(log)).toEqual(['0=value-0', '1=value-1']);
    });
  });

  test('leaves the last megabytes of a disk to the metadata log, also over a restart', async () => {
    const world = new SimWorld({ seed: 11 });
    const host = world.host('a');
    const large = batchOf(['x'.repeat(100_000)]);
    const roomy = smallLogConfig({ 'internal.segment.bytes': '1000000' });
    let end = 0;
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, roomy);
      const metadata = manager.openMetadataLog('/data', TOPIC_ID, roomy);
      host.disk.capacityBytes = host.disk.usedBytes + 6_000_000;
      expect(() => {
        for (let i = 0; i < 100; i++) log.append(batchOf(['x'.repeat(100_000)]), 0, 'client');
      }).toThrow(/is full: \d+ bytes are free, and 4194304 are kept/);
      end = log.logEndOffset;
      expect(end).toBeGreaterThan(10);
      expect(end).toBeLessThan(22);
      expect(metadata.append(batchOf(['record']), 0, 'coordinator')).toMatchObject({ status: 'appended' });
      expect(() => manager.getOrCreate({ topic: 'new', partition: 0 }, TOPIC_ID, roomy)).not.toThrow();
      await manager.close(1);
    });
    await live(world, async (env) => {
      const { log } = await openLog(env, roomy);
      expect(() => log.append(large, 0, 'client')).toThrow(/is full/);
      expect(log.logEndOffset).toBe(end);
    });
  });

  test('truncates in the middle of a segment and before it, and forgets what it cut', async () => {
    const world = new SimWorld({ seed: 10 });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      log.beginLeaderEpoch(1);
      for (let i = 0; i < 150; i++) log.append(batchOf([`value-${i}`], { producerId: 1, sequence: i }), 1, 'client');
      log.truncateTo(33);
      expect(contents(log)).toEqual(expected(0, 33));
      log.beginLeaderEpoch(4);
      expect(log.append(batchOf(['value-33'], { producerId: 1, sequence: 33 }), 4, 'client')).toMatchObject({ status: 'appended', baseOffset: 33 });
      expect(log.epochs.all()).toEqual([
        { epoch: 1, startOffset: 0 },
        { epoch: 4, startOffset: 33 },
      ]);
    });
  });
});

import type { Env } from '../../log/env';
import { SimWorld } from '../sim/world';
import { batchOf, contents, live, openLog, openManager, smallLogConfig, TOPIC_ID } from './support/log-bench';

/** Counts synchronous syncs from now on: those that hold up the loop. */
function countSyncs(env: Env): () => number {
  let count = 0;
  const { disk } = env;
  const open = disk.openSync.bind(disk);
  const syncDirectory = disk.syncDirectorySync.bind(disk);
  jest.spyOn(disk, 'syncDirectorySync').mockImplementation((path) => {
    count += 1;
    syncDirectory(path);
  });
  jest.spyOn(disk, 'openSync').mockImplementation((path, mode) => {
    const file = open(path, mode);
    const sync = file.syncSync.bind(file);
    jest.spyOn(file, 'syncSync').mockImplementation(() => {
      count += 1;
      sync();
    });
    return file;
  });
  return () => count;
}

describe('the log manager', () => {
  test('puts new partitions into the directory with the fewest, and finds them again', async () => {
    const world = new SimWorld({ seed: 1 });
    const config = smallLogConfig();
    await live(world, async (env) => {
      const manager = openManager(env, config, ['/a', '/b']);
      for (let partition = 0; partition < 4; partition++) manager.getOrCreate({ topic: 'x', partition }, TOPIC_ID, config);
      expect(env.disk.listSync('/a').filter((name) => name.startsWith('x-'))).toEqual(['x-0', 'x-2']);
      expect(env.disk.listSync('/b').filter((name) => name.startsWith('x-'))).toEqual(['x-1', 'x-3']);
      await manager.close(1);
    });
    await live(world, async (env) => {
      const manager = openManager(env, config, ['/a', '/b']);
      await manager.loadAll();
      expect([...manager.all].map((log) => log.topicPartition.partition).sort()).toEqual([0, 1, 2, 3]);
      expect(manager.get('x', 1)?.topicId).toBe(TOPIC_ID);
    });
  });

  test('makes new partitions without a sync of each, also of a topic that was there before, and loads idle ones so', async () => {
    const world = new SimWorld({ seed: 5 });
    const config = smallLogConfig();
    await live(world, async (env) => {
      const manager = openManager(env, config);
      const syncs = countSyncs(env);
      const make = (): void => {
        for (let partition = 0; partition < 20; partition++) {
          const log = manager.getOrCreate({ topic: 'x', partition }, TOPIC_ID, config);
          log.append(batchOf(['value']), 0, 'client');
        }
      };
      make();
      expect(syncs()).toBe(0);
      for (const log of manager.all) await new Promise((resolve) => log.flush(resolve));
      manager.writeRecoveryPoints();
      for (let partition = 0; partition < 20; partition++) manager.remove({ topic: 'x', partition });
      const before = syncs();
      make();
      expect(syncs() - before).toBeLessThan(5);
      for (const log of manager.all) await new Promise((resolve) => log.flush(resolve));
      manager.writeRecoveryPoints();
    });
    await live(world, async (env) => {
      const manager = openManager(env, config);
      const syncs = countSyncs(env);
      await manager.loadAll();
      expect([[...manager.all].every((log) => log.flushedOffset === 1), syncs()]).toEqual([true, 0]);
    });
  });

  test('does not take a topic that was made again for its former self, whose log began later', async () => {
    const world = new SimWorld({ seed: 6 });
    const config = smallLogConfig();
    const t0 = { topic: 't', partition: 0 };
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      for (let i = 0; i < 9; i++) log.append(batchOf([`old-${i}`]), 0, 'client');
      log.setHighWatermark(9);
      log.advanceLogStart(7);
      manager.writeLogStarts();
      await manager.close(1);
    });
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      expect(log.logStartOffset).toBe(7);
      manager.remove(t0);
      const made = manager.getOrCreate(t0, TOPIC_ID, config);
      made.append(batchOf(['new']), 0, 'client');
      expect(contents(made)).toEqual(['0=new']);
      world.kill('broker');
    });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      expect(contents(log)).toEqual(['0=new']);
    });
  });

  test('writes high watermarks without a sync, and recovery points only when they say something new', async () => {
    const world = new SimWorld({ seed: 7 });
    const config = smallLogConfig();
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      manager.writeRecoveryPoints();
      const syncs = countSyncs(env);
      log.append(batchOf(['x']), 0, 'client');
      log.setHighWatermark(1);
      manager.writeHighWatermarks();
      manager.writeRecoveryPoints();
      expect(syncs()).toBe(0);
      await new Promise((resolve) => log.flush(resolve));
      manager.writeRecoveryPoints();
      expect(syncs()).toBeGreaterThan(0);
      world.kill('broker');
    });
    await live(world, async (env) => {
      const manager = openManager(env, config);
      await manager.loadAll();
      const log = manager.get('t', 0);
      expect(log && manager.storedHighWatermark(log)).toBe(1);
    });
  });

  test('refuses a directory that another process holds, in a sentence', async () => {
    const world = new SimWorld({ seed: 2 });
    const config = smallLogConfig();
    const host = world.host('a');
    let refusal = '';
    world.start(host, 'first', async (env) => void openManager(env, config));
    await world.runAwaiting({ untilMs: 100 });
    world.start(host, 'second', async (env) => {
      try {
        openManager(env, config);
      } catch (error) {
        refusal = (error as Error).message;
      }
    });
    await world.runAwaiting({ untilMs: 200 });
    expect(refusal).toMatch(/is locked: another broker runs on it/);
  });

  test('removes old segments by time, keeps the active one, and moves the log start', async () => {
    const world = new SimWorld({ seed: 3 });
    const config = smallLogConfig({ 'retention.ms': '1000', 'file.delete.delay.ms': '50' });
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      const start = env.clock.wallMs();
      for (let i = 0; i < 200; i++) log.append(batchOf([`value-${i}`], { timestampMs: start + i * 20 }), 0, 'client');
      log.setHighWatermark(log.logEndOffset);
      const before = env.disk.listSync(log.directory).length;
      await new Promise<void>((resolve) => void env.timers.set(3_500, resolve));
      manager.applyRetention();
      expect(log.logStartOffset).toBeGreaterThan(50);
      expect(contents(log)[0]).toBe(`${log.logStartOffset}=value-${log.logStartOffset}`);
      await new Promise<void>((resolve) => void env.timers.set(100, resolve));
      expect(env.disk.listSync(log.directory).length).toBeLessThan(before);
      await new Promise<void>((resolve) => void env.timers.set(3_000, resolve));
      manager.applyRetention();
      expect(contents(log)).toEqual([]);
      expect(log.logStartOffset).toBe(200);
      expect(log.append(batchOf(['value-200']), 0, 'client')).toMatchObject({ baseOffset: 200 });
      await manager.close(1);
    });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      expect([log.logStartOffset, log.logEndOffset]).toEqual([200, 201]);
    });
  });

  test('removes by size only what lies beyond the bound, and nothing of a compacted topic', async () => {
    for (const [policy, mustShrink] of [['delete', true], ['compact', false]] as const) {
      const world = new SimWorld({ seed: `size-${policy}` });
      const config = smallLogConfig({ 'retention.bytes': '9000', 'retention.ms': '-1', 'cleanup.policy': policy });
      await live(world, async (env) => {
        const { manager, log } = await openLog(env, config);
        for (let i = 0; i < 300; i++) log.append(batchOf([`value-${i}`]), 0, 'client');
        log.setHighWatermark(log.logEndOffset);
        const before = log.sizeBytes;
        manager.applyRetention();
        expect(log.sizeBytes < before).toBe(mustShrink);
        expect(log.sizeBytes).toBeGreaterThanOrEqual(9000);
      });
    }
  });

  test('takes a deleted partition away at once and its files later, also over a restart', async () => {
    const world = new SimWorld({ seed: 5 });
    const config = smallLogConfig();
    await live(world, async (env) => {
      const { manager, log } = await openLog(env, config);
      log.append(batchOf(['value-0']), 0, 'client');
      manager.remove({ topic: 't', partition: 0 });
      expect(manager.get('t', 0)).toBeUndefined();
      expect(env.disk.listSync('/data').filter((name) => name.endsWith('-delete'))).toHaveLength(1);
      const again = manager.getOrCreate({ topic: 't', partition: 0 }, TOPIC_ID, config);
      expect(again.logEndOffset).toBe(0);
    });
    await live(world, async (env) => {
      const { log } = await openLog(env, config);
      expect(log.logEndOffset).toBe(0);
      const isThere = (): boolean => env.disk.listSync('/data').some((name) => name.endsWith('-delete'));
      while (isThere()) await new Promise<void>((resolve) => void env.timers.set(1, resolve));
    });
  });

  test('knows after loss of power whose log it is, once a flush of it has been told', async () => {
    for (const mode of ['lost', 'prefix', 'subset'] as const) {
      const world = new SimWorld({ seed: `topic-id-${mode}` });
      const config = smallLogConfig();
      await live(world, async (env) => {
        const { log } = await openLog(env, config);
        log.append(batchOf(['value-0']), 0, 'client');
        expect(await new Promise((resolve) => log.flush(resolve))).toBeNull();
      });
      world.powerLoss(world.host('a'), mode);
      world.powerOn(world.host('a'));
      await live(world, async (env) => {
        const { log } = await openLog(env, config);
        expect([log.topicId, ...contents(log)]).toEqual([TOPIC_ID, '0=value-0']);
      });
    }
  });

  test('takes a directory offline when an fsync fails, and leaves the others alone', async () => {
    const world = new SimWorld({ seed: 6 });
    const config = smallLogConfig();
    const host = world.host('a');
    await live(world, async (env) => {
      const failed: string[] = [];
      const manager = openManager(env, config, ['/a', '/b'], { directoryFailed: (path) => failed.push(path) });
      const bad = manager.getOrCreate({ topic: 'x', partition: 0 }, TOPIC_ID, config);
      const good = manager.getOrCreate({ topic: 'x', partition: 1 }, TOPIC_ID, config);
      bad.append(batchOf(['value-0']), 0, 'client');
      good.append(batchOf(['value-0']), 0, 'client');
      host.disk.faults.add({ operation: 'sync', matches: (path) => path.startsWith('/a/x-0'), code: 'EIO' });
      const error = await new Promise((resolve) => bad.flush(resolve));
      expect(error).toMatchObject({ code: 'EIO' });
      expect(failed).toEqual(['/a']);
      expect(bad.flushedOffset).toBe(0);
      expect(() => bad.append(batchOf(['value-1']), 0, 'client')).toThrow(/offline/);
      expect(good.append(batchOf(['value-1']), 0, 'client')).toMatchObject({ status: 'appended' });
    });
  });
});

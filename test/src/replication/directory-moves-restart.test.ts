/** Moves between log directories that a stop, kill -9 or loss of power comes into: whatever was acknowledged is there, and the move goes on. */
import { contents, live } from '../../log/support/log-bench';
import { SimWorld } from '../../sim/world';
import { life, type MoveOptions, MoveScene, PARTITION, playedController } from './support/move-scene';

let seed = 1;

describe('a broker that is started again in the middle of a move', () => {
  const half = async (world: SimWorld, options: MoveOptions, isClean: boolean): Promise<void> => {
    await life(world, { ...options, rate: 10_000 }, async (scene) => {
      scene.fill(40);
      scene.alter('/b');
      await scene.until('some is copied', () => (scene.future?.logEndOffset ?? 0) > 5);
      if (isClean) await scene.stop();
    });
  };

  test.each([['killed', false], ['stopped', true]])('goes on with what is there already when it was %s', async (_, isClean) => {
    const world = new SimWorld({ seed: seed++ });
    const controller = playedController();
    await half(world, { controller }, isClean);
    await life(world, { controller }, async (scene) => {
      expect(scene.log.parentDirectory).toBe('/a');
      expect(scene.future?.logEndOffset).toBeGreaterThan(5);
      await scene.moved('/b');
      expect(contents(scene.log)).toHaveLength(40);
    });
  });

  test('takes the copy for the replica when the disk of the other is lost, if the metadata has it there', async () => {
    const world = new SimWorld({ seed: seed++ });
    const controller = playedController();
    await half(world, { controller }, true);
    controller.registered = '/b';
    await life(world, { controller }, async (scene) => {
      expect(scene.log.parentDirectory).toBe('/a');
      scene.logs.futures.abandon(PARTITION);
      scene.replicas.remove('t', 0);
      await scene.stop();
    });
    controller.registered = '/b';
    await life(world, { controller }, async (scene) => {
      expect(scene.log.parentDirectory).toBe('/b');
      expect(scene.names('/b')).toEqual(['t-0']);
      expect(scene.log.logEndOffset).toBeGreaterThan(5);
    });
  });

  test('drops a copy of a replica that is gone', async () => {
    const world = new SimWorld({ seed: seed++ });
    const controller = playedController();
    await half(world, { controller }, true);
    await life(world, { controller }, async (scene) => {
      scene.logs.futures.abandon(PARTITION);
      scene.replicas.remove('t', 0);
      await scene.stop();
    });
    controller.registered = '/c';
    await life(world, { controller }, async (scene) => {
      expect(scene.log.logEndOffset).toBe(0);
      expect(scene.names('/b')).toEqual(['t-0.x-delete']);
    });
  });
});

describe('a broker that is killed', () => {
  /** One life that moves the replica while records come; notes how many were acknowledged, flushed as they are then. */
  async function moving(world: SimWorld, options: MoveOptions, acked: { count: number }): Promise<void> {
    await live(world, async (env) => {
      const scene = await MoveScene.open(env, options);
      scene.fill(8);
      await scene.until('they are committed', () => scene.log.highWatermark === 8);
      scene.alter('/b');
      for (let count = 8; scene.log.parentDirectory !== '/b'; count++) {
        scene.append(`${count}`);
        await scene.wait(4);
        acked.count = scene.log.highWatermark;
      }
    });
  }

  /** Kills the first life before its k-th call, or when the replica has just moved; the second has everything, and moves it. */
  async function play(worldSeed: number, k: number | null, isPower: boolean): Promise<void> {
    const world = new SimWorld({ seed: worldSeed });
    const controller = playedController();
    const options = { controller, flushBeforeAck: true };
    const acked = { count: 0 };
    if (k !== null) world.killBeforeCall('broker', k);
    await moving(world, options, acked);
    if (isPower) {
      world.powerLoss(world.host('a'), k === null ? 'lost' : undefined);
      world.powerOn(world.host('a'));
    }
    await live(world, async (env) => {
      const scene = await MoveScene.open(env, options);
      const found = contents(scene.log);
      expect({ worldSeed, k, isWhole: found.length >= acked.count }).toEqual({ worldSeed, k, isWhole: true });
      const expected = Array.from({ length: found.length }, (_, i) => `${i}=${i}${i < 8 ? 'x'.repeat(700) : ''}`);
      expect(found).toEqual(expected);
      await scene.wait(100);
      scene.alter('/b');
      await scene.moved('/b');
      expect(contents(scene.log)).toEqual(expected);
      await scene.until('the controller knows', () => controller.registered === '/b');
      expect(scene.names('/a').filter((name) => !name.endsWith('-delete') && !name.endsWith('-stray'))).toEqual([]);
      expect(scene.names('/b').filter((name) => !name.endsWith('-delete'))).toEqual(['t-0']);
    });
  }

  test.each([['kill -9', false], ['loss of power', true]])('before any call of a move by %s has every acknowledged record, and moves on', async (_, isPower) => {
    const world = new SimWorld({ seed: 99 });
    await moving(world, { controller: playedController(), flushBeforeAck: true }, { count: 0 });
    const calls = world.callCount('broker');
    expect(calls).toBeGreaterThan(100);
    for (let k = 1; k <= calls; k++) await play(99, k, isPower);
  });

  test('by loss of power just when the replica has moved, has every acknowledged record in its new place', async () => {
    for (let worldSeed = 1; worldSeed <= 40; worldSeed++) await play(worldSeed, null, true);
  });
});

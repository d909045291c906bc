/** Replicas that move between the log directories of one broker (KIP-113, KIP-858), over a simulated disk. */
import { ErrorCode } from '../../../wire/base/error-codes';
import { batchOf, contents } from '../../log/support/log-bench';
import { SimWorld } from '../../sim/world';
import { life, type MoveOptions, type MoveScene, playedController } from './support/move-scene';

let seed = 1;

/** Runs `main` with a broker in a world of its own; what it gets beside goes on in later lives. */
async function inWorld(main: (scene: MoveScene, world: SimWorld) => Promise<void>, options: Partial<MoveOptions> = {}): Promise<void> {
  const world = new SimWorld({ seed: seed++ });
  await life(world, { controller: playedController(), ...options }, (scene) => main(scene, world));
}

describe('a replica that is told to lie in another directory', () => {
  test('lies there after a while, byte for byte, and its old directory is empty', async () => {
    const controller = playedController();
    await inWorld(
      async (scene) => {
        scene.fill(40);
        const bytes = scene.bytes();
        expect(scene.alter('/b')).toBe(ErrorCode.NONE);
        expect(scene.names('/b')).toEqual(['t-0.x-future']);
        await scene.moved('/b');
        expect(scene.bytes().equals(bytes)).toBe(true);
        expect(scene.log.segments.length).toBeGreaterThan(5);
        expect([scene.names('/a'), scene.names('/b')]).toEqual([['t-0.x-delete'], ['t-0']]);
        expect(scene.logs.get('t', 0)).toBe(scene.log);
        expect([scene.log.highWatermark, scene.log.flushedOffset]).toEqual([40, 40]);
        expect(scene.future).toBeUndefined();
        expect(controller.told).toEqual(['/b']);
      },
      { controller },
    );
  });

  test('takes records all the while, and remembers its producers and epochs', async () => {
    await inWorld(async (scene) => {
      const partition = scene.replicas.find('t', 0);
      const idempotent = batchOf(['once'], { producerId: 7, sequence: 0 });
      partition?.append(idempotent.slice(), 'client');
      scene.fill(20);
      // An epoch without a record in it.
      scene.apply(3);
      scene.alter('/b');
      for (let i = 0; scene.log.parentDirectory !== '/b'; i++) {
        scene.append(`late ${i}`);
        await scene.wait(0.1);
      }
      const { logEndOffset, generation } = scene.log;
      expect(logEndOffset).toBeGreaterThan(25);
      expect(contents(scene.log)).toHaveLength(logEndOffset);
      expect(scene.log.latestEpoch).toBe(3);
      expect(generation).toBe(0);
      expect(partition?.append(idempotent.slice(), 'client')).toMatchObject({ status: 'duplicate', baseOffset: 0 });
      scene.append('after');
      expect(scene.log.highWatermark).toBe(logEndOffset + 1);
    });
  });

  test('with log.flush.before.ack keeps what is flushed flushed', async () => {
    await inWorld(
      async (scene) => {
        scene.fill(20);
        await scene.until('it is committed', () => scene.log.highWatermark === 20);
        scene.alter('/b');
        while (scene.log.parentDirectory !== '/b') {
          scene.append('late');
          await scene.wait(0.5);
          expect(scene.log.flushedOffset).toBeGreaterThanOrEqual(scene.log.highWatermark);
        }
        await scene.until('all is committed', () => scene.log.highWatermark === scene.log.logEndOffset);
      },
      { flushBeforeAck: true },
    );
  });

  test('stays where it is until the controller knows, and takes what comes meanwhile along', async () => {
    const controller = { ...playedController(), isThere: false };
    await inWorld(
      async (scene) => {
        scene.fill(10);
        scene.alter('/b');
        await scene.until('the copy has all', () => scene.future?.logEndOffset === 10);
        scene.fill(10, 10);
        await scene.wait(5_000);
        expect(scene.log.parentDirectory).toBe('/a');
        controller.isThere = true;
        controller.registered = '/b';
        scene.apply();
        await scene.moved('/b');
        expect(contents(scene.log)).toHaveLength(20);
      },
      { controller },
    );
  });

  test('comes back when it moves again, though something of it is still in that directory', async () => {
    await inWorld(async (scene) => {
      scene.fill(10);
      const bytes = scene.bytes();
      for (const path of ['/b', '/a', '/b', '/c']) {
        expect(scene.alter(path)).toBe(ErrorCode.NONE);
        await scene.moved(path);
      }
      expect(scene.bytes().equals(bytes)).toBe(true);
      expect(scene.names('/c')).toEqual(['t-0']);
    });
  });

  test('is copied from where its log starts, and follows when that moves', async () => {
    await inWorld(async (scene) => {
      scene.fill(30);
      scene.replicas.find('t', 0)?.advanceLogStart(12);
      scene.log.discardSegments(scene.log.removeOldest(2));
      scene.alter('/b');
      await scene.wait(0.2);
      scene.replicas.find('t', 0)?.advanceLogStart(17);
      await scene.moved('/b');
      expect(scene.log.logStartOffset).toBe(17);
      expect(contents(scene.log)[0]).toMatch(/^17=17x/);
    });
  });

  test('is copied at the rate that is set, and no faster', async () => {
    await inWorld(
      async (scene) => {
        scene.fill(60);
        scene.alter('/b');
        const { sizeBytes } = scene.log;
        await scene.wait((sizeBytes / 10_000 - 1) * 1000);
        expect(scene.log.parentDirectory).toBe('/a');
        expect(scene.future?.logEndOffset).toBeGreaterThan(20);
        await scene.moved('/b');
      },
      { rate: 10_000 },
    );
  });
});

describe('a move of a follower', () => {
  test('goes back with a log that its leader has had cut', async () => {
    await inWorld(async (scene) => {
      scene.fill(10);
      scene.apply(1);
      scene.fill(10, 10);
      const controller = scene;
      scene.alter('/b');
      await controller.until('the copy has some of it', () => (scene.future?.logEndOffset ?? 0) > 12);
      scene.log.truncateTo(8);
      scene.apply(2);
      scene.append('another');
      await scene.moved('/b');
      expect(contents(scene.log).slice(7)).toEqual([expect.stringMatching(/^7=7x/), '8=another']);
      expect(scene.log.epochs.all()).toEqual([{ epoch: 0, startOffset: 0 }, { epoch: 2, startOffset: 8 }]);
    });
  });
});

describe('a move that is under way', () => {
  test('is taken back by naming the present directory', async () => {
    const controller = { ...playedController(), isThere: false };
    await inWorld(
      async (scene) => {
        scene.fill(20);
        scene.alter('/b');
        await scene.until('the copy has all', () => scene.future?.logEndOffset === 20);
        controller.isThere = true;
        expect(scene.alter('/a')).toBe(ErrorCode.NONE);
        expect(scene.future).toBeUndefined();
        expect(scene.names('/b')).toEqual(['t-0.x-delete']);
        await scene.wait(1_000);
        expect(scene.log.parentDirectory).toBe('/a');
        expect(controller.registered).toBe('/a');
      },
      { controller },
    );
  });

  test('tells the controller the old directory when it is taken back after the new one was told', async () => {
    const controller = playedController();
    await inWorld(
      async (scene) => {
        scene.fill(5);
        scene.alter('/b');
        await scene.until('it has been told', () => controller.told.length > 0);
        scene.alter('/a');
        await scene.wait(1_000);
        expect(scene.log.parentDirectory).toBe('/a');
        expect(controller.registered).toBe('/a');
      },
      { controller },
    );
  });

  test('goes elsewhere when another directory is named, and on when the same is named again', async () => {
    await inWorld(
      async (scene) => {
        scene.fill(20);
        scene.alter('/b');
        const { future } = scene;
        expect(scene.alter('/b')).toBe(ErrorCode.NONE);
        expect(scene.future).toBe(future);
        expect(scene.alter('/c')).toBe(ErrorCode.NONE);
        expect(scene.future?.parentDirectory).toBe('/c');
        await scene.moved('/c');
      },
      { rate: 20_000 },
    );
  });

  test('ends with its replica', async () => {
    await inWorld(async (scene) => {
      scene.fill(20);
      scene.alter('/b');
      scene.replicas.remove('t', 0);
      await scene.wait(1_000);
      expect([scene.names('/a'), scene.names('/b')]).toEqual([['t-0.x-delete'], ['t-0.x-delete']]);
      expect(scene.replicas.moves.size).toBe(0);
    });
  });

  test('ends when the directory fails that it goes to, and the replica serves on', async () => {
    await inWorld(async (scene, world) => {
      scene.fill(10);
      scene.alter('/b');
      await scene.wait(0.1);
      world.host('a').disk.faults.add({ operation: 'any', code: 'EIO', matches: (path) => path.startsWith('/b/'), times: Infinity });
      await scene.until('the move has ended', () => scene.replicas.moves.size === 0);
      scene.append('on');
      expect(scene.log.highWatermark).toBe(11);
      expect(scene.log.parentDirectory).toBe('/a');
      expect(scene.alter('/c')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect(scene.alter('/b')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
      expect(scene.alter('/a')).toBe(ErrorCode.NONE);
    });
  });

  test('ends when the directory fails that it comes from, and the controller is told that one', async () => {
    const controller = { ...playedController(), isThere: false };
    await inWorld(
      async (scene, world) => {
        scene.fill(10);
        scene.alter('/b');
        await scene.until('the copy has all', () => scene.future?.logEndOffset === 10);
        controller.isThere = true;
        controller.registered = '/b';
        world.host('a').disk.faults.add({ operation: 'any', code: 'EIO', matches: (path) => path.startsWith('/a/'), times: Infinity });
        expect(() => scene.append('no')).toThrow(/EIO/);
        expect(scene.replicas.moves.size).toBe(0);
        expect(scene.replicas.find('t', 0)?.core.role).toBe('offline');
        expect(scene.alter('/b')).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
        scene.apply();
        await scene.wait(100);
        expect(controller.registered).toBe('/a');
      },
      { controller },
    );
  });

  test('waits for room on a full disk', async () => {
    await inWorld(async (scene, world) => {
      scene.fill(30);
      scene.alter('/b');
      await scene.until('some is copied', () => (scene.future?.logEndOffset ?? 0) > 0);
      world.host('a').disk.capacityBytes = 0;
      await scene.wait(5_000);
      expect(scene.log.parentDirectory).toBe('/a');
      world.host('a').disk.capacityBytes = Infinity;
      await scene.moved('/b');
      expect(contents(scene.log)).toHaveLength(30);
    });
  });
});

describe('what AlterReplicaLogDirs answers', () => {
  test('for directories and replicas that are not there', async () => {
    await inWorld(async (scene) => {
      expect(scene.alter('/nowhere')).toBe(ErrorCode.LOG_DIR_NOT_FOUND);
      expect(scene.alter('/a')).toBe(ErrorCode.NONE);
      expect(scene.alter('/b', { topic: 'unknown', partition: 0 })).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      expect(scene.alter('/b', { topic: 't', partition: 5 })).toBe(ErrorCode.REPLICA_NOT_AVAILABLE);
      expect(scene.alter('/b', { topic: 'x'.repeat(240), partition: 0 })).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
    });
  });

  test('for a replica that comes later, which is then made where it was told', async () => {
    await inWorld(async (scene) => {
      expect(scene.alter('/c', { topic: 't', partition: 1 })).toBe(ErrorCode.REPLICA_NOT_AVAILABLE);
      const registration = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1], isr: [1] };
      const { topicId, config } = scene.log;
      scene.replicas.apply({ topic: 't', partition: 1, topicId, registration }, config);
      expect(scene.logs.get('t', 1)?.parentDirectory).toBe('/c');
    });
  });
});

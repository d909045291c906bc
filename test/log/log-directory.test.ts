/** Who a directory says that it was: what a broker presents to the controller as the life before. (KIP-966) */
import type { Env } from '../../log/env';
import type { LogManager } from '../../log/log-manager';
import { SimWorld } from '../sim/world';
import { batchOf, live, openLog, smallLogConfig } from './support/log-bench';

const config = smallLogConfig();

/** A life that registers as broker 7, and ends with the process. */
async function registeredLife(world: SimWorld, then: (manager: LogManager, env: Env) => Promise<void> | void = () => undefined): Promise<void> {
  await live(world, async (env) => {
    const { manager, log } = await openLog(env, config);
    manager.noteBrokerEpoch(7);
    log.append(batchOf(['value']), 0, 'client');
    await then(manager, env);
  });
}

async function previousEpochs(world: SimWorld, lives = 1): Promise<readonly (number | undefined)[]> {
  const epochs: (number | undefined)[] = [];
  for (let life = 0; life < lives; life++) {
    await live(world, async (env) => {
      const { manager } = await openLog(env, config);
      epochs.push(manager.directoryList[0]?.previousBrokerEpoch);
    });
  }
  return epochs;
}

describe('a log directory', () => {
  test('is still that broker after kill -9, and until it is registered anew', async () => {
    const world = new SimWorld({ seed: 1 });
    await registeredLife(world);
    expect(await previousEpochs(world, 2)).toEqual([7, 7]);
  });

  test('is still that broker after a clean stop, also when it dies before it is registered', async () => {
    const world = new SimWorld({ seed: 2 });
    await registeredLife(world, (manager) => manager.close(7));
    expect(await previousEpochs(world, 2)).toEqual([7, 7]);
  });

  test('is nobody after loss of power: it may have lost what it acknowledged', async () => {
    const world = new SimWorld({ seed: 3 });
    await registeredLife(world);
    world.powerLoss(world.host('a'));
    world.powerOn(world.host('a'));
    expect(await previousEpochs(world, 2)).toEqual([-1, -1]);
  });

  test('is nobody after its disk has failed: what was written may be gone from the page cache', async () => {
    const world = new SimWorld({ seed: 4 });
    await registeredLife(world, async (manager) => {
      const { state } = manager.directoryList[0] ?? {};
      state?.failed(Object.assign(new Error('EIO'), { name: 'DiskError', code: 'EIO', path: '/data' } as const));
    });
    expect(await previousEpochs(world)).toEqual([-1]);
  });

  test('is nobody when its file is torn or of another version', async () => {
    const world = new SimWorld({ seed: 5 });
    await registeredLife(world, (_, env) => {
      const file = env.disk.openSync('/data/.moldau_volatility', 'write');
      file.truncateSync(0);
      file.writeSync(0, [new TextEncoder().encode('boot=')]);
    });
    expect(await previousEpochs(world)).toEqual([-1]);
  });
});

/** Replicas over real logs on a simulated disk. */
import { ReplicaManager } from '../../../src/replication/replica-manager';
import type { Env } from '../../../log/env';
import type { LogManager } from '../../../log/log-manager';
import { ErrorCode } from '../../../wire/base/error-codes';
import { live, openManager, smallLogConfig, TOPIC_ID } from '../../log/support/log-bench';
import { SimWorld } from '../../sim/world';

const config = smallLogConfig();
const registration = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1], isr: [1] };
const replica = { topic: 't', topicId: TOPIC_ID, partition: 0, registration };

/** A clock by which every look at it takes a millisecond. */
function withBusyClock(env: Env): Env {
  let looks = 0;
  return { ...env, clock: { wallMs: () => env.clock.wallMs(), monotonicMs: () => env.clock.monotonicMs() + looks++ } };
}

function open(env: Env): { logs: LogManager; replicas: ReplicaManager; leading: string[] } {
  const logs = openManager(env, config);
  const replicas = new ReplicaManager(env, logs, { brokerId: 1, flushBeforeAck: false, maxDelayedOperations: 10 });
  const leading: string[] = [];
  replicas.onLeadership((partition) => leading.push(partition.key));
  return { logs, replicas, leading };
}

const waited = (env: Env, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    env.timers.set(delayMs, resolve);
  });

describe('a replica that is assigned while the disk is full', () => {
  test('is refused meanwhile, and begins to lead by itself when there is room', async () => {
    const world = new SimWorld({ seed: 1 });
    const host = world.host('a');
    await live(world, async (env) => {
      const { replicas, leading } = open(env);
      host.disk.capacityBytes = 0;
      replicas.apply(replica, config);
      expect(replicas.leader('t', TOPIC_ID, 0, -1, true)).toEqual({
        ok: false,
        errorCode: ErrorCode.KAFKA_STORAGE_ERROR,
      });
      await waited(env, 5_000);
      expect(leading).toEqual([]);
      host.disk.capacityBytes = Infinity;
      await waited(env, 5_000);
      expect(leading).toEqual(['t-0']);
      expect(replicas.leader('t', TOPIC_ID, 0, -1, true)).toMatchObject({ ok: true });
      replicas.close();
    });
  });

  test('takes what the metadata says meanwhile: another epoch, another config, or that it is gone', async () => {
    const world = new SimWorld({ seed: 2 });
    const host = world.host('a');
    await live(world, async (env) => {
      const { replicas, leading, logs } = open(env);
      host.disk.capacityBytes = 0;
      replicas.apply(replica, config);
      replicas.apply({ ...replica, partition: 1 }, config);
      replicas.apply({ ...replica, registration: { ...registration, leaderEpoch: 7 } }, config);
      replicas.setConfig('t', smallLogConfig({ 'retention.ms': '77' }));
      replicas.remove('t', 1);
      host.disk.capacityBytes = Infinity;
      await waited(env, 5_000);
      expect(leading).toEqual(['t-0']);
      expect(replicas.find('t', 0)?.core.leaderEpoch).toBe(7);
      expect(logs.get('t', 0)?.config.retentionMs).toBe(77);
      replicas.close();
    });
  });
});

describe('replicas that are assigned many at once', () => {
  test('get their logs in slices of a few milliseconds, in order, with what the metadata says by then', async () => {
    const world = new SimWorld({ seed: 3 });
    await live(world, async (env) => {
      const { replicas, leading, logs } = open(withBusyClock(env));
      for (let partition = 0; partition < 40; partition++) replicas.apply({ ...replica, partition }, config);
      expect(leading.length).toBeGreaterThan(0);
      expect(leading.length).toBeLessThan(10);
      expect(replicas.leader('t', TOPIC_ID, 39, -1, true)).toEqual({
        ok: false,
        errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      });
      replicas.remove('t', 38);
      replicas.setConfig('t', smallLogConfig({ 'retention.ms': '77' }));
      replicas.apply({ ...replica, partition: 39, registration: { ...registration, leaderEpoch: 7 } }, config);
      await waited(env, 1_000);
      const others = Array.from({ length: 40 }, (_, index) => `t-${index}`).filter((key) => key !== 't-38');
      expect(leading).toEqual(others);
      expect([logs.get('t', 20)?.config.retentionMs, replicas.find('t', 39)?.core.leaderEpoch]).toEqual([77, 7]);
      replicas.close();
    });
  });
});

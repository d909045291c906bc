/** Replicas that catch up under a throttle (KIP-73), in the time of a simulated world. */
import { resolveTopicConfig } from '../../../log/log-config';
import { logServerKeys } from '../../../log/log-server-config';
import { replicationThrottles, UNTHROTTLED } from '../../../src/replication/replication-throttles';
import { batchOf, contents } from '../../log/support/log-bench';
import { ClusterScene } from './support/cluster-scene';

const RATE = 10_000;
const FETCH_BYTES = 4_000;
const START = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1, 2], isr: [1, 2] };
const VALUE = 'x'.repeat(1500);

const LEADER = { 'leader.replication.throttled.rate': String(RATE) };
const FOLLOWER = { 'follower.replication.throttled.rate': String(RATE) };

let seed = 1;

async function twoBrokers(topic: Record<string, string>, properties: Record<string, string>): Promise<ClusterScene> {
  const scene = new ClusterScene(seed++, { topic, properties, replication: { maxBytes: FETCH_BYTES } });
  for (const id of [1, 2]) await scene.start(id);
  await scene.assign(START);
  await scene.until('both have a replica', () => [1, 2].every((id) => scene.brokers.get(id)?.replicas.find('t', 0) !== undefined));
  return scene;
}

/** Broker 2 comes back to sixty batches that it has missed; the bytes a second that it then gets them with. */
async function catchUp(topic: Record<string, string>, properties: Record<string, string>): Promise<number> {
  const scene = await twoBrokers(topic, properties);
  scene.kill(2);
  await scene.assign({ ...START, partitionEpoch: 1, isr: [1] });
  for (let i = 0; i < 60; i++) await scene.append(1, batchOf([`${i}${VALUE}`]));
  const beganMs = scene.world.nowMs;
  await scene.start(2);
  await scene.until('it has caught up', () => scene.state.isr.length === 2);
  expect(contents(scene.log(2))).toEqual(contents(scene.log(1)));
  return (scene.log(2).sizeBytes * 1000) / (scene.world.nowMs - beganMs);
}

describe('a replica that catches up', () => {
  test('goes as fast as it can when nobody has named it, whatever the rates are', async () => {
    expect(await catchUp({}, { ...LEADER, ...FOLLOWER })).toBeGreaterThan(10 * RATE);
  });

  test.each([
    ['its broker names it as a follower', { 'follower.replication.throttled.replicas': '0:2' }, FOLLOWER],
    ['the leader names itself', { 'leader.replication.throttled.replicas': '0:1' }, LEADER],
    ['all replicas are named', { 'leader.replication.throttled.replicas': '*', 'follower.replication.throttled.replicas': '*' }, { ...LEADER, ...FOLLOWER }],
  ])('takes no more than the rate when %s', async (_, topic, properties) => {
    const rate = await catchUp(topic, properties);
    // What is over when the rate is exceeded is one fetch, and the first second is free.
    expect(rate).toBeLessThan(1.2 * RATE);
    expect(rate).toBeGreaterThan(0.5 * RATE);
  });

  test('is not held back by what others are named for', async () => {
    const others = { 'leader.replication.throttled.replicas': '0:2,1:1', 'follower.replication.throttled.replicas': '0:1,1:2' };
    expect(await catchUp(others, { ...LEADER, ...FOLLOWER })).toBeGreaterThan(10 * RATE);
  });

  test('gets nothing more from a rate of nothing, and the rest when the rate is there again', async () => {
    const scene = await twoBrokers({ 'follower.replication.throttled.replicas': '*' }, { 'follower.replication.throttled.rate': '0' });
    scene.kill(2);
    await scene.assign({ ...START, partitionEpoch: 1, isr: [1] });
    for (let i = 0; i < 10; i++) await scene.append(1, batchOf([`${i}${VALUE}`]));
    await scene.start(2);
    await scene.until('it has something', () => (scene.brokers.get(2)?.replicas.find('t', 0)?.log.sizeBytes ?? 0) > 0);
    const { sizeBytes } = scene.log(2);
    // Fewer seconds than the window has: then the bytes are forgotten, and one more fetch goes.
    await scene.wait(9_000);
    expect(scene.log(2).sizeBytes).toBe(sizeBytes);
    const unthrottled = resolveTopicConfig(logServerKeys.resolve(new Map()).config, new Map());
    scene.post(2, ({ replicas }) => replicas.setConfig('t', unthrottled));
    await scene.until('it has caught up', () => scene.state.isr.length === 2);
  });
});

describe('a replica that is in sync', () => {
  test('is never held back, and what it takes is counted', async () => {
    const all = { 'leader.replication.throttled.replicas': '*', 'follower.replication.throttled.replicas': '*' };
    const scene = await twoBrokers(all, { ...LEADER, ...FOLLOWER });
    const beganMs = scene.world.nowMs;
    for (let i = 0; i < 60; i++) {
      await scene.append(1, batchOf([`${i}${VALUE}`]));
      await scene.until('it is committed', () => scene.log(1).highWatermark === i + 1);
    }
    expect(scene.world.nowMs - beganMs).toBeLessThan(1000);
    expect(scene.brokers.get(1)?.replicas.throttles.leader.rate).toBe(scene.log(1).sizeBytes);
    expect(scene.brokers.get(2)?.replicas.throttles.follower.rate).toBe(scene.log(2).sizeBytes);
  });
});

describe('the replicas that a topic’s config names', () => {
  const { config } = logServerKeys.resolve(new Map());
  const isThrottled = (list: string, partition: number): boolean => {
    const { leader } = replicationThrottles({ wallMs: () => 0, monotonicMs: () => 0 }, 2, UNTHROTTLED);
    const topic = resolveTopicConfig(config, new Map([['leader.replication.throttled.replicas', list]]));
    return leader.isThrottled({ topicPartition: { topic: 't', partition }, config: topic });
  };

  test('are those of this broker, or all', () => {
    expect([0, 1, 2].map((partition) => isThrottled('0:1,1:2,2:22', partition))).toEqual([false, true, false]);
    expect(isThrottled('*', 7)).toBe(true);
    expect(isThrottled('', 0)).toBe(false);
  });
});

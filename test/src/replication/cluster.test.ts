/** Two and three brokers that copy from each other, over simulated disks and sockets, with a controller played by the test. */
import { ErrorCode } from '../../../wire/base/error-codes';
import { readBatches } from '../../../log/log-reader';
import type { PartitionLog } from '../../../log/partition-log';
import type { Partition } from '../../../src/replication/partition';
import { batchOf, contents, TOPIC_ID } from '../../log/support/log-bench';
import { ClusterScene, MAX_LAG_MS, type SceneOptions } from './support/cluster-scene';

const START = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1, 2], isr: [1, 2] };

let seed = 1;

async function cluster(brokers: number, options: SceneOptions = {}): Promise<ClusterScene> {
  const scene = new ClusterScene(seed++, options);
  const ids = Array.from({ length: brokers }, (_, index) => index + 1);
  for (const id of ids) await scene.start(id);
  await scene.assign({ ...START, replicas: ids, isr: ids });
  await scene.until('everybody has a replica', () => ids.every((id) => scene.brokers.get(id)?.replicas.find('t', 0) !== undefined));
  return scene;
}

const bytesOf = (log: PartitionLog): Buffer => Buffer.from(readBatches(log, log.logStartOffset, 10_000_000, log.logEndOffset));
const committed = (scene: ClusterScene, id: number): number => scene.log(id).highWatermark;

describe('a follower', () => {
  test('copies what its leader has, byte for byte, and the high watermark follows', async () => {
    const scene = await cluster(2);
    for (const value of ['a', 'b', 'c']) await scene.append(1, batchOf([value, `${value}${value}`]));
    await scene.until('all is committed', () => committed(scene, 1) === 6);
    await scene.until('the follower knows', () => committed(scene, 2) === 6);
    expect(bytesOf(scene.log(2)).equals(bytesOf(scene.log(1)))).toBe(true);
    expect(bytesOf(scene.log(2)).length).toBeGreaterThan(0);
  });

  test('catches up over many segments and answers, and keeps its own segments small', async () => {
    const scene = await cluster(2);
    const value = 'x'.repeat(1500);
    scene.kill(2);
    for (let i = 0; i < 60; i++) await scene.append(1, batchOf([`${i}${value}`]));
    await scene.start(2);
    await scene.until('it has caught up', () => committed(scene, 1) === 60);
    expect(contents(scene.log(2))).toEqual(contents(scene.log(1)));
    expect(Math.max(...scene.log(2).segments.map(({ sizeBytes }) => sizeBytes))).toBeLessThanOrEqual(4096);
  });

  test('makes records committed only when it has them', async () => {
    const scene = await cluster(2);
    scene.world.network.cut('h2', 'h1');
    await scene.append(1, batchOf(['a']));
    await scene.wait(MAX_LAG_MS / 4);
    expect(committed(scene, 1)).toBe(0);
  });

  test('with log.flush.before.ack has flushed whatever it says it has', async () => {
    const scene = await cluster(2, { flushBeforeAck: true });
    let unflushed = 0;
    await scene.append(1, batchOf(['a']));
    await scene.append(1, batchOf(['b']));
    await scene.until('all is committed', () => {
      const isAhead = committed(scene, 1) > scene.log(2).flushedOffset || committed(scene, 1) > scene.log(1).flushedOffset;
      if (isAhead) unflushed++;
      return committed(scene, 1) === 2;
    });
    expect(unflushed).toBe(0);
  });

  test('whose history parts from a new leader’s drops what the leader never had', async () => {
    const scene = await cluster(2);
    await scene.append(1, batchOf(['both']));
    await scene.until('it is committed', () => committed(scene, 1) === 1 && committed(scene, 2) === 1);
    await scene.assign({ ...START, partitionEpoch: 1, isr: [1] }, [1]);
    scene.world.network.cut('h2', 'h1');
    await scene.append(1, batchOf(['only', 'here']));
    await scene.assign({ ...START, leader: 2, leaderEpoch: 1, partitionEpoch: 2, isr: [2] }, [2]);
    await scene.until('the other leads', () => scene.partition(2).core.role === 'leading');
    await scene.append(2, batchOf(['there']));
    scene.world.network.heal('h2', 'h1');
    await scene.assign({ ...scene.state }, [1]);
    await scene.until('both are alike', () => scene.log(1).logEndOffset === 2 && committed(scene, 1) === 2);
    expect(contents(scene.log(1))).toEqual(['0=both', '1=there']);
    expect(bytesOf(scene.log(1)).equals(bytesOf(scene.log(2)))).toBe(true);
    expect(scene.log(1).epochs.all()).toEqual(scene.log(2).epochs.all());
  });

  test('that led an epoch without writing anything is no stranger to the next leader', async () => {
    const scene = await cluster(2);
    await scene.append(1, batchOf(['a']));
    await scene.until('it is committed', () => committed(scene, 2) === 1);
    await scene.assign({ ...START, leader: 2, leaderEpoch: 1, partitionEpoch: 1 }, [2]);
    await scene.assign({ ...START, leader: 1, leaderEpoch: 2, partitionEpoch: 2 });
    await scene.append(1, batchOf(['b']));
    await scene.until('it is committed, too', () => committed(scene, 2) === 2);
    expect(scene.log(2).epochs.all()).toEqual(scene.log(1).epochs.all());
  });

  test('starts where its leader does when what it needs is gone', async () => {
    const scene = await cluster(2);
    await scene.append(1, batchOf(['a']));
    await scene.until('it is committed', () => committed(scene, 2) === 1);
    scene.kill(2);
    await scene.assign({ ...START, partitionEpoch: 1, isr: [1] });
    for (let i = 0; i < 10; i++) await scene.append(1, batchOf(['x'.repeat(1500)]));
    await scene.until('all is committed', () => committed(scene, 1) === 11);
    scene.post(1, () => scene.log(1).discardSegments(scene.log(1).removeOldest(2)));
    await scene.until('the start has moved', () => scene.log(1).logStartOffset > 1);
    await scene.start(2);
    await scene.until('it has caught up', () => scene.state.isr.length === 2);
    expect(contents(scene.log(2))).toEqual(contents(scene.log(1)));
    expect(scene.log(2).logStartOffset).toBe(scene.log(1).logStartOffset);
  });

  test('that has become the leader keeps its log, whatever the old leader answers then', async () => {
    const scene = await cluster(2);
    await scene.append(1, batchOf(['a']));
    await scene.until('it is committed', () => committed(scene, 2) === 1);
    scene.kill(2);
    await scene.assign({ ...START, partitionEpoch: 1, isr: [1] });
    for (let i = 0; i < 10; i++) await scene.append(1, batchOf(['x'.repeat(1500)]));
    await scene.until('all is committed', () => committed(scene, 1) === 11);
    scene.post(1, () => scene.log(1).discardSegments(scene.log(1).removeOldest(2)));
    await scene.until('the start has moved', () => scene.log(1).logStartOffset > 1);
    const leader = scene.brokers.get(1)?.replicas;
    if (leader === undefined) throw new Error('no leader');
    const lookUp = leader.leader.bind(leader);
    let lookUps = 0;
    leader.leader = (...given) => {
      if (given[2] === 0) lookUps++;
      // After a fetch, which finds it by its key: where the log ends, where it starts. Then the metadata is faster than the answer.
      if (lookUps === 2) void scene.assign({ ...START, leader: 2, leaderEpoch: 9, partitionEpoch: 9, isr: [2] }, [2]);
      return lookUp(...given);
    };
    await scene.start(2);
    // Another partition keeps the connection to the old leader.
    await morePartitions(scene, 1, 0);
    await scene.until('it leads', () => partitionOf(scene, 2, 0)?.core.role === 'leading');
    await scene.wait(1_000);
    expect(contents(scene.log(2))).toEqual(['0=a']);
  });

  test('moves its log start with its leader’s', async () => {
    const scene = await cluster(2);
    await scene.append(1, batchOf(['a', 'b', 'c']));
    await scene.until('it is committed', () => committed(scene, 2) === 3);
    scene.post(1, () => scene.log(1).advanceLogStart(2));
    await scene.until('it has followed', () => scene.log(2).logStartOffset === 2);
    await scene.until('the leader knows', () => scene.partition(1).core.lowWatermark === 2);
  });

  test('goes on from where it was after a restart of its leader', async () => {
    const scene = await cluster(2);
    await scene.append(1, batchOf(['a']));
    await scene.until('it is committed', () => committed(scene, 2) === 1);
    scene.kill(1);
    await scene.start(1);
    await scene.append(1, batchOf(['b']));
    await scene.until('it goes on', () => committed(scene, 2) === 2);
  });
});

/** More partitions of the topic, led by broker 1 and followed by broker 2, with `records` of one byte each. */
async function morePartitions(scene: ClusterScene, count: number, records: number): Promise<void> {
  const indexes = Array.from({ length: count }, (_, i) => i + 1);
  for (const partition of indexes) {
    const replica = { topic: 't', topicId: TOPIC_ID, partition, registration: { ...START } };
    for (const id of [1, 2]) scene.post(id, ({ replicas }) => replicas.apply(replica, scene.log(id).config));
  }
  await scene.until('all are there', () => indexes.every((index) => [1, 2].every((id) => partitionOf(scene, id, index) !== undefined)));
  for (let i = 0; i < records; i++) {
    scene.post(1, () => indexes.forEach((index) => partitionOf(scene, 1, index)?.append(batchOf(['x']), 'client')));
  }
}

function partitionOf(scene: ClusterScene, id: number, index: number): Partition | undefined {
  return scene.brokers.get(id)?.replicas.find('t', index);
}

describe('a follower of many partitions', () => {
  test('takes an answer in turns of a few milliseconds', async () => {
    const scene = await cluster(2, { hasBusyClock: true });
    await morePartitions(scene, 40, 0);
    await scene.wait(2_000);
    const turns = new Set<number>();
    for (let index = 1; index <= 40; index++) {
      const log = partitionOf(scene, 2, index)?.log;
      if (log === undefined) throw new Error(`no partition ${index}`);
      const append = log.append.bind(log);
      log.append = (...given) => {
        turns.add(scene.world.scheduler.executed);
        return append(...given);
      };
    }
    scene.world.pause('b2');
    scene.post(1, () => {
      for (let index = 1; index <= 40; index++) partitionOf(scene, 1, index)?.append(batchOf(['x']), 'client');
    });
    await scene.wait(200);
    scene.world.resume('b2');
    await scene.until('all are committed', () => partitionOf(scene, 1, 40)?.log.highWatermark === 1);
    expect(turns.size).toBeGreaterThan(5);
  });

  test('goes on with the others when the disk of one has failed, and with none that is gone', async () => {
    const scene = await cluster(2, { directories: ['/data1', '/data2'] });
    await morePartitions(scene, 1, 0);
    await scene.until('both are followed', () => scene.brokers.get(2)?.replicas.followedCount === 2);
    const failing = scene.log(2).parentDirectory;
    expect(partitionOf(scene, 2, 1)?.log.parentDirectory).not.toBe(failing);
    scene.world.host('h2').disk.faults.add({ operation: 'write', code: 'EIO', matches: (path) => path.startsWith(failing) });
    await scene.append(1, batchOf(['a']));
    await scene.until('one has failed', () => scene.partition(2).core.role === 'offline');
    scene.post(1, () => partitionOf(scene, 1, 1)?.append(batchOf(['b']), 'client'));
    await scene.until('the other goes on', () => partitionOf(scene, 2, 1)?.log.logEndOffset === 1);
    expect(scene.brokers.get(2)?.replicas.followedCount).toBe(1);
    expect(scene.brokers.get(2)?.replicas.counts()).toMatchObject({ partitions: 2, offline: 1 });
    await scene.assign({ ...START, partitionEpoch: 1, replicas: [1], isr: [1] });
    scene.post(2, ({ replicas }) => replicas.remove('t', 1));
    await scene.until('nothing is followed', () => scene.brokers.get(2)?.replicas.followedCount === 0);
  });

  test('tries again by itself while its disk is full, and not all the time', async () => {
    const scene = await cluster(2);
    const { disk } = scene.world.host('h2');
    const log = scene.log(2);
    const append = log.append.bind(log);
    let tries = 0;
    log.append = (...given) => {
      tries++;
      return append(...given);
    };
    disk.capacityBytes = 0;
    await scene.append(1, batchOf(['a']));
    await scene.wait(5_000);
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(15);
    disk.capacityBytes = Infinity;
    await scene.until('it has copied', () => log.logEndOffset === 1);
  });
});

describe('a broker that is not registered yet', () => {
  test('fetches nothing, and then at once', async () => {
    const scene = new ClusterScene(seed++);
    for (const id of [1, 2]) await scene.start(id);
    scene.unregistered.add(2);
    await scene.assign(START);
    await scene.until('it leads', () => scene.brokers.get(1)?.replicas.find('t', 0) !== undefined);
    await scene.append(1, batchOf(['a']));
    await scene.wait(MAX_LAG_MS / 2);
    expect(scene.log(2).logEndOffset).toBe(0);
    scene.unregistered.clear();
    await scene.wait(200);
    expect(scene.log(2).logEndOffset).toBe(1);
  });
});

describe('a leader change', () => {
  test('makes the followers ask for the partition at once, though a fetch of others waits at the new leader', async () => {
    const scene = await cluster(2);
    const delaysMs: number[] = [];
    for (let partition = 1; partition <= 5; partition++) {
      await scene.wait(777);
      const registration = { ...START, leaderEpoch: partition };
      const replica = { topic: 't', topicId: TOPIC_ID, partition, registration };
      for (const id of [1, 2]) scene.post(id, ({ replicas }) => replicas.apply(replica, scene.log(id).config));
      const beganMs = scene.world.nowMs;
      const led = (): Partition | undefined => scene.brokers.get(1)?.replicas.find('t', partition);
      await scene.until('it leads', () => led() !== undefined);
      scene.post(1, () => led()?.append(batchOf(['a']), 'client'));
      await scene.until('it is committed', () => led()?.log.highWatermark === 1);
      delaysMs.push(scene.world.nowMs - beganMs);
    }
    expect(Math.max(...delaysMs)).toBeLessThan(200);
  });

  test('with log.flush.before.ack flushes what the new leader has, so that it becomes committed', async () => {
    const scene = await cluster(2, { flushBeforeAck: true });
    await scene.append(1, batchOf(['a']));
    await scene.until('it is copied', () => scene.log(2).logEndOffset === 1);
    expect(scene.log(2).flushedOffset).toBe(0);
    scene.kill(1);
    await scene.assign({ ...START, leader: 2, leaderEpoch: 1, partitionEpoch: 1, isr: [2] });
    await scene.until('it is committed', () => committed(scene, 2) === 1);
  });

  test('keeps what was committed, and the old leader follows', async () => {
    const scene = await cluster(3);
    await scene.append(1, batchOf(['a', 'b']));
    await scene.until('it is committed', () => [1, 2, 3].every((id) => committed(scene, id) === 2));
    scene.kill(1);
    await scene.assign({ leader: 2, leaderEpoch: 1, partitionEpoch: 1, replicas: [1, 2, 3], isr: [2, 3] });
    await scene.until('it leads', () => scene.partition(2).core.role === 'leading');
    await scene.append(2, batchOf(['c']));
    await scene.until('it is committed', () => committed(scene, 2) === 3);
    await scene.start(1);
    await scene.until('the old leader is in sync', () => scene.state.isr.length === 3);
    for (const id of [1, 2, 3]) expect(contents(scene.log(id))).toEqual(['0=a', '1=b', '2=c']);
  });

  test('ends the copying from the old leader, who may not know it yet', async () => {
    const scene = await cluster(3);
    await scene.append(1, batchOf(['a']));
    await scene.until('it is committed', () => committed(scene, 3) === 1);
    await scene.assign({ leader: 2, leaderEpoch: 1, partitionEpoch: 1, replicas: [1, 2, 3], isr: [1, 2, 3] }, [2, 3]);
    await scene.until('it leads', () => scene.partition(2).core.role === 'leading');
    await scene.append(1, batchOf(['late']));
    await scene.wait(1_000);
    expect(contents(scene.log(3))).toEqual(['0=a']);
  });

  test('is told to whoever coordinates over the partition', async () => {
    const scene = await cluster(2);
    const told: unknown[] = [];
    scene.brokers.get(1)?.replicas.onResignation(({ key }, leaderEpoch) => told.push([key, leaderEpoch]));
    await scene.assign({ ...START, leader: 2, leaderEpoch: 4, partitionEpoch: 1 });
    await scene.until('it is told', () => told.length > 0);
    await scene.assign({ ...START, leader: 1, leaderEpoch: 5, partitionEpoch: 2 });
    await scene.assign({ ...START, leader: 2, leaderEpoch: 6, partitionEpoch: 3, replicas: [2], isr: [2] });
    await scene.until('it is gone', () => scene.brokers.get(1)?.replicas.find('t', 0) === undefined);
    expect(told).toEqual([['t-0', 4], ['t-0', null]]);
    expect(scene.brokers.get(1)?.logs.get('t', 0)).toBeUndefined();
    expect(scene.brokers.get(1)?.replicas.followedCount).toBe(0);
  });
});

describe('the ISR', () => {
  test('that shrinks lets acks=all and coordinators go on, be it told by the controller’s answer or by the metadata', async () => {
    const scene = await cluster(2);
    let moves = 0;
    scene.partition(1).onHighWatermark(() => moves++);
    scene.publishes = false;
    scene.kill(2);
    const acked = { acks: -1, timeoutMs: 300_000 };
    const data = { topicData: [{ topicId: TOPIC_ID, partitionData: [{ index: 0, records: batchOf(['a']) }] }] };
    const answer = await scene.ask(1, 'Produce', 13, { ...acked, ...data });
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.NONE);
    expect(moves).toBe(1);
    await scene.assign({ ...START, partitionEpoch: 2 });
    await scene.append(1, batchOf(['b']));
    expect(moves).toBe(1);
    await scene.assign({ ...START, partitionEpoch: 3, isr: [1] });
    await scene.until('it is committed', () => committed(scene, 1) === 2);
    expect(moves).toBe(2);
  });

  test('loses a member that is silent, and takes it back when it has caught up', async () => {
    const scene = await cluster(3);
    scene.world.pause('b3');
    await scene.append(1, batchOf(['a']));
    await scene.until('the silent one is dropped', () => scene.state.isr.length === 2);
    expect(scene.state.isr).toEqual([1, 2]);
    await scene.until('it is committed without it', () => committed(scene, 1) === 1);
    scene.world.resume('b3');
    await scene.until('it is back', () => scene.state.isr.length === 3);
    expect(contents(scene.log(3))).toEqual(['0=a']);
    const members = scene.alterRequests.at(-1)?.topics[0]?.partitions[0]?.newIsrWithEpochs;
    expect(members).toEqual([1, 2, 3].map((id) => ({ brokerId: id, brokerEpoch: scene.brokers.get(id)?.epoch })));
  });

  test('is proposed again while the controller does not know what came of it', async () => {
    const scene = await cluster(2);
    scene.alterError = ErrorCode.UNKNOWN_SERVER_ERROR;
    scene.world.pause('b2');
    await scene.append(1, batchOf(['a']));
    await scene.until('it is proposed over and over', () => scene.alterRequests.length === 4);
    expect(committed(scene, 1)).toBe(0);
    scene.alterError = ErrorCode.NONE;
    await scene.until('it is committed', () => committed(scene, 1) === 1);
    expect(scene.state.isr).toEqual([1]);
  });

  test('does not take in a broker that is fenced', async () => {
    const scene = await cluster(2);
    await scene.assign({ ...START, partitionEpoch: 1, isr: [1] });
    scene.register(2, true);
    await scene.append(1, batchOf(['a']));
    await scene.until('it has copied', () => scene.log(2).logEndOffset === 1);
    await scene.wait(2_000);
    expect(scene.alterRequests).toEqual([]);
  });

  test('below min.insync.replicas commits nothing', async () => {
    const scene = await cluster(2, { topic: { 'min.insync.replicas': '2' } });
    scene.kill(2);
    await scene.append(1, batchOf(['a']));
    await scene.until('the ISR has shrunk', () => scene.state.isr.length === 1);
    await scene.wait(2_000);
    expect(committed(scene, 1)).toBe(0);
    expect(scene.brokers.get(1)?.replicas.counts()).toMatchObject({ leaders: 1, underReplicated: 1, underMinIsr: 1 });
    await scene.start(2);
    await scene.until('it is committed', () => committed(scene, 1) === 1);
  });
});

/** Consumers that read from followers (KIP-392), over simulated sockets. Broker 1 leads, in rack r1; 2 and 3 follow. */
import { RACK_AWARE_SELECTOR } from '../../../src/replication/replica-selector';
import { ErrorCode } from '../../../wire/base/error-codes';
import type { RequestInput } from '../../../wire/exchange';
import { batchOf, TOPIC_ID } from '../../log/support/log-bench';
import { ClusterScene, MAX_LAG_MS, type SceneOptions } from './support/cluster-scene';

const START = { leader: 1, leaderEpoch: 5, partitionEpoch: 0, replicas: [1, 2, 3], isr: [1, 2, 3] };
const BY_RACK: SceneOptions = { hasRacks: true, properties: { 'replica.selector.class': RACK_AWARE_SELECTOR } };
const NOBODY = -1;
const VERSION = 17;
/** replica.fetch.wait.max.ms in these scenes. */
const FOLLOWER_WAIT_MS = 500;

let seed = 700;

/** Three brokers that hold the records 0, 1 and 2, and know that they are committed. */
async function cluster(options: SceneOptions = BY_RACK): Promise<ClusterScene> {
  const scene = new ClusterScene(seed++, options);
  for (const id of [1, 2, 3]) await scene.start(id);
  await scene.assign(START);
  await scene.until('the replicas are there', () => [1, 2, 3].every((id) => scene.brokers.get(id)?.replicas.find('t', 0) !== undefined));
  await scene.append(1, batchOf(['a', 'b', 'c']));
  await scene.until('all know what is committed', () => [1, 2, 3].every((id) => scene.log(id).highWatermark === 3));
  return scene;
}

interface Asked {
  readonly rackId?: string;
  readonly offset?: number;
  readonly leaderEpoch?: number;
  readonly replicaId?: number;
  readonly maxWaitMs?: number;
  readonly session?: readonly [id: number, epoch: number];
}

function request({ rackId = '', offset = 0, leaderEpoch = -1, replicaId = -1, maxWaitMs = 0, session = [0, -1] }: Asked): RequestInput<'Fetch'> {
  const partition = { partition: 0, currentLeaderEpoch: leaderEpoch, fetchOffset: offset, partitionMaxBytes: 1_000_000 };
  const [sessionId, sessionEpoch] = session;
  const topics = [{ topicId: TOPIC_ID, partitions: [partition] }];
  return { replicaState: { replicaId }, maxWaitMs, minBytes: 1, sessionId, sessionEpoch, topics, forgottenTopicsData: [], rackId };
}

async function fetched(scene: ClusterScene, id: number, asked: Asked) {
  const { sessionId, responses } = await scene.ask(id, 'Fetch', VERSION, request(asked));
  const partition = responses[0]?.partitions[0];
  if (partition === undefined) throw new Error('nothing was answered for the partition');
  const { errorCode, preferredReadReplica, highWatermark, logStartOffset, records } = partition;
  return { errorCode, preferredReadReplica, highWatermark, logStartOffset, bytes: records?.length ?? 0, sessionId };
}

describe('a leader with the rack-aware selector', () => {
  test('sends a consumer to the follower in its rack, at once and without records', async () => {
    const scene = await cluster();
    const elsewhere = { errorCode: ErrorCode.NONE, preferredReadReplica: 2, highWatermark: 3, bytes: 0 };
    expect(await fetched(scene, 1, { rackId: 'r2' })).toMatchObject(elsewhere);
    const beforeMs = scene.world.nowMs;
    expect(await fetched(scene, 1, { rackId: 'r2', offset: 3, maxWaitMs: 30_000 })).toMatchObject(elsewhere);
    expect(scene.world.nowMs - beforeMs).toBeLessThan(1_000);
  });

  test('serves those itself who tell no rack, or its own, or one without a replica', async () => {
    const scene = await cluster();
    for (const rackId of ['', 'r1', 'r9']) {
      const answer = await fetched(scene, 1, { rackId });
      expect(answer.preferredReadReplica).toBe(NOBODY);
      expect(answer.bytes).toBeGreaterThan(0);
    }
  });

  test('says so in a session, too, as often as it is asked', async () => {
    const scene = await cluster();
    const first = await fetched(scene, 1, { rackId: 'r2', session: [0, 0] });
    expect(first.preferredReadReplica).toBe(2);
    expect(first.sessionId).toBeGreaterThan(0);
    expect((await fetched(scene, 1, { rackId: 'r2', session: [first.sessionId, 1] })).preferredReadReplica).toBe(2);
  });

  test('sends nobody to a follower that is fenced, has left the ISR, or does not hold the offset', async () => {
    const scene = await cluster();
    scene.register(2, true);
    expect((await fetched(scene, 1, { rackId: 'r2' })).preferredReadReplica).toBe(NOBODY);
    await scene.assign({ ...START, partitionEpoch: 1, isr: [1, 2] });
    expect((await fetched(scene, 1, { rackId: 'r3' })).preferredReadReplica).toBe(NOBODY);

    const behind = await cluster();
    behind.world.network.cut('h2', 'h1');
    await behind.append(1, batchOf(['d']));
    expect((await fetched(behind, 1, { rackId: 'r2', offset: 4 })).preferredReadReplica).toBe(NOBODY);
    expect((await fetched(behind, 1, { rackId: 'r2', offset: 3 })).preferredReadReplica).toBe(2);
  });

  test('asks for the epoch before it sends anybody anywhere', async () => {
    const scene = await cluster();
    expect((await fetched(scene, 1, { rackId: 'r2', leaderEpoch: 4 })).errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect((await fetched(scene, 1, { rackId: 'r2', leaderEpoch: 6 })).errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
  });

  test('tells its followers at once what is committed, for their consumers', async () => {
    const scene = await cluster();
    const beforeMs = scene.world.nowMs;
    await scene.append(1, batchOf(['d']));
    await scene.until('the followers know', () => [2, 3].every((id) => scene.log(id).highWatermark === 4));
    expect(scene.world.nowMs - beforeMs).toBeLessThan(FOLLOWER_WAIT_MS / 2);
  });
});

test('without a selector the leader serves every rack', async () => {
  const scene = await cluster({ hasRacks: true });
  expect(await fetched(scene, 1, { rackId: 'r2' })).toMatchObject({ errorCode: ErrorCode.NONE, preferredReadReplica: NOBODY });
});

describe('a follower', () => {
  test('gives consumers what it knows to be committed, and nothing above', async () => {
    const scene = await cluster();
    const answer = await fetched(scene, 2, { rackId: 'r2' });
    expect(answer).toMatchObject({ errorCode: ErrorCode.NONE, preferredReadReplica: NOBODY, highWatermark: 3 });
    expect(answer.bytes).toBeGreaterThan(0);
    // Broker 3 does not get the next record: it is on broker 2, and not committed.
    scene.world.network.cut('h3', 'h1');
    await scene.append(1, batchOf(['d']));
    await scene.until('broker 2 has it', () => scene.log(2).logEndOffset === 4);
    expect(await fetched(scene, 2, { offset: 3 })).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 3, bytes: 0 });
  });

  test('refuses offsets that it does not have, and other epochs than its own', async () => {
    const scene = await cluster();
    expect((await fetched(scene, 2, { offset: 4 })).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    scene.post(1, () => scene.log(1).advanceLogStart(2));
    await scene.until('its start has followed', () => scene.log(2).logStartOffset === 2);
    expect((await fetched(scene, 2, { offset: 1 })).errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
    expect(await fetched(scene, 2, { offset: 2, leaderEpoch: 5 })).toMatchObject({ errorCode: ErrorCode.NONE, logStartOffset: 2 });
    expect((await fetched(scene, 2, { offset: 2, leaderEpoch: 4 })).errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect((await fetched(scene, 2, { offset: 2, leaderEpoch: 6 })).errorCode).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
  });

  test('answers who waits as soon as the record is committed there', async () => {
    const scene = await cluster();
    const sent = scene.send(2, 'Fetch', VERSION, request({ offset: 3, maxWaitMs: 60_000 }));
    await scene.wait(200);
    expect(sent.answer).toBeNull();
    await scene.append(1, batchOf(['d']));
    await scene.until('the answer', () => sent.answer !== null);
    expect(sent.answer?.responses[0]?.partitions[0]?.highWatermark).toBe(4);
    expect(sent.answer?.responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(0);
    expect(scene.log(2).highWatermark).toBe(4);
  });

  test('sends consumers away when its replica is taken from it, and while the controller does not answer it', async () => {
    const scene = await cluster();
    scene.unconfirmed.add(2);
    expect((await fetched(scene, 2, {})).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    scene.unconfirmed.delete(2);
    const sent = scene.send(2, 'Fetch', VERSION, request({ offset: 3, maxWaitMs: 60_000 }));
    await scene.wait(100);
    await scene.assign({ ...START, partitionEpoch: 1, replicas: [1, 3], isr: [1, 3] });
    await scene.until('the answer', () => sent.answer !== null);
    expect(sent.answer?.responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  test('goes on serving without a leader, and after another has been elected', async () => {
    const scene = await cluster();
    scene.kill(1);
    await scene.assign({ ...START, leader: -1, leaderEpoch: 6, partitionEpoch: 1 });
    expect(await fetched(scene, 2, { leaderEpoch: 6 })).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 3 });
    await scene.assign({ ...START, leader: 3, leaderEpoch: 7, partitionEpoch: 2, isr: [2, 3] });
    await scene.append(3, batchOf(['d']));
    await scene.until('it is committed', () => scene.log(2).highWatermark === 4);
    expect(await fetched(scene, 2, { offset: 3, leaderEpoch: 7 })).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 4 });
  });

  test('serves no other follower, and no client of before racks', async () => {
    const scene = await cluster();
    expect((await fetched(scene, 2, { replicaId: 3 })).errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    const { topics, ...rest } = request({});
    const old = { ...rest, topics: topics.map(({ partitions }) => ({ topic: 't', partitions })) };
    const answer = await scene.ask(2, 'Fetch', 10, { ...old, replicaState: {} });
    expect(answer.responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  test('that has fallen out of the ISR serves on what it has', async () => {
    const scene = await cluster();
    scene.world.network.cut('h2', 'h1');
    await scene.append(1, batchOf(['d']));
    await scene.wait(MAX_LAG_MS * 2);
    expect(scene.state.isr).toEqual([1, 3]);
    expect(await fetched(scene, 2, {})).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 3 });
    expect((await fetched(scene, 1, { rackId: 'r2' })).preferredReadReplica).toBe(NOBODY);
  });
});

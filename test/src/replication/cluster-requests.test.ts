/** What clients and followers are answered by brokers of a cluster, over simulated sockets. */
import { ErrorCode } from '../../../wire/base/error-codes';
import type { RequestInput, ResponseOf } from '../../../wire/exchange';
import { batchOf, contents, TOPIC_ID } from '../../log/support/log-bench';
import { ClusterScene, PORT, type SceneOptions, type State } from './support/cluster-scene';

const THREE = { leader: 1, leaderEpoch: 5, partitionEpoch: 0, replicas: [1, 2], isr: [1, 2] };

let seed = 100;

async function cluster(state: State, ids: readonly number[], options: SceneOptions = {}): Promise<ClusterScene> {
  const scene = new ClusterScene(seed++, options);
  for (const id of ids) await scene.start(id);
  await scene.assign(state);
  await scene.until('the replicas are there', () => ids.every((id) => scene.brokers.get(id)?.replicas.find('t', 0) !== undefined));
  return scene;
}

interface FetchOptions {
  readonly replicaId?: number;
  readonly replicaEpoch?: number;
  readonly leaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
  readonly offset?: number;
  readonly maxWaitMs?: number;
}

function fetchRequest(options: FetchOptions = {}): RequestInput<'Fetch'> {
  const partition = {
    partition: 0,
    currentLeaderEpoch: options.leaderEpoch ?? -1,
    fetchOffset: options.offset ?? 0,
    lastFetchedEpoch: options.lastFetchedEpoch ?? -1,
    logStartOffset: 0,
    partitionMaxBytes: 1_000_000,
  };
  const { replicaId = -1, replicaEpoch = -1 } = options;
  return {
    replicaState: { replicaId, replicaEpoch },
    maxWaitMs: options.maxWaitMs ?? 0,
    minBytes: 1,
    topics: [{ topicId: TOPIC_ID, partitions: [partition] }],
    forgottenTopicsData: [],
    rackId: '',
  };
}

async function fetched(scene: ClusterScene, id: number, options: FetchOptions = {}, version = 17) {
  const response = await scene.ask(id, 'Fetch', version, fetchRequest(options));
  const partition = response.responses[0]?.partitions[0];
  if (partition === undefined) throw new Error('nothing was answered for the partition');
  return { ...partition, nodeEndpoints: response.nodeEndpoints };
}

const produceRequest = (acks: number, timeoutMs = 30_000): RequestInput<'Produce'> => ({
  acks,
  timeoutMs,
  topicData: [{ topicId: TOPIC_ID, partitionData: [{ index: 0, records: batchOf(['a']) }] }],
});

describe('a produce to two partitions', () => {
  test('gets no ack for a record that another leader has cut, though this broker leads again before it is looked at', async () => {
    const scene = await cluster(THREE, [1]);
    const lists = { removingReplicas: [], addingReplicas: [], directories: [], eligibleLeaderReplicas: null, lastKnownElr: null };
    scene.image.topics.addPartition({ ...THREE, partitionId: 1, topicId: TOPIC_ID, leaderRecoveryState: 0, ...lists }, null);
    const config = scene.log(1).config;
    const second = (registration: State) => ({ topic: 't', topicId: TOPIC_ID, partition: 1, registration });
    scene.post(1, ({ replicas }) => replicas.apply(second(THREE), config));
    const partitionData = [0, 1].map((index) => ({ index, records: batchOf([`record of ${index}`]) }));
    const sent = scene.send(1, 'Produce', 13, { acks: -1, timeoutMs: 30_000, topicData: [{ topicId: TOPIC_ID, partitionData }] });
    const log = () => scene.brokers.get(1)?.replicas.find('t', 1)?.log;
    await scene.until('the second record is there', () => log()?.logEndOffset === 1);
    let isDone = false;
    scene.post(1, ({ replicas }) => {
      replicas.apply(second({ ...THREE, leader: 2, leaderEpoch: 6, partitionEpoch: 1 }), config);
      log()?.truncateTo(0);
      replicas.apply(second({ ...THREE, leaderEpoch: 7, partitionEpoch: 2, isr: [1] }), config);
      replicas.find('t', 1)?.append(batchOf(['of another epoch']), 'client');
      isDone = true;
    });
    await scene.until('the second partition has moved and is back', () => isDone && log()?.highWatermark === 1);
    await scene.assign({ ...THREE, partitionEpoch: 1, isr: [1] });
    await scene.until('the answer', () => sent.answer !== null);
    const errorCodes = sent.answer?.responses[0]?.partitionResponses.map(({ errorCode }) => errorCode);
    expect(errorCodes).toEqual([ErrorCode.NONE, ErrorCode.NOT_LEADER_OR_FOLLOWER]);
  });
});

describe('a leader that does not know whether the controller has fenced it', () => {
  test('acknowledges nothing and gives nothing to read, until the controller has answered', async () => {
    const scene = await cluster(THREE, [1, 2]);
    scene.unconfirmed.add(1);
    const errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const produced = await scene.ask(1, 'Produce', 13, produceRequest(1));
    expect(produced.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode });
    expect(await fetched(scene, 1)).toMatchObject({ errorCode });
    expect(scene.log(1).logEndOffset).toBe(0);
    scene.unconfirmed.delete(1);
    expect(await fetched(scene, 1)).toMatchObject({ errorCode: ErrorCode.NONE });
  });
});

describe('a client that asks a broker which does not lead', () => {
  const led = { nodeId: 1, host: 'h1', port: PORT, rack: null };

  test('is told who does, by Fetch since v16 and by Produce since v10 (KIP-951)', async () => {
    const scene = await cluster(THREE, [1, 2]);
    await scene.start(3);
    const refusal = { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
    const hint = { currentLeader: { leaderId: 1, leaderEpoch: 5 } };
    expect(await fetched(scene, 3)).toMatchObject({ ...refusal, ...hint, nodeEndpoints: [led] });
    expect(await fetched(scene, 3, {}, 15)).toMatchObject({ ...refusal, currentLeader: { leaderId: -1 }, nodeEndpoints: [] });
    const produced = await scene.ask(2, 'Produce', 13, produceRequest(1));
    expect(produced.responses[0]?.partitionResponses[0]).toMatchObject({ ...refusal, ...hint });
    expect(produced.nodeEndpoints).toMatchObject([led]);
  });

  test('is told so too when it believes in an older epoch, and nothing more in other errors', async () => {
    const scene = await cluster(THREE, [1, 2]);
    const fenced = await fetched(scene, 1, { leaderEpoch: 4 });
    expect(fenced).toMatchObject({ errorCode: ErrorCode.FENCED_LEADER_EPOCH, currentLeader: { leaderId: 1, leaderEpoch: 5 }, nodeEndpoints: [led] });
    const unknown = await fetched(scene, 1, { leaderEpoch: 6 });
    expect(unknown).toMatchObject({ errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH, currentLeader: { leaderId: -1 }, nodeEndpoints: [] });
  });

  test('is told so when the leader goes while acks=all waits', async () => {
    const scene = await cluster(THREE, [1]);
    const sent = scene.send(1, 'Produce', 13, produceRequest(-1));
    await scene.until('the record is there', () => scene.log(1).logEndOffset === 1);
    scene.register(2, false);
    await scene.assign({ ...THREE, leader: 2, leaderEpoch: 6, partitionEpoch: 1 });
    await scene.until('the answer', () => sent.answer !== null);
    const errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
    expect(sent.answer?.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode, currentLeader: { leaderId: 2, leaderEpoch: 6 } });
    expect(sent.answer?.nodeEndpoints).toMatchObject([{ nodeId: 2, host: 'h2' }]);
  });
});

describe('a produce whose partition has lost its leader', () => {
  test('is told so, though the same broker leads again before the others are done', async () => {
    const scene = await cluster(THREE, [1]);
    const second = (state: State) => {
      const replica = { topic: 't', topicId: TOPIC_ID, partition: 1, registration: state };
      scene.post(1, ({ replicas }) => replicas.apply(replica, scene.log(1).config));
    };
    second(THREE);
    const records = batchOf(['a']);
    const partitionData = [0, 1].map((index) => ({ index, records }));
    const request = { acks: -1, timeoutMs: 300_000, topicData: [{ topicId: TOPIC_ID, partitionData }] };
    const sent = scene.send(1, 'Produce', 13, request);
    await scene.until('the records are there', () => scene.log(1).logEndOffset === 1);
    await scene.assign({ ...THREE, leader: 2, leaderEpoch: 6, partitionEpoch: 1 });
    await scene.assign({ ...THREE, leader: 1, leaderEpoch: 7, partitionEpoch: 2 });
    await scene.wait(100);
    expect(sent.answer).toBeNull();
    second({ ...THREE, partitionEpoch: 1, isr: [1] });
    await scene.until('the answer', () => sent.answer !== null);
    const codes = sent.answer?.responses[0]?.partitionResponses.map(({ errorCode }) => errorCode);
    expect(codes).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NONE]);
  });
});

describe('a follower’s fetch', () => {
  const alone = { ...THREE, isr: [1] };

  test('sees what is not committed, which a consumer does not', async () => {
    const scene = await cluster(THREE, [1]);
    await scene.append(1, batchOf(['a']));
    const follower = await fetched(scene, 1, { replicaId: 2, leaderEpoch: 5 });
    expect(follower).toMatchObject({ errorCode: ErrorCode.NONE, highWatermark: 0 });
    expect(follower.records?.length).toBeGreaterThan(0);
    expect((await fetched(scene, 1)).records?.length).toBe(0);
  });

  test('is proof of what lies before it, once it is from this history', async () => {
    const scene = await cluster(THREE, [1]);
    await scene.append(1, batchOf(['a', 'b', 'c']));
    await fetched(scene, 1, { replicaId: 2, leaderEpoch: 5, offset: 2, lastFetchedEpoch: 3 });
    await fetched(scene, 1, { replicaId: 2, leaderEpoch: 4, offset: 3 });
    await fetched(scene, 1, { replicaId: 2, leaderEpoch: 5, offset: 4 });
    await fetched(scene, 1, { offset: 3 });
    expect(scene.log(1).highWatermark).toBe(0);
    const answer = await fetched(scene, 1, { replicaId: 2, leaderEpoch: 5, offset: 3, lastFetchedEpoch: 5 });
    expect([answer.highWatermark, scene.log(1).highWatermark]).toEqual([3, 3]);
  });

  test.each([
    ['a broker without a replica', { replicaId: 3, leaderEpoch: 5 }, ErrorCode.UNKNOWN_LEADER_EPOCH],
    ['a broker without a replica that knows no epochs', { replicaId: 3 }, ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ['a process that has been replaced', { replicaId: 2, replicaEpoch: 1, leaderEpoch: 5 }, ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ['below the log start, in whatever epoch', { replicaId: 2, leaderEpoch: 5, offset: 0, lastFetchedEpoch: 3 }, ErrorCode.OFFSET_OUT_OF_RANGE],
  ])('is refused to %s', async (_, options, errorCode) => {
    const scene = await cluster(alone, [1]);
    scene.register(2, false);
    await scene.append(1, batchOf(['a', 'b']));
    scene.post(1, () => scene.log(1).advanceLogStart(1));
    await scene.until('the start has moved', () => scene.log(1).logStartOffset === 1);
    expect(await fetched(scene, 1, options)).toMatchObject({ errorCode });
  });

  test('is noted when it comes, not when it ends', async () => {
    const scene = await cluster(alone, [1]);
    scene.register(2, true);
    const waiting = scene.send(1, 'Fetch', 17, fetchRequest({ replicaId: 2, leaderEpoch: 5, maxWaitMs: 3_000 }));
    await scene.wait(1_000);
    scene.register(2, false);
    await scene.publish();
    await scene.until('it has ended', () => waiting.answer !== null);
    expect(scene.alterRequests).toEqual([]);
    await fetched(scene, 1, { replicaId: 2, leaderEpoch: 5 });
    await scene.until('the next one is proof', () => scene.alterRequests.length === 1);
  });

  test('below the log start is out of range even where its history parts, since there is nothing left to compare', async () => {
    const scene = await cluster({ ...THREE, leaderEpoch: 3, isr: [1] }, [1]);
    await scene.append(1, batchOf(['a', 'b']));
    await scene.assign({ ...THREE, leaderEpoch: 5, isr: [1] });
    await scene.append(1, batchOf(['c']));
    const asked = { replicaId: 2, leaderEpoch: 5, lastFetchedEpoch: 4 };
    expect(await fetched(scene, 1, asked)).toMatchObject({ errorCode: ErrorCode.NONE, divergingEpoch: { epoch: 3, endOffset: 2 } });
    scene.post(1, () => scene.log(1).advanceLogStart(1));
    await scene.until('the start has moved', () => scene.log(1).logStartOffset === 1);
    expect(await fetched(scene, 1, asked)).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE });
  });

  test('that waits ends with the next append, and with the end of the leadership', async () => {
    const scene = await cluster(THREE, [1]);
    const first = scene.send(1, 'Fetch', 17, fetchRequest({ replicaId: 2, leaderEpoch: 5, maxWaitMs: 50_000 }));
    await scene.wait(1_000);
    expect(first.answer).toBeNull();
    await scene.append(1, batchOf(['a']));
    await scene.until('it is answered', () => first.answer !== null);
    const second = scene.send(1, 'Fetch', 17, fetchRequest({ replicaId: 2, leaderEpoch: 5, offset: 1, maxWaitMs: 50_000 }));
    await scene.wait(1_000);
    await scene.assign({ ...THREE, leader: 2, leaderEpoch: 6, partitionEpoch: 1 });
    await scene.until('it is answered, too', () => second.answer !== null);
    expect(second.answer?.responses[0]?.partitions[0]?.errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH);
  });
});

describe('acks=all', () => {
  const options = { topic: { 'min.insync.replicas': '2' } };

  test('is answered when every member of the ISR has the record', async () => {
    const scene = await cluster(THREE, [1, 2]);
    const answer = await scene.ask(1, 'Produce', 13, produceRequest(-1));
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.NONE);
    expect(contents(scene.log(2))).toEqual(['0=a']);
  });

  test('is refused before the append when the ISR is too small', async () => {
    const scene = await cluster({ ...THREE, isr: [1] }, [1], options);
    const answer = await scene.ask(1, 'Produce', 13, produceRequest(-1));
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(scene.log(1).logEndOffset).toBe(0);
  });

  test('is not confirmed when the ISR has become too small meanwhile', async () => {
    const three = { ...THREE, replicas: [1, 2, 3], isr: [1, 2, 3] };
    const scene = await cluster(three, [1], options);
    const sent = scene.send(1, 'Produce', 13, produceRequest(-1));
    await scene.until('the record is there', () => scene.log(1).logEndOffset === 1);
    // Both have it in the same turn in which the ISR loses them: what was asked for is there, and not safe.
    scene.post(1, ({ replicas }) => {
      const position = { brokerEpoch: -1, endOffset: 1, startOffset: 0 };
      for (const id of [2, 3]) scene.partition(1).core.followerFetched(id, position, 0);
      const registration = { ...three, partitionEpoch: 1, isr: [1] };
      replicas.apply({ topic: 't', topicId: TOPIC_ID, partition: 0, registration }, scene.log(1).config);
    });
    await scene.until('the answer', () => sent.answer !== null);
    const errorCode = ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
    expect(sent.answer?.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode });
  });

  test('times out while a member does not fetch', async () => {
    const scene = await cluster(THREE, [1]);
    const answer = await scene.ask(1, 'Produce', 13, produceRequest(-1, 200));
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
  });
});

describe('DeleteRecords', () => {
  const deleteBefore = (offset: number, timeoutMs = 30_000): RequestInput<'DeleteRecords'> => ({
    topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset }] }],
    timeoutMs,
  });
  const resultOf = (answer: ResponseOf<'DeleteRecords'> | null) => answer?.topics[0]?.partitions[0];

  async function written(state: State = THREE): Promise<ClusterScene> {
    const scene = await cluster(state, [1, 2]);
    for (const value of ['a', 'b', 'c']) await scene.append(1, batchOf([value]));
    await scene.until('it is committed', () => scene.log(2).highWatermark === 3);
    return scene;
  }

  test('is answered when every replica has moved its log start', async () => {
    const scene = await written();
    const answer = await scene.ask(1, 'DeleteRecords', 2, deleteBefore(2));
    expect(resultOf(answer)).toMatchObject({ errorCode: ErrorCode.NONE, lowWatermark: 2 });
    expect([scene.log(1).logStartOffset, scene.log(2).logStartOffset]).toEqual([2, 2]);
  });

  test('waits for a replica that does not fetch, and no longer than it may', async () => {
    const scene = await written();
    scene.world.network.cut('h2', 'h1');
    const answer = await scene.ask(1, 'DeleteRecords', 2, deleteBefore(2, 300));
    expect(resultOf(answer)).toMatchObject({ errorCode: ErrorCode.REQUEST_TIMED_OUT, lowWatermark: -1 });
    expect(scene.log(1).logStartOffset).toBe(2);
  });

  test('ends when another broker leads', async () => {
    const scene = await written();
    scene.world.network.cut('h2', 'h1');
    const sent = scene.send(1, 'DeleteRecords', 2, deleteBefore(2));
    await scene.until('it has moved', () => scene.log(1).logStartOffset === 2);
    await scene.assign({ ...THREE, leader: 2, leaderEpoch: 6, partitionEpoch: 1 }, [1]);
    await scene.until('the answer', () => sent.answer !== null);
    expect(resultOf(sent.answer)).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, lowWatermark: -1 });
  });

  test('is refused by a follower', async () => {
    const scene = await written();
    const answer = await scene.ask(2, 'DeleteRecords', 2, deleteBefore(2));
    expect(resultOf(answer)).toMatchObject({ errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, lowWatermark: -1 });
  });
});

describe('ListOffsets', () => {
  const latest = (replicaId: number, timestamp = -1): RequestInput<'ListOffsets'> => ({
    replicaId,
    isolationLevel: 0,
    topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp }] }],
  });

  async function listed(scene: ClusterScene, replicaId: number, version = 7, timestamp = -1) {
    const answer = await scene.ask(1, 'ListOffsets', version, latest(replicaId, timestamp));
    return answer.topics[0]?.partitions[0];
  }

  test('tells a follower where the log ends, and a consumer what is committed (KIP-207)', async () => {
    const scene = await cluster(THREE, [1, 2]);
    await scene.append(1, batchOf(['a']));
    await scene.until('it is committed', () => scene.log(1).highWatermark === 1);
    scene.kill(2);
    await scene.append(1, batchOf(['b']));
    expect(await listed(scene, -1)).toMatchObject({ errorCode: ErrorCode.NONE, offset: 1 });
    await scene.assign({ ...THREE, leader: 2, leaderEpoch: 6, partitionEpoch: 1 });
    await scene.assign({ ...THREE, leader: 1, leaderEpoch: 7, partitionEpoch: 2 });
    await scene.until('it leads again', () => scene.partition(1).core.leaderEpoch === 7);
    expect(await listed(scene, -1)).toMatchObject({ errorCode: ErrorCode.OFFSET_NOT_AVAILABLE, offset: -1 });
    expect(await listed(scene, -1, 4)).toMatchObject({ errorCode: ErrorCode.LEADER_NOT_AVAILABLE });
    expect(await listed(scene, -1, 7, -2)).toMatchObject({ errorCode: ErrorCode.NONE, offset: 0 });
    expect(await listed(scene, 2)).toMatchObject({ errorCode: ErrorCode.NONE, offset: 2, leaderEpoch: 7 });
    await scene.start(2);
    await scene.until('all is committed', () => scene.log(1).highWatermark === 2);
    expect(await listed(scene, -1)).toMatchObject({ errorCode: ErrorCode.NONE, offset: 2 });
  });
});

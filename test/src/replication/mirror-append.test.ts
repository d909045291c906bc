/** A topic in mirror mode, over three brokers that copy from each other: what its leader takes, and how a log is cut back. */
import { ErrorCode } from '../../../wire/base/error-codes';
import { BatchView } from '../../../wire/record/batch';
import type { RequestInput } from '../../../wire/exchange';
import { readBatches } from '../../../log/log-reader';
import { batchOf, contents, crc32c } from '../../log/support/log-bench';
import { ClusterScene } from './support/cluster-scene';

const START = { leader: 1, leaderEpoch: 0, partitionEpoch: 0, replicas: [1, 2, 3], isr: [1, 2, 3] };
type Mirror = NonNullable<RequestInput<'Produce'>['topicData'][number]['partitionData'][number]['mirror']>;

let seed = 5000;

async function mirrored(topic: Readonly<Record<string, string>> = { 'mirror.source': 'A' }): Promise<ClusterScene> {
  const scene = new ClusterScene(seed++, { topic });
  for (const id of START.replicas) await scene.start(id);
  await scene.assign(START);
  await scene.until('replicas', () => START.replicas.every((id) => scene.brokers.get(id)?.replicas.find('t', 0) !== undefined));
  return scene;
}

/** A batch as it lies in the source's log, from a leader epoch that is higher than any here. */
function at(baseOffset: number, values: readonly string[]): Uint8Array {
  const bytes = batchOf(values).slice();
  const batch = new BatchView(bytes);
  batch.setBaseOffset(baseOffset);
  batch.setPartitionLeaderEpoch(77);
  return bytes;
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function request(records: Uint8Array | null, mirror: Partial<Mirror> | null): RequestInput<'Produce'> {
  const fields = mirror === null ? {} : { mirror: { source: 'A', ...mirror } };
  const partitionData = [{ index: 0, records, ...fields }];
  return { acks: -1, timeoutMs: 30_000, topicData: [{ name: 't', partitionData }] };
}

async function produce(scene: ClusterScene, leader: number, records: Uint8Array | null, mirror: Partial<Mirror> | null) {
  const { responses } = await scene.ask(leader, 'Produce', 9, request(records, mirror));
  return responses[0]!.partitionResponses[0]!;
}

/** Asks until the log of the leader ends at `offset`. */
async function cut(scene: ClusterScene, leader: number, expectedLogEndOffset: number, truncateToOffset: number): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const { errorCode } = await produce(scene, leader, null, { expectedLogEndOffset, truncateToOffset });
    if (errorCode === ErrorCode.NONE) return;
    expect(errorCode).toBe(ErrorCode.REQUEST_TIMED_OUT);
    await scene.wait(50);
  }
  throw new Error('it was not cut');
}

const bytesOf = (scene: ClusterScene, id: number): Buffer => {
  const log = scene.log(id);
  return Buffer.from(readBatches(log, log.logStartOffset, 10_000_000, log.logEndOffset));
};

describe('a topic in mirror mode', () => {
  test('keeps the offsets of its source, gaps included, on every replica, and acks what all have', async () => {
    const scene = await mirrored();
    const records = joined(at(0, ['a', 'b']), at(10, ['k']), at(11, ['l']));
    const answer = await produce(scene, 1, records, { expectedLogEndOffset: 0, sourceLogStartOffset: 0 });
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect(contents(scene.log(1))).toEqual(['0=a', '1=b', '10=k', '11=l']);
    expect([1, 2, 3].map((id) => scene.log(id).logEndOffset)).toEqual([12, 12, 12]);
    expect(scene.log(1).highWatermark).toBe(12);
    expect(bytesOf(scene, 2).equals(bytesOf(scene, 1))).toBe(true);
    expect(new BatchView(new Uint8Array(bytesOf(scene, 1))).partitionLeaderEpoch).toBe(0);
    expect(scene.log(1).epochs.all()).toEqual([{ epoch: 0, startOffset: 0 }]);
  });

  test('refuses ordinary records, and those of another mirror, in a sentence', async () => {
    const scene = await mirrored();
    const ordinary = await produce(scene, 1, batchOf(['x']), null);
    expect(ordinary.errorCode).toBe(ErrorCode.POLICY_VIOLATION);
    expect(ordinary.errorMessage).toContain('mirrors cluster A offset by offset');
    const other = await produce(scene, 1, at(0, ['x']), { source: 'C', expectedLogEndOffset: 0 });
    expect(other).toMatchObject({ errorCode: ErrorCode.POLICY_VIOLATION });
    expect(scene.log(1).logEndOffset).toBe(0);
  });

  test('is the only one that takes mirrored records', async () => {
    const scene = await mirrored({});
    const answer = await produce(scene, 1, at(5, ['x']), { expectedLogEndOffset: 0 });
    expect(answer.errorCode).toBe(ErrorCode.POLICY_VIOLATION);
    expect(answer.errorMessage).toContain('has no mirror.source');
    expect(await produce(scene, 1, batchOf(['x']), null)).toMatchObject({ errorCode: 0, baseOffset: 0 });
  });

  test('takes what comes again not twice, and says where it ends', async () => {
    const scene = await mirrored();
    const append = () => produce(scene, 1, at(3, ['a', 'b']), { expectedLogEndOffset: 0, sourceLogStartOffset: 0 });
    expect(await append()).toMatchObject({ errorCode: 0, baseOffset: 3 });
    expect(await append()).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, baseOffset: 5 });
    expect(await produce(scene, 1, null, {})).toMatchObject({ errorCode: 0, baseOffset: 5, logStartOffset: 0 });
    expect(contents(scene.log(1))).toEqual(['3=a', '4=b']);
  });

  test.each([
    ['a control batch', 0x20, ErrorCode.INVALID_RECORD],
    ['a transactional batch', 0x10, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED],
  ])('refuses %s', async (_, attribute, errorCode) => {
    const scene = await mirrored();
    const bytes = at(0, ['a']);
    bytes[22]! |= attribute;
    new BatchView(bytes).updateCrc(crc32c);
    expect(await produce(scene, 1, bytes, { expectedLogEndOffset: 0 })).toMatchObject({ errorCode });
  });

  test('refuses offsets that go back, a wrong checksum and half a batch', async () => {
    const scene = await mirrored();
    const wrong = at(0, ['a']);
    wrong[wrong.length - 1]! ^= 1;
    for (const bytes of [joined(at(4, ['a', 'b']), at(5, ['c'])), wrong, at(0, ['abcdef']).subarray(0, 65), joined(at(0, ['a']), at(1, ['b']).subarray(0, 20))]) {
      expect(await produce(scene, 1, bytes, { expectedLogEndOffset: 0 })).toMatchObject({ errorCode: ErrorCode.INVALID_RECORD });
    }
    expect(scene.log(1).logEndOffset).toBe(0);
  });

  test('that is empty starts where its source does, even without a record', async () => {
    const scene = await mirrored();
    expect(await produce(scene, 1, null, { expectedLogEndOffset: 0, sourceLogStartOffset: 90 })).toMatchObject({ errorCode: 0, baseOffset: 90 });
    expect(scene.log(1)).toMatchObject({ logStartOffset: 90, logEndOffset: 90 });
    // Its source's log starts within a batch, which comes whole.
    expect(await produce(scene, 1, at(88, ['a', 'b', 'c']), { expectedLogEndOffset: 90, sourceLogStartOffset: 90 })).toMatchObject({ errorCode: 0, baseOffset: 88 });
    await scene.until('replicas', () => [2, 3].every((id) => scene.log(id).logStartOffset === 88));
    expect([1, 2, 3].map((id) => contents(scene.log(id)))).toEqual(Array(3).fill(['88=a', '89=b', '90=c']));
  });

  test('that is empty may start 2^40 offsets on', async () => {
    const scene = await mirrored();
    const far = 2 ** 40;
    expect(await produce(scene, 1, at(far, ['a']), { expectedLogEndOffset: 0, sourceLogStartOffset: 0 })).toMatchObject({ errorCode: 0, baseOffset: far });
    expect(scene.log(2).logEndOffset).toBe(far + 1);
    const farther = await produce(scene, 1, at(far * 2, ['a']), { expectedLogEndOffset: far + 1 });
    expect(farther).toMatchObject({ errorCode: ErrorCode.INVALID_RECORD });
  });

  test('refuses offsets that no number here can hold, and those below 0, and keeps its log as it is', async () => {
    const scene = await mirrored();
    const refused = async (base: bigint, count: number, sourceLogStartOffset = -1) => {
      const bytes = at(0, Array<string>(count).fill('x'));
      Buffer.from(bytes.buffer, bytes.byteOffset).writeBigInt64BE(base, 0);
      const answer = await produce(scene, 1, bytes, { expectedLogEndOffset: scene.log(1).logEndOffset, sourceLogStartOffset });
      expect(answer).toMatchObject({ errorCode: ErrorCode.INVALID_RECORD });
      return answer.errorMessage;
    };
    const above = /beyond 9007199254740991/;
    expect(await refused(2n ** 53n - 2n, 2)).toMatch(above);
    expect(await refused(2n ** 53n, 1)).toMatch(above);
    expect(await refused(2n ** 62n, 1, 2 ** 52)).toMatch(above);
    expect(await refused(-1n, 2)).toMatch(/below 0/);
    expect(await refused(-(2n ** 62n), 2)).toMatch(/ends below 0/);
    expect(scene.log(1)).toMatchObject({ logStartOffset: 0, logEndOffset: 0 });
    const last = Number.MAX_SAFE_INTEGER - 1;
    expect(await produce(scene, 1, at(last, ['a']), { expectedLogEndOffset: 0 })).toMatchObject({ errorCode: 0, baseOffset: last });
    expect(await refused(2n ** 53n - 1n, 1)).toMatch(above);
    expect(await refused(2n ** 53n - 2n, 1)).not.toBeNull();
    expect([1, 2, 3].map((id) => contents(scene.log(id)))).toEqual(Array(3).fill([`${last}=a`]));
  });

  test('survives a kill of its leader with gaps, epochs and all', async () => {
    const scene = await mirrored();
    await produce(scene, 1, joined(at(0, ['a']), at(100, ['b'])), { expectedLogEndOffset: 0, sourceLogStartOffset: 0 });
    scene.kill(1);
    await scene.assign({ ...START, leader: 2, leaderEpoch: 1, partitionEpoch: 1, isr: [2, 3] });
    await scene.until('the other leads', () => scene.partition(2).core.role === 'leading');
    expect(await produce(scene, 2, at(200, ['c']), { expectedLogEndOffset: 101 })).toMatchObject({ errorCode: 0, baseOffset: 200 });
    await scene.start(1);
    await scene.until('it is back', () => scene.brokers.get(1)?.replicas.find('t', 0)?.log.logEndOffset === 201);
    expect(bytesOf(scene, 1).equals(bytesOf(scene, 2))).toBe(true);
    expect(scene.log(1).epochs.all().map(({ epoch }) => epoch)).toEqual([0, 1]);
    expect(scene.log(1).epochs.endOffsetFor(1, 201)).toEqual(scene.log(2).epochs.endOffsetFor(1, 201));
  });
});

describe('a cut of a log in mirror mode', () => {
  async function withRecords(): Promise<ClusterScene> {
    const scene = await mirrored();
    const records = joined(at(0, ['a', 'b', 'c']), at(3, ['d']), at(4, ['e']));
    await produce(scene, 1, records, { expectedLogEndOffset: 0, sourceLogStartOffset: 0 });
    return scene;
  }

  test('takes the tail off every replica, committed as it was, and other records take its place', async () => {
    const scene = await withRecords();
    await cut(scene, 1, 5, 3);
    expect(scene.state.leaderEpoch).toBe(1);
    const answer = await produce(scene, 1, at(3, ['x', 'y', 'z']), { expectedLogEndOffset: 3 });
    expect(answer).toMatchObject({ errorCode: 0, baseOffset: 3 });
    expect([1, 2, 3].map((id) => contents(scene.log(id)))).toEqual(Array(3).fill(['0=a', '1=b', '2=c', '3=x', '4=y', '5=z']));
    expect(bytesOf(scene, 3).equals(bytesOf(scene, 1))).toBe(true);
  });

  test('reaches a replica that was away, when it comes back', async () => {
    const scene = await withRecords();
    scene.kill(3);
    await scene.assign({ ...START, partitionEpoch: 1, isr: [1, 2] });
    await cut(scene, 1, 5, 3);
    await produce(scene, 1, at(3, ['x', 'y', 'z']), { expectedLogEndOffset: 3 });
    await scene.start(3);
    await scene.until('it is back', () => scene.brokers.get(3)?.replicas.find('t', 0)?.log.highWatermark === 6);
    expect(bytesOf(scene, 3).equals(bytesOf(scene, 1))).toBe(true);
  });

  test('acks nothing that a replica has not taken over, though its old log is longer', async () => {
    const scene = await withRecords();
    // They have told that they hold five records, and hear nothing of the cut.
    scene.world.network.cut('h2', 'h1');
    scene.world.network.cut('h3', 'h1');
    await cut(scene, 1, 5, 3);
    const sent = scene.send(1, 'Produce', 9, request(at(3, ['x']), { expectedLogEndOffset: 3 }));
    await scene.until('it is appended', () => scene.log(1).logEndOffset === 4);
    await scene.wait(200);
    expect(sent.answer).toBeNull();
    expect(scene.log(1).highWatermark).toBeLessThanOrEqual(3);
    scene.world.network.heal('h2', 'h1');
    scene.world.network.heal('h3', 'h1');
    await scene.until('it is acked', () => sent.answer !== null);
    expect(sent.answer?.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
    expect(contents(scene.log(2))).toEqual(['0=a', '1=b', '2=c', '3=x']);
  });

  test('is not made when the log ends elsewhere, nor below its start, nor outside of mirror mode', async () => {
    const scene = await withRecords();
    const tooEarly = await produce(scene, 1, null, { expectedLogEndOffset: 4, truncateToOffset: 3 });
    expect(tooEarly).toMatchObject({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, baseOffset: 5 });
    scene.post(1, ({ replicas }) => replicas.find('t', 0)?.advanceLogStart(4));
    await scene.until('it starts later', () => scene.log(1).logStartOffset === 4);
    const belowStart = await produce(scene, 1, null, { expectedLogEndOffset: 5, truncateToOffset: 3 });
    expect(belowStart).toMatchObject({ errorCode: ErrorCode.POLICY_VIOLATION });
    expect(scene.state.leaderEpoch).toBe(0);
    const ordinary = await mirrored({});
    const refused = await produce(ordinary, 1, null, { expectedLogEndOffset: 0, truncateToOffset: 0 });
    expect(refused).toMatchObject({ errorCode: ErrorCode.POLICY_VIOLATION });
  });
});

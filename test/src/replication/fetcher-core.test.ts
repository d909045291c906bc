import { FetcherCore, type FollowedPartition, type Verdict } from '../../../src/replication/fetcher-core';
import { ErrorCode } from '../../../wire/base/error-codes';

class FakeLog {
  logStartOffset = 0;
  logEndOffset = 0;
  latestEpoch = 0;
  generation = 0;
}

interface Fake extends FollowedPartition {
  readonly log: FakeLog;
}

const NO_DIVERGENCE = { epoch: -1, endOffset: -1 };
const SESSION = 77;

function fake(partition: number, leaderEpoch = 3, log = new FakeLog()): Fake {
  return { topic: 't', topicId: 'T', partition, leaderEpoch, log };
}

function scene() {
  const core = new FetcherCore<Fake>({ maxWaitMs: 500, backoffMs: 1600 });
  const plan = (nowMs = 0) => {
    const planned = core.plan(nowMs);
    if (planned === null) return null;
    const { sessionId, sessionEpoch, named, forgotten, maxWaitMs } = planned;
    return { session: [sessionId, sessionEpoch], named: named.map(({ partition }) => partition.partition), forgotten: forgotten.map((f) => f.partition), maxWaitMs };
  };
  const get = (partition: number) => {
    const followed = core.get('T', partition);
    if (followed === undefined) throw new Error(`partition ${partition} is not followed`);
    return followed;
  };
  const judge = (partition: number, errorCode: number = ErrorCode.NONE, divergingEpoch = NO_DIVERGENCE): Verdict =>
    core.judge(get(partition), { errorCode, divergingEpoch });
  return { core, plan, get, judge };
}

/** Follows partitions 0 and 1, in a session that knows both. */
function inSession() {
  const world = scene();
  world.core.add(fake(0));
  world.core.add(fake(1));
  world.plan();
  world.core.answered(ErrorCode.NONE, SESSION, 0);
  return world;
}

describe('a session with a leader', () => {
  test('names everything first, then only what has changed', () => {
    const { core, plan, get } = scene();
    core.add(fake(0));
    core.add(fake(1));
    expect(plan()).toEqual({ session: [0, 0], named: [0, 1], forgotten: [], maxWaitMs: 500 });
    core.answered(ErrorCode.NONE, SESSION, 0);
    expect(plan()).toMatchObject({ session: [SESSION, 1], named: [] });
    core.answered(ErrorCode.NONE, SESSION, 0);
    get(1).partition.log.logEndOffset = 5;
    core.ready(get(1));
    expect(plan()).toMatchObject({ session: [SESSION, 2], named: [1] });
  });

  test('forgets what is followed no more, unless it comes back before', () => {
    const { core, plan } = inSession();
    core.remove('T', 0);
    core.remove('T', 1);
    core.add(fake(1, 4));
    expect(plan()).toMatchObject({ named: [1], forgotten: [0] });
    expect(plan()).toMatchObject({ named: [], forgotten: [] });
  });

  test('is begun anew after a failure, and after the leader has lost it', () => {
    const { core, plan } = inSession();
    core.answered(ErrorCode.FETCH_SESSION_ID_NOT_FOUND, 0, 0);
    expect(plan()).toMatchObject({ session: [0, 0], named: [0, 1] });
    core.answered(ErrorCode.NONE, SESSION, 0);
    core.answered(ErrorCode.INVALID_FETCH_SESSION_EPOCH, 0, 0);
    expect(plan()).toMatchObject({ session: [SESSION, 0], named: [0, 1] });
    core.answered(ErrorCode.NONE, SESSION + 1, 0);
    expect(plan()).toMatchObject({ session: [SESSION + 1, 1] });
    core.failed(0);
    expect(plan(99)).toBeNull();
    expect(core.nextDueMs).toBe(100);
    expect(plan(100)).toMatchObject({ session: [0, 0], named: [0, 1] });
  });

  test('does without one where the leader has no room', () => {
    const { core, plan, judge } = scene();
    core.add(fake(0));
    plan();
    core.answered(ErrorCode.NONE, 0, 0);
    expect(judge(0)).toBe('append');
    expect(plan()).toMatchObject({ session: [0, 0], named: [0] });
  });

  test('is asked at once when the metadata brings news of the leader', () => {
    const { core, plan } = inSession();
    core.failed(0);
    core.add(fake(0, 4));
    expect(plan(1)).toMatchObject({ named: [1, 0] });
  });
});

describe('a part of an answer', () => {
  test.each<readonly [string, number, Verdict]>([
    ['without an error', ErrorCode.NONE, 'append'],
    ['of an offset that the leader does not have', ErrorCode.OFFSET_OUT_OF_RANGE, 'settle'],
    ['of a leader that knows a newer epoch', ErrorCode.FENCED_LEADER_EPOCH, 'fenced'],
    ['of a leader that does not know the epoch yet', ErrorCode.UNKNOWN_LEADER_EPOCH, 'retry'],
    ['of a broker that does not lead', ErrorCode.NOT_LEADER_OR_FOLLOWER, 'retry'],
    ['of a leader whose disk has failed', ErrorCode.KAFKA_STORAGE_ERROR, 'retry'],
    ['of a leader that does not know the topic yet', ErrorCode.UNKNOWN_TOPIC_ID, 'retry'],
  ])('%s', (_, errorCode, verdict) => {
    expect(inSession().judge(0, errorCode)).toBe(verdict);
  });

  test('with another history asks for truncation', () => {
    expect(inSession().judge(0, ErrorCode.NONE, { epoch: 2, endOffset: 0 })).toBe('truncate');
  });

  test.each<readonly [string, (world: ReturnType<typeof inSession>) => void]>([
    ['after the log has grown otherwise', ({ get }) => (get(0).partition.log.logEndOffset = 1)],
    ['after a truncation', ({ get }) => (get(0).partition.log.generation = 1)],
    ['of the leader epoch before', ({ core }) => core.add(fake(0, 4))],
    ['while the offset is being found out', ({ core, get }) => core.settle(get(0), 'settling')],
    ['while it waits after an error', ({ core, get }) => core.retryLater(get(0), 0)],
  ])('is of no use %s', (_, change) => {
    const world = inSession();
    change(world);
    expect(world.judge(0)).toBe('stale');
  });
});

describe('a partition with an error', () => {
  test('is left out for longer and longer, and the others wait no longer than it', () => {
    const { core, plan, get, judge } = inSession();
    const dueMs: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 7; i++) {
      core.retryLater(get(0), nowMs);
      dueMs.push(get(0).dueMs - nowMs);
      expect(plan(nowMs)).toMatchObject({ named: [], forgotten: [0], maxWaitMs: Math.min(500, get(0).dueMs - nowMs) });
      nowMs = get(0).dueMs;
      expect(plan(nowMs)).toMatchObject({ named: [0], forgotten: [] });
    }
    expect(dueMs).toEqual([100, 200, 400, 800, 1600, 1600, 1600]);
    judge(0);
    core.took(get(0), false);
    core.retryLater(get(0), nowMs);
    expect(get(0).dueMs - nowMs).toBe(100);
  });

  test('lets the others wait for whole milliseconds, which is all that a request can say', () => {
    const { core, plan, get } = inSession();
    core.retryLater(get(0), 0.25);
    expect(plan(50.5)).toMatchObject({ forgotten: [0], maxWaitMs: 50 });
  });

  test('waits for the metadata where its leader epoch is over', () => {
    const { core, plan, get } = inSession();
    core.settle(get(0), 'fenced');
    core.settle(get(1), 'fenced');
    expect(plan(1_000_000)).toBeNull();
    expect(core.nextDueMs).toBe(Infinity);
    core.add(fake(1, 4));
    expect(plan()).toMatchObject({ named: [1], forgotten: [0] });
  });
});

import {
  PartitionCore,
  type CoreSettings,
  type IsrProposal,
  type ReplicaLog,
} from '../../../src/replication/partition-core';
import { ErrorCode } from '../../../wire/base/error-codes';

const MAX_LAG_MS = 1000;

class FakeLog implements ReplicaLog {
  logStartOffset = 0;
  logEndOffset = 0;
  flushedOffset = 0;
  highWatermark = 0;
  config = { minInsyncReplicas: 1 };
  epochs: number[] = [];
  setHighWatermark(offset: number): void {
    this.highWatermark = offset;
  }
  beginLeaderEpoch(epoch: number): void {
    this.epochs.push(epoch);
  }
}

const alone = { leader: 1, leaderEpoch: 3, partitionEpoch: 0, replicas: [1], isr: [1] };
const three = { leader: 1, leaderEpoch: 3, partitionEpoch: 0, replicas: [1, 2, 3], isr: [1, 2, 3] };

/** Broker 1's replica. Brokers that are not in `epochs` are fenced. */
function scene(options: Partial<CoreSettings> = {}) {
  const log = new FakeLog();
  const epochs = new Map([1, 2, 3].map((id) => [id, 70 + id]));
  const leaving = new Set<number>();
  const brokers = {
    epochOf: (id: number) => epochs.get(id) ?? -1,
    isActive: (id: number) => epochs.has(id) && !leaving.has(id),
  };
  const core = new PartitionCore(log, { brokerId: 1, flushBeforeAck: false, maxLagMs: MAX_LAG_MS, brokers, ...options });
  let nowMs = 10_000;
  return {
    log,
    core,
    epochs,
    leaving,
    wait: (ms: number) => (nowMs += ms),
    apply: (registration: typeof alone) => core.apply(registration, nowMs),
    append: (records: number) => {
      log.logEndOffset += records;
      return core.advanceHighWatermark(nowMs);
    },
    fetch: (brokerId: number, endOffset: number, brokerEpoch = 70 + brokerId) =>
      core.followerFetched(brokerId, { brokerEpoch, endOffset, startOffset: 0 }, nowMs),
    shrink: () => core.shrinkIsr(nowMs),
    decide: (proposal: IsrProposal | null, errorCode: number, partitionEpoch: number, isr: readonly number[] = []) => {
      if (proposal === null) throw new Error('there is no proposal');
      return core.decided(proposal, { errorCode, leaderEpoch: proposal.leaderEpoch, partitionEpoch, isr }, nowMs);
    },
  };
}

const idsOf = (proposal: IsrProposal | null) => proposal?.isr.map(({ brokerId }) => brokerId);

describe('the partition core', () => {
  test('begins to lead once per epoch, noting the epoch in the log', () => {
    const { apply, log } = scene();
    expect(apply(alone)).toBe('leads');
    expect(apply({ ...alone, partitionEpoch: 1 })).toBe('none');
    expect(apply({ ...alone, leaderEpoch: 4 })).toBe('leads');
    expect(log.epochs).toEqual([3, 4]);
  });

  test('follows, resigns, and takes nothing that is older than what it knows', () => {
    const { apply, core } = scene();
    expect(apply({ ...three, leader: 2 })).toBe('follows');
    expect(apply({ ...three, leaderEpoch: 4 })).toBe('leads');
    expect(apply({ ...three, leader: 2 })).toBe('none');
    expect(core.role).toBe('leading');
    expect(apply({ ...three, leader: -1, leaderEpoch: 5 })).toBe('resigned');
    expect(apply({ ...three, leader: 3, leaderEpoch: 6 })).toBe('follows');
    expect(core.leaderId).toBe(3);
  });

  test.each([
    ['an older epoch', 2, ErrorCode.FENCED_LEADER_EPOCH],
    ['a newer epoch', 4, ErrorCode.UNKNOWN_LEADER_EPOCH],
    ['its own epoch', 3, ErrorCode.NONE],
    ['no epoch', -1, ErrorCode.NONE],
  ])('answers a client that believes in %s', (_, epoch, errorCode) => {
    const { apply, core } = scene();
    apply(alone);
    expect(core.checkLeader(epoch)).toBe(errorCode);
  });

  test('refuses as follower, and as a replica whose directory has failed', () => {
    const { apply, core } = scene();
    apply({ ...alone, leader: 2, replicas: [1, 2] });
    expect(core.checkLeader(-1)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    core.goOffline();
    expect(apply({ ...alone, leaderEpoch: 9 })).toBe('none');
    expect(core.checkLeader(-1)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });

  test('needs no more replicas in sync than there are', () => {
    const { apply, core } = scene();
    apply(alone);
    expect([core.isUnderMinIsr(2), core.isUnderMinIsr(1)]).toEqual([false, false]);
    apply({ ...alone, leaderEpoch: 4, replicas: [1, 2, 3] });
    expect([core.isUnderMinIsr(2), core.isUnderMinIsr(1)]).toEqual([true, false]);
  });
});

describe('a replica that is gone', () => {
  test('leads no more, whatever is asked of it', () => {
    const { apply, core, append, log } = scene();
    apply(alone);
    core.retire();
    expect([core.role, core.checkLeader(-1)]).toEqual(['following', ErrorCode.NOT_LEADER_OR_FOLLOWER]);
    append(1);
    expect(log.highWatermark).toBe(0);
  });
});

describe('the high watermark', () => {
  test('is the log end when the leader is alone in the ISR', () => {
    const { apply, append, log } = scene();
    log.logEndOffset = 5;
    apply(alone);
    expect(log.highWatermark).toBe(5);
    expect([append(4), log.highWatermark, append(0)]).toEqual([true, 9, false]);
  });

  test('counts with log.flush.before.ack only what is flushed', () => {
    const { apply, append, log } = scene({ flushBeforeAck: true });
    apply(alone);
    expect(append(9)).toBe(false);
    log.flushedOffset = 7;
    expect([append(0), log.highWatermark]).toEqual([true, 7]);
  });

  test('is what every member of the ISR has', () => {
    const { apply, append, fetch, log } = scene();
    apply(three);
    append(10);
    expect([fetch(2, 10), log.highWatermark]).toEqual([false, 0]);
    expect([fetch(3, 4), log.highWatermark]).toEqual([true, 4]);
    expect([fetch(3, 10), log.highWatermark]).toEqual([true, 10]);
  });

  test('counts the followers, too, only by what the leader itself has flushed', () => {
    const { apply, append, fetch, log } = scene({ flushBeforeAck: true });
    apply(three);
    append(10);
    fetch(2, 10);
    fetch(3, 10);
    expect(log.highWatermark).toBe(0);
    log.flushedOffset = 8;
    expect([append(0), log.highWatermark]).toEqual([true, 8]);
  });

  test('is kept by a new leader until all of its ISR have fetched', () => {
    const { apply, append, fetch, log } = scene();
    log.logEndOffset = 20;
    log.highWatermark = 15;
    apply(three);
    append(1);
    fetch(2, 21);
    expect(log.highWatermark).toBe(15);
    fetch(3, 21);
    expect(log.highWatermark).toBe(21);
  });

  test('never goes back, though a follower does', () => {
    const { apply, append, fetch, log } = scene();
    apply(three);
    append(10);
    for (const id of [2, 3]) fetch(id, 10);
    fetch(2, 3);
    expect([append(1), log.highWatermark]).toEqual([false, 10]);
  });

  test('stands still while fewer than min.insync.replicas are in sync (KIP-966)', () => {
    const { apply, append, log } = scene();
    log.config.minInsyncReplicas = 2;
    apply({ ...three, isr: [1] });
    expect([append(10), log.highWatermark]).toEqual([false, 0]);
    log.config.minInsyncReplicas = 1;
    expect([append(0), log.highWatermark]).toEqual([true, 10]);
  });

  test('waits for one who is about to join the ISR, and for nobody who may not', () => {
    const { apply, append, fetch, log, epochs } = scene();
    apply({ ...three, isr: [1, 2] });
    fetch(2, 0);
    fetch(3, 0);
    append(10);
    fetch(2, 10);
    expect(log.highWatermark).toBe(0);
    epochs.delete(3);
    expect([append(0), log.highWatermark]).toEqual([true, 10]);
  });

  test('waits no longer for one outside of the ISR who does not keep up', () => {
    const { apply, append, fetch, log, wait } = scene();
    apply({ ...three, isr: [1, 2] });
    fetch(3, 0);
    append(10);
    wait(MAX_LAG_MS + 1);
    expect([fetch(2, 10), log.highWatermark]).toEqual([true, 10]);
  });

  test('waits for a proposed member, and for one whose removal is only proposed', () => {
    const { apply, append, fetch, log, core, wait, shrink } = scene();
    apply({ ...three, isr: [1, 2] });
    fetch(2, 0);
    fetch(3, 0);
    expect(idsOf(core.expandIsr(3))).toEqual([1, 2, 3]);
    append(10);
    wait(MAX_LAG_MS + 1);
    fetch(2, 10);
    expect(log.highWatermark).toBe(0);
    apply({ ...three, partitionEpoch: 1 });
    expect(idsOf(shrink())).toEqual([1, 2]);
    append(1);
    fetch(2, 11);
    expect(log.highWatermark).toBe(0);
    apply({ ...three, partitionEpoch: 2, isr: [1, 2] });
    expect(log.highWatermark).toBe(11);
  });
});

describe('a follower', () => {
  test.each([
    ['that has a replica', 2, 72, 3, ErrorCode.NONE],
    ['that does not tell its epoch', 2, -1, 3, ErrorCode.NONE],
    ['whose process has been replaced', 2, 71, 3, ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ['that this broker does not know to have a replica', 4, 74, 3, ErrorCode.UNKNOWN_LEADER_EPOCH],
    ['without a replica that knows no epochs', 4, 74, -1, ErrorCode.NOT_LEADER_OR_FOLLOWER],
  ])('%s is answered', (_, brokerId, brokerEpoch, leaderEpoch, errorCode) => {
    const { apply, core } = scene();
    apply(three);
    expect(core.checkFollower(brokerId, brokerEpoch, leaderEpoch)).toBe(errorCode);
  });

  test('that is always one fetch behind keeps up', () => {
    const { apply, append, fetch, wait, shrink } = scene();
    apply({ ...three, replicas: [1, 2], isr: [1, 2] });
    for (let i = 0; i < 5; i++) {
      append(10);
      fetch(2, i * 10);
      wait(400);
    }
    expect(shrink()).toBeNull();
  });

  test('is dropped from the ISR when it has not kept up, once', () => {
    const { apply, append, fetch, wait, shrink } = scene();
    apply(three);
    append(10);
    wait(MAX_LAG_MS);
    fetch(2, 10);
    expect(shrink()).toBeNull();
    wait(1);
    expect(shrink()).toMatchObject({ kind: 'shrink', leaderEpoch: 3, partitionEpoch: 0 });
    expect(shrink()).toBeNull();
  });

  test('that fetches the end of an idle log stays, however long ago', () => {
    const { apply, fetch, wait, shrink } = scene();
    apply(three);
    for (const id of [2, 3]) fetch(id, 0);
    wait(50 * MAX_LAG_MS);
    expect(shrink()).toBeNull();
  });

  const outside = { ...three, isr: [1, 2] };

  test('joins the ISR with everything that is committed, and its epoch goes along', () => {
    const { apply, append, fetch, core } = scene();
    apply(outside);
    append(10);
    fetch(2, 10);
    fetch(3, 9);
    expect(core.expandIsr(3)).toBeNull();
    fetch(3, 10);
    expect(core.expandIsr(3)).toEqual({
      kind: 'expand',
      leaderEpoch: 3,
      partitionEpoch: 0,
      isr: [
        { brokerId: 1, brokerEpoch: -1 },
        { brokerId: 2, brokerEpoch: 72 },
        { brokerId: 3, brokerEpoch: 73 },
      ],
    });
    expect(core.expandIsr(3)).toBeNull();
  });

  test('does not join with less than what the leader began its epoch with', () => {
    const { apply, fetch, core, log } = scene();
    log.logEndOffset = 20;
    apply(outside);
    fetch(3, 19);
    expect(core.expandIsr(3)).toBeNull();
    fetch(3, 20);
    expect(core.expandIsr(3)).not.toBeNull();
  });

  test('does not join while it is fenced, on its way out, or another process than the registered one', () => {
    const { apply, fetch, core, epochs, leaving } = scene();
    apply(outside);
    fetch(3, 0, 72);
    expect(core.expandIsr(3)).toBeNull();
    fetch(3, 0);
    leaving.add(3);
    expect(core.expandIsr(3)).toBeNull();
    leaving.clear();
    epochs.delete(3);
    expect(core.expandIsr(3)).toBeNull();
    epochs.set(3, 73);
    expect(core.expandIsr(3)).not.toBeNull();
  });

  test('counts anew for a leader that others have replaced in between, though the metadata tells both at once', () => {
    const { apply, append, fetch, log } = scene();
    apply(three);
    append(10);
    for (const id of [2, 3]) fetch(id, id === 2 ? 10 : 8);
    // In epoch 4 somebody else led: follower 2 may have cut what it had of ours.
    apply({ ...three, leaderEpoch: 5, isr: [1, 2] });
    expect(log.highWatermark).toBe(8);
    fetch(2, 8);
    expect(log.highWatermark).toBe(8);
    fetch(2, 10);
    expect(log.highWatermark).toBe(10);
  });

  test('that asks again for the same offset moves the high watermark when nobody holds it back any more', () => {
    const { apply, append, fetch, log, epochs } = scene();
    apply({ ...three, isr: [1, 2] });
    for (const id of [2, 3]) fetch(id, 0);
    append(10);
    fetch(2, 10);
    expect(log.highWatermark).toBe(0);
    epochs.delete(3);
    fetch(2, 10);
    expect(log.highWatermark).toBe(10);
  });

  test('that was fetching from a leader that leads on in another epoch is still known', () => {
    const { apply, append, fetch, log } = scene();
    apply(three);
    append(10);
    for (const id of [2, 3]) fetch(id, 8);
    apply({ ...three, leaderEpoch: 4 });
    expect(log.highWatermark).toBe(8);
    fetch(2, 10);
    fetch(3, 10);
    expect(log.highWatermark).toBe(10);
  });
});

describe('a proposal', () => {
  const outside = { ...three, isr: [1, 2] };

  function proposed() {
    const world = scene();
    world.apply(outside);
    for (const id of [2, 3]) world.fetch(id, 0);
    return { ...world, proposal: world.core.expandIsr(3) };
  }

  test('that is granted takes effect at once, and not again when the metadata says so', () => {
    const { core, decide, proposal, apply, wait, shrink, append } = proposed();
    expect(decide(proposal, ErrorCode.NONE, 1, [1, 2, 3])).toBe('taken');
    expect([core.isr, core.partitionEpoch, core.proposal]).toEqual([[1, 2, 3], 1, null]);
    append(1);
    wait(MAX_LAG_MS + 1);
    const next = shrink();
    apply({ ...outside, partitionEpoch: 1, isr: [1, 2, 3] });
    expect(core.proposal).toBe(next);
  });

  test.each([
    ['a follower that may not join', ErrorCode.INELIGIBLE_REPLICA, 'dropped', false],
    ['an epoch that is not the newest', ErrorCode.INVALID_UPDATE_VERSION, 'waits', true],
    ['a leader that is none any more', ErrorCode.FENCED_LEADER_EPOCH, 'waits', true],
    ['a reassignment that has ended with it', ErrorCode.NEW_LEADER_ELECTED, 'waits', true],
    ['what the controller calls wrong', ErrorCode.INVALID_REQUEST, 'waits', true],
    ['nobody knows what', ErrorCode.UNKNOWN_SERVER_ERROR, 'again', true],
    ['a controller that is none', ErrorCode.NOT_CONTROLLER, 'again', true],
  ])('refused because of %s', (_, errorCode, after, isPending) => {
    const { core, decide, proposal } = proposed();
    expect(decide(proposal, errorCode, 0)).toBe(after);
    expect(core.proposal !== null).toBe(isPending);
    expect(core.isr).toEqual([1, 2]);
  });

  test('is over when the metadata says anything newer, and what the controller says then comes too late', () => {
    const { core, decide, proposal, apply } = proposed();
    apply({ ...outside, partitionEpoch: 2 });
    expect(core.proposal).toBeNull();
    expect(decide(proposal, ErrorCode.NONE, 1, [1, 2, 3])).toBe('dropped');
    expect(core.isr).toEqual([1, 2]);
  });

  test('counts for acks=all as soon as it is made, and not before the controller confirms it for appends', () => {
    const { core } = proposed();
    expect([core.isUnderMinIsr(3), core.isAckedByTooFew(3)]).toEqual([true, false]);
  });
});

import { PartitionCore, type ReplicaLog } from '../../../src/replication/partition-core';
import { ErrorCode } from '../../../wire/base/error-codes';

class FakeLog implements ReplicaLog {
  logStartOffset = 0;
  logEndOffset = 0;
  flushedOffset = 0;
  highWatermark = 0;
  epochs: number[] = [];
  setHighWatermark(offset: number): void {
    this.highWatermark = offset;
  }
  beginLeaderEpoch(epoch: number): void {
    this.epochs.push(epoch);
  }
}

const registration = { leader: 1, leaderEpoch: 3, partitionEpoch: 0, replicas: [1], isr: [1] };

describe('the partition core', () => {
  test('begins to lead once per epoch, noting the epoch in the log', () => {
    const log = new FakeLog();
    const core = new PartitionCore(1, log, false);
    expect(core.apply(registration)).toBe(true);
    expect(core.apply({ ...registration, partitionEpoch: 1 })).toBe(false);
    expect(core.apply({ ...registration, leaderEpoch: 4 })).toBe(true);
    expect(log.epochs).toEqual([3, 4]);
  });

  test('counts the log end as committed when it is alone in the ISR', () => {
    const log = new FakeLog();
    const core = new PartitionCore(1, log, false);
    log.logEndOffset = 5;
    core.apply(registration);
    expect(log.highWatermark).toBe(5);
    log.logEndOffset = 9;
    expect([core.advanceHighWatermark(), log.highWatermark, core.advanceHighWatermark()]).toEqual([true, 9, false]);
  });

  test('with log.flush.before.ack counts only what is flushed', () => {
    const log = new FakeLog();
    const core = new PartitionCore(1, log, true);
    core.apply(registration);
    log.logEndOffset = 9;
    expect(core.advanceHighWatermark()).toBe(false);
    log.flushedOffset = 7;
    expect([core.advanceHighWatermark(), log.highWatermark]).toEqual([true, 7]);
  });

  test.each([
    ['an older epoch', 2, ErrorCode.FENCED_LEADER_EPOCH],
    ['a newer epoch', 4, ErrorCode.UNKNOWN_LEADER_EPOCH],
    ['its own epoch', 3, ErrorCode.NONE],
    ['no epoch', -1, ErrorCode.NONE],
  ])('answers a client that believes in %s', (_, epoch, errorCode) => {
    const core = new PartitionCore(1, new FakeLog(), false);
    core.apply(registration);
    expect(core.checkLeader(epoch)).toBe(errorCode);
  });

  test('refuses as follower, and as a replica whose directory has failed', () => {
    const core = new PartitionCore(1, new FakeLog(), false);
    core.apply({ ...registration, leader: 2, replicas: [1, 2] });
    expect(core.checkLeader(-1)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    core.goOffline();
    core.apply({ ...registration, leaderEpoch: 9 });
    expect(core.checkLeader(-1)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });

  test('needs no more replicas in sync than there are', () => {
    const core = new PartitionCore(1, new FakeLog(), false);
    core.apply(registration);
    expect([core.isUnderMinIsr(2), core.isUnderMinIsr(1)]).toEqual([false, false]);
    core.apply({ ...registration, leaderEpoch: 4, replicas: [1, 2, 3] });
    expect([core.isUnderMinIsr(2), core.isUnderMinIsr(1)]).toEqual([true, false]);
  });
});

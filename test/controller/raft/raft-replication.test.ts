/** The metadata log on its way from the leader to the others, as transcripts. */
import { encodeEpochStart } from '../../../controller/raft/control-batches';
import type { FetchAsk } from '../../../controller/raft/raft-messages';
import { ErrorCode } from '../../../wire/base/error-codes';
import { encodeBatch } from '../../../wire/record/records';
import { MemoryRaftLog } from '../support/memory-raft-log';
import { MemorySnapshots } from '../support/memory-snapshots';
import { key, RaftTranscript, transcript, votersOf, type TranscriptStart } from '../support/raft-transcript';
import { crc32c } from '../support/test-ports';

const DIRECTORY_ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';

/** A batch of data at `baseOffset`, a record for each value. */
function data(baseOffset: number, epoch: number, ...values: readonly string[]): Uint8Array {
  const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: 0 }));
  return encodeBatch({ records, baseOffset, leaderEpoch: epoch }, crc32c);
}

function logOf(...batches: readonly { bytes: Uint8Array; epoch: number }[]): MemoryRaftLog {
  const log = new MemoryRaftLog();
  for (const { bytes, epoch } of batches) log.append(bytes, epoch);
  return log;
}

function leaderChange(baseOffset: number, epoch: number, leaderId: number): Uint8Array {
  const spec = { epoch, baseOffset, timestampMs: 0, leaderId, voterIds: [1, 2, 3], granting: [leaderId], kraftVersion: 1, voters: null };
  return encodeEpochStart(spec, crc32c).bytes;
}

/** Node 1, which follows node 2 in epoch 3. */
function follower(start: TranscriptStart = {}): RaftTranscript {
  const stored = { epoch: 3, leaderId: 2, votedKey: null };
  return new RaftTranscript({ voters: votersOf(1, 2, 3), stored, ...start }).step({ type: 'start' }).fresh();
}

/** Node 1, which leads epoch 1 with its first batch, 0..2, durable. */
function leader(start: TranscriptStart = {}): RaftTranscript {
  const raft = new RaftTranscript({ voters: votersOf(1, 2, 3), ...start }).step({ type: 'start' }).wait(2000).step({ type: 'tick' });
  raft.answers(2, { granted: true }).answers(2, { granted: true });
  return raft.flushed(raft.log.endOffset).fresh();
}

function fetch(id: number, offset: number, lastFetchedEpoch: number, given: Partial<FetchAsk> = {}): FetchAsk {
  return { api: 'fetch', replica: key(id), epoch: 1, offset, lastFetchedEpoch, highWatermark: -1, maxWaitMs: 500, maxBytes: 1_000_000, ...given };
}

describe('a follower', () => {
  test('makes what it fetched durable before it fetches again, since that says that it has it', () => {
    const raft = follower().answers(2, { leaderId: 2, highWatermark: 2, records: Buffer.concat([leaderChange(0, 3, 2), data(1, 3, 'a', 'b')]) });
    raft.flushed(3);
    expect(raft.text).toBe(
      transcript(`
        > 2 answers fetch: 0..0 epoch 3 leaderChange and 1..2 epoch 3 data, high watermark 2, epoch 3 leader 2
          append 0..0 epoch 3 leaderChange
          append 1..2 epoch 3 data
          highWatermark {"offset":2}
          flush {"token":{"epoch":3,"endOffset":3}}
          = follower epoch 3 leader 2 high watermark 2
        > flushed {"token":{"epoch":3,"endOffset":3}}
          ask 2: fetch in epoch 3 from 3@3, high watermark 2
          = follower epoch 3 leader 2 high watermark 2
      `),
    );
  });

  test('that is only a broker does not wait for its disk', () => {
    const raft = follower({ config: { canVote: false } }).answers(2, { leaderId: 2, records: leaderChange(0, 3, 2) });
    expect(raft.text).not.toContain('flush');
    expect(raft.lines).toContain('  ask 2: fetch in epoch 3 from 1@3, high watermark -1');
  });

  test('cuts back what the leader does not have, then goes on from there', () => {
    const log = logOf({ bytes: data(0, 1, 'a', 'b'), epoch: 1 }, { bytes: data(2, 2, 'lost', 'lost'), epoch: 2 });
    const raft = follower({ log }).answers(2, { leaderId: 2, diverging: { epoch: 1, offset: 2 } });
    expect(raft.text).toBe(
      transcript(`
        > 2 answers fetch: diverging at 2@1, epoch 3 leader 2
          truncated {"endOffset":2}
          ask 2: fetch in epoch 3 from 2@1, high watermark -1
          = follower epoch 3 leader 2 high watermark -1
      `),
    );
  });

  test('cuts back to the end of its own largest smaller epoch when it lacks the one that the leader names', () => {
    const log = logOf({ bytes: data(0, 1, 'a'), epoch: 1 }, { bytes: data(1, 3, 'lost'), epoch: 3 });
    const raft = follower({ log }).answers(2, { leaderId: 2, diverging: { epoch: 2, offset: 9 } });
    expect(raft.log.endOffset).toBe(1);
  });

  test('takes back the voters of records that it cuts away', () => {
    const start = encodeEpochStart(
      { epoch: 3, baseOffset: 0, timestampMs: 0, leaderId: 2, voterIds: [2], granting: [2], kraftVersion: 1, voters: votersOf(1, 2, 3, 4, 5) },
      crc32c,
    );
    const raft = follower().answers(2, { leaderId: 2, records: start.bytes });
    expect(raft.control.voters?.size).toBe(5);
    raft.flushed(3).answers(2, { leaderId: 2, diverging: { epoch: 0, offset: 0 } });
    expect(raft.control.voters?.size).toBe(3);
  });

  test('does not believe a flush that was under way when its log was cut', () => {
    const raft = follower().answers(2, { leaderId: 2, records: data(0, 3, 'a', 'b') });
    const begin = { api: 'beginQuorumEpoch', epoch: 4, leaderId: 3, voter: key(1), endpoints: votersOf(3).find(3)?.endpoints ?? [] } as const;
    raft.asks(3, begin).fresh();
    expect(raft.text).not.toContain('fetch');
    raft.flushed(2, 3);
    expect(raft.lines).toContain('  ask 3: fetch in epoch 4 from 2@3, high watermark -1');
  });

  test('never cuts back what is committed', () => {
    const raft = follower().answers(2, { leaderId: 2, highWatermark: 2, records: data(0, 3, 'a', 'b') }).flushed(2);
    expect(() => raft.answers(2, { leaderId: 2, diverging: { epoch: 2, offset: 1 } })).toThrow('below 2, which is committed');
  });

  test('does not bear a high watermark that goes back', () => {
    const raft = follower().answers(2, { leaderId: 2, highWatermark: 2, records: data(0, 3, 'a', 'b') }).flushed(2);
    expect(() => raft.answers(2, { leaderId: 2, highWatermark: 1 })).toThrow('high watermark 1 is below');
  });

  test('keeps its high watermark while a new leader knows none', () => {
    const raft = follower().answers(2, { leaderId: 2, highWatermark: 2, records: data(0, 3, 'a', 'b') }).flushed(2);
    expect(raft.answers(2, { leaderId: 2 }).core.highWatermark).toBe(2);
  });

  test('leaves out a damaged batch and asks for it again', () => {
    const bytes = data(0, 3, 'a');
    bytes[bytes.length - 1]! ^= 1;
    const raft = follower().answers(2, { leaderId: 2, records: bytes });
    expect(raft.log.endOffset).toBe(0);
    expect(raft.lines).toContain('  warn {"why":"a damaged batch was fetched at 0"}');
    expect(raft.lines).toContain('  ask 2: fetch in epoch 3 from 0@0, high watermark -1');
  });

  test('stands when its leader has said nothing for the fetch timeout', () => {
    const raft = follower().wait(1999).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('follower');
    raft.wait(1).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('prospective');
    expect(raft.core.leader).toEqual({ leaderId: 2, epoch: 3 });
  });

  test('returns to the leader that it knows when the pre-vote is lost', () => {
    const raft = follower().wait(2000).step({ type: 'tick' }).answers(2).answers(3);
    expect(raft.core.roleName).toBe('follower');
    expect(raft.core.leader).toEqual({ leaderId: 2, epoch: 3 });
  });

  test('asks others for a newer leader while its own cannot be reached', () => {
    const raft = follower().fails(2);
    expect(raft.lines).toContain('  ask 3: fetch in epoch 3 from 0@0, high watermark -1');
    raft.answers(3, { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, leaderId: 2 });
    expect(raft.core.deadlineMs).toBe(raft.nowMs + 20);
  });

  test('waits for room when its disk is full, and is no danger to the leader meanwhile', () => {
    const raft = follower();
    raft.log.isFull = true;
    raft.answers(2, { leaderId: 2, records: data(0, 3, 'a') });
    expect(raft.core.deadlineMs).toBe(raft.nowMs + 200);
    raft.log.isFull = false;
    raft.wait(200).step({ type: 'tick' });
    expect(raft.lines).toContain('  ask 2: fetch in epoch 3 from 0@0, high watermark -1');
  });
});

describe('a leader', () => {
  test('commits what a majority has made durable, itself included', () => {
    const raft = leader().asks(2, fetch(2, 3, 1));
    expect(raft.text).toBe(
      transcript(`
        > 2 asks: fetch in epoch 1 from 3@1, high watermark -1
          highWatermark {"offset":3}
          answer fetch: nothing, high watermark 3, epoch 1 leader 1
          = leader epoch 1 leader 1 high watermark 3
      `),
    );
  });

  test('counts nothing of earlier epochs before a record of its own is on a majority', () => {
    const log = logOf({ bytes: data(0, 1, 'a', 'b'), epoch: 1 });
    const raft = leader({ log, stored: { epoch: 1, leaderId: -1, votedKey: null } });
    expect(raft.core.epoch).toBe(2);
    raft.asks(2, fetch(2, 2, 1, { epoch: 2 }));
    expect(raft.core.highWatermark).toBe(-1);
    raft.asks(2, fetch(2, 5, 2, { epoch: 2 }));
    expect(raft.core.highWatermark).toBe(5);
  });

  test('lets a fetch wait, and wakes it for records before they are committed', () => {
    const raft = leader().asks(2, fetch(2, 3, 1, { highWatermark: 3 }));
    expect(raft.text).not.toContain('answer');
    raft.write(1, ['a']).fresh().step({ type: 'tick' });
    expect(raft.text).toBe(
      transcript(`
        > tick
          append 3..3 epoch 1 data
          flush {"token":{"epoch":1,"endOffset":4}}
          answer fetch: 3..3 epoch 1 data, high watermark 3, epoch 1 leader 1
          = leader epoch 1 leader 1 high watermark 3
      `),
    );
  });

  test('wakes all that wait when the high watermark moves (KAFKA-13959)', () => {
    const raft = leader().asks(2, fetch(2, 3, 1, { highWatermark: 3 })).write(1, ['a']).step({ type: 'tick' }).flushed(4);
    raft.fresh().asks(3, fetch(3, 4, 1, { highWatermark: 3 })).fresh();
    raft.asks(2, fetch(2, 4, 1, { highWatermark: 3 }));
    expect(raft.lines.filter((line) => line.includes('answer fetch: nothing, high watermark 4'))).toHaveLength(1);
  });

  test('answers a fetch that has waited long enough', () => {
    const raft = leader().asks(2, fetch(2, 3, 1, { highWatermark: 3 })).wait(499).step({ type: 'tick' });
    expect(raft.text).not.toContain('answer');
    expect(raft.core.deadlineMs).toBe(raft.nowMs + 1);
    expect(raft.wait(1).step({ type: 'tick' }).text).toContain('answer fetch: nothing, high watermark 3');
  });

  test('forgets a fetch whose caller is gone', () => {
    const raft = leader().asks(2, fetch(2, 3, 1, { highWatermark: 3 })).step({ type: 'gone', caller: 1 });
    expect(raft.wait(500).step({ type: 'tick' }).text).not.toContain('answer');
  });

  test('refuses those that wait when it leads no more', () => {
    const raft = leader().asks(2, fetch(2, 3, 1, { highWatermark: 3 })).fresh().step({ type: 'resign', epoch: 1 });
    expect(raft.lines[1]).toBe('  answer fetch: NOT_LEADER_OR_FOLLOWER, epoch 1 leader 1');
  });

  test('tells a follower whose log has parted where to cut it, and does not count it', () => {
    const log = logOf({ bytes: data(0, 1, 'a', 'b'), epoch: 1 });
    const raft = leader({ log, stored: { epoch: 4, leaderId: -1, votedKey: null } });
    raft.asks(2, fetch(2, 9, 4, { epoch: 5 }));
    expect(raft.lines).toContain('  answer fetch: diverging at 2@1, epoch 5 leader 1');
    expect(raft.core.leading?.endOffsetOf(key(2))).toBe(-1);
  });

  test('gives a follower that is behind its log a snapshot, and so one that has nothing', () => {
    const log = logOf({ bytes: data(0, 1, 'a', 'b'), epoch: 1 });
    const snapshots = new MemorySnapshots().add({ offset: 2, epoch: 1 }, 'all');
    const raft = leader({ log, snapshots, stored: { epoch: 1, leaderId: -1, votedKey: null } });
    raft.asks(2, fetch(2, 0, 0, { epoch: 2 }));
    expect(raft.lines).toContain('  answer fetch: snapshot 2-1, epoch 2 leader 1');
  });

  test('does not count a replica that is not the voter, by its disk', () => {
    const raft = leader().asks(2, fetch(2, 3, 1, { replica: { id: 2, directoryId: 'YW5vdGhlci1kaXJlY3Rvcg' } }));
    expect(raft.core.highWatermark).toBe(-1);
    expect(raft.core.leading?.replicas.observers(votersOf(1, 2, 3), raft.nowMs)).toHaveLength(1);
  });

  test('answers tools, and counts them nowhere', () => {
    const raft = leader().asks(9, fetch(-1, 0, 0, { replica: { id: -1, directoryId: DIRECTORY_ZERO } }));
    expect(raft.text).toContain('answer fetch: 0..2 epoch 1 leaderChange kraftVersion voters');
    expect(raft.core.leading?.replicas.observers(votersOf(1, 2, 3), raft.nowMs)).toEqual([]);
  });

  test.each([
    ['an older epoch', fetch(2, 3, 0, { epoch: 0 }), 'FENCED_LEADER_EPOCH'],
    ['a newer epoch', fetch(2, 3, 1, { epoch: 7 }), 'UNKNOWN_LEADER_EPOCH'],
    ['a log from the future', fetch(2, 3, 2), 'INVALID_REQUEST'],
    ['a negative offset', fetch(2, -1, 0), 'INVALID_REQUEST'],
  ])('refuses %s', (_, ask, error) => {
    expect(leader().asks(2, ask).lines[1]).toBe(`  answer fetch: ${error}, epoch 1 leader 1`);
  });

  test('that is about to stop sends followers on', () => {
    const raft = leader().step({ type: 'shutdown' }).fresh().asks(2, fetch(2, 3, 1));
    expect(raft.lines[1]).toBe('  answer fetch: BROKER_NOT_AVAILABLE, epoch 1 leader 1');
  });
});

describe('a snapshot', () => {
  const id = { offset: 50, epoch: 2 };

  test('is fetched piece by piece, made durable, and only then takes the place of the log', () => {
    const raft = follower();
    raft.snapshots.voters = votersOf(1, 2);
    raft.answers(2, { leaderId: 2, snapshotId: id });
    raft.answers(2, { leaderId: 2, snapshotId: id, sizeBytes: 6, position: 0, bytes: Buffer.from('abc') });
    raft.answers(2, { leaderId: 2, snapshotId: id, sizeBytes: 6, position: 3, bytes: Buffer.from('def') });
    raft.step({ type: 'snapshotFrozen', id, why: null });
    expect(raft.text).toBe(
      transcript(`
        > 2 answers fetch: snapshot 50-2, epoch 3 leader 2
          ask 2: fetchSnapshot in epoch 3 of 50-2 from 0
          = follower epoch 3 leader 2 high watermark -1
        > 2 answers fetchSnapshot: 3 of 6 bytes at 0, epoch 3 leader 2
          ask 2: fetchSnapshot in epoch 3 of 50-2 from 3
          = follower epoch 3 leader 2 high watermark -1
        > 2 answers fetchSnapshot: 3 of 6 bytes at 3, epoch 3 leader 2
          freeze 6 bytes of snapshot 50-2
          = follower epoch 3 leader 2 high watermark -1
        > snapshotFrozen {"id":{"offset":50,"epoch":2},"why":null}
          truncated {"endOffset":50}
          highWatermark {"offset":50}
          ask 2: fetch in epoch 3 from 50@2, high watermark 50
          = follower epoch 3 leader 2 high watermark 50
      `),
    );
    expect(raft.control.voters?.size).toBe(2);
  });

  test('takes away the older ones, the 0-0 checkpoint among them', () => {
    const raft = follower({ snapshots: new MemorySnapshots().add({ offset: 0, epoch: 0 }, '') });
    raft.answers(2, { leaderId: 2, snapshotId: id });
    raft.answers(2, { leaderId: 2, snapshotId: id, sizeBytes: 3, position: 0, bytes: Buffer.from('abc') });
    raft.step({ type: 'snapshotFrozen', id, why: null });
    expect(raft.snapshots.earliest).toEqual(id);
  });

  test('that the leader has cleaned away is given up, and the next fetch names another', () => {
    const raft = follower().answers(2, { leaderId: 2, snapshotId: id }).fresh();
    raft.answers(2, { leaderId: 2, errorCode: ErrorCode.SNAPSHOT_NOT_FOUND });
    expect(raft.snapshots.abandoned).toBe(1);
    expect(raft.lines).toContain('  ask 2: fetch in epoch 3 from 0@0, high watermark -1');
  });

  test('that is finished after the leader has changed does not touch the log', () => {
    const raft = follower({ log: logOf({ bytes: data(0, 1, 'a'), epoch: 1 }) }).answers(2, { leaderId: 2, snapshotId: id });
    raft.answers(2, { leaderId: 2, snapshotId: id, sizeBytes: 3, position: 0, bytes: Buffer.from('abc') });
    raft.wait(2000).step({ type: 'tick' }).wait(150).step({ type: 'tick' }).step({ type: 'snapshotFrozen', id, why: null });
    expect(raft.log.endOffset).toBe(1);
    expect(raft.snapshots.has(id)).toBe(false);
  });

  test('that is damaged is thrown away before the log is', () => {
    const raft = follower({ log: logOf({ bytes: data(0, 1, 'a'), epoch: 1 }) });
    raft.snapshots.isDamaged = true;
    raft.answers(2, { leaderId: 2, snapshotId: id });
    raft.answers(2, { leaderId: 2, snapshotId: id, sizeBytes: 3, position: 0, bytes: Buffer.from('abc') });
    raft.step({ type: 'snapshotFrozen', id, why: null });
    expect(raft.log.endOffset).toBe(1);
    expect(raft.snapshots.has(id)).toBe(false);
    expect(raft.core.roleName).toBe('follower');
  });

  test('is served from any position', () => {
    const snapshots = new MemorySnapshots().add({ offset: 2, epoch: 1 }, 'abcdef');
    const log = logOf({ bytes: data(0, 1, 'a', 'b'), epoch: 1 });
    const raft = leader({ log, snapshots, stored: { epoch: 1, leaderId: -1, votedKey: null } });
    const ask = { api: 'fetchSnapshot', replica: key(2), epoch: 2, snapshotId: { offset: 2, epoch: 1 }, position: 4, maxBytes: 10 } as const;
    raft.asks(2, ask).asks(2, { ...ask, position: 6 }).asks(2, { ...ask, snapshotId: { offset: 9, epoch: 1 } }).asks(2, { ...ask, snapshotId: { offset: 0, epoch: 0 } });
    expect(raft.lines.filter((line) => line.includes('answer'))).toEqual([
      '  answer fetchSnapshot: 2 of 6 bytes at 4, epoch 2 leader 1',
      '  answer fetchSnapshot: POSITION_OUT_OF_RANGE, epoch 2 leader 1',
      '  answer fetchSnapshot: SNAPSHOT_NOT_FOUND, epoch 2 leader 1',
      '  answer fetchSnapshot: SNAPSHOT_NOT_FOUND, epoch 2 leader 1',
    ]);
  });
});

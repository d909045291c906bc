import { NotLeaderError } from '../../../controller/raft/raft-core';
import { MemoryRaftLog } from '../support/memory-raft-log';
import { DIRECTORY, RaftTranscript, transcript } from '../support/raft-transcript';

describe('a voter that is alone', () => {
  test('leads in one step from nothing, and writes the voters of the 0-0 checkpoint into the log', () => {
    const raft = new RaftTranscript().step({ type: 'start' }).flushed(3);
    expect(raft.text).toBe(
      transcript(`
        > start
          quorum-state {"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
          append 0..2 epoch 1 leaderChange kraftVersion voters
          leaderChange {"leader":{"leaderId":1,"epoch":1}}
          flush {"token":{"epoch":1,"endOffset":3}}
          = leader epoch 1 leader 1 high watermark -1
        > flushed {"token":{"epoch":1,"endOffset":3}}
          highWatermark {"offset":3}
          = leader epoch 1 leader 1 high watermark 3
      `),
    );
  });

  test('takes a new epoch after a restart, though quorum-state says that it led', () => {
    const first = new RaftTranscript().step({ type: 'start' }).flushed(3);
    const raft = new RaftTranscript({
      log: first.log,
      votersOffset: 2,
      stored: { epoch: 1, leaderId: 1, votedKey: null },
    }).step({ type: 'start' });
    expect(raft.text).toBe(
      transcript(`
        > start
          quorum-state {"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
          append 3..3 epoch 2 leaderChange
          leaderChange {"leader":{"leaderId":1,"epoch":2}}
          flush {"token":{"epoch":2,"endOffset":4}}
          = leader epoch 2 leader 1 high watermark -1
      `),
    );
  });

  test('goes on from the epoch of the log when quorum-state is older', () => {
    const log = new MemoryRaftLog();
    const first = new RaftTranscript({ log, stored: { epoch: 6, leaderId: -1, votedKey: null } }).step({
      type: 'start',
    });
    expect(first.core.epoch).toBe(7);
    const raft = new RaftTranscript({ log, votersOffset: 2, stored: { epoch: 2, leaderId: 1, votedKey: null } });
    expect(raft.step({ type: 'start' }).core.leader).toEqual({ leaderId: 1, epoch: 8 });
  });

  test('wins the epoch in which it has voted for itself', () => {
    const raft = new RaftTranscript({
      stored: { epoch: 4, leaderId: -1, votedKey: { id: 1, directoryId: DIRECTORY } },
    });
    expect(raft.step({ type: 'start' }).core.leader).toEqual({ leaderId: 1, epoch: 4 });
  });

  test('writes the voter set again when its own endpoint has changed', () => {
    const log = new MemoryRaftLog();
    new RaftTranscript({ log }).step({ type: 'start' });
    const raft = new RaftTranscript({ log, votersOffset: 2, ownPort: 19093 }).step({ type: 'start' });
    expect(raft.lines).toContain('  append 3..5 epoch 2 leaderChange kraftVersion voters');
    expect(raft.control.voters?.find(1)?.endpoints[0]?.port).toBe(19093);
  });
});

describe('a leader', () => {
  const leading = (): RaftTranscript => {
    const raft = new RaftTranscript().step({ type: 'start' }).flushed(3);
    raft.lines.length = 0;
    return raft;
  };

  test('counts its own records only once they are durable, and shares a flush among the writes that came meanwhile', () => {
    const raft = leading();
    raft
      .write(1, ['a'])
      .step({ type: 'tick' })
      .write(1, ['b', 'c'])
      .write(1, ['d'])
      .step({ type: 'tick' })
      .flushed(4)
      .flushed(7);
    expect(raft.text).toBe(
      transcript(`
        > write a -> offsets 3..3
          = leader epoch 1 leader 1 high watermark 3
        > tick
          append 3..3 epoch 1 data
          flush {"token":{"epoch":1,"endOffset":4}}
          = leader epoch 1 leader 1 high watermark 3
        > write b,c -> offsets 4..5
          = leader epoch 1 leader 1 high watermark 3
        > write d -> offsets 6..6
          = leader epoch 1 leader 1 high watermark 3
        > tick
          = leader epoch 1 leader 1 high watermark 3
        > flushed {"token":{"epoch":1,"endOffset":4}}
          append 4..6 epoch 1 data
          highWatermark {"offset":4}
          flush {"token":{"epoch":1,"endOffset":7}}
          = leader epoch 1 leader 1 high watermark 4
        > flushed {"token":{"epoch":1,"endOffset":7}}
          highWatermark {"offset":7}
          = leader epoch 1 leader 1 high watermark 7
      `),
    );
  });

  test('appends what has lingered behind a slow flush, so that the next one covers it', () => {
    const raft = leading();
    raft.write(1, ['a']).step({ type: 'tick' }).write(1, ['b']).wait(25).step({ type: 'tick' });
    expect(raft.log.endOffset).toBe(5);
    expect(
      raft
        .flushed(4)
        .text.endsWith('flush {"token":{"epoch":1,"endOffset":5}}\n  = leader epoch 1 leader 1 high watermark 4'),
    ).toBe(true);
  });

  test('gives records that nobody waits for no flush of their own until ten seconds have passed', () => {
    const raft = leading();
    raft.write(1, ['no-op'], false).step({ type: 'tick' });
    expect(raft.log.endOffset).toBe(4);
    expect(raft.text).not.toContain('flush');
    raft.wait(9_999).step({ type: 'tick' });
    expect(raft.text).not.toContain('flush');
    raft.wait(1).step({ type: 'tick' });
    expect(raft.text).toContain('flush {"token":{"epoch":1,"endOffset":4}}');
  });

  test('takes records that nobody waits for along with the next flush', () => {
    const raft = leading();
    raft.write(1, ['no-op'], false).step({ type: 'tick' }).write(1, ['a']).step({ type: 'tick' }).flushed(5);
    expect(raft.core.highWatermark).toBe(5);
  });

  test('does not believe a flush that it has not asked for', () => {
    const raft = leading();
    raft.write(1, ['a']).step({ type: 'tick' }).flushed(4, 0).flushed(9);
    expect(raft.core.highWatermark).toBe(3);
  });

  test('ends the node when a flush fails', () => {
    const raft = leading();
    raft.write(1, ['a']).step({ type: 'tick' });
    raft.step({ type: 'flushFailed', token: { epoch: 1, endOffset: 4 }, why: 'EIO' });
    expect(raft.text).toContain('fatal {"why":"the metadata log could not be made durable: EIO"}');
    expect(raft.core.highWatermark).toBe(3);
  });

  test('refuses a write for an epoch that is over', () => {
    const raft = leading();
    expect(() => raft.write(0, ['late'])).toThrow(NotLeaderError);
  });
});

describe('resignation', () => {
  test('ends leadership, and the node leads again two epochs later once its election timer has run out', () => {
    const raft = new RaftTranscript().step({ type: 'start' }).flushed(3);
    raft.lines.length = 0;
    raft.step({ type: 'resign', epoch: 1 });
    expect(() => raft.core.prepareAppend(1, [Buffer.from('a')], true, { monotonicMs: 0, wallMs: 0 })).toThrow(
      NotLeaderError,
    );
    raft.wait(2000).step({ type: 'tick' }).step({ type: 'tick' });
    expect(raft.text).toBe(
      transcript(`
        > resign {"epoch":1}
          = resigned epoch 1 leader 1 high watermark 3
        > 2000 ms later
        > tick
          quorum-state {"leaderId":-1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
          leaderChange {"leader":{"leaderId":-1,"epoch":2}}
          = unattached epoch 2 leader -1 high watermark 3
        > tick
          quorum-state {"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
          append 3..3 epoch 3 leaderChange
          leaderChange {"leader":{"leaderId":1,"epoch":3}}
          flush {"token":{"epoch":3,"endOffset":4}}
          = leader epoch 3 leader 1 high watermark -1
      `),
    );
  });

  test('of an earlier epoch changes nothing', () => {
    const raft = new RaftTranscript().step({ type: 'start' }).step({ type: 'resign', epoch: 0 });
    expect(raft.core.roleName).toBe('leader');
  });

  test('at shutdown is for good', () => {
    const raft = new RaftTranscript().step({ type: 'start' }).flushed(3).step({ type: 'shutdown' });
    raft.wait(100_000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('resigned');
    expect(raft.core.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a leader whose disk is full', () => {
  test('keeps its writes, in order, and lets them go when there is room again', () => {
    const raft = new RaftTranscript().step({ type: 'start' }).flushed(3);
    const write = (value: string): void => {
      raft.core.prepareAppend(1, [Buffer.from(value)], true, { monotonicMs: raft.nowMs, wallMs: raft.nowMs });
      raft.core.schedulePreparedAppend();
    };
    raft.log.isFull = true;
    write('a');
    raft.step({ type: 'tick' });
    write('b');
    raft.step({ type: 'tick' });
    expect(raft.log.endOffset).toBe(3);
    expect(raft.core.deadlineMs).toBe(raft.nowMs + 200);
    raft.wait(200).step({ type: 'tick' });
    expect(raft.log.endOffset).toBe(3);
    raft.log.isFull = false;
    raft.wait(200).step({ type: 'tick' });
    raft.flushed(4).step({ type: 'tick' }).flushed(5);
    expect(raft.log.endOffset).toBe(5);
    expect(raft.core.highWatermark).toBe(5);
  });
});

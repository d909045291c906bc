/** Elections as transcripts: `>` is what a node is told, the lines below what it does, `=` what it is then. */
import type { VoteAsk } from '../../../controller/raft/raft-messages';
import { VoterSet } from '../../../controller/raft/voter-set';
import { ErrorCode } from '../../../wire/base/error-codes';
import { DIRECTORY, endpointsOf, key, RaftTranscript, transcript, voter, votersOf, type TranscriptStart } from '../support/raft-transcript';

const NO_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Node 1 of three, as it starts. Nobody answers what it asks at first. */
function oneOfThree(start: TranscriptStart = {}): RaftTranscript {
  return new RaftTranscript({ voters: votersOf(1, 2, 3), ...start }).step({ type: 'start' });
}

/** The same, in the moment when its election timer has run out. */
function prospective(start: TranscriptStart = {}): RaftTranscript {
  return oneOfThree(start).wait(2000).step({ type: 'tick' });
}

function candidate(start: TranscriptStart = {}): RaftTranscript {
  return prospective(start).answers(2, { granted: true });
}

function leader(start: TranscriptStart = {}): RaftTranscript {
  return candidate(start).answers(2, { granted: true });
}

function voteFor(id: number, epoch: number, given: Partial<VoteAsk> = {}): VoteAsk {
  return { api: 'vote', epoch, candidate: key(id), voter: key(1), last: { offset: 0, epoch: 0 }, preVote: false, ...given };
}

describe('an election', () => {
  test('is won by asking around first, then raising the epoch, then leading with a durable first batch', () => {
    const raft = prospective().fresh().answers(3, { granted: true }).answers(3, { granted: true });
    expect(raft.text).toBe(
      transcript(`
        > 3 answers vote: granted, epoch 0 leader -1
          quorum-state {"leaderId":-1,"leaderEpoch":1,"votedId":1,"votedDirectoryId":"${DIRECTORY}","data_version":1}
          ask 2: vote for 1 in epoch 1, log 0@0
          ask 3: vote for 1 in epoch 1, log 0@0
          = candidate epoch 1 leader -1 high watermark -1
        > 3 answers vote: granted, epoch 1 leader -1
          quorum-state {"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"${NO_DIRECTORY}","data_version":1}
          append 0..2 epoch 1 leaderChange kraftVersion voters
          leaderChange {"leader":{"leaderId":1,"epoch":1}}
          flush {"token":{"epoch":1,"endOffset":3}}
          ask 2: beginQuorumEpoch 1, leader 1
          ask 3: beginQuorumEpoch 1, leader 1
          = leader epoch 1 leader 1 high watermark -1
      `),
    );
  });

  test('begins with pre-votes that promise nothing, so nothing is written for them', () => {
    const raft = oneOfThree().fresh().wait(2000).step({ type: 'tick' });
    expect(raft.text).toBe(
      transcript(`
        > 2000 ms later
        > tick
          ask 2: pre-vote for 1 in epoch 0, log 0@0
          ask 3: pre-vote for 1 in epoch 0, log 0@0
          = prospective epoch 0 leader -1 high watermark -1
      `),
    );
  });

  test('goes no further when the pre-vote is lost', () => {
    const raft = prospective().fresh().answers(2).answers(3);
    expect(raft.core.roleName).toBe('unattached');
    expect(raft.core.epoch).toBe(0);
  });

  test('that splits the vote is tried again in the next epoch, after another pre-vote', () => {
    const raft = candidate().fresh().answers(2).answers(3);
    expect(raft.text).toBe(
      transcript(`
        > 2 answers vote: refused, epoch 1 leader -1
          = candidate epoch 1 leader -1 high watermark -1
        > 3 answers vote: refused, epoch 1 leader -1
          = candidate epoch 1 leader -1 high watermark -1
      `),
    );
    raft.fresh().wait(2000).step({ type: 'tick' });
    expect(raft.lines).toContain('  ask 2: pre-vote for 1 in epoch 1, log 0@0');
    raft.answers(2, { granted: true });
    expect(raft.core.epoch).toBe(2);
    expect(raft.core.roleName).toBe('candidate');
  });

  test('asks a voter that does not answer again after a pause', () => {
    const raft = prospective().fresh().fails(3);
    expect(raft.core.deadlineMs).toBe(raft.nowMs + 20);
    raft.wait(20).step({ type: 'tick' });
    expect(raft.lines).toContain('  ask 3: pre-vote for 1 in epoch 0, log 0@0');
  });

  test('raises the epoch at once when a voter is too old for pre-votes (KIP-996)', () => {
    const raft = prospective().fails(2, 'unsupported');
    expect(raft.core.roleName).toBe('candidate');
    expect(raft.core.epoch).toBe(1);
  });

  test('ends when somebody else turns out to lead a newer epoch', () => {
    const raft = candidate().fresh().answers(2, { errorCode: ErrorCode.FENCED_LEADER_EPOCH, epoch: 4, leaderId: 3 });
    expect(raft.core.roleName).toBe('follower');
    expect(raft.core.leader).toEqual({ leaderId: 3, epoch: 4 });
    expect(raft.lines).toContain('  ask 3: fetch in epoch 4 from 0@0, high watermark -1');
  });

  test('counts no answer to an earlier question', () => {
    const raft = candidate().wait(2000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('prospective');
    raft.step({
      type: 'answer',
      requestId: 1,
      answer: { api: 'vote', errorCode: 0, granted: true, leader: { epoch: 1, leaderId: -1, endpoints: [] } },
    });
    expect(raft.core.roleName).toBe('prospective');
  });
});

describe('a vote', () => {
  test('is on disk before it is answered, and is not given twice in one epoch', () => {
    const raft = oneOfThree().fresh().asks(2, voteFor(2, 1)).asks(3, voteFor(3, 1)).asks(2, voteFor(2, 1));
    expect(raft.lines.filter((line) => !line.includes('ask') || line.includes('asks'))).toEqual(
      transcript(`
        > 2 asks: vote for 2 in epoch 1, log 0@0
          quorum-state {"leaderId":-1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"${NO_DIRECTORY}","data_version":1}
          quorum-state {"leaderId":-1,"leaderEpoch":1,"votedId":2,"votedDirectoryId":"${DIRECTORY}","data_version":1}
          leaderChange {"leader":{"leaderId":-1,"epoch":1}}
          answer vote: granted, epoch 1 leader -1
          = unattached epoch 1 leader -1 high watermark -1
        > 3 asks: vote for 3 in epoch 1, log 0@0
          answer vote: refused, epoch 1 leader -1
          = unattached epoch 1 leader -1 high watermark -1
        > 2 asks: vote for 2 in epoch 1, log 0@0
          answer vote: granted, epoch 1 leader -1
          = unattached epoch 1 leader -1 high watermark -1
      `).split('\n'),
    );
  });

  test('is still given after a restart, to the same candidate only', () => {
    const stored = { epoch: 3, leaderId: -1, votedKey: key(2) };
    const raft = oneOfThree({ stored }).fresh().asks(3, voteFor(3, 3)).asks(2, voteFor(2, 3));
    expect(raft.lines.filter((line) => line.includes('answer'))).toEqual([
      '  answer vote: refused, epoch 3 leader -1',
      '  answer vote: granted, epoch 3 leader -1',
    ]);
  });

  test('is not given to another disk of the node that got it', () => {
    const stored = { epoch: 3, leaderId: -1, votedKey: key(2) };
    const candidateKey = { id: 2, directoryId: 'YW5vdGhlci1kaXJlY3Rvcg' };
    const raft = oneOfThree({ stored }).fresh().asks(2, voteFor(2, 3, { candidate: candidateKey }));
    expect(raft.lines).toContain('  answer vote: refused, epoch 3 leader -1');
  });

  test('is not given to a log that lacks what this one has, in any state', () => {
    const first = new RaftTranscript().step({ type: 'start' }).flushed(3);
    const raft = oneOfThree({ log: first.log, votersOffset: -1 }).fresh();
    raft.asks(2, voteFor(2, 2, { last: { offset: 2, epoch: 1 } })).asks(2, voteFor(2, 2, { last: { offset: 3, epoch: 1 } }));
    expect(raft.lines.filter((line) => line.includes('answer'))).toEqual([
      '  answer vote: refused, epoch 2 leader -1',
      '  answer vote: granted, epoch 2 leader -1',
    ]);
  });

  test.each([
    ['a stale epoch', voteFor(2, 2), 'FENCED_LEADER_EPOCH', 3],
    ['a log as new as the epoch itself', voteFor(2, 5, { last: { offset: 1, epoch: 5 } }), 'INVALID_REQUEST', 3],
    ['no candidate', voteFor(-1, 5), 'INVALID_REQUEST', 3],
    ['another voter', voteFor(2, 5, { voter: key(9) }), 'INVALID_VOTER_KEY', 5],
  ])('is refused with its own error for %s', (_, ask, error, epoch) => {
    const raft = oneOfThree({ stored: { epoch: 3, leaderId: -1, votedKey: null } }).fresh().asks(2, ask);
    expect(raft.lines).toContain(`  answer vote: ${error}, epoch ${epoch} leader -1`);
  });

  test('asked for in advance is granted by a follower only while its leader has given nothing yet', () => {
    const stored = { epoch: 3, leaderId: 2, votedKey: null };
    const raft = oneOfThree({ stored }).fresh();
    raft.asks(3, voteFor(3, 3, { preVote: true })).answers(2, { leaderId: 2 }).asks(3, voteFor(3, 3, { preVote: true }));
    expect(raft.lines.filter((line) => line.includes('answer vote'))).toEqual([
      '  answer vote: granted, epoch 3 leader 2',
      '  answer vote: refused, epoch 3 leader 2',
    ]);
  });

  test('is never given by a follower, a candidate or a leader in their own epoch', () => {
    for (const raft of [oneOfThree({ stored: { epoch: 1, leaderId: 2, votedKey: null } }), candidate(), leader()]) {
      raft.fresh().asks(3, voteFor(3, 1, { last: { offset: 100, epoch: 0 } }));
      expect(raft.lines.find((line) => line.includes('answer'))).toContain('vote: refused, epoch 1');
    }
  });

  test('in a higher epoch ends the leadership of the one before', () => {
    const raft = leader().fresh().asks(3, voteFor(3, 2, { last: { offset: 3, epoch: 1 } }));
    expect(raft.core.roleName).toBe('unattached');
    expect(raft.lines).toContain('  answer vote: granted, epoch 2 leader -1');
  });
});

describe('a leader that comes', () => {
  test('is followed, and what it says is durable before it is answered', () => {
    const raft = oneOfThree().fresh();
    raft.asks(2, { api: 'beginQuorumEpoch', epoch: 1, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) });
    expect(raft.text).toBe(
      transcript(`
        > 2 asks: beginQuorumEpoch 1, leader 2
          quorum-state {"leaderId":2,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"${NO_DIRECTORY}","data_version":1}
          leaderChange {"leader":{"leaderId":2,"epoch":1}}
          answer beginQuorumEpoch: epoch 1 leader 2
          ask 2: fetch in epoch 1 from 0@0, high watermark -1
          = follower epoch 1 leader 2 high watermark -1
      `),
    );
  });

  test('with a stale epoch is told who leads', () => {
    const raft = oneOfThree({ stored: { epoch: 3, leaderId: 3, votedKey: null } }).fresh();
    raft.asks(2, { api: 'beginQuorumEpoch', epoch: 2, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) });
    expect(raft.lines).toContain('  answer beginQuorumEpoch: FENCED_LEADER_EPOCH, epoch 3 leader 3');
  });

  test('keeps the vote that was given in its epoch', () => {
    const raft = oneOfThree().asks(2, voteFor(2, 1)).fresh();
    raft.asks(2, { api: 'beginQuorumEpoch', epoch: 1, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) });
    expect(raft.lines[1]).toContain('"leaderId":2,"leaderEpoch":1,"votedId":2');
  });

  test('is believed even when the message was meant for another disk, and told so', () => {
    const raft = oneOfThree().fresh();
    const other = { id: 1, directoryId: 'YW5vdGhlci1kaXJlY3Rvcg' };
    raft.asks(2, { api: 'beginQuorumEpoch', epoch: 1, leaderId: 2, voter: other, endpoints: endpointsOf(2) });
    expect(raft.lines).toContain('  answer beginQuorumEpoch: INVALID_VOTER_KEY, epoch 1 leader 2');
    expect(raft.core.roleName).toBe('follower');
  });

  test('and is a second one in the same epoch ends the node', () => {
    const raft = oneOfThree({ stored: { epoch: 3, leaderId: 3, votedKey: null } });
    const begin = { api: 'beginQuorumEpoch', epoch: 3, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) } as const;
    expect(() => raft.asks(2, begin)).toThrow('node 2 is said to lead epoch 3, in which node 3 leads');
  });

  test('tells voters that do not fetch again and again, and those that fetch no more', () => {
    const raft = leader().answers(2).answers(3).fresh().wait(1000).step({ type: 'tick' });
    expect(raft.lines.filter((line) => line.includes('ask'))).toEqual([
      '  ask 2: beginQuorumEpoch 1, leader 1',
      '  ask 3: beginQuorumEpoch 1, leader 1',
    ]);
    const fetch = { api: 'fetch', replica: key(2), epoch: 1, offset: 3, lastFetchedEpoch: 1, highWatermark: -1, maxWaitMs: 500, maxBytes: 1000 } as const;
    raft.answers(2).answers(3).wait(900).asks(2, fetch).fresh().wait(100).step({ type: 'tick' });
    expect(raft.lines.filter((line) => line.includes('ask'))).toEqual(['  ask 3: beginQuorumEpoch 1, leader 1']);
  });
});

describe('a leader that goes', () => {
  test('tells every voter who should stand, until all have heard it', () => {
    const raft = leader().fresh().step({ type: 'resign', epoch: 1 }).answers(2).fails(3).wait(20).step({ type: 'tick' });
    expect(raft.text).toBe(
      transcript(`
        > resign {"epoch":1}
          ask 2: endQuorumEpoch 1, leader 1, successors 2,3
          ask 3: endQuorumEpoch 1, leader 1, successors 2,3
          = resigned epoch 1 leader 1 high watermark -1
        > 2 answers endQuorumEpoch: epoch 1 leader -1
          = resigned epoch 1 leader 1 high watermark -1
        > 3 does not answer: refused
          = resigned epoch 1 leader 1 high watermark -1
        > 20 ms later
        > tick
          ask 3: endQuorumEpoch 1, leader 1, successors 2,3
          = resigned epoch 1 leader 1 high watermark -1
      `),
    );
  });

  test('lets the first of its list stand at once, and the others later', () => {
    const stored = { epoch: 3, leaderId: 2, votedKey: null };
    const going = (preferred: readonly number[]): number => {
      const raft = oneOfThree({ stored }).answers(2, { leaderId: 2 });
      raft.asks(2, { api: 'endQuorumEpoch', epoch: 3, leaderId: 2, preferred: preferred.map(key), endpoints: endpointsOf(2) });
      return raft.core.deadlineMs - raft.nowMs;
    };
    expect(going([1, 3, 4])).toBe(0);
    expect(going([3, 1, 4])).toBe(250);
    expect(going([3, 4, 1])).toBe(500);
    expect(going([3, 4])).toBe(1000);
  });

  test('is not waited for: who hears of it grants pre-votes (KAFKA-20895)', () => {
    const raft = oneOfThree({ stored: { epoch: 3, leaderId: 2, votedKey: null } }).answers(2, { leaderId: 2 });
    raft.asks(2, { api: 'endQuorumEpoch', epoch: 3, leaderId: 2, preferred: [key(3), key(1)], endpoints: endpointsOf(2) }).fresh();
    raft.asks(3, voteFor(3, 3, { preVote: true }));
    expect(raft.lines).toContain('  answer vote: granted, epoch 3 leader 2');
  });

  test('without having been asked to, when it hears of no majority for one and a half fetch timeouts', () => {
    const raft = leader().wait(2999).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('leader');
    expect(raft.wait(1).step({ type: 'tick' }).core.roleName).toBe('resigned');
  });

  test('goes on as long as one of two others fetches', () => {
    const fetch = { api: 'fetch', replica: key(2), epoch: 1, offset: 3, lastFetchedEpoch: 1, highWatermark: -1, maxWaitMs: 0, maxBytes: 1000 } as const;
    const raft = leader().wait(2000).asks(2, fetch).wait(2999).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('leader');
  });

  test('and is stopped before its timer has run out sets no timer any more', () => {
    const raft = leader().step({ type: 'resign', epoch: 1 }).step({ type: 'shutdown' }).answers(2).answers(3);
    expect(raft.core.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('leads no more in the epoch that it gave up, and moves on to the next', () => {
    const raft = leader().step({ type: 'resign', epoch: 1 }).wait(2000).step({ type: 'tick' });
    expect(raft.core.leader).toEqual({ leaderId: -1, epoch: 2 });
  });
});

describe('a restart', () => {
  test('as a node that led goes on as resigned: it may have lost what it had not synced (KAFKA-10527)', () => {
    const raft = oneOfThree({ stored: { epoch: 5, leaderId: 1, votedKey: null } });
    expect(raft.core.roleName).toBe('resigned');
    expect(raft.lines).toContain('  ask 2: endQuorumEpoch 5, leader 1, successors none');
    expect(raft.wait(2000).step({ type: 'tick' }).core.leader).toEqual({ leaderId: -1, epoch: 6 });
  });

  test('as a node that had voted for itself goes on asking for votes in that epoch', () => {
    const raft = oneOfThree({ stored: { epoch: 5, leaderId: -1, votedKey: key(1) } });
    expect(raft.core.roleName).toBe('candidate');
    expect(raft.lines).toContain('  ask 2: vote for 1 in epoch 5, log 0@0');
  });

  test('without its disk gives up the epoch that it led, as its followers tell it, and votes for nobody in it', () => {
    const raft = oneOfThree({ staticVoters: votersOf(1, 2, 3), voters: null }).fresh().answers(2, { epoch: 5, leaderId: 1 });
    expect(raft.core.roleName).toBe('resigned');
    expect(raft.lines).toContain('  ask 2: endQuorumEpoch 5, leader 1, successors none');
    raft.fresh().asks(3, voteFor(3, 5));
    expect(raft.lines).toContain('  answer vote: refused, epoch 5 leader 1');
    expect(raft.wait(2000).step({ type: 'tick' }).core.leader).toEqual({ leaderId: -1, epoch: 6 });
  });

  test('as a follower goes on fetching from the leader that it had', () => {
    const raft = oneOfThree({ stored: { epoch: 5, leaderId: 2, votedKey: null } });
    expect(raft.core.leader).toEqual({ leaderId: 2, epoch: 5 });
    expect(raft.lines).toContain('  ask 2: fetch in epoch 5 from 0@0, high watermark -1');
  });

  test('with a leader whose address nobody knows asks around', () => {
    const raft = oneOfThree({ stored: { epoch: 5, leaderId: 9, votedKey: null } });
    expect(raft.core.roleName).toBe('unattached');
    expect(raft.core.leader).toEqual({ leaderId: 9, epoch: 5 });
    expect(raft.text).toContain('fetch in epoch 5 from 0@0');
  });

  test('keeps its vote through a pre-vote round that it loses', () => {
    const raft = prospective({ stored: { epoch: 5, leaderId: -1, votedKey: key(2) } }).wait(2000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('unattached');
    expect(raft.lines.findLast((line) => line.includes('quorum-state'))).toContain('"votedId":2');
  });

  test('that is no voter never stands', () => {
    const raft = new RaftTranscript({ voters: new VoterSet([voter(2)]) }).step({ type: 'start' });
    expect(raft.wait(100_000).step({ type: 'tick' }).core.roleName).toBe('unattached');
    expect(raft.core.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('of a node without the controller role never stands, even if the voter set names it (KAFKA-17067)', () => {
    const raft = prospective({ config: { canVote: false } });
    expect(raft.core.roleName).toBe('unattached');
  });
});

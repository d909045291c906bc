/** A leader whose process is dead: nobody listens where it did, and voters do not wait for their timers. */
import type { VoteAsk } from '../../../controller/raft/raft-messages';
import { endpointsOf, key, RaftTranscript, votersOf } from '../support/raft-transcript';

const EPOCH = 4;

/** Node 1, which follows node 2 and has heard from it. */
function follower(retryBackoffMs = 20): RaftTranscript {
  const raft = new RaftTranscript({ voters: votersOf(1, 2, 3), config: { retryBackoffMs } }).step({ type: 'start' });
  raft.asks(2, { api: 'beginQuorumEpoch', epoch: EPOCH, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) });
  return raft.answers(2, { leaderId: 2 });
}

const preVote: VoteAsk = {
  api: 'vote',
  epoch: EPOCH,
  candidate: key(3),
  voter: key(1),
  last: { offset: 0, epoch: 0 },
  preVote: true,
};

function isGranted(raft: RaftTranscript): boolean {
  return raft.fresh().asks(3, preVote).lines.some((line) => line.includes('granted'));
}

describe('a follower whose leader refuses connections', () => {
  test('stands within 150 ms, where a leader that is silent has its whole fetch timeout', () => {
    const raft = follower().fails(2, 'refused').wait(150).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('prospective');
    const patient = follower().fails(2, 'timeout').wait(150).step({ type: 'tick' });
    expect(patient.core.roleName).toBe('follower');
  });

  test('grants others their pre-votes, which it refuses while it hears of its leader', () => {
    expect(isGranted(follower())).toBe(false);
    expect(isGranted(follower().fails(2, 'refused'))).toBe(true);
  });

  test('follows on, with its whole patience, when the leader answers after all', () => {
    const raft = follower(0).fails(2, 'refused').answers(2, { leaderId: 2 });
    raft.wait(1000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('follower');
    expect(isGranted(raft)).toBe(false);
  });

  test('is not moved by another peer that is gone', () => {
    const raft = follower().fails(2, 'timeout');
    expect(raft.lines.some((line) => line.startsWith('  ask 3: fetch'))).toBe(true);
    raft.fails(3, 'refused').wait(150).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('follower');
  });
});

describe('a follower whose leader is silent', () => {
  const silent = (): RaftTranscript => follower().wait(2000).step({ type: 'tick' });

  test('grants others their pre-votes from the end of its fetch timeout on, and stands within 150 ms', () => {
    const raft = silent();
    expect(raft.core.roleName).toBe('follower');
    expect(isGranted(raft)).toBe(true);
    raft.wait(150).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('prospective');
  });

  test('follows on when the leader answers after all', () => {
    const raft = silent().answers(2, { leaderId: 2 }).wait(150).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('follower');
    expect(isGranted(raft)).toBe(false);
  });

  test('remembers when it last heard from it', () => {
    const raft = silent().wait(150).step({ type: 'tick' }).answers(3, { granted: true }).answers(3, { granted: true, epoch: EPOCH + 1 });
    expect(raft.core.leading?.formerLeader).toEqual({ id: 2, lastHeardMs: 0 });
  });
});

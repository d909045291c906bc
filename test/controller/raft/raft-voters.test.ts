/** Changes of the voter set: `>` is what a node is told, the lines below what it does, `=` what it is then. (KIP-853) */
import type { AddVoterAsk, FetchAsk, RemoveVoterAsk, UpdateVoterAsk } from '../../../controller/raft/raft-messages';
import { VoterSet } from '../../../controller/raft/voter-set';
import { DIRECTORY, endpointsOf, key, RaftTranscript, transcript, voter, votersOf, type TranscriptStart } from '../support/raft-transcript';

const NO_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAA';
const OTHER_DIRECTORY = 'b3RoZXItZGlyZWN0b3J5MQ';

function entry(id: number): ReturnType<typeof voter> {
  return { ...voter(id), endpoints: endpointsOf(id) };
}

function fetch(id: number, offset: number, given: Partial<FetchAsk> = {}): FetchAsk {
  return { api: 'fetch', replica: key(id), epoch: 1, offset, lastFetchedEpoch: 1, highWatermark: Infinity, maxWaitMs: 500, maxBytes: 10_000, ...given };
}

function add(id: number, given: Partial<AddVoterAsk> = {}): AddVoterAsk {
  return { api: 'addVoter', voter: { ...key(id), endpoints: endpointsOf(id) }, ackWhenCommitted: true, ...given };
}

function remove(id: number, directoryId = DIRECTORY): RemoveVoterAsk {
  return { api: 'removeVoter', voter: { id, directoryId } };
}

function update(id: number, given: Partial<UpdateVoterAsk['voter']> = {}, epoch = 1): UpdateVoterAsk {
  const endpoints = [{ name: 'CONTROLLER', host: `node${id}`, port: 9999 }];
  return { api: 'updateVoter', epoch, voter: { ...entry(id), endpoints, ...given } };
}

/** Node 1, alone, which leads epoch 1 and has committed its first three records. */
function alone(start: TranscriptStart = {}): RaftTranscript {
  const raft = new RaftTranscript({ voters: votersOf(1), ...start, config: { ownEntry: entry(1), ...start.config } });
  return raft.step({ type: 'start' }).flushed(3).fresh();
}

/** Node 1 of `ids`, which leads epoch 1 and has committed its first three records with all of them. */
function leader(...ids: readonly number[]): RaftTranscript {
  const raft = new RaftTranscript({ voters: votersOf(...ids) }).step({ type: 'start' }).wait(2000).step({ type: 'tick' });
  const others = ids.filter((id) => id !== 1);
  for (const id of others) if (raft.core.roleName === 'prospective') raft.answers(id, { granted: true });
  for (const id of others) if (raft.core.roleName === 'candidate') raft.answers(id, { granted: true });
  raft.flushed(3);
  for (const id of others) raft.answers(id).asks(id, fetch(id, 3, { maxWaitMs: 0 }));
  return raft.fresh();
}

/** What the last request of this api was answered. */
function answerOf(raft: RaftTranscript, api: string): string | undefined {
  return raft.lines.filter((line) => line.startsWith(`  answer ${api}`)).at(-1)?.slice('  answer '.length);
}

describe('a quorum of one', () => {
  test('takes in a second voter that has caught up, and needs it from then on', () => {
    const raft = alone().asks(2, fetch(2, 3)).fresh();
    raft.asks(9, add(2)).answers(2).flushed(4).asks(2, fetch(2, 4));
    expect(raft.text).toBe(
      transcript(`
        > 9 asks: addVoter 2
          ask 2: versions
          = leader epoch 1 leader 1 high watermark 3
        > 2 answers versions: NONE
          append 3..3 epoch 1 voters
          flush {"token":{"epoch":1,"endOffset":4}}
          votersChanged {"offset":3,"voterIds":[1,2]}
          warn {"why":"the metadata quorum has two voters now, and stops when either of them fails: add a third"}
          answer fetch: 3..3 epoch 1 voters, high watermark 3, epoch 1 leader 1
          = leader epoch 1 leader 1 high watermark 3
        > flushed {"token":{"epoch":1,"endOffset":4}}
          = leader epoch 1 leader 1 high watermark 3
        > 2 asks: fetch in epoch 1 from 4@1, high watermark Infinity
          highWatermark {"offset":4}
          answer addVoter: NONE
          = leader epoch 1 leader 1 high watermark 4
      `),
    );
  });

  test('does not resign at once for want of a majority, however long it was alone', () => {
    const raft = alone().wait(600_000).asks(2, fetch(2, 3)).asks(9, add(2)).answers(2).flushed(4).wait(1000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('leader');
    raft.wait(2000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('resigned');
  });

  test('does not wait for a voter that has never had all of its log', () => {
    const raft = alone().asks(2, fetch(2, 1, { lastFetchedEpoch: 1, maxWaitMs: 0 })).asks(9, add(2)).answers(2);
    expect(answerOf(raft, 'addVoter')).toMatch(/^addVoter: REQUEST_TIMED_OUT, The log of node 2 .* has not caught up/u);
    expect(raft.log.endOffset).toBe(3);
  });

  test('nor for one that fetched an hour ago, or under another directory id', () => {
    const old = alone().asks(2, fetch(2, 3, { maxWaitMs: 0 })).wait(3_600_001).asks(9, add(2)).answers(2);
    expect(answerOf(old, 'addVoter')).toContain('has not caught up');
    const other = alone().asks(2, fetch(2, 3, { replica: { id: 2, directoryId: OTHER_DIRECTORY } })).asks(9, add(2)).answers(2);
    expect(answerOf(other, 'addVoter')).toContain('has not caught up');
  });

  test('answers at once, not when it is committed, who asks for that', () => {
    const raft = alone().asks(2, fetch(2, 3)).asks(9, add(2, { ackWhenCommitted: false })).answers(2);
    expect(answerOf(raft, 'addVoter')).toBe('addVoter: NONE');
    expect(raft.core.highWatermark).toBe(3);
  });

  test('keeps its last voter', () => {
    expect(answerOf(alone().asks(9, remove(1)), 'removeVoter')).toMatch(/VOTER_NOT_FOUND, Node 1 is the last voter/u);
  });

  test('writes a control batch behind the records that were prepared before, and the next records behind it', () => {
    const raft = alone().asks(2, fetch(2, 3));
    raft.write(1, ['a']).step({ type: 'tick' }).write(1, ['b']).asks(9, add(2)).answers(2).write(1, ['c']).flushed(4).step({ type: 'tick' });
    const appended = raft.lines.filter((line) => line.startsWith('  append'));
    expect(appended.map((line) => line.trim())).toEqual(['append 3..3 epoch 1 data', 'append 4..4 epoch 1 data', 'append 5..5 epoch 1 voters', 'append 6..6 epoch 1 data']);
  });

  test('refuses others while its own address means another machine to each of them, and says what to do', () => {
    const local = alone({ voters: new VoterSet([voter(1)]), config: { ownEntry: voter(1) } });
    local.asks(2, fetch(2, 3)).asks(9, add(2));
    expect(answerOf(local, 'addVoter')).toBe(
      'addVoter: INVALID_REQUEST, Node 1 says that its controller listener is at localhost:9093, where node 2 at node2:9093 would look for it on its own machine. Give the controller listener of node 1 an address that others can reach (listeners, or advertised.listeners), restart the node, and add the voter again.',
    );
    const remote = alone().asks(2, fetch(2, 3)).asks(9, add(2, { voter: voter(2) }));
    expect(answerOf(remote, 'addVoter')).toContain('INVALID_REQUEST, Node 2 says that its controller listener is at localhost:9093');
    const both = alone({ voters: new VoterSet([voter(1)]), config: { ownEntry: voter(1) } }).asks(2, fetch(2, 3)).asks(9, add(2, { voter: voter(2, 9094) }));
    expect(both.lines).toContain('  ask 2: versions');
  });
});

describe('a new voter', () => {
  const asked = (): RaftTranscript => alone().asks(2, fetch(2, 3)).asks(9, add(2)).fresh();

  test('that cannot be reached, or does not answer in time, is not added', () => {
    expect(answerOf(asked().fails(2, 'refused'), 'addVoter')).toMatch(/REQUEST_TIMED_OUT, The leader cannot reach node 2 .* at node2:9093/u);
    const silent = asked().wait(2000).step({ type: 'tick' });
    expect(answerOf(silent, 'addVoter')).toMatch(/REQUEST_TIMED_OUT, The new voter did not answer/u);
    expect(silent.fresh().answers(2).log.endOffset).toBe(3);
  });

  test('has to support the kraft.version of the cluster', () => {
    const raft = asked().answers(2, { minKraftVersion: 0, maxKraftVersion: 0 });
    expect(answerOf(raft, 'addVoter')).toMatch(/INVALID_REQUEST, The cluster's kraft.version is 1; node 2 .* supports 0 to 0/u);
  });

  test('is named by its id, its directory and its endpoint', () => {
    const refused = (given: Partial<AddVoterAsk['voter']>): string | undefined =>
      answerOf(alone().asks(9, add(2, { voter: { ...entry(2), ...given } })), 'addVoter');
    expect(refused({ id: -1 })).toContain('INVALID_REQUEST');
    expect(refused({ directoryId: NO_DIRECTORY })).toContain('INVALID_REQUEST');
    expect(refused({ endpoints: [{ name: 'OTHER', host: 'node2', port: 1 }] })).toContain('no endpoint for the listener CONTROLLER');
  });

  test('is not one that is a voter already, with this disk or another', () => {
    const raft = leader(1, 2, 3);
    expect(answerOf(raft.asks(9, add(2)), 'addVoter')).toContain('DUPLICATE_VOTER, Node 2 is a voter already.');
    raft.asks(9, add(2, { voter: { ...entry(2), directoryId: OTHER_DIRECTORY } }));
    expect(answerOf(raft, 'addVoter')).toMatch(/DUPLICATE_VOTER, Node 2 is a voter already, with directory .*: remove that one first/u);
  });
});

describe('changes of the voter set', () => {
  test('are made by the leader', () => {
    const raft = new RaftTranscript({ voters: votersOf(1, 2, 3) }).step({ type: 'start' });
    expect(answerOf(raft.asks(9, add(4)), 'addVoter')).toContain('NOT_LEADER_OR_FOLLOWER');
    expect(answerOf(raft.asks(9, remove(2)), 'removeVoter')).toContain('NOT_LEADER_OR_FOLLOWER');
    expect(answerOf(raft.asks(2, update(2, {}, 0)), 'updateVoter')).toContain('NOT_LEADER_OR_FOLLOWER');
    expect(answerOf(leader(1, 2, 3).asks(2, update(2, {}, 0)), 'updateVoter')).toContain('FENCED_LEADER_EPOCH');
    expect(answerOf(leader(1, 2, 3).asks(2, update(2, {}, 2)), 'updateVoter')).toContain('UNKNOWN_LEADER_EPOCH');
  });

  test('are not for clusters with static voters', () => {
    const raft = leader(1, 2, 3);
    raft.control.kraftVersionHistory.clear();
    expect(answerOf(raft.asks(9, add(4)), 'addVoter')).toContain('UNSUPPORTED_VERSION');
    expect(answerOf(raft.asks(9, remove(2)), 'removeVoter')).toContain('UNSUPPORTED_VERSION');
    expect(answerOf(raft.asks(2, update(2)), 'updateVoter')).toBe('updateVoter: epoch 1 leader 1');
    expect(raft.log.endOffset).toBe(3);
  });

  test('wait until the leader knows what is committed in its epoch', () => {
    const raft = new RaftTranscript({ voters: votersOf(1), config: { ownEntry: entry(1) } }).step({ type: 'start' });
    expect(answerOf(raft.asks(9, add(2)), 'addVoter')).toContain('REQUEST_TIMED_OUT, The leader does not know yet');
  });

  test('come one after the other, each when the one before is committed', () => {
    const raft = leader(1, 2, 3).asks(9, remove(3));
    expect(answerOf(raft.asks(9, remove(2)), 'removeVoter')).toContain('REQUEST_TIMED_OUT, Another voter is being added or removed');
    raft.wait(2000).asks(2, fetch(2, 3, { maxWaitMs: 0 }));
    expect(answerOf(raft, 'removeVoter')).toContain('REQUEST_TIMED_OUT, The change is not committed yet');
    expect(answerOf(raft.asks(9, add(4)), 'addVoter')).toContain('REQUEST_TIMED_OUT, The last change of the voters is not committed yet');
    expect(answerOf(raft.asks(2, update(2)), 'updateVoter')).toContain('REQUEST_TIMED_OUT');
    raft.flushed(4).asks(2, fetch(2, 4));
    expect(raft.fresh().asks(9, remove(2)).log.endOffset).toBe(5);
  });

  test('are refused for keys that are not in the set', () => {
    const raft = leader(1, 2, 3);
    expect(answerOf(raft.asks(9, remove(4)), 'removeVoter')).toContain('VOTER_NOT_FOUND, Node 4 is not a voter.');
    expect(answerOf(raft.asks(9, remove(2, OTHER_DIRECTORY)), 'removeVoter')).toContain(`VOTER_NOT_FOUND, Voter 2 has directory ${DIRECTORY}`);
    expect(answerOf(raft.asks(2, update(2, { directoryId: OTHER_DIRECTORY })), 'updateVoter')).toContain('VOTER_NOT_FOUND');
    expect(answerOf(raft.asks(2, update(2, { minKraftVersion: 2, maxKraftVersion: 1 })), 'updateVoter')).toContain('INVALID_REQUEST');
    expect(answerOf(raft.asks(2, update(2, { minKraftVersion: 0, maxKraftVersion: 0 })), 'updateVoter')).toContain('INVALID_REQUEST');
    expect(raft.log.endOffset).toBe(3);
  });

  test('end with leadership: who waits is told so', () => {
    const raft = leader(1, 2, 3).asks(9, remove(3)).fresh().asks(2, { api: 'beginQuorumEpoch', epoch: 2, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) });
    expect(answerOf(raft, 'removeVoter')).toContain('NOT_LEADER_OR_FOLLOWER');
    expect(raft.core.roleName).toBe('follower');
  });

  test('are taken back by truncation', () => {
    const raft = leader(1, 2, 3).asks(9, remove(3)).asks(2, { api: 'beginQuorumEpoch', epoch: 2, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) });
    expect(raft.control.voters?.ids).toEqual([1, 2]);
    raft.flushed(4, 1).answers(2, { leaderId: 2, diverging: { offset: 3, epoch: 1 } });
    expect(raft.control.voters?.ids).toEqual([1, 2, 3]);
  });
});

describe('a voter that is removed', () => {
  test('does not count from the record on: the new majority commits it', () => {
    const raft = leader(1, 2, 3).asks(9, remove(3)).flushed(4).asks(3, fetch(3, 4, { maxWaitMs: 0 }));
    expect(raft.core.highWatermark).toBe(3);
    raft.asks(2, fetch(2, 4, { maxWaitMs: 0 }));
    expect(raft.core.highWatermark).toBe(4);
    expect(answerOf(raft, 'removeVoter')).toBe('removeVoter: NONE');
  });

  test('and leads goes on without counting itself, and resigns when that is committed', () => {
    const raft = leader(1, 2, 3).asks(2, fetch(2, 3)).asks(9, remove(1)).flushed(4).asks(2, fetch(2, 4, { maxWaitMs: 0 }));
    expect([raft.core.roleName, raft.core.highWatermark]).toEqual(['leader', 3]);
    raft.fresh().asks(3, fetch(3, 4, { maxWaitMs: 0 }));
    expect(raft.text).toBe(
      transcript(`
        > 3 asks: fetch in epoch 1 from 4@1, high watermark Infinity
          highWatermark {"offset":4}
          answer fetch: nothing, high watermark 4, epoch 1 leader 1
          answer removeVoter: NONE
          ask 2: endQuorumEpoch 1, leader 1, successors 2,3
          ask 3: endQuorumEpoch 1, leader 1, successors 2,3
          = resigned epoch 1 leader 1 high watermark 4
      `),
    );
  });

  test('and led asks others whom to follow, and stands no more', () => {
    const raft = leader(1, 2, 3).asks(9, remove(1)).flushed(4).asks(2, fetch(2, 4, { maxWaitMs: 0 })).asks(3, fetch(3, 4, { maxWaitMs: 0 }));
    raft.answers(2).answers(3).fresh().wait(1000).step({ type: 'tick' });
    expect([raft.core.roleName, raft.core.epoch]).toEqual(['unattached', 2]);
    expect(raft.lines.some((line) => /ask [23]: fetch in epoch 2/u.test(line))).toBe(true);
    raft.wait(60_000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('unattached');
  });

  test('and led two may be the only one to know of it: it stands, without a vote of its own, and goes when it is committed', () => {
    const raft = leader(1, 2).asks(9, remove(1)).flushed(4).step({ type: 'resign', epoch: 1 }).answers(2);
    raft.wait(2000).step({ type: 'tick' }).wait(2000).step({ type: 'tick' });
    expect(raft.core.roleName).toBe('prospective');
    raft.answers(2, { granted: true });
    expect([raft.core.roleName, raft.core.epoch]).toEqual(['candidate', 3]);
    raft.answers(2, { granted: true }).flushed(5).asks(2, fetch(2, 4, { epoch: 3, maxWaitMs: 0 }));
    expect([raft.core.roleName, raft.core.highWatermark]).toEqual(['leader', -1]);
    raft.asks(2, fetch(2, 5, { epoch: 3, lastFetchedEpoch: 3, maxWaitMs: 0 }));
    expect([raft.core.roleName, raft.core.committedOffset]).toEqual(['resigned', 5]);
  });

  test('and knows that this is committed stands no more', () => {
    const raft = new RaftTranscript({ voters: votersOf(1, 2, 3) }).step({ type: 'start' });
    raft.control.voterHistory.add(0, votersOf(2, 3));
    raft.asks(2, { api: 'beginQuorumEpoch', epoch: 1, leaderId: 2, voter: null, endpoints: endpointsOf(2) });
    expect(raft.fails(2, 'refused').wait(150).step({ type: 'tick' }).core.roleName).toBe('prospective');
    const knowing = new RaftTranscript({ voters: votersOf(1, 2, 3), votersOffset: -1 }).step({ type: 'start' });
    knowing.control.voterHistory.add(0, votersOf(2, 3));
    expect(knowing.control.isLeaving(key(1), 0)).toBe(true);
    expect(knowing.control.isLeaving(key(1), 1)).toBe(false);
  });

  test('and has voted for itself does not stand after a restart', () => {
    const stored = { epoch: 4, leaderId: -1, votedKey: key(1) };
    expect(new RaftTranscript({ voters: votersOf(2, 3), stored }).step({ type: 'start' }).core.roleName).toBe('unattached');
  });
});

describe('a voter whose entry is out of date', () => {
  test('tells the leader so, once in a fetch timeout, between two fetches', () => {
    const ownEntry = { ...entry(1), endpoints: [{ name: 'CONTROLLER', host: 'moved', port: 9093 }] };
    const raft = new RaftTranscript({ voters: votersOf(1, 2, 3), config: { ownEntry } }).step({ type: 'start' });
    raft.asks(2, { api: 'beginQuorumEpoch', epoch: 1, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) });
    raft.fresh().wait(1000).answers(2, { leaderId: 2 }).wait(1000).answers(2, { leaderId: 2 });
    expect(raft.lines.filter((line) => line.startsWith('  ask'))).toEqual(['  ask 2: fetch in epoch 1 from 0@0, high watermark -1', '  ask 2: updateVoter 1 in epoch 1']);
    raft.fresh().answers(2, { leaderId: 2 }).answers(2, { leaderId: 2 });
    expect(raft.lines.filter((line) => line.startsWith('  ask 2: updateVoter'))).toEqual([]);
    expect(raft.fresh().wait(1900).answers(2, { leaderId: 2 }).wait(100).answers(2, { leaderId: 2 }).lines).toContain('  ask 2: updateVoter 1 in epoch 1');
  });

  test('has it changed by the leader, which answers before that is committed, and does nothing for what it knows', () => {
    const raft = leader(1, 2, 3).asks(2, update(2));
    expect(answerOf(raft, 'updateVoter')).toBe('updateVoter: epoch 1 leader 1');
    expect(raft.control.voters?.find(2)?.endpoints[0]?.port).toBe(9999);
    raft.flushed(4).asks(2, fetch(2, 4, { maxWaitMs: 0 })).asks(2, update(2));
    expect(raft.log.endOffset).toBe(4);
  });
});

describe('a controller that joins by itself', () => {
  const observer = (voters: VoterSet): RaftTranscript => {
    const raft = new RaftTranscript({ voters, config: { ownEntry: entry(1), autoJoin: true } }).step({ type: 'start' });
    raft.asks(2, { api: 'beginQuorumEpoch', epoch: 1, leaderId: 2, voter: null, endpoints: endpointsOf(2) });
    return raft.fresh().wait(1500).answers(2, { leaderId: 2 }).wait(500).answers(2, { leaderId: 2 });
  };

  test('asks to be added, and does not wait for the commit, for which it may be needed', () => {
    const raft = observer(votersOf(2, 3));
    expect(raft.lines).toContain('  ask 2: addVoter 1, answer when appended');
    raft.fresh().answers(2, { errorCode: 7, message: 'later' });
    expect(raft.wait(20).step({ type: 'tick' }).lines.filter((line) => line.startsWith('  ask') || line.startsWith('  warn'))).toEqual(['  ask 2: fetch in epoch 1 from 0@0, high watermark -1']);
  });

  test('first has the entry of its former disk removed', () => {
    const old = { ...entry(1), directoryId: OTHER_DIRECTORY };
    expect(observer(new VoterSet([old, entry(2), entry(3)])).lines).toContain('  ask 2: removeVoter 1');
  });
});

describe('kraft.version 0, with static voters', () => {
  const configured = (...ids: readonly number[]): VoterSet =>
    new VoterSet(ids.map((id) => ({ ...entry(id), directoryId: NO_DIRECTORY, minKraftVersion: 0, maxKraftVersion: 0 })));

  /** Node 1 of two or three, which leads epoch 1 and has committed its first record with all of them. */
  function staticLeader(...ids: readonly number[]): RaftTranscript {
    const raft = new RaftTranscript({ staticVoters: configured(...ids), config: { ownEntry: entry(1) } }).step({ type: 'start' }).wait(2000).step({ type: 'tick' });
    const others = ids.filter((id) => id !== 1);
    for (const id of others) if (raft.core.roleName === 'prospective') raft.answers(id, { granted: true });
    for (const id of others) if (raft.core.roleName === 'candidate') raft.answers(id, { granted: true });
    raft.flushed(1);
    for (const id of others) raft.answers(id).asks(id, fetch(id, 1, { maxWaitMs: 0 }));
    return raft.fresh();
  }

  const tells = (raft: RaftTranscript, id: number): RaftTranscript => raft.asks(id, update(id, { endpoints: endpointsOf(id) }));

  test('is raised in one batch, with the directories that the voters have told, which vote from then on', () => {
    const raft = tells(staticLeader(1, 2), 2).fresh().raises(1);
    expect(raft.text).toBe(
      transcript(`
        > kraft.version 1: raised
          append 1..2 epoch 1 kraftVersion voters
          flush {"token":{"epoch":1,"endOffset":3}}
          votersChanged {"offset":2,"voterIds":[1,2]}
          = leader epoch 1 leader 1 high watermark 1
      `),
    );
    expect(raft.control.kraftVersion).toBe(1);
    expect(raft.control.voters?.voters).toEqual([entry(1), entry(2)]);
    raft.flushed(3).asks(2, fetch(2, 3, { maxWaitMs: 0 }));
    expect(raft.core.highWatermark).toBe(3);
  });

  test('is not raised before every voter has told, and with validateOnly not at all', () => {
    const raft = tells(staticLeader(1, 2, 3), 2).raises(1);
    expect(raft.text).toContain('> kraft.version 1: Voter 3 has not told the leader its directory and its addresses yet');
    tells(raft, 3).raises(1, true);
    expect(raft.text).toContain('> kraft.version 1, only looked at: raised');
    expect(raft.log.endOffset).toBe(1);
    expect(raft.control.kraftVersion).toBe(0);
  });

  test('is not raised beyond what a voter supports, nor by a node that does not lead', () => {
    const raft = staticLeader(1, 2).asks(2, update(2, { endpoints: endpointsOf(2), minKraftVersion: 0, maxKraftVersion: 0 }));
    expect(raft.raises(1).text).toContain('Voter 2 only supports versions 0-0');
    const follower = new RaftTranscript({ staticVoters: configured(1, 2), config: { ownEntry: entry(1) } }).step({ type: 'start' });
    expect(follower.raises(1).text).toContain('does not lead');
  });

  test('a voter tells each leader of itself, until it has been heard', () => {
    const raft = new RaftTranscript({ staticVoters: configured(1, 2), config: { ownEntry: entry(1) } }).step({ type: 'start' });
    raft.asks(2, { api: 'beginQuorumEpoch', voter: { id: 1, directoryId: NO_DIRECTORY }, leaderId: 2, epoch: 1, endpoints: endpointsOf(2) }).fresh();
    const told = (): number => raft.lines.filter((line) => line.includes('ask 2: updateVoter')).length;
    const fetches = (): void => void raft.answers(2, { leaderId: 2, epoch: 1 }).wait(1000).step({ type: 'tick' });
    for (let i = 0; i < 3 && told() === 0; i++) fetches();
    expect(told()).toBe(1);
    for (let i = 0; i < 6; i++) fetches();
    expect(told()).toBe(1);
  });
});

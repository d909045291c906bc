import { VoterSet } from '../../../controller/raft/voter-set';
import { RaftTranscript, voter } from '../support/raft-transcript';

test.failing('a voter whose timer has run out asks the others whether they would elect it', () => {
  const raft = new RaftTranscript({ voters: new VoterSet([voter(1), voter(2), voter(3)]) });
  raft.step({ type: 'start' }).wait(2000).step({ type: 'tick' });
  expect(raft.text).toMatch(/pre-vote .*\n.*pre-vote /);
});

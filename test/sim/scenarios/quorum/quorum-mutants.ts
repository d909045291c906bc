/** Bugs that the scenario `quorum` must find. */

import type { Mutant } from '../../harness/mutant';

const scenario = 'quorum';

export const quorumMutants: readonly Mutant[] = [
  {
    name: 'vote-before-durable',
    scenario,
    breaks: 'a vote is answered before it is on the platter',
    file: 'controller/raft/elections.ts',
    find: 'machine.persist({ epoch, leaderId: import_replica_key.NO_LEADER, votedKey: candidate });',
    replace: '',
  },
  {
    name: 'vote-twice',
    scenario,
    breaks: 'a second candidate of the same epoch gets a vote, too',
    file: 'controller/raft/vote-rules.ts',
    find: 'if (role.votedKey !== null) return',
    replace: 'if (role.votedKey !== null && (0, import_replica_key.sameKey)(role.votedKey, ask.candidate)) return',
  },
  {
    name: 'vote-for-shorter-log',
    scenario,
    breaks: 'a candidate whose log lacks committed records is elected',
    file: 'controller/raft/vote-rules.ts',
    find: 'return (0, import_replica_key.compareOffsetAndEpoch)(candidate, own) >= 0;',
    replace: 'return true;',
  },
  {
    name: 'truncation-ignored',
    scenario,
    breaks: 'a follower keeps what its leader does not have',
    file: 'controller/raft/follower-fetch.ts',
    find: 'log.truncateTo(endOffset);',
    replace: '',
  },
  {
    name: 'high-watermark-of-old-epoch',
    scenario,
    breaks: 'a leader counts replicas of an earlier epoch as a majority (Raft, section 5.4.2)',
    file: 'controller/raft/leader-state.ts',
    find: 'offset <= this.epochStartOffset || ',
    replace: '',
    args: ['--seeds', '3000'],
  },
  {
    name: 'follower-fetches-before-flush',
    scenario,
    breaks: 'a voter says that it has what loss of power can take',
    file: 'controller/raft/follower-fetch.ts',
    find: 'if (mustFlush(machine)) return',
    replace: 'if (false) return',
  },
  {
    name: 'leader-counts-unflushed',
    scenario,
    breaks: 'a leader counts its own log before the fsync, as Kafka does with one voter',
    file: 'controller/raft/leader-state.ts',
    find: 'this.flush.durableEnd : ',
    replace: 'this.log.endOffset : ',
  },
  {
    name: 'epoch-led-twice',
    scenario,
    breaks: 'a restarted leader stands again in the epoch that it led (KAFKA-10527)',
    file: 'controller/raft/raft-core.ts',
    find: 'if (leaderId === self.id) return machine.resignedRole([], now);',
    replace: 'if (leaderId === self.id) return { name: "candidate", votes: /* @__PURE__ */ new Map([[self.id, true], [self.id % 3 + 1, true]]), deadlineMs };',
  },
  {
    name: 'leadership-told-early',
    scenario,
    breaks: 'a new leader is told so before it has applied what was committed (KAFKA-15489)',
    file: 'controller/raft/raft-listeners.ts',
    find: '(state.isBusy || state.nextOffset <= epochStartOffset)',
    replace: 'false',
  },
  {
    name: 'directory-not-durable',
    scenario,
    breaks: 'a vote is durable in a directory whose name is not',
    file: 'log/partition-directory.ts',
    find: 'disk.syncDirectorySync(logDirectory);',
    replace: '',
  },
];

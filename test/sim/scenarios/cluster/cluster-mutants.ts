/** Bugs that the scenario `cluster` must find: mistakes that replicated logs have really made. */

import type { Mutant } from '../../harness/mutant';

const scenario = 'cluster';
const args = ['--seeds', '300'];

export const clusterMutants: readonly Mutant[] = [
  {
    name: 'vote-not-durable',
    scenario,
    args,
    breaks: 'a vote is told before it is on the platter (I13)',
    file: 'controller/raft/quorum-state.ts',
    find: 'QUORUM_STATE_FILE, formatElectionState(state))',
    replace: 'QUORUM_STATE_FILE, formatElectionState(state), "cached")',
  },
  {
    name: 'snapshot-differs-from-replay',
    scenario,
    args,
    breaks: 'a metadata snapshot leaves out who is eligible to lead (I17)',
    file: 'controller/metadata/image-records.ts',
    find: 'hasElr && partition.elr.length > 0 ? [...partition.elr] : null',
    replace: 'null',
  },
  {
    name: 'snapshot-forgets-fencing',
    scenario,
    args,
    breaks: 'a metadata snapshot calls every broker unfenced (I17)',
    file: 'controller/metadata/image-records.ts',
    find: 'fenced: broker.fenced,',
    replace: 'fenced: false,',
  },
  {
    name: 'no-eligible-leaders',
    scenario,
    args,
    breaks: 'an ISR that shrinks below min.insync.replicas leaves nobody eligible (KIP-966)',
    file: 'controller/control/partition-change.ts',
    find: 'if (plan.isr.length >= minIsr) return [];',
    replace: 'return [];',
  },
  {
    name: 'fenced-may-join',
    scenario,
    args: ['--seeds', '1000'],
    breaks: 'the controller takes fenced brokers into an ISR (I10, KIP-841)',
    file: 'controller/control/alter-partition.ts',
    find: 'if (broker === void 0 || broker.inControlledShutdown || broker.fenced) return false;',
    replace: 'if (broker === void 0) return false;',
  },
  {
    name: 'stale-broker-epoch',
    scenario,
    args: ['--seeds', '3000'],
    breaks: 'a fetch of a former life of a broker puts its emptied present one into the ISR (KIP-903)',
    file: 'controller/control/alter-partition.ts',
    find: 'return brokerEpoch === -1 || brokerEpoch === broker.epoch;',
    replace: 'return true;',
  },
];

/** Bugs whose place in the code is still being written: what to break, and where. */
export const notPlantedYet: readonly { readonly name: string; readonly breaks: string; readonly where: string }[] = [
  {
    name: 'truncate-to-high-watermark',
    breaks: 'a new follower cuts its log to its own high watermark instead of by the epochs of its leader (KIP-101)',
    where: 'the follower side of src/replication: where a DivergingEpoch, or a first fetch in a new epoch, decides the offset to cut to',
  },
  {
    name: 'no-maximal-isr',
    breaks: 'a leader counts the ISR that is committed, not the one that it has asked for (KIP-497)',
    where: 'src/replication/partition-core.ts: the high watermark, while an AlterPartition is under way',
  },
  {
    name: 'no-epoch-start-rule',
    breaks: 'a follower enters the ISR below the offset at which its leader began (KAFKA-7128)',
    where: 'src/replication/partition-core.ts: the test of who has caught up',
  },
  {
    name: 'epoch-not-checked-after-await',
    breaks: 'a fetch that was asked in one epoch is appended in the next',
    where: 'src/replication: where a fetch response meets the partition, the comparison of leader epochs',
  },
  {
    name: 'isr-rolled-back-on-ineligible',
    breaks: 'the maximal ISR is given up when a proposal is refused, while an older copy of it is under way',
    where: 'src/replication/partition-core.ts: the answers INELIGIBLE_REPLICA and INVALID_UPDATE_VERSION to AlterPartition',
  },
  {
    name: 'ack-when-leader-flushed',
    breaks: 'log.flush.before.ack counts what followers have written, not what they have flushed',
    where: 'src/replication: the offset with which a follower fetches in the mode that flushes before it acknowledges',
  },
  {
    name: 'commits-old-epoch',
    breaks: 'a quorum leader commits entries of former epochs by counting their copies (Raft, figure 8)',
    where: 'controller/raft/leader-state.ts: the comparison of the new high watermark with the start of the epoch',
  },
  {
    name: 'votes-for-shorter-log',
    breaks: 'a vote is granted to a candidate whose log is behind',
    where: 'controller/raft/raft-core.ts: the comparison of (last epoch, end offset) in Vote',
  },
];

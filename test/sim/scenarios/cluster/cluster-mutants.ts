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
    name: 'former-life-leads',
    scenario,
    args,
    breaks: 'a restarted broker takes up what its former process led, in the old epoch (I7)',
    file: 'src/metadata/metadata-publisher.ts',
    find: 'if (registration.leader !== brokerId) return registration;',
    replace: 'return registration;',
  },
  {
    name: 'directories-not-told',
    scenario,
    args,
    breaks: 'the controller never hears that a replica lies on another disk now (KIP-858)',
    file: 'src/replication/directory-assignments.ts',
    find: 'if (isOpen && this.parts.hasSeveralDirectories !== true || registered === directoryId) {',
    replace: 'if (true) {',
  },
  {
    name: 'truncate-to-high-watermark',
    scenario,
    args,
    breaks: 'a new follower cuts its log to its own high watermark instead of by the epochs of its leader (KIP-101)',
    file: 'src/replication/fetcher-core.ts',
    find: 'const followed = new Followed(partition, key);',
    replace: 'partition.log.truncateTo(partition.log.highWatermark); const followed = new Followed(partition, key);',
  },
  {
    name: 'ack-when-leader-flushed',
    scenario,
    args,
    breaks: 'log.flush.before.ack counts what followers have written, not what they have flushed',
    file: 'src/replication/replica-fetcher.ts',
    find: 'if (!this.parts.settings.flushBeforeAck) return [];',
    replace: 'return [];',
  },
  {
    name: 'votes-for-shorter-log',
    scenario,
    args,
    breaks: 'a vote is granted to a candidate whose log is behind',
    file: 'controller/raft/vote-rules.ts',
    find: '(candidate, own) >= 0;',
    replace: '(candidate, own) >= -Infinity;',
  },
  {
    name: 'no-maximal-isr',
    scenario,
    args,
    breaks: 'a leader counts the ISR that is committed, not the one that it has asked for (KIP-497)',
    file: 'src/replication/partition-core.ts',
    find: 'const { maximalIsr } = this;',
    replace: 'const maximalIsr = this.isr;',
  },
  {
    name: 'proposal-not-counted',
    scenario,
    args,
    breaks: 'a leader forgets whom it has asked the controller to take into the ISR (I5, KIP-497)',
    file: 'src/replication/partition-core.ts',
    find: 'if (this.pending?.kind !== "expand") return this.isr;',
    replace: 'return this.isr;',
  },
  {
    name: 'answers-before-commit',
    scenario,
    args,
    breaks: 'the controller answers an administrator when his records are written, not when they are committed (I16)',
    file: 'controller/control/controller-shell.ts',
    find: 'if (offset <= this.committedOffset) return complete(null);',
    replace: 'return complete(null);',
  },
];

/**
 * Bugs that random plays have not met, in a hundred or so: what they break needs three faults in one order. They can be hunted
 * by name.
 */
export const elusiveMutants: readonly Mutant[] = [
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
  {
    name: 'no-epoch-start-rule',
    scenario,
    args: ['--seeds', '1000'],
    breaks: 'a follower enters the ISR below the offset at which its leader began (KAFKA-7128)',
    file: 'src/replication/partition-core.ts',
    find: 'if (endOffset < log.highWatermark || endOffset < this.epochStart) return null;',
    replace: 'if (endOffset < log.highWatermark) return null;',
  },
  {
    name: 'isr-rolled-back-on-refusal',
    scenario,
    args: ['--seeds', '1000'],
    breaks: 'the maximal ISR is given up when a proposal is refused, while an older copy of it may have been taken',
    file: 'src/replication/partition-core.ts',
    find: 'case import_error_codes.ErrorCode.INELIGIBLE_REPLICA:',
    replace: 'case import_error_codes.ErrorCode.INVALID_UPDATE_VERSION: case import_error_codes.ErrorCode.INELIGIBLE_REPLICA:',
  },
  {
    name: 'commits-old-epoch',
    scenario,
    args: ['--seeds', '1000'],
    breaks: 'a quorum leader commits entries of former epochs by counting their copies (Raft, figure 8)',
    file: 'controller/raft/leader-state.ts',
    find: 'if (offset <= this.epochStartOffset || offset <= this.highWatermark) return;',
    replace: 'if (offset <= this.highWatermark) return;',
  },
];

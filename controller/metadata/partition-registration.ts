/** One partition as the metadata log says it is, and how a record changes it. */
import type { PartitionChangeRecord, PartitionRecord } from '../../wire/schema/metadata-records';
import { MIGRATING_DIRECTORY } from './directory-id';
import { ReplayError } from './replay-error';

export const NO_LEADER = -1;
/** In a PartitionChange record: the leader stays, and with it the leader epoch. */
export const NO_LEADER_CHANGE = -2;

/** RECOVERING: elected unclean, and not yet sure that it has repaired what that broke. (KIP-704) */
export const LeaderRecoveryState = { recovered: 0, recovering: 1, noChange: -1 } as const;

export interface PartitionRegistration {
  readonly replicas: readonly number[];
  /** One per replica, in the same order. */
  readonly directories: readonly string[];
  readonly isr: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
  /** NO_LEADER when nobody leads. */
  readonly leader: number;
  readonly leaderRecoveryState: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
}

export function directoryOf(partition: PartitionRegistration, brokerId: number): string | null {
  const index = partition.replicas.indexOf(brokerId);
  return index < 0 ? null : (partition.directories[index] ?? null);
}

export function isReassigning(partition: PartitionRegistration): boolean {
  return partition.removingReplicas.length > 0 || partition.addingReplicas.length > 0;
}

/** A partition as its first record says. Throws ReplayError when directories and replicas do not pair up. */
export function registrationOf(record: PartitionRecord): PartitionRegistration {
  return {
    replicas: record.replicas,
    directories: directoriesFor(record.replicas, record.directories, record),
    isr: record.isr,
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    leader: record.leader,
    leaderRecoveryState: record.leaderRecoveryState,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  };
}

/**
 * The partition after a change. The partition epoch rises with every change, the leader epoch with every change that
 * names a leader, be it the same one.
 */
export function mergeChange(before: PartitionRegistration, change: PartitionChangeRecord): PartitionRegistration {
  const replicas = change.replicas ?? before.replicas;
  const namesLeader = change.leader !== NO_LEADER_CHANGE;
  const { noChange } = LeaderRecoveryState;
  return {
    replicas,
    directories: directoriesFor(replicas, change.directories ?? before.directories, change),
    isr: change.isr ?? before.isr,
    removingReplicas: change.removingReplicas ?? before.removingReplicas,
    addingReplicas: change.addingReplicas ?? before.addingReplicas,
    elr: change.eligibleLeaderReplicas ?? before.elr,
    lastKnownElr: change.lastKnownElr ?? before.lastKnownElr,
    leader: namesLeader ? change.leader : before.leader,
    leaderRecoveryState:
      change.leaderRecoveryState === noChange ? before.leaderRecoveryState : change.leaderRecoveryState,
    leaderEpoch: before.leaderEpoch + (namesLeader ? 1 : 0),
    partitionEpoch: before.partitionEpoch + 1,
  };
}

/** Before directories were recorded there were none: then each replica's is "migrating". (KIP-858) */
function directoriesFor(
  replicas: readonly number[],
  directories: readonly string[],
  record: { readonly topicId: string; readonly partitionId: number },
): readonly string[] {
  if (directories.every((directory) => directory === MIGRATING_DIRECTORY))
    return replicas.map(() => MIGRATING_DIRECTORY);
  if (directories.length !== replicas.length) {
    throw new ReplayError(
      `partition ${record.topicId}:${record.partitionId} has ${replicas.length} replicas in ${directories.length} directories`,
    );
  }
  return directories;
}

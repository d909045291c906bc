/** The first state of new partitions: where their replicas go, who leads. */
import { ErrorCode } from '../../wire/base/error-codes';
import { LeaderRecoveryState, type PartitionRegistration } from '../metadata/partition-registration';
import { ApiException } from './api-error';
import type { Controls } from './controls';
import { defaultDirectory } from './partition-changes';
import { PlacementError, type UsableBroker } from './placement';

/**
 * Partitions 0 to n - 1 as assigned by hand. `replicationFactor`: what the first must have too; null: the others follow it.
 * Throws ApiException.
 */
export function manualPartitions(
  controls: Controls,
  assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[],
  replicationFactor: number | null,
): PartitionRegistration[] {
  const partitions = new Map<number, PartitionRegistration>();
  let expected = replicationFactor;
  for (const { partitionIndex, brokerIds } of assignments) {
    if (partitions.has(partitionIndex)) {
      refuse(`Found multiple manual partition assignments for partition ${partitionIndex}`);
    }
    validateAssignment(controls, brokerIds, expected);
    expected = brokerIds.length;
    partitions.set(partitionIndex, assignedPartition(controls, partitionIndex, brokerIds));
  }
  return Array.from({ length: partitions.size }, (_, partitionId) => {
    const partition = partitions.get(partitionId);
    return partition ?? refuse('partitions should be a consecutive 0-based integer sequence');
  });
}

/** One partition with the replicas that it was given. Throws ApiException when none of them can lead. */
export function assignedPartition(
  controls: Controls,
  partitionId: number,
  brokerIds: readonly number[],
): PartitionRegistration {
  const isr = brokerIds.filter((id) => controls.state.isActive(id));
  if (isr.length === 0) {
    refuse(
      `All brokers specified in the manual partition assignment for partition ${partitionId} are fenced or in controlled shutdown.`,
    );
  }
  return freshPartition(controls, brokerIds, isr);
}

/** Partitions that the placer spreads over the cluster. Throws ApiException INVALID_REPLICATION_FACTOR. */
export function placedPartitions(
  controls: Controls,
  partitions: number,
  replicationFactor: number,
): PartitionRegistration[] {
  const prefix = `Unable to replicate the partition ${replicationFactor} time(s): `;
  return placements(controls, partitions, replicationFactor, prefix).map((replicas) => {
    const isr = replicas.filter((id) => controls.state.isActive(id));
    if (isr.length === 0) {
      throw new ApiException(
        ErrorCode.INVALID_REPLICATION_FACTOR,
        `${prefix}All brokers are currently fenced or in controlled shutdown.`,
      );
    }
    return freshPartition(controls, replicas, isr);
  });
}

/** Throws ApiException INVALID_REPLICA_ASSIGNMENT. With `replicationFactor` null the number of replicas is free. */
export function validateAssignment(
  controls: Controls,
  brokerIds: readonly number[],
  replicationFactor: number | null,
): void {
  if (brokerIds.length === 0) refuse('The manual partition assignment includes an empty replica list.');
  const sorted = [...brokerIds].sort((a, b) => a - b);
  sorted.forEach((id, index) => {
    if (!controls.state.image.cluster.brokers.has(id)) {
      refuse(`The manual partition assignment includes broker ${id}, but no such broker is registered.`);
    }
    if (id === sorted[index - 1]) refuse(`The manual partition assignment includes the broker ${id} more than once.`);
  });
  if (replicationFactor !== null && brokerIds.length !== replicationFactor) {
    refuse(
      `The manual partition assignment includes a partition with ${brokerIds.length} replica(s), but this is not consistent ` +
        `with previous partitions, which have ${replicationFactor} replica(s).`,
    );
  }
}

function placements(controls: Controls, partitions: number, replicationFactor: number, prefix: string): number[][] {
  try {
    return controls.placer.place(partitions, replicationFactor, usableBrokers(controls));
  } catch (error) {
    if (!(error instanceof PlacementError)) throw error;
    throw new ApiException(ErrorCode.INVALID_REPLICATION_FACTOR, `${prefix}${error.message}`);
  }
}

/** Registered, not shutting down, with a directory that takes new replicas; fenced ones too. */
function* usableBrokers(controls: Controls): Iterable<UsableBroker> {
  for (const { id, rack, fenced, directories, cordonedDirectories } of controls.state.image.cluster.brokers.values()) {
    const isFull =
      directories.length > 0 && directories.every((directory) => cordonedDirectories?.includes(directory) === true);
    if (!isFull && !controls.state.heartbeats.isShuttingDown(id)) yield { id, rack, fenced };
  }
}

function freshPartition(
  controls: Controls,
  replicas: readonly number[],
  isr: readonly number[],
): PartitionRegistration {
  return {
    replicas,
    directories: replicas.map((id) => defaultDirectory(controls, id)),
    isr,
    removingReplicas: [],
    addingReplicas: [],
    elr: [],
    lastKnownElr: [],
    leader: isr[0] as number,
    leaderRecoveryState: LeaderRecoveryState.recovered,
    leaderEpoch: 0,
    partitionEpoch: 0,
  };
}

function refuse(message: string): never {
  throw new ApiException(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
}

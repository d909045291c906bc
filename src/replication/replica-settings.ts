/** What a broker's replicas are put together from, and what the metadata assigns. */
import type { PartitionLog } from '../../log/partition-log';
import type { MoveThrottle, PlacedReplica } from './directory-moves';
import type { PartitionRegistration } from './partition-core';
import type { ReplicationSettings } from './peers';
import type { ThrottleSettings } from './replication-throttles';

export interface ReplicaSettings {
  readonly brokerId: number;
  readonly flushBeforeAck: boolean;
  readonly maxDelayedOperations: number;
  /** Default: Kafka's. */
  readonly replication?: ReplicationSettings;
  /** Default: nothing is throttled. */
  readonly throttle?: ThrottleSettings;
  /** A replica is here, or soon, and the metadata knows it in the directory `registered`. */
  readonly placed?: (log: PartitionLog, registered: string) => void;
  /** The id of a log directory. */
  readonly directoryIdOf?: (path: string) => string | undefined;
  /** Default: moves between directories are not throttled. */
  readonly moveThrottle?: MoveThrottle;
}

export interface AssignedReplica extends PlacedReplica {
  readonly registration: PartitionRegistration;
}

/**
 * What a mirror is asked to do, read from a properties file by `mirror/config/` and made by hand in tests.
 *
 * Keys and defaults are MirrorMaker 2's (KIP-382); what is ours is marked. Times are in milliseconds here, whatever unit
 * the key has.
 */
import type { BrokerAddress } from '../../wire/cluster-client';
import type { ReplicationPolicy } from '../naming/replication-policy';

export interface ClusterSettings {
  readonly alias: string;
  readonly bootstrap: readonly BrokerAddress[];
  readonly clientId: string;
  readonly requestTimeoutMs: number;
}

/** Whole-name matches of lists of regular expressions; what is excluded is out, whatever is included. */
export interface NameFilter {
  accepts(name: string): boolean;
}

/** One direction, `source->target`. */
export interface FlowSettings {
  readonly source: ClusterSettings;
  readonly target: ClusterSettings;
  /** `source->target.enabled`. A flow that is not may still send heartbeats. */
  readonly isEnabled: boolean;
  readonly policy: ReplicationPolicy;
  /** Ours: `offsets.preserve`. Every record at its source's offset; only a Moldau target can do that. */
  readonly preservesOffsets: boolean;
  readonly topics: NameFilter;
  readonly groups: NameFilter;
  readonly configProperties: NameFilter;
  /** `use.defaults.from`: whose defaults a key has that is not set at the source. */
  readonly useDefaultsFrom: 'source' | 'target';
  /** Of the topics that are created on the target. */
  readonly replicationFactor: number;
  readonly startsAt: 'earliest' | 'latest';
  /** A group of the source where a copy starts that has no position yet: the one in which MirrorMaker 1 kept them. */
  readonly takesOverGroup?: string;
  /** null: turned off (`*.enabled=false`, or an interval below 0). */
  readonly refreshTopicsMs: number | null;
  readonly refreshGroupsMs: number | null;
  readonly syncTopicConfigsMs: number | null;
  readonly syncGroupOffsetsMs: number | null;
  readonly emitCheckpointsMs: number | null;
  readonly emitHeartbeatsMs: number | null;
  readonly emitsOffsetSyncs: boolean;
  readonly replicatesHeartbeats: boolean;
  readonly offsetSyncsLocation: 'source' | 'target';
  readonly offsetSyncsReplicationFactor: number;
  readonly checkpointsReplicationFactor: number;
  readonly heartbeatsReplicationFactor: number;
  /** `offset.lag.max`: how far the target may get ahead of the last offset sync, in records. */
  readonly offsetLagMax: number;
}

export interface MirrorSettings {
  readonly clusters: ReadonlyMap<string, ClusterSettings>;
  readonly flows: readonly FlowSettings[];
}

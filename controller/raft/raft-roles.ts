/**
 * The states of a quorum node. (KIP-595, KIP-996)
 *
 * | state | knows | timer | when it runs out |
 * |---|---|---|---|
 * | unattached | epoch; perhaps leader id; perhaps its vote | election (none for observers) | prospective |
 * | prospective | the same, perhaps where the leader is | election | follower of that leader, or unattached; same epoch |
 * | candidate | its vote, for itself | election | prospective |
 * | leader | everything | check-quorum (none with one voter) | resigned |
 * | resigned | epoch; leader = itself | election | unattached at epoch + 1 |
 * | follower | the leader; perhaps its vote | fetch | prospective; observers unattached |
 */
import type { LeaderState } from './leader-state';
import type { SnapshotDownload } from './raft-snapshots';
import type { ReplicaKey } from './replica-key';
import type { VoterEndpoint } from './voter-set';

export interface UnattachedRole {
  readonly name: 'unattached';
  /** NO_LEADER, or a leader whose address is unknown. */
  readonly leaderId: number;
  readonly votedKey: ReplicaKey | null;
  readonly deadlineMs: number;
}

export interface ProspectiveRole {
  readonly name: 'prospective';
  readonly leaderId: number;
  readonly leaderEndpoints: readonly VoterEndpoint[];
  readonly votedKey: ReplicaKey | null;
  /** Voter id to whether it granted the pre-vote; itself included. */
  readonly votes: Map<number, boolean>;
  readonly deadlineMs: number;
}

export interface CandidateRole {
  readonly name: 'candidate';
  readonly votes: Map<number, boolean>;
  readonly deadlineMs: number;
}

export interface LeaderRole {
  readonly name: 'leader';
  readonly state: LeaderState;
}

export interface ResignedRole {
  readonly name: 'resigned';
  readonly deadlineMs: number;
  /** The other voters, those that should stand first. */
  readonly successors: readonly ReplicaKey[];
  /** Voters that do not know yet that this node leads no more. */
  readonly untold: Set<number>;
}

export interface FollowerRole {
  readonly name: 'follower';
  readonly leaderId: number;
  readonly leaderEndpoints: readonly VoterEndpoint[];
  readonly votedKey: ReplicaKey | null;
  /** The leader has answered a fetch, and has not said since that it goes: others who would stand get no pre-vote. */
  hasFetched: boolean;
  deadlineMs: number;
  /** The disk was full: nothing is fetched before then. */
  pausedUntilMs: number;
  /** The snapshot that is fetched instead of the log. */
  download: SnapshotDownload | null;
  /** All of it is here and on its way to the disk. */
  isFreezing: boolean;
  /** When this voter next compares its entry in the voter set with its configuration. */
  checkEntryAtMs: number;
  /** With static voters: the leader has taken note of this voter's entry, which the log does not hold. */
  isEntryTold: boolean;
}

export type RaftRole = UnattachedRole | ProspectiveRole | CandidateRole | LeaderRole | ResignedRole | FollowerRole;

/**
 * The states of a quorum node. (KIP-595, KIP-996)
 *
 * | state | knows | timer | when it runs out |
 * |---|---|---|---|
 * | unattached | epoch; perhaps leader id; perhaps its vote | election (none for observers) | prospective |
 * | prospective | the same | election | unattached, same epoch |
 * | candidate | its vote, for itself | election | prospective |
 * | leader | everything | none with one voter | resigned |
 * | resigned | epoch; leader = itself | election | unattached at epoch + 1 |
 * | follower | the leader; perhaps its vote | fetch | prospective; observers unattached |
 */
import type { LeaderState } from './leader-state';
import type { ReplicaKey } from './replica-key';

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
}

export interface FollowerRole {
  readonly name: 'follower';
  readonly leaderId: number;
  readonly votedKey: ReplicaKey | null;
  readonly deadlineMs: number;
}

export type RaftRole = UnattachedRole | ProspectiveRole | CandidateRole | LeaderRole | ResignedRole | FollowerRole;

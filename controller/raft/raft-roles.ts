/**
 * The states of a quorum node (KIP-595, KIP-996), what it is told and what it asks for, all as plain data.
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
import type { LeaderAndEpoch, ReplicaKey } from './replica-key';

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

/** Both clocks at one moment: the monotonic one decides, the wall clock only stamps records. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Names one flush: what it covers, and the epoch in which it was asked for. A stale one moves nothing. */
export interface FlushToken {
  readonly epoch: number;
  readonly endOffset: number;
}

export type RaftInput =
  /** Once, first: the log and the control state are loaded. */
  | { readonly type: 'start' }
  /** The deadline has come (early ones do no harm). */
  | { readonly type: 'tick' }
  | { readonly type: 'flushed'; readonly token: FlushToken }
  | { readonly type: 'flushFailed'; readonly token: FlushToken; readonly why: string }
  /** The controller gives up; ignored when `epoch` is over. */
  | { readonly type: 'resign'; readonly epoch: number }
  /** Leads and stands no more. */
  | { readonly type: 'shutdown' };

export type RaftEffect =
  /** Make the log durable up to its present end, then tell with the token. */
  | { readonly type: 'flush'; readonly token: FlushToken }
  /** These bytes are in the log now; committed readers may take them from memory later. */
  | { readonly type: 'appended'; readonly baseOffset: number; readonly nextOffset: number; readonly bytes: Uint8Array }
  /** Everything below `offset` is committed. Only ever rises within a process. */
  | { readonly type: 'highWatermark'; readonly offset: number }
  | { readonly type: 'leaderChange'; readonly leader: LeaderAndEpoch }
  /** The node cannot go on. */
  | { readonly type: 'fatal'; readonly why: string };

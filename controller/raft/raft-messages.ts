/**
 * What quorum nodes ask each other and answer, as plain data: one partition, no versions, no cluster id. `raft-wire-*.ts`
 * turn it into Kafka's requests and back.
 */
import type { OffsetAndEpoch, ReplicaKey } from './replica-key';
import type { Voter, VoterEndpoint } from './voter-set';

/** Asks for a vote in `epoch`, or with `preVote` whether one would be given in the next. (KIP-595, KIP-996) */
export interface VoteAsk {
  readonly api: 'vote';
  readonly epoch: number;
  readonly candidate: ReplicaKey;
  /** Whom the candidate believes that it asks; null when it does not say. */
  readonly voter: ReplicaKey | null;
  readonly last: OffsetAndEpoch;
  readonly preVote: boolean;
}

export interface BeginQuorumEpochAsk {
  readonly api: 'beginQuorumEpoch';
  readonly epoch: number;
  readonly leaderId: number;
  readonly voter: ReplicaKey | null;
  readonly endpoints: readonly VoterEndpoint[];
}

export interface EndQuorumEpochAsk {
  readonly api: 'endQuorumEpoch';
  readonly epoch: number;
  readonly leaderId: number;
  /** Who should stand, best first; directory ids are unknown in version 0. */
  readonly preferred: readonly ReplicaKey[];
  readonly endpoints: readonly VoterEndpoint[];
}

export interface FetchAsk {
  readonly api: 'fetch';
  /** Id -1: a tool, which is answered and not counted. */
  readonly replica: ReplicaKey;
  /** The epoch of the leader that is asked. */
  readonly epoch: number;
  readonly offset: number;
  readonly lastFetchedEpoch: number;
  /** The one that the follower knows, -1 when it knows none; infinite: it need not be woken for a newer one. */
  readonly highWatermark: number;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

export interface FetchSnapshotAsk {
  readonly api: 'fetchSnapshot';
  readonly replica: ReplicaKey;
  readonly epoch: number;
  readonly snapshotId: OffsetAndEpoch;
  readonly position: number;
  readonly maxBytes: number;
}

/** A voter tells the leader its endpoints and versions. (KIP-853) */
export interface UpdateVoterAsk {
  readonly api: 'updateVoter';
  readonly epoch: number;
  readonly voter: Voter;
}

/** A tool, or the node itself, asks the leader to make it a voter. (KIP-853) */
export interface AddVoterAsk {
  readonly api: 'addVoter';
  readonly voter: ReplicaKey & { readonly endpoints: readonly VoterEndpoint[] };
  /** False: the answer comes when the new set is in the leader's log, committed or not. */
  readonly ackWhenCommitted: boolean;
}

export interface RemoveVoterAsk {
  readonly api: 'removeVoter';
  readonly voter: ReplicaKey;
}

/** The leader asks a node that is to become a voter which levels of kraft.version it supports. */
export interface VersionsAsk {
  readonly api: 'versions';
}

export type RaftRequest =
  | VoteAsk
  | BeginQuorumEpochAsk
  | EndQuorumEpochAsk
  | FetchAsk
  | FetchSnapshotAsk
  | UpdateVoterAsk
  | AddVoterAsk
  | RemoveVoterAsk
  | VersionsAsk;

/** Almost every answer says who leads, as far as the answering node knows. */
export interface LeaderView {
  readonly epoch: number;
  /** NO_LEADER when unknown. */
  readonly leaderId: number;
  /** Empty when unknown. */
  readonly endpoints: readonly VoterEndpoint[];
}

interface Answer {
  readonly errorCode: number;
  readonly leader: LeaderView;
}

export interface VoteAnswer extends Answer {
  readonly api: 'vote';
  readonly granted: boolean;
}

export interface BeginQuorumEpochAnswer extends Answer {
  readonly api: 'beginQuorumEpoch';
}

export interface EndQuorumEpochAnswer extends Answer {
  readonly api: 'endQuorumEpoch';
}

export interface FetchAnswer extends Answer {
  readonly api: 'fetch';
  /** -1 while the leader knows none in its epoch. */
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** The logs part: the leader's epoch that is at or below the follower's, and where it ends. */
  readonly diverging: OffsetAndEpoch | null;
  /** The log no longer reaches back so far: this snapshot does. */
  readonly snapshotId: OffsetAndEpoch | null;
  readonly records: Uint8Array;
}

export interface FetchSnapshotAnswer extends Answer {
  readonly api: 'fetchSnapshot';
  /** Null when there is none to be had. */
  readonly snapshotId: OffsetAndEpoch | null;
  readonly sizeBytes: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}

export interface UpdateVoterAnswer extends Answer {
  readonly api: 'updateVoter';
}

/** These do not say who leads. */
export interface VoterChangeAnswer {
  readonly api: 'addVoter' | 'removeVoter';
  readonly errorCode: number;
  /** For people; null: there is nothing to say beyond the code. */
  readonly message: string | null;
}

export interface AddVoterAnswer extends VoterChangeAnswer {
  readonly api: 'addVoter';
}

export interface RemoveVoterAnswer extends VoterChangeAnswer {
  readonly api: 'removeVoter';
}

export interface VersionsAnswer {
  readonly api: 'versions';
  readonly errorCode: number;
  readonly minKraftVersion: number;
  readonly maxKraftVersion: number;
}

export type LeaderlessAnswer = AddVoterAnswer | RemoveVoterAnswer | VersionsAnswer;

export type RaftAnswer =
  | LeaderlessAnswer
  | VoteAnswer
  | BeginQuorumEpochAnswer
  | EndQuorumEpochAnswer
  | FetchAnswer
  | FetchSnapshotAnswer
  | UpdateVoterAnswer;

/** Why there is no answer. 'refused': nobody listens there. 'unsupported': the peer does not know the API, or pre-votes. */
export type SendFailure = 'refused' | 'unsupported' | 'timeout' | 'failed';

/** Where a request goes. Bootstrap servers, whose ids nobody knows, have ids from -2 downwards. */
export interface Destination {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

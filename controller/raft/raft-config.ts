/** What a quorum node is made of: its configuration, and the parts that the core works with. */
import type { Crc32c, Random } from '../../wire/base/env';
import type { ControlState } from './control-state';
import type { ElectionStore } from './quorum-state';
import type { RaftLog } from './raft-log';
import type { RaftSnapshots } from './raft-snapshots';
import type { ReplicaKey } from './replica-key';
import type { Voter } from './voter-set';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export interface RaftConfig {
  readonly self: ReplicaKey;
  /** This node's own entry in the voter set, as configured. */
  readonly ownEntry: Voter;
  /**
   * The node has the controller role: it may vote, stand and lead once it is in the voter set, and makes its log durable
   * before it tells a leader how far it has got. A node that is only a broker watches, whatever the voter set says.
   */
  readonly canVote: boolean;
  /** The listener by which quorum nodes reach each other: the first of controller.listener.names. */
  readonly listenerName: string;
  /** Who may know the leader (controller.quorum.bootstrap.servers or .voters); the voter set is asked when it is empty. */
  readonly bootstrapServers: readonly HostAndPort[];
  readonly electionTimeoutMs: number;
  /** The longest wait of a voter that the resigning leader would not like to see as its successor. */
  readonly electionBackoffMaxMs: number;
  readonly fetchTimeoutMs: number;
  /** How long a peer that did not answer is left alone. */
  readonly retryBackoffMs: number;
  /** How long a peer has to answer, and how long a change of the voter set may take. */
  readonly requestTimeoutMs: number;
  /** controller.quorum.auto.join.enable: this node asks to become a voter when it is none. */
  readonly autoJoin: boolean;
  readonly fetchMaxBytes: number;
  readonly fetchSnapshotMaxBytes: number;
  readonly appendLingerMs: number;
}

export interface RaftCoreParts {
  readonly config: RaftConfig;
  readonly log: RaftLog;
  readonly snapshots: RaftSnapshots;
  readonly electionStore: ElectionStore;
  readonly control: ControlState;
  /** Of the latest snapshot at start: what the last epoch is when the log after it is empty. */
  readonly snapshotEpoch: number;
  readonly random: Random;
  readonly crc32c: Crc32c;
}

/** A deadline that never comes. */
export const NEVER = Number.POSITIVE_INFINITY;

/** A peer says what no quorum node may say. Going on could mean two truths about one epoch, so the node ends. */
export class QuorumProtocolError extends Error {
  override readonly name = 'QuorumProtocolError';
}

/** What the controller and the metadata loader see of the quorum. */
import type { PreparedAppend } from './batch-accumulator';
import type { FormerLeader, LeaderAndEpoch } from './replica-key';
import type { SnapshotReader } from './snapshot-reader';

/** Committed batches in a row, control batches included. The bytes stay valid. */
export interface CommittedBatches {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

/**
 * Somebody who applies the committed log. Calls come one after the other: `done` of one asks for the next, and may be
 * called within the call. What a listener throws stops the node.
 */
export interface RaftListener {
  handleCommit(commit: CommittedBatches, done: () => void): void;
  /** Everything applied so far is void: the snapshot says it all. The listener closes the reader. */
  handleLoadSnapshot(reader: SnapshotReader, done: () => void): void;
  /**
   * This node's own leadership is told only once the listener has applied everything before it, and the epoch's first
   * record: only then may it write. The loss of it is told at once.
   */
  handleLeaderChange(leader: LeaderAndEpoch): void;
}

export interface RaftClient {
  readonly nodeId: number;
  /** As the quorum sees it now, which may be ahead of what a listener has been told. */
  readonly leader: LeaderAndEpoch;
  /** The offset that the next write of this leader gets. Only while leading. */
  readonly nextWriteOffset: number;
  /** While leading: whom this node followed before, and when it last heard from it; null when there was nobody. */
  readonly formerLeader: FormerLeader | null;
  /**
   * Gives a write its offsets; `schedulePreparedAppend` lets it go. `urgent`: somebody waits for it, so it gets a flush.
   * Throws NotLeaderError, or RecordBatchTooLargeError.
   */
  prepareAppend(epoch: number, values: readonly Uint8Array[], urgent: boolean): PreparedAppend;
  schedulePreparedAppend(): void;
  /**
   * Raises kraft.version, which is written before the next append of this leader. (KIP-853) Gives back why not, or null;
   * with `validateOnly` nothing is written.
   */
  raiseKraftVersion(level: number, validateOnly: boolean): string | null;
  /** The listener gets the log from its beginning: the latest snapshot, then what follows. Again when registered again. */
  register(listener: RaftListener): void;
  /** Gives up leadership of `epoch`. */
  resign(epoch: number): void;
}

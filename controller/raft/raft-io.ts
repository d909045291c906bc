/** What a quorum node is told and what it asks for, as plain data. */
import type { Destination, RaftAnswer, RaftRequest, SendFailure } from './raft-messages';
import type { SnapshotDownload } from './raft-snapshots';
import type { LeaderAndEpoch, OffsetAndEpoch } from './replica-key';

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
  /** A peer asks; `caller` names whom the answer is for. */
  | { readonly type: 'request'; readonly caller: number; readonly request: RaftRequest }
  /** The caller waits no more. */
  | { readonly type: 'gone'; readonly caller: number }
  | { readonly type: 'answer'; readonly requestId: number; readonly answer: RaftAnswer }
  | { readonly type: 'unanswered'; readonly requestId: number; readonly why: SendFailure }
  /** The snapshot that came from the leader is durable, or (`why`) cannot be. */
  | { readonly type: 'snapshotFrozen'; readonly id: OffsetAndEpoch; readonly why: string | null }
  /** The controller gives up; ignored when `epoch` is over. */
  | { readonly type: 'resign'; readonly epoch: number }
  /** Leads and stands no more. */
  | { readonly type: 'shutdown' };

export type RaftEffect =
  /** Make the log durable up to its present end, then tell with the token. */
  | { readonly type: 'flush'; readonly token: FlushToken }
  /** These bytes are in the log now; committed readers may take them from memory later. */
  | { readonly type: 'appended'; readonly baseOffset: number; readonly nextOffset: number; readonly bytes: Uint8Array }
  /** The log ends at `endOffset` now: what lay above was another leader's, and never committed. */
  | { readonly type: 'truncated'; readonly endOffset: number }
  /** Everything below `offset` is committed. Only ever rises within a process. */
  | { readonly type: 'highWatermark'; readonly offset: number }
  | { readonly type: 'leaderChange'; readonly leader: LeaderAndEpoch }
  | { readonly type: 'send'; readonly requestId: number; readonly to: Destination; readonly request: RaftRequest }
  | { readonly type: 'respond'; readonly caller: number; readonly answer: RaftAnswer }
  /** The snapshot is all here: make it durable and visible, then tell. */
  | { readonly type: 'freezeSnapshot'; readonly download: SnapshotDownload }
  /** The leader has written a new voter set, which counts from now on. */
  | { readonly type: 'votersChanged'; readonly offset: number; readonly voterIds: readonly number[] }
  /** For people: something that should not happen, and that the node can live with. */
  | { readonly type: 'warn'; readonly why: string }
  /** The node cannot go on. */
  | { readonly type: 'fatal'; readonly why: string };

/** What one step is told of the world, and where it puts what it wants done, in order. */
export interface Turn {
  readonly now: Instant;
  readonly effects: RaftEffect[];
}

/** What a quorum node is told and what it asks for, as plain data. */
import type { LeaderAndEpoch } from './replica-key';

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

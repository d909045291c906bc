/** How a quorum node reaches its peers. */
import type { Destination, RaftAnswer, RaftRequest, SendFailure } from './raft-messages';

/** The answer of a peer, or why there is none. */
export type SendResult = { readonly answer: RaftAnswer } | { readonly failure: SendFailure; readonly why: string };

export interface RaftChannel {
  /** Asks a peer. Ends exactly once, never within the call, and after a bounded time. */
  send(to: Destination, request: RaftRequest, done: (result: SendResult) => void): void;
  close(): void;
}

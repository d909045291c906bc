/**
 * The requests that a quorum node has under way: one to each peer, and a pause after one that failed.
 *
 * Invariant: an answer counts only as long as its request does; a change of role or epoch makes all of them void, so that
 * no answer is taken for one to another question.
 */
import { NEVER } from './raft-config';
import type { Turn } from './raft-io';
import type { Destination, RaftRequest } from './raft-messages';

export interface SentRequest {
  readonly to: Destination;
  readonly request: RaftRequest;
}

interface Peer {
  requestId: number | null;
  pausedUntilMs: number;
}

export class RequestManager {
  private lastId = 0;
  private readonly peers = new Map<number, Peer>();
  private readonly sent = new Map<number, SentRequest>();

  constructor(private readonly retryBackoffMs: number) {}

  /** When the peer may be asked: at once, when its pause is over, or not before it has answered. */
  readyAtMs(id: number): number {
    const peer = this.peers.get(id);
    if (peer === undefined) return 0;
    return peer.requestId === null ? peer.pausedUntilMs : NEVER;
  }

  isReady(id: number, nowMs: number): boolean {
    return this.readyAtMs(id) <= nowMs;
  }

  /** Some request of this kind has no answer yet. */
  isAsking(api: RaftRequest['api']): boolean {
    for (const { request } of this.sent.values()) if (request.api === api) return true;
    return false;
  }

  send(to: Destination, request: RaftRequest, { effects }: Turn): void {
    const requestId = ++this.lastId;
    this.peers.set(to.id, { requestId, pausedUntilMs: 0 });
    this.sent.set(requestId, { to, request });
    effects.push({ type: 'send', requestId, to, request });
  }

  /** The request has ended; null when nobody cares any more. */
  take(requestId: number): SentRequest | null {
    const sent = this.sent.get(requestId);
    if (sent === undefined) return null;
    this.sent.delete(requestId);
    this.peers.set(sent.to.id, { requestId: null, pausedUntilMs: 0 });
    return sent;
  }

  /** The peer is left alone for a while. */
  pause(id: number, { now }: Turn): void {
    const peer = this.peers.get(id);
    if (peer !== undefined) peer.pausedUntilMs = now.monotonicMs + this.retryBackoffMs;
  }

  reset(): void {
    this.peers.clear();
    this.sent.clear();
  }
}

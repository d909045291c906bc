/**
 * How much of the metadata log is durable, over all roles: what a leader counts of its own log, and what a follower may
 * say that it has.
 *
 * Invariants: one flush at a time; what is appended meanwhile shares the next one. A flush that was under way when the log
 * was truncated says nothing about what was appended since. What a start finds is durable: recovery syncs it first.
 */
import type { FlushToken, RaftEffect } from './raft-io';
import type { RaftLog } from './raft-log';

export class LogFlush {
  private flushing: FlushToken | null = null;
  private isVoid = false;
  private end: number;

  constructor(private readonly log: RaftLog) {
    this.end = log.endOffset;
  }

  /** Everything below is durable. */
  get durableEnd(): number {
    return this.end;
  }

  get isBusy(): boolean {
    return this.flushing !== null;
  }

  get isComplete(): boolean {
    return this.end >= this.log.endOffset;
  }

  /** Asks for a flush of everything; false when one is under way already. */
  begin(epoch: number, effects: RaftEffect[]): boolean {
    if (this.flushing !== null) return false;
    this.flushing = { epoch, endOffset: this.log.endOffset };
    this.isVoid = false;
    effects.push({ type: 'flush', token: this.flushing });
    return true;
  }

  /** A flush has ended well. False when it is not the one under way. */
  completed(token: FlushToken): boolean {
    const { flushing } = this;
    if (flushing === null || token.epoch !== flushing.epoch || token.endOffset !== flushing.endOffset) return false;
    this.flushing = null;
    if (!this.isVoid) this.end = Math.max(this.end, token.endOffset);
    return true;
  }

  truncated(endOffset: number): void {
    this.end = Math.min(this.end, endOffset);
    this.isVoid = true;
  }

  /** The log begins anew, empty and durable so. */
  restarted(offset: number): void {
    this.end = offset;
    this.isVoid = true;
  }
}

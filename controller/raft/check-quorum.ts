/**
 * Whether a leader still hears from a majority; one that does not resigns, since another may lead already. (KIP-595)
 *
 * A voter that is alone hears from everybody there is and never resigns (KAFKA-16144); a leader that is no voter any more
 * does not count itself (KAFKA-16531).
 */
import { NEVER } from './raft-config';
import type { ReplicaKey } from './replica-key';
import type { VoterSet } from './voter-set';

export class CheckQuorum {
  private readonly heard = new Set<number>();
  private expiresMs: number;

  constructor(
    private readonly self: ReplicaKey,
    private readonly periodMs: number,
    nowMs: number,
  ) {
    this.expiresMs = nowMs + periodMs;
  }

  deadlineMs(voters: VoterSet): number {
    return voters.isOnlyVoter(this.self) ? NEVER : this.expiresMs;
  }

  /** The voter set has changed: its voters get a whole period, also when there was nobody to hear from before. */
  restart(nowMs: number): void {
    this.heard.clear();
    this.expiresMs = nowMs + this.periodMs;
  }

  /** A voter has fetched: once a majority has, a new period begins. */
  heardFrom(key: ReplicaKey, voters: VoterSet, nowMs: number): void {
    if (!voters.isVoter(key)) return;
    this.heard.add(key.id);
    let count = voters.isVoter(this.self) ? 1 : 0;
    for (const id of voters.ids) if (id !== this.self.id && this.heard.has(id)) count += 1;
    if (count < voters.majority) return;
    this.heard.clear();
    this.expiresMs = nowMs + this.periodMs;
  }
}

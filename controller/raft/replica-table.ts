/**
 * How far the replicas of the metadata log have got, as their fetches tell the leader of one epoch. (KIP-595, KIP-836)
 *
 * A voter counts under its whole key: a node whose disk was replaced is an observer until the voter set names the new one.
 * Observers that have been silent for five minutes are forgotten, and so is the most silent of too many.
 */
import type { Instant } from './raft-io';
import { UNKNOWN_DIRECTORY, type ReplicaKey } from './replica-key';
import type { VoterSet } from './voter-set';

const OBSERVER_MEMORY_MS = 300_000;
const MAX_OBSERVERS = 1000;

/** Offsets and times are -1 while unknown. */
export interface ReplicaProgress {
  readonly key: ReplicaKey;
  readonly logEndOffset: number;
  readonly lastFetchTimestampMs: number;
  readonly lastCaughtUpTimestampMs: number;
}

interface Progress {
  readonly key: ReplicaKey;
  endOffset: number;
  fetchedMs: number;
  fetchedWallMs: number;
  caughtUpWallMs: number;
  /** Where the leader's log ended at the last fetch. */
  leaderEndOffset: number;
}

export class ReplicaTable {
  private readonly replicas = new Map<string, Progress>();

  /** A valid fetch has come: the replica has, durably, everything below `offset`. */
  fetched(key: ReplicaKey, offset: number, leaderEndOffset: number, now: Instant, voters: VoterSet): void {
    const progress = this.replicas.get(nameOf(key)) ?? this.add(key, now, voters);
    if (offset >= leaderEndOffset) progress.caughtUpWallMs = now.wallMs;
    else if (progress.leaderEndOffset >= 0 && offset >= progress.leaderEndOffset) progress.caughtUpWallMs = progress.fetchedWallMs;
    progress.endOffset = offset;
    progress.leaderEndOffset = leaderEndOffset;
    progress.fetchedMs = now.monotonicMs;
    progress.fetchedWallMs = now.wallMs;
  }

  /** The end of a voter's log, -1 when it has not fetched in this epoch. */
  endOffsetOf(voter: ReplicaKey): number {
    return this.of(voter)?.endOffset ?? -1;
  }

  /** When it last fetched, in monotonic time; minus infinity when it has not. */
  lastFetchMs(voter: ReplicaKey): number {
    return this.of(voter)?.fetchedMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Within `withinMs` the replica has fetched under this very key, and has once had all that the leader had. */
  isCaughtUp(key: ReplicaKey, nowMs: number, withinMs: number): boolean {
    const progress = this.replicas.get(nameOf(key));
    return progress !== undefined && progress.caughtUpWallMs >= 0 && nowMs - progress.fetchedMs <= withinMs;
  }

  describe(voter: ReplicaKey): ReplicaProgress {
    return shown(voter, this.of(voter));
  }

  observers(voters: VoterSet, nowMs: number): ReplicaProgress[] {
    this.forget(voters, nowMs);
    return [...this.replicas.values()].filter(({ key }) => !voters.isVoter(key)).map((each) => shown(each.key, each));
  }

  /** The voter's progress: under its key, or under its id while its directory is unknown (static quorums). */
  private of(voter: ReplicaKey): Progress | undefined {
    const exact = this.replicas.get(nameOf(voter));
    if (exact !== undefined || voter.directoryId !== UNKNOWN_DIRECTORY) return exact;
    let newest: Progress | undefined;
    for (const each of this.replicas.values()) {
      if (each.key.id === voter.id && (newest === undefined || each.fetchedMs > newest.fetchedMs)) newest = each;
    }
    return newest;
  }

  private add(key: ReplicaKey, now: Instant, voters: VoterSet): Progress {
    this.forget(voters, now.monotonicMs);
    const progress = { key, endOffset: -1, fetchedMs: 0, fetchedWallMs: -1, caughtUpWallMs: -1, leaderEndOffset: -1 };
    this.replicas.set(nameOf(key), progress);
    return progress;
  }

  private forget(voters: VoterSet, nowMs: number): void {
    // Where a voter's directory is unknown any will do, so those are counted among the observers: there may be many.
    const observers = [...this.replicas].filter(([, { key }]) => voters.find(key.id)?.directoryId !== key.directoryId);
    observers.sort(([, a], [, b]) => a.fetchedMs - b.fetchedMs);
    const tooMany = observers.length - MAX_OBSERVERS + 1;
    observers.forEach(([name, { fetchedMs }], index) => {
      if (index < tooMany || nowMs - fetchedMs > OBSERVER_MEMORY_MS) this.replicas.delete(name);
    });
  }
}

function nameOf({ id, directoryId }: ReplicaKey): string {
  return `${id}@${directoryId}`;
}

function shown(key: ReplicaKey, progress: Progress | undefined): ReplicaProgress {
  return {
    key,
    logEndOffset: progress?.endOffset ?? -1,
    lastFetchTimestampMs: progress?.fetchedWallMs ?? -1,
    lastCaughtUpTimestampMs: progress?.caughtUpWallMs ?? -1,
  };
}

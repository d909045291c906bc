/**
 * The fetchers of a broker: one per leader that it follows, for all partitions together. (num.replica.fetchers is 1.)
 *
 * Invariant: a partition is followed at one leader at most. A fetcher without partitions is closed in a later turn, so that
 * partitions which move with their leader's epoch keep its connection and session.
 */
import { ReplicaFetcher, type FetcherParts, type FollowedReplica } from './replica-fetcher';

export class FetcherManager {
  private readonly fetchers = new Map<number, ReplicaFetcher>();
  /** Leader by topic id and partition. */
  private readonly leaders = new Map<string, number>();
  private isClosed = false;

  constructor(private readonly parts: FetcherParts) {}

  /** Partitions that are followed. */
  get size(): number {
    return this.leaders.size;
  }

  /** Follows a replica at that leader from now on, in its leader epoch. */
  follow(replica: FollowedReplica, leaderId: number): void {
    if (this.isClosed) return;
    const key = keyOf(replica.topicId, replica.partition);
    const before = this.leaders.get(key);
    if (before !== undefined && before !== leaderId) this.unfollow(replica.topicId, replica.partition);
    this.leaders.set(key, leaderId);
    let fetcher = this.fetchers.get(leaderId);
    if (fetcher === undefined) this.fetchers.set(leaderId, (fetcher = new ReplicaFetcher(this.parts, leaderId)));
    fetcher.add(replica);
  }

  unfollow(topicId: string, partition: number): void {
    const key = keyOf(topicId, partition);
    const leaderId = this.leaders.get(key);
    if (leaderId === undefined) return;
    this.leaders.delete(key);
    const fetcher = this.fetchers.get(leaderId);
    fetcher?.remove(topicId, partition);
    if (fetcher?.size === 0) this.parts.env.timers.soon(() => this.closeIfEmpty(fetcher));
  }

  private closeIfEmpty(fetcher: ReplicaFetcher): void {
    if (fetcher.size > 0 || this.fetchers.get(fetcher.leaderId) !== fetcher) return;
    this.fetchers.delete(fetcher.leaderId);
    fetcher.close();
  }

  close(): void {
    this.isClosed = true;
    for (const fetcher of this.fetchers.values()) fetcher.close();
    this.fetchers.clear();
    this.leaders.clear();
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId}:${partition}`;
}

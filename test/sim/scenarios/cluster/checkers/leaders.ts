/**
 * I6: one leader for each leader epoch of a partition, by everything that anybody says: Metadata answers, fetches, and the
 * epochs of batches in the logs.
 */

export class LeaderChecker {
  private readonly leaders = new Map<string, number>();

  /** A sentence about what is wrong is given to `violate`. */
  constructor(private readonly violate: (what: string) => void) {}

  saw(key: string, leaderEpoch: number, leader: number): void {
    const epoch = `${key}@${leaderEpoch}`;
    const before = this.leaders.get(epoch);
    if (before !== undefined && before !== leader) this.violate(`I6 ${before} and ${leader} lead ${key} in epoch ${leaderEpoch}`);
    this.leaders.set(epoch, leader);
  }
}

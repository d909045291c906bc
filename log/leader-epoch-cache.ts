/**
 * Where each leader epoch begins in one partition's log (KIP-101, KIP-279). Entries ascend in epoch and in start offset.
 * The file follows later: recovery reads the epochs of what lies after the recovery point from the batches themselves, so
 * `persist` has to run only before a recovery point moves, after a truncation, and at a clean stop.
 */
import type { Disk } from './disk';
import { readEpochCheckpoint, writeEpochCheckpoint, type EpochEntry } from './checkpoint';
import { LEADER_EPOCH_CHECKPOINT } from './file-names';
import type { Durability } from './small-file';

export class LeaderEpochCache {
  private entries: EpochEntry[];
  private isPersisted = true;

  private constructor(
    private readonly disk: Disk,
    /** Changes when the partition's directory is renamed. */
    public directory: string,
    entries: EpochEntry[],
  ) {
    this.entries = entries;
  }

  /** Throws CheckpointError when the file is damaged, DiskError when it cannot be read. */
  static load(disk: Disk, directory: string): LeaderEpochCache {
    return new LeaderEpochCache(disk, directory, readEpochCheckpoint(disk, directory, LEADER_EPOCH_CHECKPOINT));
  }

  static empty(disk: Disk, directory: string): LeaderEpochCache {
    return new LeaderEpochCache(disk, directory, []);
  }

  /** The same epochs, to be written into another directory. */
  copyFor(directory: string): LeaderEpochCache {
    const copy = new LeaderEpochCache(this.disk, directory, this.entries);
    copy.isPersisted = false;
    return copy;
  }

  get latestEpoch(): number {
    return this.entries.at(-1)?.epoch ?? -1;
  }

  all(): readonly EpochEntry[] {
    return this.entries;
  }

  /** Notes that `epoch` begins at `startOffset`; an epoch that is known, or older than the latest, changes nothing. */
  assign(epoch: number, startOffset: number): void {
    if (epoch < 0 || epoch <= this.latestEpoch) return;
    this.replace([...this.entries.filter((entry) => entry.startOffset < startOffset), { epoch, startOffset }]);
  }

  private replace(entries: EpochEntry[]): void {
    this.entries = entries;
    this.isPersisted = false;
  }

  /** The epoch of the record at `offset`, or -1 when it is before the first entry. */
  epochForOffset(offset: number): number {
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const entry = this.entries[i];
      if (entry !== undefined && entry.startOffset <= offset) return entry.epoch;
    }
    return -1;
  }

  /**
   * The largest epoch not above `requestedEpoch` and the offset at which it ends (exclusive); -1, -1 when unknown.
   * Source: OffsetForLeaderEpoch, KIP-279.
   */
  endOffsetFor(requestedEpoch: number, logEndOffset: number): { epoch: number; endOffset: number } {
    const unknown = { epoch: -1, endOffset: -1 };
    if (requestedEpoch < 0) return unknown;
    if (requestedEpoch === this.latestEpoch) return { epoch: requestedEpoch, endOffset: logEndOffset };
    const higher = this.entries.findIndex((entry) => entry.epoch > requestedEpoch);
    if (higher === -1) return unknown;
    const endOffset = this.entries[higher]?.startOffset ?? -1;
    const own = this.entries[higher - 1];
    return own === undefined ? { epoch: requestedEpoch, endOffset } : { epoch: own.epoch, endOffset };
  }

  truncateFromEnd(endOffset: number): void {
    const kept = this.entries.filter((entry) => entry.startOffset < endOffset);
    if (kept.length === this.entries.length) return;
    this.replace(kept);
  }

  /** Drops epochs that end at or before the new log start; the one that covers it starts there now. */
  truncateFromStart(startOffset: number): void {
    const covering = this.entries.findLastIndex((entry) => entry.startOffset <= startOffset);
    const first = this.entries[covering];
    if (first === undefined || (covering === 0 && first.startOffset === startOffset)) return;
    this.replace([{ epoch: first.epoch, startOffset }, ...this.entries.slice(covering + 1)]);
  }

  clear(): void {
    this.replace([]);
  }

  /** Makes the file say what is known; 'cached' is for a caller that syncs it afterwards. Throws DiskError. */
  persist(durability: Durability = 'durable'): void {
    if (this.isPersisted) return;
    writeEpochCheckpoint(this.disk, this.directory, LEADER_EPOCH_CHECKPOINT, this.entries, durability);
    this.isPersisted = true;
  }

  get needsPersist(): boolean {
    return !this.isPersisted;
  }
}

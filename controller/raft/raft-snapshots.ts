/** The snapshots as the core needs them: to serve them to others, and to take one over from the leader. */
import type { ControlState } from './control-state';
import type { OffsetAndEpoch } from './replica-key';

/** A snapshot on its way here. Nothing is visible under its final name before it is frozen. */
export interface SnapshotDownload {
  readonly id: OffsetAndEpoch;
  readonly sizeBytes: number;
  /** Throws RaftLogFullError when the disk is full. */
  append(bytes: Uint8Array): void;
  /** Makes it durable and visible; tells the error's message, or null, in a later turn. */
  freeze(done: (why: string | null) => void): void;
  abandon(): void;
}

export interface RaftSnapshots {
  readonly latest: OffsetAndEpoch | null;
  readonly earliest: OffsetAndEpoch | null;
  has(id: OffsetAndEpoch): boolean;
  sizeOf(id: OffsetAndEpoch): number;
  read(id: OffsetAndEpoch, position: number, maxBytes: number): Uint8Array;
  create(id: OffsetAndEpoch): SnapshotDownload;
  /** Takes it away at once. */
  discard(id: OffsetAndEpoch): void;
  /** Takes away those that end below `offset`, where the log starts now. */
  discardBefore(offset: number): void;
  /**
   * Reads it whole, checksums and footer included, and gives what puts its voters and its kraft.version in the place of
   * those that were known. Throws SnapshotError when it is damaged.
   */
  controlOf(id: OffsetAndEpoch): (into: ControlState) => void;
}

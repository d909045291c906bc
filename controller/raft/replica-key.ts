/** Who a replica of the metadata log is: a node id alone names a machine, together with the directory id it names a disk. (KIP-853) */
import { ZERO_UUID } from '../../wire/base/uuid';

/** What stands for an unknown directory: a voter entry with it matches any directory of that node. */
export const UNKNOWN_DIRECTORY = ZERO_UUID;

export const NO_LEADER = -1;

export interface ReplicaKey {
  readonly id: number;
  readonly directoryId: string;
}

/** A place in the metadata log: `offset` is exclusive where it names a snapshot or an end. */
export interface OffsetAndEpoch {
  readonly offset: number;
  readonly epoch: number;
}

export interface LeaderAndEpoch {
  /** NO_LEADER when nobody is known to lead the epoch. */
  readonly leaderId: number;
  readonly epoch: number;
}

/** Who led before, as the node that leads now has seen it. */
export interface FormerLeader {
  readonly id: number;
  /** In monotonic time. */
  readonly lastHeardMs: number;
}

export function sameKey(a: ReplicaKey, b: ReplicaKey): boolean {
  return a.id === b.id && a.directoryId === b.directoryId;
}

/** Whether a voter entry means this replica: one whose directory is not known yet means any disk of that node. */
export function entryMatches(entry: ReplicaKey, key: ReplicaKey): boolean {
  return entry.id === key.id && (entry.directoryId === UNKNOWN_DIRECTORY || entry.directoryId === key.directoryId);
}

/** Negative when `a` lies before `b`: the epoch decides first. */
export function compareOffsetAndEpoch(a: OffsetAndEpoch, b: OffsetAndEpoch): number {
  return a.epoch - b.epoch || a.offset - b.offset;
}

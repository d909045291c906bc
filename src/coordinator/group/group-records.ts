/**
 * Records of `__consumer_offsets` as the machine sees them: flat, without the versions and layouts of the log. Pure.
 *
 * Groups of other types bring records of their own: `other` carries them, typed by their wire schemas.
 */

/** Record types: the int16 that a key begins with. */
export const RecordType = { legacyOffsetCommit: 0, offsetCommit: 1, groupMetadata: 2 } as const;

export interface CommittedOffset {
  readonly offset: number;
  /** -1: not given. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** -1: the broker's retention counts. */
  readonly expireTimestampMs: number;
  /** The zero id when the record has none. */
  readonly topicId: string;
}

export interface OffsetCommitRecord {
  readonly kind: 'offsetCommit';
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** Null: a tombstone. */
  readonly value: CommittedOffset | null;
}

export interface StoredClassicMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** -1: written by a client of JoinGroup v0. */
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

export interface StoredClassicGroup {
  readonly protocolType: string;
  readonly generationId: number;
  readonly protocolName: string | null;
  readonly leaderId: string | null;
  /** -1: a record of version 0 or 1. */
  readonly currentStateTimestampMs: number;
  readonly members: readonly StoredClassicMember[];
}

export interface GroupMetadataRecord {
  readonly kind: 'groupMetadata';
  readonly groupId: string;
  /** Null: a tombstone. */
  readonly value: StoredClassicGroup | null;
}

/** A record of a group that is not classic: key and value as their schemas decode them. */
export interface OtherGroupRecord {
  readonly kind: 'other';
  readonly recordType: number;
  readonly key: object;
  readonly value: object | null;
}

export type CoordinatorRecord = OffsetCommitRecord | GroupMetadataRecord | OtherGroupRecord;

/** Takes back a committed offset, and every pending one of that partition. */
export function offsetTombstone(groupId: string, topic: string, partition: number): OffsetCommitRecord {
  return { kind: 'offsetCommit', groupId, topic, partition, value: null };
}

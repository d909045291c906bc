/**
 * Offsets of groups, read from one cluster and written to another as they are: in offset-preserving mode a record has the same
 * offset on both. An offset beyond the end of the copy is held at its end: what a group has read there is not here, and an
 * offset that no log has would send its members to the start or the end.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import {
  alterGroupOffsets,
  type CommittedOffset,
  committedOffsets,
  listConsumerGroups,
} from '../../wire/group-admin';

/** Where the copies of the source's partitions are called what and end where. */
export interface CopyEnds {
  /** Null for what is not copied. */
  targetTopicOf(topic: string): string | null;
  endOf(targetTopic: string, partition: number): Promise<number>;
}

/** A source's offset with the end of the copy that it is meant for. */
export interface HeldOffset extends CommittedOffset {
  readonly copyEnd: number;
}

/** What is to be written on the target: nothing goes back there, and nothing lies beyond a copy's end. Pure. */
export function offsetsToWrite(source: readonly HeldOffset[], target: readonly CommittedOffset[]): CommittedOffset[] {
  const present = new Map(target.map((row) => [`${row.topic}:${row.partition}`, row.offset]));
  return source.flatMap(({ copyEnd, topic, partition, offset, metadata }) => {
    const held = Math.min(offset, copyEnd);
    return held > (present.get(`${topic}:${partition}`) ?? -1) ? [{ topic, partition, offset: held, metadata }] : [];
  });
}

/** Under the names of the target, without what is not copied. */
async function withEnds(offsets: readonly CommittedOffset[], ends: CopyEnds, known: Map<string, number>): Promise<HeldOffset[]> {
  const held: HeldOffset[] = [];
  for (const row of offsets) {
    const topic = ends.targetTopicOf(row.topic);
    if (topic === null) continue;
    const key = `${topic}:${row.partition}`;
    const copyEnd = known.get(key) ?? (await ends.endOf(topic, row.partition));
    known.set(key, copyEnd);
    held.push({ ...row, topic, copyEnd });
  }
  return held;
}

export interface CopiedGroups {
  /** Groups of which offsets were written. */
  readonly written: readonly string[];
  /** Groups with members on the target, which keep their own. */
  readonly active: readonly string[];
}

/** One pass over all groups that are accepted. */
export async function copyGroupOffsets(
  clusters: { readonly source: ClusterClient; readonly target: ClusterClient },
  accepts: (group: string) => boolean,
  ends: CopyEnds,
): Promise<CopiedGroups> {
  const written: string[] = [];
  const active: string[] = [];
  const known = new Map<string, number>();
  for (const group of await listConsumerGroups(clusters.source)) {
    if (!accepts(group)) continue;
    const there = await withEnds(await committedOffsets(clusters.source, group), ends, known);
    if (there.length === 0) continue;
    const offsets = offsetsToWrite(there, await committedOffsets(clusters.target, group));
    if (offsets.length === 0) continue;
    try {
      await alterGroupOffsets(clusters.target, group, offsets);
      written.push(group);
    } catch (error) {
      if (!(error instanceof ServerError) || !HAS_MEMBERS.has(error.errorCode)) throw error;
      active.push(group);
    }
  }
  return { written, active };
}

const HAS_MEMBERS: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.STALE_MEMBER_EPOCH,
]);

/**
 * Offsets of groups, read from one cluster and written to another as they are: in offset-preserving mode a record has the same
 * offset on both. An offset beyond the end of the copy is held at its end: what a group has read there is not here, and an
 * offset that no log has would send its members to the start or the end.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';

export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

/** Versions that name topics by name. */
const BY_NAME = { maxVersion: 9 };
const WITH_RETENTION = { maxVersion: 4 };
const ONE_GROUP_BEFORE = 8;

/** Of consumers, on every broker of the cluster. Rejects with an ExchangeError or a ServerError. */
export async function listGroups(cluster: ClusterClient): Promise<string[]> {
  await cluster.metadata([]);
  const found = new Set<string>();
  for (const broker of cluster.brokers.keys()) {
    const { errorCode, groups } = await cluster.ask(broker, 'ListGroups', (version) => ({
      ...(version >= 4 ? { statesFilter: [] } : {}),
      ...(version >= 5 ? { typesFilter: [] } : {}),
    }));
    if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `ListGroups of broker ${broker}`);
    for (const { groupId, protocolType } of groups) if (protocolType === 'consumer' || protocolType === '') found.add(groupId);
  }
  return [...found].sort();
}

export async function fetchOffsets(cluster: ClusterClient, group: string): Promise<GroupOffset[]> {
  const coordinator = await cluster.findCoordinator(group);
  const answer = await cluster.ask(
    coordinator,
    'OffsetFetch',
    (version) => (version >= ONE_GROUP_BEFORE ? { groups: [{ groupId: group, topics: null }] } : { groupId: group, topics: null }),
    BY_NAME,
  );
  const found = answer.groups[0] ?? answer;
  if (found.errorCode !== ErrorCode.NONE) throw new ServerError(found.errorCode, `offsets of group ${group}`);
  return found.topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ errorCode, committedOffset }) => errorCode === ErrorCode.NONE && committedOffset >= 0)
      .map(({ partitionIndex, committedOffset, metadata }) => ({
        topic: name,
        partition: partitionIndex,
        offset: committedOffset,
        metadata: metadata ?? '',
      })),
  );
}

/**
 * Writes as an admin does: a group that has members refuses. Throws a ServerError with the first error. `keptMs`: so long,
 * instead of as long as the cluster keeps the offsets of groups without members.
 */
export async function commitOffsets(cluster: ClusterClient, group: string, offsets: readonly GroupOffset[], keptMs?: number): Promise<void> {
  if (offsets.length === 0) return;
  const coordinator = await cluster.findCoordinator(group);
  const topics = new Map<string, { partitionIndex: number; committedOffset: number; committedMetadata: string }[]>();
  for (const { topic, partition, offset, metadata } of offsets) {
    const rows = topics.get(topic) ?? [];
    topics.set(topic, rows);
    rows.push({ partitionIndex: partition, committedOffset: offset, committedMetadata: metadata });
  }
  const request = {
    groupId: group,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    ...(keptMs === undefined ? {} : { retentionTimeMs: keptMs }),
    topics: Array.from(topics, ([name, partitions]) => ({ name, partitions })),
  };
  const response = await cluster.ask(coordinator, 'OffsetCommit', request, keptMs === undefined ? BY_NAME : WITH_RETENTION);
  for (const { name, partitions } of response.topics) {
    for (const { errorCode, partitionIndex } of partitions) {
      if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `offset of group ${group} for ${name}-${partitionIndex}`);
    }
  }
}

/** Where the copies of the source's partitions are called what and end where. */
export interface CopyEnds {
  /** Null for what is not copied. */
  targetTopicOf(topic: string): string | null;
  endOf(targetTopic: string, partition: number): Promise<number>;
}

/** A source's offset with the end of the copy that it is meant for. */
export interface HeldOffset extends GroupOffset {
  readonly copyEnd: number;
}

/** What is to be written on the target: nothing goes back there, and nothing lies beyond a copy's end. Pure. */
export function offsetsToWrite(source: readonly HeldOffset[], target: readonly GroupOffset[]): GroupOffset[] {
  const present = new Map(target.map((row) => [`${row.topic}:${row.partition}`, row.offset]));
  return source.flatMap(({ copyEnd, topic, partition, offset, metadata }) => {
    const held = Math.min(offset, copyEnd);
    return held > (present.get(`${topic}:${partition}`) ?? -1) ? [{ topic, partition, offset: held, metadata }] : [];
  });
}

/** Under the names of the target, without what is not copied. */
async function withEnds(offsets: readonly GroupOffset[], ends: CopyEnds, known: Map<string, number>): Promise<HeldOffset[]> {
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
  for (const group of await listGroups(clusters.source)) {
    if (!accepts(group)) continue;
    const there = await withEnds(await fetchOffsets(clusters.source, group), ends, known);
    if (there.length === 0) continue;
    const offsets = offsetsToWrite(there, await fetchOffsets(clusters.target, group));
    if (offsets.length === 0) continue;
    try {
      await commitOffsets(clusters.target, group, offsets);
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

/**
 * What an administrator asks of groups: which there are, what they have committed, and new offsets for those without members.
 * Rejects with an ExchangeError or a ServerError.
 */
import { ErrorCode } from './base/error-codes';
import { ServerError } from './broker-link';
import type { ClusterClient } from './cluster-client';

export interface GroupListing {
  readonly groupId: string;
  /** 'consumer' for consumers; '' for offsets that were committed without a member. */
  readonly protocolType: string;
  /** As Stable or Empty; '' from brokers before Kafka 2.6 (KIP-518). */
  readonly state: string;
}

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

/** Later versions name topics by id alone. */
const MAX_VERSION_BY_NAME = 9;
const GROUPS_IN_ONE_REQUEST = 8;
/** The last version that says how long offsets are kept (KIP-211). */
const MAX_VERSION_WITH_RETENTION = 4;
const CONSUMERS: ReadonlySet<string> = new Set(['consumer', '']);

/** All groups of the cluster, of whatever type. */
export async function listGroups(client: ClusterClient): Promise<readonly GroupListing[]> {
  await client.metadata([]);
  const found = new Map<string, GroupListing>();
  for (const brokerId of client.brokers.keys()) {
    const { errorCode, groups } = await client.ask(brokerId, 'ListGroups', {});
    if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, 'ListGroups');
    for (const { groupId, protocolType, groupState } of groups) {
      found.set(groupId, { groupId, protocolType, state: groupState });
    }
  }
  return [...found.values()];
}

/** Ids of the groups that consumers commit to, in order. */
export async function listConsumerGroups(client: ClusterClient): Promise<readonly string[]> {
  const listed = await listGroups(client);
  return listed.flatMap(({ groupId, protocolType }) => (CONSUMERS.has(protocolType) ? [groupId] : [])).sort();
}

/** Every offset that a group has committed; none for a group that nobody knows. */
export function committedOffsets(client: ClusterClient, groupId: string): Promise<readonly CommittedOffset[]> {
  return client.atCoordinator(groupId, (coordinator) => committedAt(client, coordinator, groupId));
}

async function committedAt(
  client: ClusterClient,
  coordinator: number,
  groupId: string,
): Promise<readonly CommittedOffset[]> {
  const request = (version: number) =>
    version >= GROUPS_IN_ONE_REQUEST ? { groups: [{ groupId, topics: null }] } : { groupId, topics: null };
  const response = await client.ask(coordinator, 'OffsetFetch', request, { maxVersion: MAX_VERSION_BY_NAME });
  const { errorCode, topics } = response.groups[0] ?? response;
  if (errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return [];
  if (errorCode !== ErrorCode.NONE) throw new ServerError(errorCode, `OffsetFetch ${groupId}`);
  const offsets: CommittedOffset[] = [];
  for (const { name, partitions } of topics) {
    for (const { partitionIndex, committedOffset, metadata, errorCode: code } of partitions) {
      if (code !== ErrorCode.NONE) throw new ServerError(code, `OffsetFetch ${groupId}`);
      if (committedOffset < 0) continue;
      offsets.push({ topic: name, partition: partitionIndex, offset: committedOffset, metadata: metadata ?? '' });
    }
  }
  return offsets;
}

/**
 * For a group without members: UNKNOWN_MEMBER_ID when it has some. `keptMs`: so long, instead of as long as the cluster keeps
 * the offsets of groups without members.
 */
export async function alterGroupOffsets(
  client: ClusterClient,
  groupId: string,
  offsets: readonly CommittedOffset[],
  keptMs?: number,
): Promise<void> {
  if (offsets.length === 0) return;
  const byTopic = new Map<string, CommittedOffset[]>();
  for (const each of offsets) byTopic.set(each.topic, [...(byTopic.get(each.topic) ?? []), each]);
  const topics = [...byTopic].map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedMetadata: metadata,
    })),
  }));
  const coordinator = await client.findCoordinator(groupId);
  const request = { groupId, memberId: '', topics, ...(keptMs === undefined ? {} : { retentionTimeMs: keptMs }) };
  const maxVersion = keptMs === undefined ? MAX_VERSION_BY_NAME : MAX_VERSION_WITH_RETENTION;
  const response = await client.ask(coordinator, 'OffsetCommit', request, { maxVersion });
  for (const { name, partitions } of response.topics) {
    for (const { errorCode, partitionIndex } of partitions) {
      if (errorCode !== ErrorCode.NONE)
        throw new ServerError(errorCode, `OffsetCommit of ${groupId} for ${name}-${partitionIndex}`);
    }
  }
}

/** A follower's Fetch: the plan of its core as the message that the leader's version understands. */
import type { RequestInput } from '../../wire/exchange';
import type { FetchPlan, FollowedPartition } from './fetcher-core';

type Request = RequestInput<'Fetch'>;
type Topic = Request['topics'][number];
type ForgottenTopic = NonNullable<Request['forgottenTopicsData']>[number];

export interface FetchRequestSettings {
  readonly brokerId: number;
  /** replica.fetch.min.bytes */
  readonly minBytes: number;
  /** replica.fetch.max.bytes, of one partition */
  readonly maxBytes: number;
  /** replica.fetch.response.max.bytes */
  readonly responseMaxBytes: number;
}

/** From here on the replica and its epoch stand in a struct (KIP-903). */
const REPLICA_STATE_SINCE = 15;

export function fetchRequestOf(
  plan: FetchPlan<FollowedPartition>,
  version: number,
  settings: FetchRequestSettings,
  brokerEpoch: number,
): Request {
  const { brokerId } = settings;
  const who =
    version >= REPLICA_STATE_SINCE
      ? { replicaState: { replicaId: brokerId, replicaEpoch: brokerEpoch } }
      : { replicaId: brokerId };
  return {
    ...who,
    maxWaitMs: plan.maxWaitMs,
    minBytes: settings.minBytes,
    maxBytes: settings.responseMaxBytes,
    sessionId: plan.sessionId,
    sessionEpoch: plan.sessionEpoch,
    topics: topicsOf(plan, settings.maxBytes),
    forgottenTopicsData: forgottenOf(plan),
    rackId: '',
  };
}

function topicsOf({ named }: FetchPlan<FollowedPartition>, partitionMaxBytes: number): Topic[] {
  const topics = new Map<string, { topic: string; topicId: string; partitions: Topic['partitions'][number][] }>();
  for (const { partition: followed } of named) {
    const { topic, topicId, partition, log, leaderEpoch } = followed;
    let entry = topics.get(topicId);
    if (entry === undefined) topics.set(topicId, (entry = { topic, topicId, partitions: [] }));
    entry.partitions.push({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: log.logEndOffset,
      lastFetchedEpoch: log.latestEpoch,
      logStartOffset: log.logStartOffset,
      partitionMaxBytes,
    });
  }
  return [...topics.values()];
}

function forgottenOf({ forgotten }: FetchPlan<FollowedPartition>): ForgottenTopic[] {
  const topics = new Map<string, { topic: string; topicId: string; partitions: number[] }>();
  for (const { topic, topicId, partition } of forgotten) {
    const entry = topics.get(topicId);
    if (entry === undefined) topics.set(topicId, { topic, topicId, partitions: [partition] });
    else entry.partitions.push(partition);
  }
  return [...topics.values()];
}

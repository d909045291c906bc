/**
 * A flow's lag as both clusters tell it, without asking the mirror: positions from the flow's group on the target, ends, sizes
 * and the age of the oldest record from the source. Positions are stored each five seconds, so as old may this be.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { ServerError } from '../../wire/broker-link';
import type { ClusterClient } from '../../wire/cluster-client';
import { committedOffsets } from '../../wire/group-admin';
import { BatchView } from '../../wire/record/batch';
import { committedBatches } from '../copy/committed-batches-core';
import { flowGroupId } from '../flow/flow';
import type { FlowSettings } from '../flow/settings';
import { someAtATime } from '../flow/some-at-a-time';
import { type ReplicatedTopic, topicPlan } from '../topics/topic-plan-core';
import { type LagRow, type PartitionFacts, lagRow } from './lag-core';

export interface FlowStatus {
  readonly flow: string;
  /** Processes that share the flow now. */
  readonly processes: number;
  readonly rows: readonly LagRow[];
}

export interface StatusParts {
  readonly settings: FlowSettings;
  readonly source: ClusterClient;
  readonly target: ClusterClient;
  nowMs(): number;
}

const LATEST = -1;
const EARLIEST = -2;
/** Partitions that are asked about at a time. */
const MAX_ASKED = 16;

/** Rejects with an ExchangeError or a ServerError. */
export async function flowStatus({ settings, source, target, nowMs }: StatusParts): Promise<FlowStatus> {
  const flow = `${settings.source.alias}->${settings.target.alias}`;
  const { topics } = topicPlan(settings, await source.metadata(null), []);
  const stored = await positionsOf(target, settings);
  const sizes = await sizesOf(source);
  const ends = await endsOf(source, topics);
  const facts = [...ends].flatMap(([topic, partitions]) =>
    partitions.map(({ startOffset, endOffset }, partition): PartitionFacts => ({
      ...{ flow, topic: topic.sourceTopic, partition, startOffset, endOffset, oldestTimestampMs: null },
      position: stored.get(`${topic.targetTopic}:${partition}`) ?? null,
      sizeBytes: sizes.get(`${topic.sourceTopic}:${partition}`) ?? null,
    })),
  );
  const rows = await someAtATime(facts, MAX_ASKED, async (each) => lagRow(await withAge(source, each), nowMs()));
  return { flow, processes: await processesOf(target, settings), rows };
}

async function positionsOf(target: ClusterClient, settings: FlowSettings): Promise<ReadonlyMap<string, number>> {
  const offsets = await committedOffsets(target, flowGroupId(settings));
  return new Map(offsets.map(({ topic, partition, offset }) => [`${topic}:${partition}`, offset]));
}

function processesOf(target: ClusterClient, settings: FlowSettings): Promise<number> {
  const groupId = flowGroupId(settings);
  return target.atCoordinator(groupId, async (coordinator) => {
    const { groups } = await target.ask(coordinator, 'DescribeGroups', { groups: [groupId] });
    const [group] = groups;
    if (group === undefined || group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return 0;
    if (group.errorCode !== ErrorCode.NONE) throw new ServerError(group.errorCode, `DescribeGroups ${groupId}`);
    return group.members.length;
  });
}

interface Ends {
  readonly startOffset: number;
  readonly endOffset: number;
}

async function endsOf(
  source: ClusterClient,
  topics: readonly ReplicatedTopic[],
): Promise<Map<ReplicatedTopic, readonly Ends[]>> {
  const ends = new Map<ReplicatedTopic, readonly Ends[]>();
  for (const topic of topics) {
    const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition);
    const ask = async (partition: number): Promise<Ends> => ({
      startOffset: await source.listOffset(topic.sourceTopic, partition, EARLIEST),
      endOffset: await source.listOffset(topic.sourceTopic, partition, LATEST, true),
    });
    ends.set(topic, await someAtATime(partitions, MAX_ASKED, ask));
  }
  return ends;
}

/** The largest replica of each partition; nothing from clusters that do not tell. */
async function sizesOf(source: ClusterClient): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const brokerId of source.brokers.keys()) {
    const replicas = await replicasOf(source, brokerId);
    for (const { key, sizeBytes } of replicas) sizes.set(key, Math.max(sizes.get(key) ?? 0, sizeBytes));
  }
  return sizes;
}

async function replicasOf(source: ClusterClient, brokerId: number): Promise<{ key: string; sizeBytes: number }[]> {
  try {
    const { results } = await source.ask(brokerId, 'DescribeLogDirs', { topics: null });
    return results.flatMap(({ topics }) =>
      topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, partitionSize }) => ({
          key: `${name}:${partitionIndex}`,
          sizeBytes: partitionSize,
        })),
      ),
    );
  } catch (error) {
    if (error instanceof ServerError) return [];
    throw error;
  }
}

/** The time of the first record that is not copied, or of the newest in its batch when it is compressed with others. */
async function withAge(source: ClusterClient, facts: PartitionFacts): Promise<PartitionFacts> {
  const from = Math.max(facts.position ?? facts.startOffset, facts.startOffset);
  if (from >= facts.endOffset) return facts;
  try {
    const options = { maxBytes: 1, maxWaitMs: 0, readCommitted: true };
    const { records, abortedTransactions } = await source.fetch(facts.topic, facts.partition, from, options);
    const [first] = committedBatches(records, from, abortedTransactions).batches;
    if (first === undefined) return facts;
    const { baseTimestamp } = new BatchView(first.bytes, 0);
    const isWhole = first.baseOffset >= from;
    return { ...facts, oldestTimestampMs: isWhole && baseTimestamp >= 0 ? baseTimestamp : first.maxTimestampMs };
  } catch (error) {
    if (error instanceof ServerError && error.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) return facts;
    throw error;
  }
}

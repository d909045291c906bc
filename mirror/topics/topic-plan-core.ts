/** What the target's topics need, so that every partition that a flow copies has its place. Pure. */
import type { TopicView } from '../../wire/cluster-client';
import type { FlowPartition } from '../flow/flow-partition';
import type { FlowSettings } from '../flow/settings';
import { isReplicated } from '../naming/topic-rules';

export interface ReplicatedTopic {
  readonly sourceTopic: string;
  readonly sourceTopicId: string;
  readonly targetTopic: string;
  readonly partitions: number;
}

export interface TopicPlan {
  readonly topics: readonly ReplicatedTopic[];
  readonly missing: readonly ReplicatedTopic[];
  /** Those that have fewer partitions on the target. */
  readonly short: readonly ReplicatedTopic[];
}

type Rules = Pick<FlowSettings, 'policy' | 'topics' | 'replicatesHeartbeats' | 'source' | 'target'>;

export function topicPlan(flow: Rules, source: readonly TopicView[], target: readonly TopicView[]): TopicPlan {
  const countOnTarget = new Map(target.map(({ name, leaders }) => [name, leaders.length]));
  const topics = source
    .filter(({ name, errorCode, leaders }) => errorCode === 0 && leaders.length > 0 && isReplicated(flow, name))
    .map(({ name, topicId, leaders }) => ({
      sourceTopic: name,
      sourceTopicId: topicId,
      targetTopic: flow.policy.formatRemoteTopic(flow.source.alias, name),
      partitions: leaders.length,
    }));
  return {
    topics,
    missing: topics.filter(({ targetTopic }) => !countOnTarget.has(targetTopic)),
    short: topics.filter(({ targetTopic, partitions }) => (countOnTarget.get(targetTopic) ?? partitions) < partitions),
  };
}

export function partitionsOf({
  sourceTopic,
  sourceTopicId,
  targetTopic,
  partitions,
}: ReplicatedTopic): FlowPartition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ sourceTopic, sourceTopicId, targetTopic, partition }));
}

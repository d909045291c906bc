/** Which topics a flow copies, and what a group's topic is called where the group may go on. */
import type { FlowSettings } from '../flow/settings';
import type { ReplicationPolicy } from './replication-policy';

type Rules = Pick<FlowSettings, 'policy' | 'topics' | 'replicatesHeartbeats' | 'source' | 'target'>;

export function isReplicated(flow: Rules, topic: string): boolean {
  const { policy } = flow;
  const isWanted = flow.topics.accepts(topic) || (flow.replicatesHeartbeats && policy.isHeartbeatsTopic(topic));
  return isWanted && !policy.isInternalTopic(topic) && !isCycle(policy, topic, flow.target.alias);
}

/** Whether the target has been on the way of this topic already, however far back: its records come from there. */
export function isCycle(policy: ReplicationPolicy, topic: string, targetAlias: string): boolean {
  let name = topic;
  for (;;) {
    const source = policy.topicSource(name);
    if (source === null) return false;
    if (source === targetAlias) return true;
    const upstream = policy.upstreamTopic(name);
    // Each hop makes the name shorter; a policy that does not shorten it cannot tell hops.
    if (upstream === null || upstream.length >= name.length) return false;
    name = upstream;
  }
}

/** Whether this topic of the source is the target's own, mirrored here. */
export function cameFromTarget(flow: Pick<Rules, 'policy' | 'target'>, topic: string): boolean {
  return flow.policy.topicSource(topic) === flow.target.alias;
}

/**
 * The name on the target under which a reader of `topic` on the source goes on. A topic that came from the target loses that
 * hop (MirrorMaker 2 takes all hops away, and names another topic when there were more).
 */
export function targetTopicOf(flow: Pick<Rules, 'policy' | 'source' | 'target'>, topic: string): string {
  const upstream = cameFromTarget(flow, topic) ? flow.policy.upstreamTopic(topic) : null;
  return upstream ?? flow.policy.formatRemoteTopic(flow.source.alias, topic);
}

/**
 * Names stay as they are, Kafka's IdentityReplicationPolicy (KIP-716). Heartbeats keep the prefix, so that their way can be
 * told. Everything else seems to come from the flow's source: cycles cannot be seen, so flows go one way only.
 */
import { defaultPolicy } from './default-policy';
import { HEARTBEATS, type PolicySettings, isHeartbeats } from './policy-names';
import type { ReplicationPolicy } from './replication-policy';

export function identityPolicy(settings: PolicySettings, sourceAlias: string): ReplicationPolicy {
  const prefixed = defaultPolicy(settings);
  const isPrefixed = (topic: string): boolean => topic.endsWith(HEARTBEATS);
  const policy: ReplicationPolicy = {
    ...prefixed,
    formatRemoteTopic: (alias, topic) => (isPrefixed(topic) ? prefixed.formatRemoteTopic(alias, topic) : topic),
    topicSource: (topic) => (isPrefixed(topic) ? prefixed.topicSource(topic) : sourceAlias),
    upstreamTopic: (topic) => (isPrefixed(topic) ? prefixed.upstreamTopic(topic) : topic),
    isHeartbeatsTopic: (topic) => isHeartbeats(policy, topic),
  };
  return policy;
}

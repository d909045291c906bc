/** `alias + separator + topic`, Kafka's DefaultReplicationPolicy (KIP-382; the internal separator is KIP-690's). */
import { HEARTBEATS, type PolicySettings, internalNames, isHeartbeats } from './policy-names';
import type { ReplicationPolicy } from './replication-policy';

export function defaultPolicy(settings: PolicySettings): ReplicationPolicy {
  const { separator } = settings;
  const policy: ReplicationPolicy = {
    ...internalNames(settings),
    heartbeatsTopic: HEARTBEATS,
    formatRemoteTopic: (sourceAlias, topic) => sourceAlias + separator + topic,
    topicSource: (topic) => {
      const at = topic.indexOf(separator);
      // As Java splits: what only separators follow is a name of its own.
      return at < 0 || isOnly(separator, topic.slice(at)) ? null : topic.slice(0, at);
    },
    upstreamTopic: (topic) => {
      const source = policy.topicSource(topic);
      return source === null ? null : topic.slice(source.length + separator.length);
    },
    isHeartbeatsTopic: (topic) => isHeartbeats(policy, topic),
  };
  return policy;
}

function isOnly(separator: string, text: string): boolean {
  return text === separator.repeat(text.length / separator.length);
}

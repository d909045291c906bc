/** Names that both policies share: those of MirrorMaker's own topics, and where the way of a copy began. */
import type { ReplicationPolicy } from './replication-policy';

export const HEARTBEATS = 'heartbeats';

export interface PolicySettings {
  /** `replication.policy.separator` */
  readonly separator: string;
  /** `replication.policy.internal.topic.separator.enabled`: whether MirrorMaker's own topics use that separator, too. */
  readonly usesSeparatorInternally: boolean;
}

type InternalNames = Pick<ReplicationPolicy, 'isInternalTopic' | 'offsetSyncsTopic' | 'checkpointsTopic'>;

export function internalNames({ separator, usesSeparatorInternally }: PolicySettings): InternalNames {
  const mark = usesSeparatorInternally ? separator : '.';
  const suffix = `${mark}internal`;
  const checkpoints = `${mark}checkpoints${suffix}`;
  return {
    offsetSyncsTopic: (otherAlias) => `mm2-offset-syncs${mark}${otherAlias}${suffix}`,
    checkpointsTopic: (sourceAlias) => sourceAlias + checkpoints,
    // Since Kafka 4.0 (KIP-1074) other names that end in "internal" are ordinary ones.
    isInternalTopic: (topic) =>
      (topic.startsWith('mm2') && topic.endsWith(suffix)) ||
      topic.endsWith(checkpoints) ||
      topic.startsWith('__') ||
      topic.startsWith('.'),
  };
}

/** The name that a topic had where it was made. */
export function originalTopic(policy: Pick<ReplicationPolicy, 'upstreamTopic'>, topic: string): string {
  let name = topic;
  for (;;) {
    const upstream = policy.upstreamTopic(name);
    if (upstream === null || upstream.length >= name.length) return name;
    name = upstream;
  }
}

export function isHeartbeats(policy: Pick<ReplicationPolicy, 'upstreamTopic'>, topic: string): boolean {
  return originalTopic(policy, topic) === HEARTBEATS;
}

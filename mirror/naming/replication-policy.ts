/**
 * How topics of one cluster are called in another (KIP-382), seen from one flow.
 *
 * Pure: names in, names out.
 */
export interface ReplicationPolicy {
  /** The name on the target of `topic` of the source cluster `sourceAlias`. */
  formatRemoteTopic(sourceAlias: string, topic: string): string;
  /** The alias of the cluster that a topic came from; null when it is nobody's copy. */
  topicSource(topic: string): string | null;
  /** The name that a copy has in the cluster that it came from; null when it is nobody's copy. */
  upstreamTopic(topic: string): string | null;
  isInternalTopic(topic: string): boolean;
  isHeartbeatsTopic(topic: string): boolean;
  readonly heartbeatsTopic: string;
  offsetSyncsTopic(otherAlias: string): string;
  checkpointsTopic(sourceAlias: string): string;
}

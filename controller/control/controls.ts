/** What every control works with. */
import type { Random } from '../../wire/base/env';
import type { ConfigRules } from './config-rules';
import type { ControllerState } from './controller-state';
import type { ReplicaPlacer } from './placement';

export interface ControllerConfig {
  readonly nodeId: number;
  readonly clusterId: string;
  /** num.partitions and default.replication.factor, for CreateTopics with -1. */
  readonly defaultPartitions: number;
  readonly defaultReplicationFactor: number;
  /** delete.topic.enable */
  readonly deleteTopicEnable: boolean;
}

export interface Controls {
  readonly state: ControllerState;
  readonly config: ControllerConfig;
  readonly rules: ConfigRules;
  readonly placer: ReplicaPlacer;
  readonly random: Random;
}

/** Who asks, and what they may. Predicates that are missing allow everything. */
export interface RequestContext {
  /** Of the request as the client sent it. */
  readonly apiVersion: number;
  readonly mayCreateTopic?: (name: string) => boolean;
  readonly mayDeleteTopic?: (name: string) => boolean;
  readonly mayDescribeTopic?: (name: string) => boolean;
  readonly mayDescribeConfigs?: (name: string) => boolean;
  /** Takes partitions from the mutation quota (KIP-599); false: over it, and the part of the request is refused. */
  readonly takePartitionQuota?: (partitions: number) => boolean;
}

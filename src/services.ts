/** What the handlers work with: the parts of a running broker. */
import type { Controller } from '../controller/control/controller';
import type { Env } from '../log/env';
import type { LogManager } from '../log/log-manager';
import type { BrokerConfig } from './config/broker-config';
import type { GroupCoordinator } from './coordinator/group/group-coordinator';
import type { MetadataCache } from './metadata/metadata-cache';
import type { ProducerIds } from './producer-ids';
import type { FetchSessionCache } from './replication/fetch-session';
import type { ProduceRules } from './replication/produce-rules';
import type { ReplicaManager } from './replication/replica-manager';
import type { TopicCreator } from './metadata/topic-creator';

export interface Services {
  readonly env: Env;
  /** What is in force now. */
  readonly config: BrokerConfig;
  readonly brokerId: number;
  readonly clusterId: string;
  readonly metadata: MetadataCache;
  readonly replicas: ReplicaManager;
  readonly logs: LogManager;
  readonly fetchSessions: FetchSessionCache;
  readonly produceRules: ProduceRules;
  readonly producerIds: ProducerIds;
  readonly groups: GroupCoordinator;
  readonly controller: Controller;
  readonly topicCreator: TopicCreator;
}

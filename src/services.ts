/** What the handlers work with: the parts of a running broker. */
import type { Env } from '../log/env';
import type { LogManager } from '../log/log-manager';
import type { BrokerConfig } from './config/broker-config';
import type { ControllerChannel } from './controller-channel';
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
  /** For what only the active controller decides. */
  readonly forwarding: ControllerChannel;
  /** What the quorum's records have finalized; it is no part of the metadata. (KIP-853) */
  readonly kraftVersion: () => number;
  /** A broker that is alive, -1 without any: clients are told one of them for the controller, since each forwards to it. */
  readonly someBroker: () => number;
  readonly topicCreator: TopicCreator;
}

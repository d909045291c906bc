/**
 * Every API of the protocol: its handler, or the reason why it is not served. A missing row does not compile, ApiVersions
 * answers from here, and the reasons are printed into docs/differences.md.
 */
import { apis, type ApiName } from '../../wire/api-keys';
import { alterReplicaLogDirs } from './alter-replica-log-dirs';
import { apiVersions } from './api-versions';
import { alterConfigs, incrementalAlterConfigs } from './alter-configs';
import { describeCluster } from './describe-cluster';
import { deleteRecords } from './delete-records';
import { describeConfigs } from './describe-configs';
import { describeLogDirs } from './describe-log-dirs';
import { describeTopicPartitions } from './describe-topic-partitions';
import { fetch } from './fetch';
import { findCoordinator } from './find-coordinator';
import { forwarded } from './forwarded';
import * as groups from './groups';
import type { ApiHandler } from './handler';
import { metadata } from './metadata';
import { listOffsets, offsetForLeaderEpoch } from './offsets';
import { produce } from './produce';
import { initProducerId } from './producer-id';

export interface NotServed {
  readonly notServed: string;
}

const controllers: NotServed = { notServed: 'served on controller listeners, as in Kafka' };
const transactions: NotServed = { notServed: 'transactions come later; a transactional id is refused at once' };
const security: NotServed = { notServed: 'authentication, authorization and quotas come later' };
const consumerGroups: NotServed = {
  notServed: 'groups of the new protocol (KIP-848) come later; clients use classic groups',
};
const shareGroups: NotServed = { notServed: 'share groups (KIP-932) come later' };
const streamsGroups: NotServed = { notServed: 'streams groups (KIP-1071) come later' };
const telemetry: NotServed = { notServed: 'client telemetry (KIP-714) needs a receiver; clients work without' };
const otherConfigs: NotServed = { notServed: 'configs of groups and client metrics come later' };

export const handlers: Readonly<Record<ApiName, ApiHandler | NotServed>> = {
  Produce: produce,
  Fetch: fetch,
  ListOffsets: listOffsets,
  Metadata: metadata,
  OffsetCommit: groups.offsetCommit,
  OffsetFetch: groups.offsetFetch,
  FindCoordinator: findCoordinator,
  JoinGroup: groups.joinGroup,
  Heartbeat: groups.heartbeat,
  LeaveGroup: groups.leaveGroup,
  SyncGroup: groups.syncGroup,
  DescribeGroups: groups.describeGroups,
  ListGroups: groups.listGroups,
  SaslHandshake: security,
  ApiVersions: apiVersions(served),
  CreateTopics: forwarded('CreateTopics'),
  DeleteTopics: forwarded('DeleteTopics'),
  DeleteRecords: deleteRecords,
  InitProducerId: initProducerId,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
  AddPartitionsToTxn: transactions,
  AddOffsetsToTxn: transactions,
  EndTxn: transactions,
  WriteTxnMarkers: transactions,
  TxnOffsetCommit: transactions,
  DescribeAcls: security,
  CreateAcls: security,
  DeleteAcls: security,
  DescribeConfigs: describeConfigs,
  AlterConfigs: alterConfigs,
  AlterReplicaLogDirs: alterReplicaLogDirs,
  DescribeLogDirs: describeLogDirs,
  SaslAuthenticate: security,
  CreatePartitions: forwarded('CreatePartitions'),
  CreateDelegationToken: security,
  RenewDelegationToken: security,
  ExpireDelegationToken: security,
  DescribeDelegationToken: security,
  DeleteGroups: groups.deleteGroups,
  ElectLeaders: forwarded('ElectLeaders'),
  IncrementalAlterConfigs: incrementalAlterConfigs,
  AlterPartitionReassignments: forwarded('AlterPartitionReassignments'),
  ListPartitionReassignments: forwarded('ListPartitionReassignments'),
  OffsetDelete: groups.offsetDelete,
  DescribeClientQuotas: security,
  AlterClientQuotas: security,
  DescribeUserScramCredentials: security,
  AlterUserScramCredentials: security,
  Vote: controllers,
  BeginQuorumEpoch: controllers,
  EndQuorumEpoch: controllers,
  DescribeQuorum: forwarded('DescribeQuorum'),
  AlterPartition: controllers,
  UpdateFeatures: forwarded('UpdateFeatures'),
  Envelope: controllers,
  FetchSnapshot: controllers,
  DescribeCluster: describeCluster,
  DescribeProducers: transactions,
  BrokerRegistration: controllers,
  BrokerHeartbeat: controllers,
  UnregisterBroker: forwarded('UnregisterBroker'),
  DescribeTransactions: transactions,
  ListTransactions: transactions,
  AllocateProducerIds: controllers,
  ConsumerGroupHeartbeat: consumerGroups,
  ConsumerGroupDescribe: consumerGroups,
  ControllerRegistration: controllers,
  GetTelemetrySubscriptions: telemetry,
  PushTelemetry: telemetry,
  AssignReplicasToDirs: controllers,
  ListConfigResources: otherConfigs,
  DescribeTopicPartitions: describeTopicPartitions,
  ShareGroupHeartbeat: shareGroups,
  ShareGroupDescribe: shareGroups,
  ShareFetch: shareGroups,
  ShareAcknowledge: shareGroups,
  AddRaftVoter: forwarded('AddRaftVoter'),
  RemoveRaftVoter: forwarded('RemoveRaftVoter'),
  UpdateRaftVoter: controllers,
  InitializeShareGroupState: shareGroups,
  ReadShareGroupState: shareGroups,
  WriteShareGroupState: shareGroups,
  DeleteShareGroupState: shareGroups,
  ReadShareGroupStateSummary: shareGroups,
  StreamsGroupHeartbeat: streamsGroups,
  StreamsGroupDescribe: streamsGroups,
  DescribeShareGroupOffsets: shareGroups,
  AlterShareGroupOffsets: shareGroups,
  DeleteShareGroupOffsets: shareGroups,
};

/** The handler of an API that is served. */
export function handlerOf(name: ApiName): ApiHandler | undefined {
  const row = handlers[name];
  return 'notServed' in row ? undefined : row;
}

/** The APIs that have a handler. */
export function* served(): Iterable<readonly [ApiName, ApiHandler]> {
  for (const name of Object.keys(apis) as ApiName[]) {
    const row = handlers[name];
    if (!('notServed' in row)) yield [name, row];
  }
}

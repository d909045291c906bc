/**
 * The table of APIs: one row each, by key.
 *
 * Whether a broker serves an API is the handlers' registry's business; here is what the protocol knows. Keys 4 to 7 belonged to
 * brokers and controllers in ZooKeeper's time and have no versions left.
 */
import * as acl from './schema/acl';
import * as broker from './schema/broker';
import * as committedOffsets from './schema/committed-offsets';
import * as config from './schema/config';
import * as consumerGroup from './schema/consumer-group';
import * as delegationToken from './schema/delegation-token';
import * as fetch from './schema/fetch';
import * as group from './schema/group';
import * as groupAdmin from './schema/group-admin';
import * as metadata from './schema/metadata';
import * as offsets from './schema/offsets';
import * as produce from './schema/produce';
import * as quorum from './schema/quorum';
import * as quorumAdmin from './schema/quorum-admin';
import * as quota from './schema/quota';
import * as reassignment from './schema/reassignment';
import * as replica from './schema/replica';
import * as sasl from './schema/sasl';
import * as shareGroup from './schema/share-group';
import * as shareGroupAdmin from './schema/share-group-admin';
import * as shareState from './schema/share-state';
import * as streamsGroup from './schema/streams-group';
import * as streamsGroupAdmin from './schema/streams-group-admin';
import * as telemetry from './schema/telemetry';
import * as topic from './schema/topic';
import * as transaction from './schema/transaction';
import * as transactionAdmin from './schema/transaction-admin';
import type { Infer, Input, Message } from './schema';

/** The kinds of listener that Kafka serves an API on. */
export type ListenerKind = 'broker' | 'controller';

export interface Api<Request extends Message = Message, Response extends Message = Message> {
  readonly key: number;
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
  readonly listeners: readonly ListenerKind[];
  /** The latest version is still under construction in Kafka, and released brokers do not advertise it. */
  readonly latestVersionUnstable: boolean;
}

const BROKER: readonly ListenerKind[] = ['broker'];
const CONTROLLER: readonly ListenerKind[] = ['controller'];
const BOTH: readonly ListenerKind[] = ['broker', 'controller'];

function api<Request extends Message, Response extends Message>(
  request: Request,
  response: Response,
  listeners: readonly ListenerKind[],
  options: { readonly latestVersionUnstable?: true } = {},
): Api<Request, Response> {
  const name = request.name.replace(/Request$/, '');
  const latestVersionUnstable = options.latestVersionUnstable ?? false;
  return { key: request.apiKey, name, request, response, listeners, latestVersionUnstable };
}

export const apis = {
  Produce: api(produce.ProduceRequest, produce.ProduceResponse, BROKER),
  Fetch: api(fetch.FetchRequest, fetch.FetchResponse, BOTH),
  ListOffsets: api(offsets.ListOffsetsRequest, offsets.ListOffsetsResponse, BROKER),
  Metadata: api(metadata.MetadataRequest, metadata.MetadataResponse, BROKER),
  OffsetCommit: api(committedOffsets.OffsetCommitRequest, committedOffsets.OffsetCommitResponse, BROKER),
  OffsetFetch: api(committedOffsets.OffsetFetchRequest, committedOffsets.OffsetFetchResponse, BROKER),
  FindCoordinator: api(group.FindCoordinatorRequest, group.FindCoordinatorResponse, BROKER),
  JoinGroup: api(group.JoinGroupRequest, group.JoinGroupResponse, BROKER),
  Heartbeat: api(group.HeartbeatRequest, group.HeartbeatResponse, BROKER),
  LeaveGroup: api(group.LeaveGroupRequest, group.LeaveGroupResponse, BROKER),
  SyncGroup: api(group.SyncGroupRequest, group.SyncGroupResponse, BROKER),
  DescribeGroups: api(groupAdmin.DescribeGroupsRequest, groupAdmin.DescribeGroupsResponse, BROKER),
  ListGroups: api(groupAdmin.ListGroupsRequest, groupAdmin.ListGroupsResponse, BROKER),
  SaslHandshake: api(sasl.SaslHandshakeRequest, sasl.SaslHandshakeResponse, BOTH),
  ApiVersions: api(metadata.ApiVersionsRequest, metadata.ApiVersionsResponse, BOTH),
  CreateTopics: api(topic.CreateTopicsRequest, topic.CreateTopicsResponse, BOTH),
  DeleteTopics: api(topic.DeleteTopicsRequest, topic.DeleteTopicsResponse, BOTH),
  DeleteRecords: api(offsets.DeleteRecordsRequest, offsets.DeleteRecordsResponse, BROKER),
  InitProducerId: api(transaction.InitProducerIdRequest, transaction.InitProducerIdResponse, BROKER, {
    latestVersionUnstable: true,
  }),
  OffsetForLeaderEpoch: api(offsets.OffsetForLeaderEpochRequest, offsets.OffsetForLeaderEpochResponse, BROKER),
  AddPartitionsToTxn: api(transaction.AddPartitionsToTxnRequest, transaction.AddPartitionsToTxnResponse, BROKER),
  AddOffsetsToTxn: api(transaction.AddOffsetsToTxnRequest, transaction.AddOffsetsToTxnResponse, BROKER),
  EndTxn: api(transaction.EndTxnRequest, transaction.EndTxnResponse, BROKER),
  WriteTxnMarkers: api(transaction.WriteTxnMarkersRequest, transaction.WriteTxnMarkersResponse, BROKER),
  TxnOffsetCommit: api(transaction.TxnOffsetCommitRequest, transaction.TxnOffsetCommitResponse, BROKER),
  DescribeAcls: api(acl.DescribeAclsRequest, acl.DescribeAclsResponse, BOTH),
  CreateAcls: api(acl.CreateAclsRequest, acl.CreateAclsResponse, BOTH),
  DeleteAcls: api(acl.DeleteAclsRequest, acl.DeleteAclsResponse, BOTH),
  DescribeConfigs: api(config.DescribeConfigsRequest, config.DescribeConfigsResponse, BOTH),
  AlterConfigs: api(config.AlterConfigsRequest, config.AlterConfigsResponse, BOTH),
  AlterReplicaLogDirs: api(reassignment.AlterReplicaLogDirsRequest, reassignment.AlterReplicaLogDirsResponse, BROKER),
  DescribeLogDirs: api(reassignment.DescribeLogDirsRequest, reassignment.DescribeLogDirsResponse, BROKER),
  SaslAuthenticate: api(sasl.SaslAuthenticateRequest, sasl.SaslAuthenticateResponse, BOTH),
  CreatePartitions: api(topic.CreatePartitionsRequest, topic.CreatePartitionsResponse, BOTH),
  CreateDelegationToken: api(
    delegationToken.CreateDelegationTokenRequest,
    delegationToken.CreateDelegationTokenResponse,
    BOTH,
  ),
  RenewDelegationToken: api(
    delegationToken.RenewDelegationTokenRequest,
    delegationToken.RenewDelegationTokenResponse,
    BOTH,
  ),
  ExpireDelegationToken: api(
    delegationToken.ExpireDelegationTokenRequest,
    delegationToken.ExpireDelegationTokenResponse,
    BOTH,
  ),
  DescribeDelegationToken: api(
    delegationToken.DescribeDelegationTokenRequest,
    delegationToken.DescribeDelegationTokenResponse,
    BOTH,
  ),
  DeleteGroups: api(groupAdmin.DeleteGroupsRequest, groupAdmin.DeleteGroupsResponse, BROKER),
  ElectLeaders: api(reassignment.ElectLeadersRequest, reassignment.ElectLeadersResponse, BOTH),
  IncrementalAlterConfigs: api(config.IncrementalAlterConfigsRequest, config.IncrementalAlterConfigsResponse, BOTH),
  AlterPartitionReassignments: api(
    reassignment.AlterPartitionReassignmentsRequest,
    reassignment.AlterPartitionReassignmentsResponse,
    BOTH,
  ),
  ListPartitionReassignments: api(
    reassignment.ListPartitionReassignmentsRequest,
    reassignment.ListPartitionReassignmentsResponse,
    BOTH,
  ),
  OffsetDelete: api(committedOffsets.OffsetDeleteRequest, committedOffsets.OffsetDeleteResponse, BROKER),
  DescribeClientQuotas: api(quota.DescribeClientQuotasRequest, quota.DescribeClientQuotasResponse, BROKER),
  AlterClientQuotas: api(quota.AlterClientQuotasRequest, quota.AlterClientQuotasResponse, BOTH),
  DescribeUserScramCredentials: api(
    sasl.DescribeUserScramCredentialsRequest,
    sasl.DescribeUserScramCredentialsResponse,
    BOTH,
  ),
  AlterUserScramCredentials: api(sasl.AlterUserScramCredentialsRequest, sasl.AlterUserScramCredentialsResponse, BOTH),
  Vote: api(quorum.VoteRequest, quorum.VoteResponse, CONTROLLER),
  BeginQuorumEpoch: api(quorum.BeginQuorumEpochRequest, quorum.BeginQuorumEpochResponse, CONTROLLER),
  EndQuorumEpoch: api(quorum.EndQuorumEpochRequest, quorum.EndQuorumEpochResponse, CONTROLLER),
  DescribeQuorum: api(quorumAdmin.DescribeQuorumRequest, quorumAdmin.DescribeQuorumResponse, BOTH),
  AlterPartition: api(replica.AlterPartitionRequest, replica.AlterPartitionResponse, CONTROLLER),
  UpdateFeatures: api(quota.UpdateFeaturesRequest, quota.UpdateFeaturesResponse, BOTH),
  Envelope: api(broker.EnvelopeRequest, broker.EnvelopeResponse, CONTROLLER),
  FetchSnapshot: api(quorum.FetchSnapshotRequest, quorum.FetchSnapshotResponse, CONTROLLER),
  DescribeCluster: api(metadata.DescribeClusterRequest, metadata.DescribeClusterResponse, BOTH),
  DescribeProducers: api(transactionAdmin.DescribeProducersRequest, transactionAdmin.DescribeProducersResponse, BROKER),
  BrokerRegistration: api(broker.BrokerRegistrationRequest, broker.BrokerRegistrationResponse, CONTROLLER),
  BrokerHeartbeat: api(broker.BrokerHeartbeatRequest, broker.BrokerHeartbeatResponse, CONTROLLER),
  UnregisterBroker: api(broker.UnregisterBrokerRequest, broker.UnregisterBrokerResponse, BOTH),
  DescribeTransactions: api(
    transactionAdmin.DescribeTransactionsRequest,
    transactionAdmin.DescribeTransactionsResponse,
    BROKER,
  ),
  ListTransactions: api(transactionAdmin.ListTransactionsRequest, transactionAdmin.ListTransactionsResponse, BROKER),
  AllocateProducerIds: api(replica.AllocateProducerIdsRequest, replica.AllocateProducerIdsResponse, CONTROLLER),
  ConsumerGroupHeartbeat: api(
    consumerGroup.ConsumerGroupHeartbeatRequest,
    consumerGroup.ConsumerGroupHeartbeatResponse,
    BROKER,
  ),
  ConsumerGroupDescribe: api(
    consumerGroup.ConsumerGroupDescribeRequest,
    consumerGroup.ConsumerGroupDescribeResponse,
    BROKER,
  ),
  ControllerRegistration: api(broker.ControllerRegistrationRequest, broker.ControllerRegistrationResponse, CONTROLLER),
  GetTelemetrySubscriptions: api(
    telemetry.GetTelemetrySubscriptionsRequest,
    telemetry.GetTelemetrySubscriptionsResponse,
    BROKER,
  ),
  PushTelemetry: api(telemetry.PushTelemetryRequest, telemetry.PushTelemetryResponse, BROKER),
  AssignReplicasToDirs: api(replica.AssignReplicasToDirsRequest, replica.AssignReplicasToDirsResponse, CONTROLLER),
  ListConfigResources: api(config.ListConfigResourcesRequest, config.ListConfigResourcesResponse, BROKER),
  DescribeTopicPartitions: api(
    metadata.DescribeTopicPartitionsRequest,
    metadata.DescribeTopicPartitionsResponse,
    BROKER,
  ),
  ShareGroupHeartbeat: api(shareGroup.ShareGroupHeartbeatRequest, shareGroup.ShareGroupHeartbeatResponse, BROKER),
  ShareGroupDescribe: api(
    shareGroupAdmin.ShareGroupDescribeRequest,
    shareGroupAdmin.ShareGroupDescribeResponse,
    BROKER,
  ),
  ShareFetch: api(shareGroup.ShareFetchRequest, shareGroup.ShareFetchResponse, BROKER),
  ShareAcknowledge: api(shareGroup.ShareAcknowledgeRequest, shareGroup.ShareAcknowledgeResponse, BROKER),
  AddRaftVoter: api(quorumAdmin.AddRaftVoterRequest, quorumAdmin.AddRaftVoterResponse, BOTH),
  RemoveRaftVoter: api(quorumAdmin.RemoveRaftVoterRequest, quorumAdmin.RemoveRaftVoterResponse, BOTH),
  UpdateRaftVoter: api(quorumAdmin.UpdateRaftVoterRequest, quorumAdmin.UpdateRaftVoterResponse, CONTROLLER),
  InitializeShareGroupState: api(
    shareState.InitializeShareGroupStateRequest,
    shareState.InitializeShareGroupStateResponse,
    BROKER,
  ),
  ReadShareGroupState: api(shareState.ReadShareGroupStateRequest, shareState.ReadShareGroupStateResponse, BROKER),
  WriteShareGroupState: api(shareState.WriteShareGroupStateRequest, shareState.WriteShareGroupStateResponse, BROKER),
  DeleteShareGroupState: api(shareState.DeleteShareGroupStateRequest, shareState.DeleteShareGroupStateResponse, BROKER),
  ReadShareGroupStateSummary: api(
    shareState.ReadShareGroupStateSummaryRequest,
    shareState.ReadShareGroupStateSummaryResponse,
    BROKER,
  ),
  StreamsGroupHeartbeat: api(
    streamsGroup.StreamsGroupHeartbeatRequest,
    streamsGroup.StreamsGroupHeartbeatResponse,
    BROKER,
  ),
  StreamsGroupDescribe: api(
    streamsGroupAdmin.StreamsGroupDescribeRequest,
    streamsGroupAdmin.StreamsGroupDescribeResponse,
    BROKER,
  ),
  DescribeShareGroupOffsets: api(
    shareGroupAdmin.DescribeShareGroupOffsetsRequest,
    shareGroupAdmin.DescribeShareGroupOffsetsResponse,
    BROKER,
  ),
  AlterShareGroupOffsets: api(
    shareGroupAdmin.AlterShareGroupOffsetsRequest,
    shareGroupAdmin.AlterShareGroupOffsetsResponse,
    BROKER,
  ),
  DeleteShareGroupOffsets: api(
    shareGroupAdmin.DeleteShareGroupOffsetsRequest,
    shareGroupAdmin.DeleteShareGroupOffsetsResponse,
    BROKER,
  ),
} as const;

export type ApiName = keyof typeof apis;
/** What decoding a request of the API gives. */
export type RequestOf<Name extends ApiName> = Infer<(typeof apis)[Name]['request']>;
/** What encoding a response of the API takes. */
export type ResponseInputOf<Name extends ApiName> = Input<(typeof apis)[Name]['response']>;

const byKey: ReadonlyMap<number, Api> = new Map(Object.values(apis).map((each) => [each.key, each]));

/** Undefined for keys that Kafka 4.3 does not have. */
export function apiByKey(key: number): Api | undefined {
  return byKey.get(key);
}

/** The newest version that a released broker advertises. */
export function latestStableVersion(of: Api): number {
  return of.request.validVersions.max - (of.latestVersionUnstable ? 1 : 0);
}

/** 2 (with tagged fields) for flexible versions, else 1. Versions that are too high count as flexible (KIP-511). */
export function requestHeaderVersion(of: Api, version: number): 1 | 2 {
  return version >= of.request.flexibleVersions.min && of.request.flexibleVersions.max >= 0 ? 2 : 1;
}

/**
 * 1 (with tagged fields) for flexible versions, else 0. A response of ApiVersions has header 0 in every version: its reader
 * does not know yet what the broker speaks (KIP-511).
 */
export function responseHeaderVersion(of: Api, version: number): 0 | 1 {
  if (of.key === apis.ApiVersions.key) return 0;
  return version >= of.response.flexibleVersions.min && of.response.flexibleVersions.max >= 0 ? 1 : 0;
}

/**
 * Requests that peers send, out of Kafka's form into the core's, and the core's answers back into Kafka's. (KIP-595, KIP-853)
 *
 * A request for another cluster, or for anything but the one metadata partition, is answered here: it is none of the
 * core's business.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { METADATA_TOPIC_ID, ZERO_UUID } from '../../wire/base/uuid';
import type { Input } from '../../wire/schema';
import type { FetchRequest, FetchResponse } from '../../wire/schema/fetch';
import type {
  BeginQuorumEpochRequest,
  BeginQuorumEpochResponse,
  EndQuorumEpochRequest,
  FetchSnapshotRequest,
  FetchSnapshotResponse,
  VoteRequest,
  VoteResponse,
} from '../../wire/schema/quorum';
import type {
  BeginQuorumEpochAnswer,
  BeginQuorumEpochAsk,
  EndQuorumEpochAnswer,
  EndQuorumEpochAsk,
  FetchAnswer,
  FetchAsk,
  FetchSnapshotAnswer,
  FetchSnapshotAsk,
  LeaderView,
  VoteAnswer,
  VoteAsk,
} from './raft-messages';
import type { ReplicaKey } from './replica-key';
import { METADATA_TOPIC } from './wire-requests';

/** What the core is asked, or the error that the whole request is answered with. */
export type Accepted<Ask> = { readonly ask: Ask } | { readonly errorCode: number };

/** Where a request came in, and in what version: the leader's address is told for the same listener. */
export interface CallPlace {
  readonly listenerName: string;
  readonly apiVersion: number;
}

const FETCH_WITH_TOPIC_ID = 13;
const FETCH_WITH_REPLICA_STATE = 15;
const FETCH_WITH_ENDPOINTS = 16;
/** Of the quorum's own APIs. */
const WITH_ENDPOINTS = 1;

/** The largest 64-bit number: the follower need not be woken for a newer high watermark. */
const ANY_HIGH_WATERMARK = BigInt(Number.MAX_SAFE_INTEGER);

export function acceptVote(request: VoteRequest, clusterId: string): Accepted<VoteAsk> {
  const partition = accept(request.clusterId, clusterId, request.topics);
  if (typeof partition === 'number') return { errorCode: partition };
  const ask: VoteAsk = {
    api: 'vote',
    epoch: partition.replicaEpoch,
    candidate: { id: partition.replicaId, directoryId: partition.replicaDirectoryId },
    voter: voterOf(request.voterId, partition.voterDirectoryId),
    last: { offset: partition.lastOffset, epoch: partition.lastOffsetEpoch },
    preVote: partition.preVote,
  };
  return { ask };
}

export function voteResponse({ errorCode, leader, granted }: VoteAnswer, place: CallPlace): Input<typeof VoteResponse> {
  const { leaderId, epoch: leaderEpoch } = leader;
  const partition = { partitionIndex: 0, errorCode, leaderId, leaderEpoch, voteGranted: granted };
  const topics = [{ topicName: METADATA_TOPIC, partitions: [partition] }];
  return { errorCode: ErrorCode.NONE, topics, nodeEndpoints: endpointsOf(leader, place, WITH_ENDPOINTS) };
}

export function acceptBeginQuorumEpoch(request: BeginQuorumEpochRequest, clusterId: string): Accepted<BeginQuorumEpochAsk> {
  const partition = accept(request.clusterId, clusterId, request.topics);
  if (typeof partition === 'number') return { errorCode: partition };
  const ask: BeginQuorumEpochAsk = {
    api: 'beginQuorumEpoch',
    epoch: partition.leaderEpoch,
    leaderId: partition.leaderId,
    voter: voterOf(request.voterId, partition.voterDirectoryId),
    endpoints: request.leaderEndpoints.map(({ name, host, port }) => ({ name, host, port })),
  };
  return { ask };
}

export function acceptEndQuorumEpoch(request: EndQuorumEpochRequest, clusterId: string): Accepted<EndQuorumEpochAsk> {
  const partition = accept(request.clusterId, clusterId, request.topics);
  if (typeof partition === 'number') return { errorCode: partition };
  const { leaderEpoch, leaderId, preferredCandidates, preferredSuccessors } = partition;
  const keys = preferredCandidates.map(({ candidateId, candidateDirectoryId }) => ({ id: candidateId, directoryId: candidateDirectoryId }));
  const ask: EndQuorumEpochAsk = {
    api: 'endQuorumEpoch',
    epoch: leaderEpoch,
    leaderId,
    preferred: keys.length > 0 ? keys : preferredSuccessors.map((id) => ({ id, directoryId: ZERO_UUID })),
    endpoints: request.leaderEndpoints.map(({ name, host, port }) => ({ name, host, port })),
  };
  return { ask };
}

export function epochResponse(
  { errorCode, leader }: BeginQuorumEpochAnswer | EndQuorumEpochAnswer,
  place: CallPlace,
): Input<typeof BeginQuorumEpochResponse> {
  const partition = { partitionIndex: 0, errorCode, leaderId: leader.leaderId, leaderEpoch: leader.epoch };
  const topics = [{ topicName: METADATA_TOPIC, partitions: [partition] }];
  return { errorCode: ErrorCode.NONE, topics, nodeEndpoints: endpointsOf(leader, place, WITH_ENDPOINTS) };
}

export function acceptFetch(request: FetchRequest, clusterId: string, version: number): Accepted<FetchAsk> {
  const isMetadata = (topic: { topic: string; topicId: string }): boolean =>
    version >= FETCH_WITH_TOPIC_ID ? topic.topicId === METADATA_TOPIC_ID : topic.topic === METADATA_TOPIC;
  const topics = request.topics.map((topic) => ({
    topicName: isMetadata(topic) ? METADATA_TOPIC : '',
    partitions: topic.partitions.map((partition) => ({ ...partition, partitionIndex: partition.partition })),
  }));
  const partition = accept(request.clusterId, clusterId, topics);
  if (typeof partition === 'number') return { errorCode: partition };
  const { highWatermark } = partition;
  const ask: FetchAsk = {
    api: 'fetch',
    replica: {
      id: version >= FETCH_WITH_REPLICA_STATE ? request.replicaState.replicaId : request.replicaId,
      directoryId: partition.replicaDirectoryId,
    },
    epoch: partition.currentLeaderEpoch,
    offset: partition.fetchOffset,
    lastFetchedEpoch: partition.lastFetchedEpoch,
    highWatermark: highWatermark > ANY_HIGH_WATERMARK ? Number.POSITIVE_INFINITY : Number(highWatermark),
    maxWaitMs: request.maxWaitMs,
    maxBytes: Math.min(request.maxBytes, partition.partitionMaxBytes > 0 ? partition.partitionMaxBytes : request.maxBytes),
  };
  return { ask };
}

export function fetchResponse(answer: FetchAnswer, place: CallPlace): Input<typeof FetchResponse> {
  const { errorCode, leader, highWatermark, logStartOffset, diverging, snapshotId, records } = answer;
  const partition = {
    partitionIndex: 0,
    errorCode,
    highWatermark,
    lastStableOffset: highWatermark,
    logStartOffset,
    ...(diverging === null ? {} : { divergingEpoch: { epoch: diverging.epoch, endOffset: diverging.offset } }),
    currentLeader: { leaderId: leader.leaderId, leaderEpoch: leader.epoch },
    ...(snapshotId === null ? {} : { snapshotId: { endOffset: snapshotId.offset, epoch: snapshotId.epoch } }),
    abortedTransactions: null,
    records,
  };
  const nodeEndpoints = endpointsOf(leader, place, FETCH_WITH_ENDPOINTS);
  return {
    errorCode: ErrorCode.NONE,
    responses: [{ topic: METADATA_TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition] }],
    nodeEndpoints,
  };
}

export function acceptFetchSnapshot(request: FetchSnapshotRequest, clusterId: string): Accepted<FetchSnapshotAsk> {
  if (request.clusterId !== null && request.clusterId !== clusterId) return { errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID };
  const topics = request.topics.map(({ name, partitions }) => ({
    topicName: name,
    partitions: partitions.map((partition) => ({ ...partition, partitionIndex: partition.partition })),
  }));
  const partition = accept(null, clusterId, topics);
  if (typeof partition === 'number') return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const ask: FetchSnapshotAsk = {
    api: 'fetchSnapshot',
    replica: { id: request.replicaId, directoryId: partition.replicaDirectoryId },
    epoch: partition.currentLeaderEpoch,
    snapshotId: { offset: partition.snapshotId.endOffset, epoch: partition.snapshotId.epoch },
    position: partition.position,
    maxBytes: request.maxBytes,
  };
  return { ask };
}

export function fetchSnapshotResponse(answer: FetchSnapshotAnswer, place: CallPlace): Input<typeof FetchSnapshotResponse> {
  const { errorCode, leader, snapshotId, sizeBytes, position, bytes } = answer;
  const partition = {
    index: 0,
    errorCode,
    snapshotId: { endOffset: snapshotId?.offset ?? -1, epoch: snapshotId?.epoch ?? -1 },
    currentLeader: { leaderId: leader.leaderId, leaderEpoch: leader.epoch },
    size: sizeBytes,
    position,
    unalignedRecords: bytes,
  };
  const topics = [{ name: METADATA_TOPIC, partitions: [partition] }];
  return { errorCode: ErrorCode.NONE, topics, nodeEndpoints: endpointsOf(leader, place, WITH_ENDPOINTS) };
}

/** The one partition that there is, or the error that the request as a whole gets. */
function accept<P extends { readonly partitionIndex: number }>(
  given: string | null,
  clusterId: string,
  topics: readonly { readonly topicName: string; readonly partitions: readonly P[] }[],
): P | number {
  if (given !== null && given !== clusterId) return ErrorCode.INCONSISTENT_CLUSTER_ID;
  const [topic] = topics;
  const [partition] = topic?.partitions ?? [];
  const isOne = topics.length === 1 && topic?.partitions.length === 1 && topic.topicName === METADATA_TOPIC;
  return isOne && partition?.partitionIndex === 0 ? partition : ErrorCode.INVALID_REQUEST;
}

/** Null: the peer does not say whom it means. */
function voterOf(id: number, directoryId: string): ReplicaKey | null {
  return id < 0 ? null : { id, directoryId };
}

/** The leader's address for the listener that the request came in on. */
function endpointsOf(
  { leaderId, endpoints }: LeaderView,
  { listenerName, apiVersion }: CallPlace,
  minVersion: number,
): { nodeId: number; host: string; port: number }[] {
  if (apiVersion < minVersion) return [];
  const endpoint = endpoints.find(({ name }) => name === listenerName);
  return endpoint === undefined ? [] : [{ nodeId: leaderId, host: endpoint.host, port: endpoint.port }];
}

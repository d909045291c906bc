/**
 * Requests that this node sends, in Kafka's form, and the answers to them, back in the core's. Unknown versions of a field
 * are the codec's affair; a peer's error that concerns the whole request is no answer to the core.
 */
import { ErrorCode } from '../../wire/base/error-codes';
import { METADATA_TOPIC_ID, ZERO_UUID } from '../../wire/base/uuid';
import type { RequestInput, ResponseOf } from '../../wire/exchange';
import type { BeginQuorumEpochAsk, EndQuorumEpochAsk, FetchAsk, FetchSnapshotAsk, LeaderView, RaftAnswer, VoteAsk } from './raft-messages';
import { NO_LEADER, type OffsetAndEpoch } from './replica-key';

export const METADATA_TOPIC = '__cluster_metadata';

const NO_BYTES = new Uint8Array(0);
/** From here on the replica's id has a place of its own in Fetch. */
const FETCH_WITH_REPLICA_STATE = 15;

/** A peer's answer, or the error code that it gave to the request as a whole. */
export type Decoded = { readonly answer: RaftAnswer } | { readonly errorCode: number };

/** What endpoints of answers count as: they say host and port only. */
export interface WireContext {
  readonly clusterId: string;
  readonly listenerName: string;
}

interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export function voteRequest({ epoch, candidate, voter, last, preVote }: VoteAsk, { clusterId }: WireContext): RequestInput<'Vote'> {
  const partition = {
    partitionIndex: 0,
    replicaEpoch: epoch,
    replicaId: candidate.id,
    replicaDirectoryId: candidate.directoryId,
    voterDirectoryId: voter?.directoryId ?? ZERO_UUID,
    lastOffsetEpoch: last.epoch,
    lastOffset: last.offset,
    preVote,
  };
  return { clusterId, voterId: voter?.id ?? -1, topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }] };
}

export function voteAnswer(response: ResponseOf<'Vote'>, context: WireContext): Decoded {
  const partition = onlyPartition(response.topics);
  if (response.errorCode !== ErrorCode.NONE || partition === null) return wholeError(response.errorCode);
  const leader = leaderOf(partition, response.nodeEndpoints, context);
  return { answer: { api: 'vote', errorCode: partition.errorCode, leader, granted: partition.voteGranted } };
}

export function beginQuorumEpochRequest(ask: BeginQuorumEpochAsk, { clusterId }: WireContext): RequestInput<'BeginQuorumEpoch'> {
  const { epoch: leaderEpoch, leaderId, voter, endpoints } = ask;
  const partition = { partitionIndex: 0, voterDirectoryId: voter?.directoryId ?? ZERO_UUID, leaderId, leaderEpoch };
  const topics = [{ topicName: METADATA_TOPIC, partitions: [partition] }];
  return { clusterId, voterId: voter?.id ?? -1, topics, leaderEndpoints: [...endpoints] };
}

export function endQuorumEpochRequest(ask: EndQuorumEpochAsk, { clusterId }: WireContext): RequestInput<'EndQuorumEpoch'> {
  const { epoch: leaderEpoch, leaderId, preferred, endpoints } = ask;
  const partition = {
    partitionIndex: 0,
    leaderId,
    leaderEpoch,
    preferredSuccessors: preferred.map(({ id }) => id),
    preferredCandidates: preferred.map(({ id, directoryId }) => ({ candidateId: id, candidateDirectoryId: directoryId })),
  };
  return { clusterId, topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }], leaderEndpoints: [...endpoints] };
}

export function epochAnswer(
  api: 'beginQuorumEpoch' | 'endQuorumEpoch',
  response: ResponseOf<'BeginQuorumEpoch'> | ResponseOf<'EndQuorumEpoch'>,
  context: WireContext,
): Decoded {
  const partition = onlyPartition(response.topics);
  if (response.errorCode !== ErrorCode.NONE || partition === null) return wholeError(response.errorCode);
  const leader = leaderOf(partition, response.nodeEndpoints, context);
  return { answer: { api, errorCode: partition.errorCode, leader } };
}

export function fetchRequest(ask: FetchAsk, { clusterId }: WireContext, version: number): RequestInput<'Fetch'> {
  const { replica, epoch, offset, lastFetchedEpoch, highWatermark, maxWaitMs, maxBytes } = ask;
  const partition = {
    partition: 0,
    currentLeaderEpoch: epoch,
    fetchOffset: offset,
    lastFetchedEpoch,
    partitionMaxBytes: maxBytes,
    replicaDirectoryId: replica.directoryId,
    highWatermark: BigInt(highWatermark),
  };
  return {
    clusterId,
    ...(version < FETCH_WITH_REPLICA_STATE ? { replicaId: replica.id } : { replicaState: { replicaId: replica.id } }),
    maxWaitMs,
    minBytes: 0,
    maxBytes,
    topics: [{ topic: METADATA_TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition] }],
    forgottenTopicsData: [],
    rackId: '',
  };
}

export function fetchAnswer(response: ResponseOf<'Fetch'>, context: WireContext): Decoded {
  const partition = onlyPartition(response.responses);
  if (response.errorCode !== ErrorCode.NONE || partition === null) return wholeError(response.errorCode);
  const { divergingEpoch, snapshotId } = partition;
  const answer: RaftAnswer = {
    api: 'fetch',
    errorCode: partition.errorCode,
    leader: leaderOf(partition.currentLeader, response.nodeEndpoints, context),
    highWatermark: partition.highWatermark,
    logStartOffset: partition.logStartOffset,
    diverging: divergingEpoch.epoch < 0 ? null : { epoch: divergingEpoch.epoch, offset: divergingEpoch.endOffset },
    snapshotId: snapshotOf(snapshotId),
    records: partition.records ?? NO_BYTES,
  };
  return { answer };
}

export function fetchSnapshotRequest(ask: FetchSnapshotAsk, { clusterId }: WireContext): RequestInput<'FetchSnapshot'> {
  const partition = {
    partition: 0,
    currentLeaderEpoch: ask.epoch,
    snapshotId: { endOffset: ask.snapshotId.offset, epoch: ask.snapshotId.epoch },
    position: ask.position,
    replicaDirectoryId: ask.replica.directoryId,
  };
  const topics = [{ name: METADATA_TOPIC, partitions: [partition] }];
  return { clusterId, replicaId: ask.replica.id, maxBytes: ask.maxBytes, topics };
}

export function fetchSnapshotAnswer(response: ResponseOf<'FetchSnapshot'>, context: WireContext): Decoded {
  const partition = onlyPartition(response.topics);
  if (response.errorCode !== ErrorCode.NONE || partition === null) return wholeError(response.errorCode);
  const answer: RaftAnswer = {
    api: 'fetchSnapshot',
    errorCode: partition.errorCode,
    leader: leaderOf(partition.currentLeader, response.nodeEndpoints, context),
    snapshotId: snapshotOf(partition.snapshotId),
    sizeBytes: partition.size,
    position: partition.position,
    bytes: partition.unalignedRecords,
  };
  return { answer };
}

function onlyPartition<P>(topics: readonly { readonly partitions: readonly P[] }[]): P | null {
  const [topic, ...others] = topics;
  const [partition, ...more] = topic?.partitions ?? [];
  return partition === undefined || others.length > 0 || more.length > 0 ? null : partition;
}

/** An answer without its one partition is no answer either. */
function wholeError(errorCode: number): Decoded {
  return { errorCode: errorCode === ErrorCode.NONE ? ErrorCode.UNKNOWN_SERVER_ERROR : errorCode };
}

function leaderOf(
  { leaderId, leaderEpoch }: { readonly leaderId: number; readonly leaderEpoch: number },
  nodes: readonly NodeEndpoint[],
  { listenerName }: WireContext,
): LeaderView {
  const endpoints = nodes.filter(({ nodeId }) => nodeId === leaderId).map(({ host, port }) => ({ name: listenerName, host, port }));
  return { leaderId: leaderId < 0 ? NO_LEADER : leaderId, epoch: leaderEpoch, endpoints };
}

function snapshotOf({ endOffset, epoch }: { readonly endOffset: number; readonly epoch: number }): OffsetAndEpoch | null {
  return endOffset < 0 || epoch < 0 ? null : { offset: endOffset, epoch };
}

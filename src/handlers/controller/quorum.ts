/**
 * The metadata quorum's own APIs: elections, the replication of the metadata log, and what tools ask of it. (KIP-595,
 * KIP-630, KIP-836, KIP-853, KIP-996)
 *
 * Fetch here is of the metadata partition alone; it answers when there is something new, or when the follower's patience is
 * at its end.
 */
import type { QuorumDescription, RaftNode } from '../../../controller/raft/raft-node';
import type { ReplicaProgress } from '../../../controller/raft/replica-table';
import {
  acceptBeginQuorumEpoch,
  acceptEndQuorumEpoch,
  acceptFetch,
  acceptFetchSnapshot,
  acceptVote,
  epochResponse,
  fetchResponse,
  fetchSnapshotResponse,
  voteResponse,
  type CallPlace,
} from '../../../controller/raft/wire-answers';
import {
  acceptAddVoter,
  acceptRemoveVoter,
  acceptUpdateVoter,
  updateVoterResponse,
  voterChangeResponse,
} from '../../../controller/raft/wire-voters';
import { METADATA_TOPIC } from '../../../controller/raft/wire-requests';
import { ErrorCode, errorMessage } from '../../../wire/base/error-codes';
import type { Input } from '../../../wire/schema';
import { FetchRequest, FetchResponse } from '../../../wire/schema/fetch';
import {
  BeginQuorumEpochRequest,
  BeginQuorumEpochResponse,
  EndQuorumEpochRequest,
  EndQuorumEpochResponse,
  FetchSnapshotRequest,
  FetchSnapshotResponse,
  VoteRequest,
  VoteResponse,
} from '../../../wire/schema/quorum';
import {
  AddRaftVoterRequest,
  AddRaftVoterResponse,
  DescribeQuorumRequest,
  DescribeQuorumResponse,
  RemoveRaftVoterRequest,
  RemoveRaftVoterResponse,
  UpdateRaftVoterRequest,
  UpdateRaftVoterResponse,
} from '../../../wire/schema/quorum-admin';
import { handler, type Call } from '../handler';

/** What the quorum's handlers work with; the services of controller listeners have it. */
export interface QuorumServices {
  readonly raft: RaftNode;
  readonly clusterId: string;
}

/** The first version in which a follower can be told where logs part. (KIP-595) */
const FETCH_SINCE = 12;
const DIRECTORIES_SINCE = 2;

function placeOf({ apiVersion, connection }: Call<QuorumServices>): CallPlace {
  return { apiVersion, listenerName: connection.listenerName };
}

export const vote = handler<typeof VoteRequest, typeof VoteResponse, QuorumServices>({
  request: VoteRequest,
  response: VoteResponse,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptVote(request, clusterId);
    if ('errorCode' in accepted) return respond({ errorCode: accepted.errorCode, topics: [] });
    raft.handle(accepted.ask, (answer) => respond(answer && voteResponse(answer, placeOf(call))));
  },
});

export const beginQuorumEpoch = handler<typeof BeginQuorumEpochRequest, typeof BeginQuorumEpochResponse, QuorumServices>({
  request: BeginQuorumEpochRequest,
  response: BeginQuorumEpochResponse,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptBeginQuorumEpoch(request, clusterId);
    if ('errorCode' in accepted) return respond({ errorCode: accepted.errorCode, topics: [] });
    raft.handle(accepted.ask, (answer) => respond(answer && epochResponse(answer, placeOf(call))));
  },
});

export const endQuorumEpoch = handler<typeof EndQuorumEpochRequest, typeof EndQuorumEpochResponse, QuorumServices>({
  request: EndQuorumEpochRequest,
  response: EndQuorumEpochResponse,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptEndQuorumEpoch(request, clusterId);
    if ('errorCode' in accepted) return respond({ errorCode: accepted.errorCode, topics: [] });
    raft.handle(accepted.ask, (answer) => respond(answer && epochResponse(answer, placeOf(call))));
  },
});

export const fetchMetadata = handler<typeof FetchRequest, typeof FetchResponse, QuorumServices>({
  request: FetchRequest,
  response: FetchResponse,
  minVersion: FETCH_SINCE,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptFetch(request, clusterId, call.apiVersion);
    if ('errorCode' in accepted) return respond({ errorCode: accepted.errorCode, responses: [] });
    let isAnswered = false;
    let stays: (() => void) | null = null;
    const forget = raft.handle(accepted.ask, (answer) => {
      isAnswered = true;
      stays?.();
      respond(answer && fetchResponse(answer, placeOf(call)));
    });
    if (!isAnswered) stays = call.connection.whenGone(forget);
  },
});

export const fetchSnapshot = handler<typeof FetchSnapshotRequest, typeof FetchSnapshotResponse, QuorumServices>({
  request: FetchSnapshotRequest,
  response: FetchSnapshotResponse,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptFetchSnapshot(request, clusterId);
    if ('errorCode' in accepted) return respond({ errorCode: accepted.errorCode, topics: [] });
    raft.handle(accepted.ask, (answer) => respond(answer && fetchSnapshotResponse(answer, placeOf(call))));
  },
});

export const addRaftVoter = handler<typeof AddRaftVoterRequest, typeof AddRaftVoterResponse, QuorumServices>({
  request: AddRaftVoterRequest,
  response: AddRaftVoterResponse,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptAddVoter(request, clusterId);
    if ('errorCode' in accepted) return respond({ ...accepted, errorMessage: errorMessage(accepted.errorCode) });
    raft.handle(accepted.ask, (answer) => respond(answer && voterChangeResponse(answer)));
  },
});

export const removeRaftVoter = handler<typeof RemoveRaftVoterRequest, typeof RemoveRaftVoterResponse, QuorumServices>({
  request: RemoveRaftVoterRequest,
  response: RemoveRaftVoterResponse,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptRemoveVoter(request, clusterId);
    if ('errorCode' in accepted) return respond({ ...accepted, errorMessage: errorMessage(accepted.errorCode) });
    raft.handle(accepted.ask, (answer) => respond(answer && voterChangeResponse(answer)));
  },
});

export const updateRaftVoter = handler<typeof UpdateRaftVoterRequest, typeof UpdateRaftVoterResponse, QuorumServices>({
  request: UpdateRaftVoterRequest,
  response: UpdateRaftVoterResponse,
  handle(call, request, respond) {
    const { raft, clusterId } = call.services;
    const accepted = acceptUpdateVoter(request, clusterId);
    if ('errorCode' in accepted) return respond(accepted);
    raft.handle(accepted.ask, (answer) => respond(answer && updateVoterResponse(answer, placeOf(call))));
  },
});

export const describeQuorum = handler<typeof DescribeQuorumRequest, typeof DescribeQuorumResponse, QuorumServices>({
  request: DescribeQuorumRequest,
  response: DescribeQuorumResponse,
  handle(call, { topics }, respond) {
    const { raft } = call.services;
    const [topic] = topics;
    const isMetadata = topics.length === 1 && topic?.topicName === METADATA_TOPIC && topic.partitions.length === 1 && topic.partitions[0]?.partitionIndex === 0;
    if (!isMetadata) return respond(unknownPartitions(topics));
    const description = raft.describeQuorum();
    const hasDirectories = call.apiVersion >= DIRECTORIES_SINCE;
    const partition = description === null ? notLeader(raft) : described(description, hasDirectories);
    const nodes = hasDirectories ? nodesOf(description) : [];
    respond({ errorCode: ErrorCode.NONE, topics: [{ topicName: METADATA_TOPIC, partitions: [partition] }], nodes });
  },
});

type Described = Input<typeof DescribeQuorumResponse>['topics'][number]['partitions'][number];

function described({ leaderId, epoch, highWatermark, voters, observers }: QuorumDescription, hasDirectories: boolean): Described {
  const replicaState = (replica: ReplicaProgress): ReplicaState => replicaStateOf(replica, hasDirectories);
  return {
    partitionIndex: 0,
    errorCode: ErrorCode.NONE,
    leaderId,
    leaderEpoch: epoch,
    highWatermark,
    currentVoters: voters.map(replicaState),
    observers: observers.map(replicaState),
  };
}

type ReplicaState = Described['observers'][number];

function replicaStateOf(
  { key, logEndOffset, lastFetchTimestampMs, lastCaughtUpTimestampMs }: ReplicaProgress,
  hasDirectories: boolean,
): ReplicaState {
  return {
    replicaId: key.id,
    ...(hasDirectories ? { replicaDirectoryId: key.directoryId } : {}),
    logEndOffset,
    lastFetchTimestamp: lastFetchTimestampMs,
    lastCaughtUpTimestamp: lastCaughtUpTimestampMs,
  };
}

function notLeader({ leader }: RaftNode): Described {
  return {
    partitionIndex: 0,
    errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
    leaderId: leader.leaderId,
    leaderEpoch: leader.epoch,
    highWatermark: -1,
    currentVoters: [],
    observers: [],
  };
}

function nodesOf(description: QuorumDescription | null): Input<typeof DescribeQuorumResponse>['nodes'] {
  return (description?.endpoints ?? []).map(({ id, endpoints }) => ({
    nodeId: id,
    listeners: endpoints.map(({ name, host, port }) => ({ name, host, port })),
  }));
}

function unknownPartitions(topics: readonly { topicName: string; partitions: readonly { partitionIndex: number }[] }[]): Input<typeof DescribeQuorumResponse> {
  const unknown = ({ partitionIndex }: { partitionIndex: number }): Described => ({
    partitionIndex,
    errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    leaderId: -1,
    leaderEpoch: -1,
    highWatermark: -1,
    currentVoters: [],
    observers: [],
  });
  return {
    errorCode: ErrorCode.NONE,
    topics: topics.map(({ topicName, partitions }) => ({ topicName, partitions: partitions.map(unknown) })),
    nodes: [],
  };
}

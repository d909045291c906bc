/** The APIs that change the voter set, in Kafka's form and back; and what a node says of its versions. (KIP-853) */
import { ErrorCode } from '../../wire/base/error-codes';
import type { RequestInput, ResponseOf } from '../../wire/exchange';
import type { Input } from '../../wire/schema';
import type {
  AddRaftVoterRequest,
  AddRaftVoterResponse,
  RemoveRaftVoterRequest,
  UpdateRaftVoterRequest,
  UpdateRaftVoterResponse,
} from '../../wire/schema/quorum-admin';
import type { AddVoterAsk, RemoveVoterAsk, UpdateVoterAnswer, UpdateVoterAsk, VoterChangeAnswer } from './raft-messages';
import { NO_LEADER } from './replica-key';
import type { Accepted, CallPlace } from './wire-answers';
import type { Decoded, WireContext } from './wire-requests';

const KRAFT_VERSION = 'kraft.version';

export function updateVoterRequest({ epoch, voter }: UpdateVoterAsk, { clusterId }: WireContext): RequestInput<'UpdateRaftVoter'> {
  return {
    clusterId,
    currentLeaderEpoch: epoch,
    voterId: voter.id,
    voterDirectoryId: voter.directoryId,
    listeners: [...voter.endpoints],
    kRaftVersionFeature: { minSupportedVersion: voter.minKraftVersion, maxSupportedVersion: voter.maxKraftVersion },
  };
}

export function updateVoterAnswer(response: ResponseOf<'UpdateRaftVoter'>, { listenerName }: WireContext): Decoded {
  const { leaderId, leaderEpoch, host, port } = response.currentLeader;
  const endpoints = leaderId < 0 || host === '' ? [] : [{ name: listenerName, host, port }];
  const leader = { leaderId: leaderId < 0 ? NO_LEADER : leaderId, epoch: leaderEpoch, endpoints };
  return { answer: { api: 'updateVoter', errorCode: response.errorCode, leader } };
}

export function addVoterRequest({ voter, ackWhenCommitted }: AddVoterAsk, { clusterId }: WireContext): (version: number) => RequestInput<'AddRaftVoter'> {
  const { id: voterId, directoryId: voterDirectoryId, endpoints } = voter;
  const request = { clusterId, timeoutMs: 0, voterId, voterDirectoryId, listeners: [...endpoints] };
  // Leaders from before version 1 answer when the change is committed.
  return (version) => (version === 0 ? request : { ...request, ackWhenCommitted });
}

export function removeVoterRequest({ voter }: RemoveVoterAsk, { clusterId }: WireContext): RequestInput<'RemoveRaftVoter'> {
  return { clusterId, voterId: voter.id, voterDirectoryId: voter.directoryId };
}

export function voterChangeAnswer(
  api: 'addVoter' | 'removeVoter',
  { errorCode, errorMessage }: ResponseOf<'AddRaftVoter'> | ResponseOf<'RemoveRaftVoter'>,
): Decoded {
  return { answer: { api, errorCode, message: errorMessage } };
}

/** A node that does not speak of kraft.version knows level 0 only. */
export function versionsAnswer({ errorCode, supportedFeatures }: ResponseOf<'ApiVersions'>): Decoded {
  const range = supportedFeatures.find(({ name }) => name === KRAFT_VERSION);
  return { answer: { api: 'versions', errorCode, minKraftVersion: range?.minVersion ?? 0, maxKraftVersion: range?.maxVersion ?? 0 } };
}

export function acceptAddVoter(request: AddRaftVoterRequest, clusterId: string): Accepted<AddVoterAsk> {
  if (isOther(request.clusterId, clusterId)) return { errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID };
  const { voterId: id, voterDirectoryId: directoryId, listeners, ackWhenCommitted } = request;
  return { ask: { api: 'addVoter', voter: { id, directoryId, endpoints: endpointsOf(listeners) }, ackWhenCommitted } };
}

export function acceptRemoveVoter(request: RemoveRaftVoterRequest, clusterId: string): Accepted<RemoveVoterAsk> {
  if (isOther(request.clusterId, clusterId)) return { errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID };
  return { ask: { api: 'removeVoter', voter: { id: request.voterId, directoryId: request.voterDirectoryId } } };
}

export function voterChangeResponse({ errorCode, message }: VoterChangeAnswer): Input<typeof AddRaftVoterResponse> {
  return { errorCode, errorMessage: message };
}

export function acceptUpdateVoter(request: UpdateRaftVoterRequest, clusterId: string): Accepted<UpdateVoterAsk> {
  if (isOther(request.clusterId, clusterId)) return { errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID };
  const { voterId: id, voterDirectoryId: directoryId, listeners, kRaftVersionFeature } = request;
  const { minSupportedVersion: minKraftVersion, maxSupportedVersion: maxKraftVersion } = kRaftVersionFeature;
  const voter = { id, directoryId, endpoints: endpointsOf(listeners), minKraftVersion, maxKraftVersion };
  return { ask: { api: 'updateVoter', epoch: request.currentLeaderEpoch, voter } };
}

export function updateVoterResponse({ errorCode, leader }: UpdateVoterAnswer, { listenerName }: CallPlace): Input<typeof UpdateRaftVoterResponse> {
  const endpoint = leader.endpoints.find(({ name }) => name === listenerName);
  const { leaderId, epoch: leaderEpoch } = leader;
  return { errorCode, currentLeader: { leaderId, leaderEpoch, host: endpoint?.host ?? '', port: endpoint?.port ?? -1 } };
}

function isOther(given: string | null, own: string): boolean {
  return given !== null && given !== own;
}

function endpointsOf(listeners: AddRaftVoterRequest['listeners']): AddVoterAsk['voter']['endpoints'] {
  return listeners.map(({ name, host, port }) => ({ name, host, port }));
}

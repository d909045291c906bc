/** Changes of the voter set, in Kafka's form and back: in every version, and the errors that a request as a whole gets. */
import { decode, encode } from '../../../wire/codec';
import { ErrorCode } from '../../../wire/base/error-codes';
import type { Message } from '../../../wire/schema';
import { ApiVersionsResponse } from '../../../wire/schema/metadata';
import {
  AddRaftVoterRequest,
  AddRaftVoterResponse,
  RemoveRaftVoterRequest,
  RemoveRaftVoterResponse,
  UpdateRaftVoterRequest,
  UpdateRaftVoterResponse,
} from '../../../wire/schema/quorum-admin';
import * as voters from '../../../controller/raft/wire-voters';
import { endpointsOf, key, voter } from '../support/raft-transcript';

const CLUSTER = 'c2ltdWxhdGVkLWNsdXN0ZQ';
const context = { clusterId: CLUSTER, listenerName: 'CONTROLLER' };
const place = { apiVersion: 0, listenerName: 'CONTROLLER' };
const addAsk = { api: 'addVoter', voter: { ...key(4), endpoints: endpointsOf(4) }, ackWhenCommitted: false } as const;

/** Through the bytes and back. */
function sent<M extends Message>(schema: M, version: number, value: Parameters<typeof encode<M>>[2]): ReturnType<typeof decode<M>> {
  return decode(schema, version, encode(schema, version, value));
}

test.each([0, 1])('AddRaftVoter v%i says the same, as far as it can', (version) => {
  const request = sent(AddRaftVoterRequest, version, voters.addVoterRequest(addAsk, context)(version));
  expect(voters.acceptAddVoter(request, CLUSTER)).toEqual({ ask: { ...addAsk, ackWhenCommitted: version === 0 } });
  const answer = { api: 'addVoter', errorCode: ErrorCode.DUPLICATE_VOTER, message: 'why' } as const;
  expect(voters.voterChangeAnswer('addVoter', sent(AddRaftVoterResponse, version, voters.voterChangeResponse(answer)))).toEqual({ answer });
});

test('RemoveRaftVoter says the same', () => {
  const ask = { api: 'removeVoter', voter: key(4) } as const;
  expect(voters.acceptRemoveVoter(sent(RemoveRaftVoterRequest, 0, voters.removeVoterRequest(ask, context)), CLUSTER)).toEqual({ ask });
  const answer = { api: 'removeVoter', errorCode: ErrorCode.NONE, message: null } as const;
  expect(voters.voterChangeAnswer('removeVoter', sent(RemoveRaftVoterResponse, 0, voters.voterChangeResponse(answer)))).toEqual({ answer });
});

test('UpdateRaftVoter says the same, and its answer where the leader is, or that nobody knows', () => {
  const ask = { api: 'updateVoter', epoch: 5, voter: voter(2, 9999) } as const;
  expect(voters.acceptUpdateVoter(sent(UpdateRaftVoterRequest, 0, voters.updateVoterRequest(ask, context)), CLUSTER)).toEqual({ ask });
  for (const leader of [{ epoch: 5, leaderId: 2, endpoints: endpointsOf(2) }, { epoch: 5, leaderId: -1, endpoints: [] }]) {
    const answer = { api: 'updateVoter', errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, leader } as const;
    expect(voters.updateVoterAnswer(sent(UpdateRaftVoterResponse, 0, voters.updateVoterResponse(answer, place)), context)).toEqual({ answer });
  }
});

test('ApiVersions tells the levels of kraft.version; who does not name it knows the first alone', () => {
  const told = (supportedFeatures: { name: string; minVersion: number; maxVersion: number }[]): object =>
    voters.versionsAnswer(sent(ApiVersionsResponse, 4, { errorCode: 0, apiKeys: [], supportedFeatures }));
  expect(told([{ name: 'kraft.version', minVersion: 0, maxVersion: 1 }])).toMatchObject({ answer: { minKraftVersion: 0, maxKraftVersion: 1 } });
  expect(told([])).toMatchObject({ answer: { minKraftVersion: 0, maxKraftVersion: 0 } });
});

test('requests for another cluster are refused; one that does not say is believed', () => {
  const add = { ...sent(AddRaftVoterRequest, 1, voters.addVoterRequest(addAsk, context)(1)), clusterId: 'another' };
  const refused = { errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID };
  expect(voters.acceptAddVoter(add, CLUSTER)).toEqual(refused);
  expect(voters.acceptAddVoter({ ...add, clusterId: null }, CLUSTER)).toHaveProperty('ask');
  expect(voters.acceptRemoveVoter({ clusterId: 'another', voterId: 1, voterDirectoryId: key(1).directoryId }, CLUSTER)).toEqual(refused);
  const update = sent(UpdateRaftVoterRequest, 0, voters.updateVoterRequest({ api: 'updateVoter', epoch: 1, voter: voter(1) }, context));
  expect(voters.acceptUpdateVoter({ ...update, clusterId: 'another' }, CLUSTER)).toEqual(refused);
});

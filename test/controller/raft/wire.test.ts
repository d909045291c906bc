/** What quorum nodes say, in Kafka's form and back: in every version, and the errors that a request as a whole gets. */
import { encode, decode } from '../../../wire/codec';
import { ErrorCode } from '../../../wire/base/error-codes';
import { METADATA_TOPIC_ID } from '../../../wire/base/uuid';
import type { Message } from '../../../wire/schema';
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
import type { FetchAsk, VoteAsk } from '../../../controller/raft/raft-messages';
import * as answers from '../../../controller/raft/wire-answers';
import * as requests from '../../../controller/raft/wire-requests';
import { endpointsOf, key } from '../support/raft-transcript';

const CLUSTER = 'c2ltdWxhdGVkLWNsdXN0ZQ';
const context = { clusterId: CLUSTER, listenerName: 'CONTROLLER' };
const leader = { epoch: 5, leaderId: 2, endpoints: endpointsOf(2) };

const voteAsk: VoteAsk = { api: 'vote', epoch: 4, candidate: key(1), voter: key(2), last: { offset: 7, epoch: 3 }, preVote: false };
const fetchAsk: FetchAsk = {
  api: 'fetch',
  replica: key(1),
  epoch: 4,
  offset: 7,
  lastFetchedEpoch: 3,
  highWatermark: 5,
  maxWaitMs: 500,
  maxBytes: 1000,
};

/** Through the bytes and back. */
function sent<M extends Message>(schema: M, version: number, value: Parameters<typeof encode<M>>[2]): ReturnType<typeof decode<M>> {
  return decode(schema, version, encode(schema, version, value));
}

function versions(schema: Message, from = 0): number[] {
  const { min, max } = schema.validVersions;
  return Array.from({ length: max - Math.max(min, from) + 1 }, (_, index) => Math.max(min, from) + index);
}

describe('a request', () => {
  test.each(versions(VoteRequest))('for a vote says the same in version %i, as far as it can', (version) => {
    const accepted = answers.acceptVote(sent(VoteRequest, version, requests.voteRequest(voteAsk, context)), CLUSTER);
    const known = version >= 1 ? voteAsk : { ...voteAsk, candidate: expect.objectContaining({ id: 1 }) as unknown, voter: null };
    expect(accepted).toEqual({ ask: known });
  });

  test.each(versions(FetchRequest, 12))('to fetch says the same in version %i, as far as it can', (version) => {
    const accepted = answers.acceptFetch(sent(FetchRequest, version, requests.fetchRequest(fetchAsk, context, version)), CLUSTER, version);
    expect(accepted).toMatchObject({
      ask: { epoch: 4, offset: 7, lastFetchedEpoch: 3, replica: version >= 17 ? key(1) : { id: 1 }, highWatermark: version >= 18 ? 5 : Infinity },
    });
  });

  test.each(versions(BeginQuorumEpochRequest))('of a new leader says the same in version %i', (version) => {
    const ask = { api: 'beginQuorumEpoch', epoch: 5, leaderId: 2, voter: key(1), endpoints: endpointsOf(2) } as const;
    const accepted = answers.acceptBeginQuorumEpoch(sent(BeginQuorumEpochRequest, version, requests.beginQuorumEpochRequest(ask, context)), CLUSTER);
    expect(accepted).toEqual({ ask: version >= 1 ? ask : { ...ask, voter: null, endpoints: [] } });
  });

  test.each(versions(EndQuorumEpochRequest))('of a leader that goes says the same in version %i', (version) => {
    const ask = { api: 'endQuorumEpoch', epoch: 5, leaderId: 2, preferred: [key(3), key(1)], endpoints: endpointsOf(2) } as const;
    const accepted = answers.acceptEndQuorumEpoch(sent(EndQuorumEpochRequest, version, requests.endQuorumEpochRequest(ask, context)), CLUSTER);
    expect(accepted).toMatchObject({ ask: { leaderId: 2, preferred: version >= 1 ? ask.preferred : [{ id: 3 }, { id: 1 }] } });
  });

  test.each(versions(FetchSnapshotRequest))('for a snapshot says the same in version %i', (version) => {
    const ask = { api: 'fetchSnapshot', replica: key(1), epoch: 4, snapshotId: { offset: 9, epoch: 2 }, position: 3, maxBytes: 10 } as const;
    const accepted = answers.acceptFetchSnapshot(sent(FetchSnapshotRequest, version, requests.fetchSnapshotRequest(ask, context)), CLUSTER);
    expect(accepted).toMatchObject({ ask: { epoch: 4, snapshotId: { offset: 9, epoch: 2 }, position: 3, maxBytes: 10, replica: { id: 1 } } });
  });
});

describe('an answer', () => {
  const place = (apiVersion: number): answers.CallPlace => ({ apiVersion, listenerName: 'CONTROLLER' });
  const known = (hasEndpoints: boolean): object => ({ ...leader, endpoints: hasEndpoints ? leader.endpoints : [] });

  test.each(versions(VoteResponse))('to a vote says the same in version %i', (version) => {
    const answer = { api: 'vote', errorCode: 0, leader, granted: true } as const;
    const response = sent(VoteResponse, version, answers.voteResponse(answer, place(version)));
    expect(requests.voteAnswer(response, context)).toEqual({ answer: { ...answer, leader: known(version >= 1) } });
  });

  test.each(versions(FetchResponse, 12))('to a fetch says the same in version %i', (version) => {
    const parts = { errorCode: 0, leader, highWatermark: 6, logStartOffset: 1 } as const;
    const news = { api: 'fetch', ...parts, diverging: null, snapshotId: null, records: Buffer.from('batches') } as const;
    const parted = { ...news, diverging: { epoch: 3, offset: 4 }, records: new Uint8Array(0) };
    const tooOld = { ...news, snapshotId: { epoch: 3, offset: 4 }, records: new Uint8Array(0) };
    for (const answer of [news, parted, tooOld]) {
      const response = sent(FetchResponse, version, answers.fetchResponse(answer, place(version)));
      const decoded = requests.fetchAnswer(response, context);
      expect(decoded).toMatchObject({ answer: { ...answer, leader: known(version >= 16), records: expect.anything() as unknown } });
      expect('answer' in decoded && decoded.answer.api === 'fetch' && Buffer.from(decoded.answer.records)).toEqual(Buffer.from(answer.records));
    }
  });

  test.each(versions(BeginQuorumEpochResponse))('to a leader that comes or goes says the same in version %i', (version) => {
    const answer = { api: 'endQuorumEpoch', errorCode: ErrorCode.FENCED_LEADER_EPOCH, leader } as const;
    const response = sent(EndQuorumEpochResponse, version, answers.epochResponse(answer, place(version)));
    expect(requests.epochAnswer('endQuorumEpoch', response, context)).toEqual({ answer: { ...answer, leader: known(version >= 1) } });
  });

  test.each(versions(FetchSnapshotResponse))('with a piece of a snapshot says the same in version %i', (version) => {
    const answer = { api: 'fetchSnapshot', errorCode: 0, leader, snapshotId: { offset: 9, epoch: 2 }, sizeBytes: 10, position: 3, bytes: Buffer.from('piece') } as const;
    const response = sent(FetchSnapshotResponse, version, answers.fetchSnapshotResponse(answer, place(version)));
    const decoded = requests.fetchSnapshotAnswer(response, context);
    expect(decoded).toMatchObject({ answer: { snapshotId: { offset: 9, epoch: 2 }, sizeBytes: 10, position: 3, leader: known(version >= 1) } });
    expect('answer' in decoded && decoded.answer.api === 'fetchSnapshot' && Buffer.from(decoded.answer.bytes).toString()).toBe('piece');
  });

  test('names the leader for the listener that was asked, and for no other', () => {
    const answer = { api: 'vote', errorCode: 0, leader, granted: true } as const;
    expect(answers.voteResponse(answer, { apiVersion: 2, listenerName: 'ANOTHER' }).nodeEndpoints).toEqual([]);
  });

  test('to the request as a whole is no answer to the core', () => {
    const response = sent(VoteResponse, 2, { errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, topics: [] });
    expect(requests.voteAnswer(response, context)).toEqual({ errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID });
  });
});

describe('a request that is none of ours', () => {
  const vote = (given: object): VoteRequest => ({ ...sent(VoteRequest, 2, requests.voteRequest(voteAsk, context)), ...given });

  test('comes from another cluster; one that does not say is believed', () => {
    expect(answers.acceptVote(vote({ clusterId: 'another' }), CLUSTER)).toEqual({ errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID });
    expect(answers.acceptVote(vote({ clusterId: null }), CLUSTER)).toHaveProperty('ask');
  });

  test('is for anything but the one partition', () => {
    const [topic] = vote({}).topics;
    const [partition] = topic?.partitions ?? [];
    const invalid = { errorCode: ErrorCode.INVALID_REQUEST };
    expect(answers.acceptVote(vote({ topics: [] }), CLUSTER)).toEqual(invalid);
    expect(answers.acceptVote(vote({ topics: [topic, topic] }), CLUSTER)).toEqual(invalid);
    expect(answers.acceptVote(vote({ topics: [{ ...topic, topicName: 'orders' }] }), CLUSTER)).toEqual(invalid);
    expect(answers.acceptVote(vote({ topics: [{ ...topic, partitions: [{ ...partition, partitionIndex: 1 }] }] }), CLUSTER)).toEqual(invalid);
  });

  test('fetches another topic by id', () => {
    const request = sent(FetchRequest, 18, requests.fetchRequest(fetchAsk, context, 18));
    const topics = request.topics.map((topic) => ({ ...topic, topicId: 'q83vASNFZ4mrze8BI0VniQ' }));
    expect(METADATA_TOPIC_ID).not.toBe(topics[0]?.topicId);
    expect(answers.acceptFetch({ ...request, topics }, CLUSTER, 18)).toEqual({ errorCode: ErrorCode.INVALID_REQUEST });
  });

  test('asks for a snapshot of another partition', () => {
    const ask = { api: 'fetchSnapshot', replica: key(1), epoch: 4, snapshotId: { offset: 9, epoch: 2 }, position: 3, maxBytes: 10 } as const;
    const request = sent(FetchSnapshotRequest, 1, requests.fetchSnapshotRequest(ask, context));
    const topics = request.topics.map((topic) => ({ ...topic, name: 'orders' }));
    expect(answers.acceptFetchSnapshot({ ...request, topics }, CLUSTER)).toEqual({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  });
});

/**
 * Peers over the network: a link to each address, made when it is needed and kept. (KIP-595)
 *
 * The version is agreed with each peer. A pre-vote cannot be asked of one that does not know it, and must never reach it as
 * a vote: then a request without content goes, whose answer nobody reads.
 */
import type { ApiName } from '../../wire/api-keys';
import { ErrorCode, errorName } from '../../wire/base/error-codes';
import { unreachable } from '../../wire/base/invariant';
import { SOFTWARE, type RequestFor } from '../../wire/broker-link';
import { ExchangeError, type ClientEnv } from '../../wire/client-connection';
import type { ExchangeOptions, ResponseOf } from '../../wire/exchange';
import { isPeerFailure, PeerLink, type PeerFailure } from '../../wire/peer-link';
import type { RaftChannel, SendResult } from './raft-channel';
import type { Destination, RaftRequest, SendFailure, VoteAsk } from './raft-messages';
import {
  beginQuorumEpochRequest,
  endQuorumEpochRequest,
  epochAnswer,
  fetchAnswer,
  fetchRequest,
  fetchSnapshotAnswer,
  fetchSnapshotRequest,
  voteAnswer,
  voteRequest,
  type Decoded,
  type WireContext,
} from './wire-requests';
import { addVoterRequest, removeVoterRequest, updateVoterAnswer, updateVoterRequest, versionsAnswer, voterChangeAnswer } from './wire-voters';

/** Addresses change when voters move: more links than this, and the oldest goes. */
const MAX_LINKS = 64;
const VOTE_WITH_PRE_VOTE = 2;

export interface PeerChannelOptions extends WireContext {
  readonly nodeId: number;
  /** controller.quorum.request.timeout.ms */
  readonly requestTimeoutMs: number;
}

export class PeerChannel implements RaftChannel {
  private readonly links = new Map<string, PeerLink>();

  constructor(
    private readonly env: ClientEnv,
    private readonly options: PeerChannelOptions,
  ) {}

  send(to: Destination, request: RaftRequest, done: (result: SendResult) => void): void {
    const { options } = this;
    switch (request.api) {
      case 'vote':
        return this.vote(to, request, done);
      case 'beginQuorumEpoch':
        return this.call(to, 'BeginQuorumEpoch', beginQuorumEpochRequest(request, options), done, (response) => epochAnswer(request.api, response, options));
      case 'endQuorumEpoch':
        return this.call(to, 'EndQuorumEpoch', endQuorumEpochRequest(request, options), done, (response) => epochAnswer(request.api, response, options));
      case 'fetch':
        return this.call(to, 'Fetch', (version) => fetchRequest(request, options, version), done, (response) => fetchAnswer(response, options));
      case 'fetchSnapshot':
        return this.call(to, 'FetchSnapshot', fetchSnapshotRequest(request, options), done, (response) => fetchSnapshotAnswer(response, options));
      case 'updateVoter':
        return this.call(to, 'UpdateRaftVoter', updateVoterRequest(request, options), done, (response) => updateVoterAnswer(response, options));
      case 'addVoter':
        return this.call(to, 'AddRaftVoter', addVoterRequest(request, options), done, (response) => voterChangeAnswer(request.api, response));
      case 'removeVoter':
        return this.call(to, 'RemoveRaftVoter', removeVoterRequest(request, options), done, (response) => voterChangeAnswer(request.api, response));
      case 'versions':
        return this.call(to, 'ApiVersions', SOFTWARE, done, versionsAnswer);
      default:
        return unreachable(request);
    }
  }

  close(): void {
    for (const link of this.links.values()) link.close();
    this.links.clear();
  }

  private vote(to: Destination, ask: VoteAsk, done: (result: SendResult) => void): void {
    let isSupported = true;
    const body = (version: number): ReturnType<typeof voteRequest> => {
      isSupported = !ask.preVote || version >= VOTE_WITH_PRE_VOTE;
      return isSupported ? voteRequest(ask, this.options) : { clusterId: this.options.clusterId, topics: [] };
    };
    const heard = (result: SendResult): void =>
      done(isSupported ? result : { failure: 'unsupported', why: 'the peer knows no pre-votes' });
    this.call(to, 'Vote', body, heard, (response) => voteAnswer(response, this.options));
  }

  private call<N extends ApiName>(
    to: Destination,
    name: N,
    request: RequestFor<N>,
    done: (result: SendResult) => void,
    decode: (response: ResponseOf<N>) => Decoded,
  ): void {
    this.linkTo(to).call(name, request, {}, (result) => {
      if (isPeerFailure(result)) return done({ failure: failureOf(result), why: result.message });
      const decoded = decode(result);
      if ('answer' in decoded) return done(decoded);
      const why = `${name} was answered with ${errorName(decoded.errorCode)}`;
      done({ failure: decoded.errorCode === ErrorCode.UNSUPPORTED_VERSION ? 'unsupported' : 'failed', why });
    });
  }

  private linkTo({ host, port }: Destination): PeerLink {
    const address = `${host}:${port}`;
    const known = this.links.get(address);
    if (known !== undefined) return known;
    const [oldest] = this.links;
    if (oldest !== undefined && this.links.size >= MAX_LINKS) {
      this.links.delete(oldest[0]);
      oldest[1].close();
    }
    const { nodeId, requestTimeoutMs } = this.options;
    const options: ExchangeOptions = {
      host,
      port,
      connectTimeoutMs: requestTimeoutMs,
      requestTimeoutMs,
      clientId: `raft-client-${nodeId}`,
    };
    const link = new PeerLink(this.env, options);
    this.links.set(address, link);
    return link;
  }
}

function failureOf(failure: PeerFailure): SendFailure {
  if (!(failure instanceof ExchangeError)) return 'unsupported';
  if (failure.kind === 'refused') return 'refused';
  return failure.kind === 'timeout' ? 'timeout' : 'failed';
}

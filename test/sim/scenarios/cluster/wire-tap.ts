/**
 * What passes the listeners of the nodes: votes and leaders of the quorum are held against what is on the platters (I13), and
 * single kinds of requests can be slowed down or lost (F37, F38).
 */

import { parseElectionState, QUORUM_STATE_FILE } from '../../../../controller/raft/quorum-state';
import type { ElectionState } from '../../../../controller/raft/quorum-state';
import type { ApiName } from '../../../../wire/api-keys';
import { apis, responseHeaderVersion } from '../../../../wire/api-keys';
import { ErrorCode } from '../../../../wire/base/error-codes';
import { decode } from '../../../../wire/codec';
import type { ResponseOf } from '../../../../wire/exchange';
import { decodeRequestHeader, decodeResponseHeader } from '../../../../wire/header';
import { describe } from '../broker/sim-client';
import type { Frame, FrameAction } from '../../frame-hooks';
import type { SimDisk } from '../../sim-disk';
import type { VoteChecker } from './checkers/votes';
import { METADATA_DIRECTORY } from './cluster-config';
import type { SimNode } from './sim-cluster';

/** Slows down or swallows one kind of request, or its responses, for a while. */
export interface FrameFault {
  readonly api: ApiName;
  readonly point: 'received' | 'beforeResponse';
  /** 'drop', 'reset' (the connection goes with it), or how long it waits. */
  readonly action: 'drop' | 'reset' | number;
  readonly untilMs: number;
  /** Of those frames only some: by the node that listens, and who asks there. */
  readonly which?: (node: SimNode, clientId: string) => boolean;
}

interface Candidacy {
  readonly epoch: number;
  readonly candidateId: number;
}

/** APIs whose faults a schedule may ask for. */
export const FAULTY_APIS = ['AlterPartition', 'Vote', 'BeginQuorumEpoch', 'Fetch', 'BrokerHeartbeat', 'BrokerRegistration'] as const satisfies readonly ApiName[];

export class WireTap {
  private readonly faults: FrameFault[] = [];
  private readonly candidacies = new Map<string, Candidacy>();
  /** Who asks on a connection, as far as a fault wants to know. */
  private readonly clients = new Map<string, string>();

  constructor(
    private readonly votes: VoteChecker,
    private readonly nowMs: () => number,
    private readonly isRunning: (node: SimNode) => boolean,
    private readonly count: (counter: string) => void,
  ) {}

  addFault(fault: FrameFault): void {
    this.faults.push(fault);
  }

  clearFaults(): void {
    this.faults.length = 0;
  }

  /** The hook of one life of a node. */
  hookOf(node: SimNode): (frame: Frame) => FrameAction {
    const { lives } = node;
    return (frame) => {
      // A dead process goes on to the end of its turn; what it says then nobody hears.
      if (node.lives !== lives || !this.isRunning(node)) return 'pass';
      if (frame.point === 'received') this.received(node, frame);
      if (frame.point === 'received' && this.faults.some(({ which }) => which !== undefined)) this.noteClient(node, frame);
      if (frame.point === 'beforeResponse') this.answers(node, frame);
      return this.faultFor(node, frame);
    };
  }

  private faultFor(node: SimNode, frame: Frame): FrameAction {
    const nowMs = this.nowMs();
    const isMeant = ({ api, point, untilMs, which }: FrameFault): boolean =>
      apis[api].key === frame.apiKey && point === frame.point && untilMs > nowMs && (which === undefined || which(node, this.clientOf(node, frame)));
    const fault = this.faults.find(isMeant);
    if (fault === undefined) return 'pass';
    this.count(typeof fault.action === 'string' ? 'frame lost' : 'frame delayed');
    return typeof fault.action === 'string' ? fault.action : { delayMs: fault.action };
  }

  private noteClient(node: SimNode, frame: Frame): void {
    this.clients.set(connectionKey(node, frame), decodeRequestHeader(frame.bytes).clientId ?? '');
  }

  /** Who asked last on the connection of this frame. */
  private clientOf(node: SimNode, frame: Frame): string {
    return this.clients.get(connectionKey(node, frame)) ?? '';
  }

  private received(node: SimNode, frame: Frame): void {
    if (frame.apiKey === apis.BeginQuorumEpoch.key) {
      const request = decode(apis.BeginQuorumEpoch.request, frame.apiVersion, frame.bytes, { offset: decodeRequestHeader(frame.bytes).bodyOffset });
      for (const { leaderEpoch, leaderId } of request.topics.flatMap(({ partitions }) => partitions)) this.votes.sawLeader(leaderEpoch, leaderId);
    }
    if (frame.apiKey !== apis.Vote.key) return;
    const request = decode(apis.Vote.request, frame.apiVersion, frame.bytes, { offset: decodeRequestHeader(frame.bytes).bodyOffset });
    const asked = request.topics[0]?.partitions[0];
    this.count(asked?.preVote === true ? 'pre-vote asked' : 'vote asked');
    if (asked === undefined || asked.preVote) return;
    this.candidacies.set(requestKey(node, frame), { epoch: asked.replicaEpoch, candidateId: asked.replicaId });
  }

  private answers(node: SimNode, frame: Frame): void {
    if (frame.apiKey === apis.Vote.key) this.answersVote(node, frame);
    if (frame.apiKey === apis.FetchSnapshot.key && responseOf('FetchSnapshot', frame).topics[0]?.partitions[0]?.errorCode === ErrorCode.NONE) this.count('snapshot fetched');
    if (frame.apiKey !== apis.AlterPartition.key) return;
    const response = responseOf('AlterPartition', frame);
    const codes = [response.errorCode, ...response.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))];
    this.count(`alter partition ${describe(codes.find((code) => code !== ErrorCode.NONE) ?? ErrorCode.NONE)}`);
  }

  private answersVote(node: SimNode, frame: Frame): void {
    const key = requestKey(node, frame);
    const candidacy = this.candidacies.get(key);
    this.candidacies.delete(key);
    const answer = responseOf('Vote', frame).topics[0]?.partitions[0];
    if (answer === undefined) return;
    if (answer.leaderId >= 0) this.votes.sawLeader(answer.leaderEpoch, answer.leaderId);
    if (candidacy === undefined || !answer.voteGranted) return;
    this.count('vote granted');
    this.votes.toldVote({ nodeId: node.id, directoryId: node.directoryId }, candidacy.epoch, candidacy.candidateId, electionStateOn(node.host.disk, 'durable'));
  }
}

/** What `quorum-state` says; null when there is none. */
export function electionStateOn(disk: SimDisk, which: 'current' | 'durable'): ElectionState | null {
  const path = `${METADATA_DIRECTORY}/${QUORUM_STATE_FILE}`;
  const content = which === 'current' ? disk.currentContent(path) : disk.durableContent(path);
  return content === null || content.length === 0 ? null : parseElectionState(Buffer.from(content).toString(), path);
}

function responseOf<N extends ApiName>(name: N, frame: Frame): ResponseOf<N> {
  const api = apis[name];
  const offset = decodeResponseHeader(frame.bytes, responseHeaderVersion(api, frame.apiVersion)).bodyOffset;
  return decode(api.response, frame.apiVersion, frame.bytes, { offset }) as unknown as ResponseOf<N>;
}

const connectionKey = (node: SimNode, { connection }: Frame): string => `${node.id}/${node.lives}/${connection}`;
const requestKey = (node: SimNode, frame: Frame): string => `${connectionKey(node, frame)}/${frame.correlationId}`;

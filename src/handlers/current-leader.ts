/**
 * Who leads instead, for a client that asked the wrong broker: leader, epoch and address go out with the error, so that it
 * need not ask for metadata first. (KIP-951)
 */
import { ErrorCode } from '../../wire/base/error-codes';
import type { BrokerEndpoint } from '../metadata/metadata-cache';
import type { Call } from './handler';

export interface CurrentLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/** One response's leaders and their addresses, as the client's listener knows them. */
export class CurrentLeaders {
  private readonly nodes = new Map<number, BrokerEndpoint>();

  constructor(
    private readonly call: Call,
    private readonly sinceVersion: number,
    private readonly errorCodes: ReadonlySet<number>,
  ) {}

  /** Null when the error has nothing to do with it, or the client would not understand. */
  of(errorCode: number, topic: string | undefined, partition: number): CurrentLeader | null {
    if (!this.errorCodes.has(errorCode) || this.call.apiVersion < this.sinceVersion || topic === undefined) return null;
    const leader = this.find(topic, partition);
    const { metadata } = this.call.services;
    if (leader.leaderId >= 0 && !this.nodes.has(leader.leaderId)) {
      const node = metadata.aliveBrokers(this.call.connection.listenerName).find(({ id }) => id === leader.leaderId);
      if (node !== undefined) this.nodes.set(node.id, node);
    }
    return leader;
  }

  private find(topic: string, partition: number): CurrentLeader {
    const { replicas, metadata } = this.call.services;
    const own = replicas.find(topic, partition)?.core;
    if (own !== undefined) return { leaderId: own.leaderId, leaderEpoch: own.leaderEpoch };
    const known = metadata.partition(topic, partition);
    return { leaderId: known?.leader ?? -1, leaderEpoch: known?.leaderEpoch ?? -1 };
  }

  /** For the response; empty when no leader was told. */
  get nodeEndpoints(): { nodeId: number; host: string; port: number; rack: string | null }[] {
    return [...this.nodes.values()].map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack }));
  }
}

const MOVED: ReadonlySet<number> = new Set([ErrorCode.NOT_LEADER_OR_FOLLOWER]);
const MOVED_OR_FENCED: ReadonlySet<number> = new Set([ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH]);

export function leadersForProduce(call: Call): CurrentLeaders {
  return new CurrentLeaders(call, 10, MOVED);
}

export function leadersForFetch(call: Call): CurrentLeaders {
  return new CurrentLeaders(call, 16, MOVED_OR_FENCED);
}

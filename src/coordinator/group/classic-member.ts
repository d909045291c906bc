/**
 * A member of a classic group. Pure.
 *
 * Invariant: the bytes belong to the member; a request's bytes die with its frame, so they are copied on the way in.
 */

import type { RequestToken } from '../shard-machine';

export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export const NO_BYTES = new Uint8Array(0);

export interface MemberTimeouts {
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
}

export interface MemberIdentity {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
}

export class ClassicMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  /** In the client's order of preference. */
  protocols: readonly MemberProtocol[];
  assignment: Uint8Array = NO_BYTES;
  /** The JoinGroup that waits for the rebalance. Changed through the group, which counts them. */
  joinToken: RequestToken | null = null;
  /** The SyncGroup that waits for the leader's assignment. */
  syncToken: RequestToken | null = null;
  /** Never answered yet: it cannot send heartbeats, since it does not know its id. */
  isNew = false;

  constructor(identity: MemberIdentity, timeouts: MemberTimeouts, protocols: readonly MemberProtocol[]) {
    this.memberId = identity.memberId;
    this.groupInstanceId = identity.groupInstanceId;
    this.clientId = identity.clientId;
    this.clientHost = identity.clientHost;
    this.rebalanceTimeoutMs = timeouts.rebalanceTimeoutMs;
    this.sessionTimeoutMs = timeouts.sessionTimeoutMs;
    this.protocols = protocols;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  get isAwaitingJoin(): boolean {
    return this.joinToken !== null;
  }

  /** Alive without heartbeats: a request of its own is parked here. A new member may expire even so. */
  get hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.joinToken !== null || this.syncToken !== null);
  }

  /** Empty when the member does not have the protocol. */
  metadataOf(protocolName: string | null): Uint8Array {
    return this.protocols.find((protocol) => protocol.name === protocolName)?.metadata ?? NO_BYTES;
  }

  /** The same names in the same order with the same bytes. */
  matches(protocols: readonly MemberProtocol[]): boolean {
    if (protocols.length !== this.protocols.length) return false;
    return protocols.every((protocol, i) => {
      const own = this.protocols[i];
      return own !== undefined && own.name === protocol.name && areEqual(own.metadata, protocol.metadata);
    });
  }
}

/** Protocols whose bytes outlive the request that they came in. */
export function keptProtocols(protocols: readonly MemberProtocol[]): readonly MemberProtocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice() }));
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

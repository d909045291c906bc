/**
 * The voters of the quorum, as a value that never changes. (KIP-853)
 *
 * Invariants: at least one voter, no id twice. A voter is known by id *and* directory id; a directory id that is not
 * known yet (static quorums) matches any.
 */
import { invariant } from '../../wire/base/invariant';
import { entryMatches, type ReplicaKey } from './replica-key';

export interface VoterEndpoint {
  /** The listener's name. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface Voter extends ReplicaKey {
  readonly endpoints: readonly VoterEndpoint[];
  readonly minKraftVersion: number;
  readonly maxKraftVersion: number;
}

export class VoterSet {
  private readonly byId: ReadonlyMap<number, Voter>;

  constructor(voters: readonly Voter[]) {
    invariant(voters.length > 0, 'a voter set without voters');
    this.byId = new Map(voters.map((voter) => [voter.id, voter]));
    invariant(this.byId.size === voters.length, 'a voter id appears twice');
  }

  get voters(): readonly Voter[] {
    return [...this.byId.values()];
  }

  get ids(): readonly number[] {
    return [...this.byId.keys()];
  }

  get size(): number {
    return this.byId.size;
  }

  /** The smallest number of voters that decides. */
  get majority(): number {
    return Math.floor(this.byId.size / 2) + 1;
  }

  find(id: number): Voter | undefined {
    return this.byId.get(id);
  }

  isVoter(key: ReplicaKey): boolean {
    const voter = this.byId.get(key.id);
    return voter !== undefined && entryMatches(voter, key);
  }

  isOnlyVoter(key: ReplicaKey): boolean {
    return this.byId.size === 1 && this.isVoter(key);
  }

  /** This set with the entry of `voter.id` replaced; the id must be there. */
  withUpdated(voter: Voter): VoterSet {
    invariant(this.byId.has(voter.id), `voter ${voter.id} is not in the set`);
    return new VoterSet(this.voters.map((old) => (old.id === voter.id ? voter : old)));
  }

  withAdded(voter: Voter): VoterSet {
    return new VoterSet([...this.voters, voter]);
  }

  /** This set without one voter, who must not be the last. */
  without(id: number): VoterSet {
    return new VoterSet(this.voters.filter((voter) => voter.id !== id));
  }
}

/** An address that means another machine on each machine. */
export function isLoopback({ host }: VoterEndpoint): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '::1' || host === '[::1]';
}

export function sameVoter(a: Voter, b: Voter): boolean {
  return (
    a.id === b.id &&
    a.directoryId === b.directoryId &&
    a.minKraftVersion === b.minKraftVersion &&
    a.maxKraftVersion === b.maxKraftVersion &&
    a.endpoints.length === b.endpoints.length &&
    a.endpoints.every((endpoint, index) => sameEndpoint(endpoint, b.endpoints[index]))
  );
}

function sameEndpoint(a: VoterEndpoint, b: VoterEndpoint | undefined): boolean {
  return b !== undefined && a.name === b.name && a.host === b.host && a.port === b.port;
}

/**
 * Which protocol the next generation uses: each member votes for the first in its list that
 * all members have; most votes win, and a tie goes to the first in the order of a Java HashMap. Pure.
 */

import { javaHashOrder } from '../java-hash';
import type { ClassicMember, MemberProtocol } from './classic-member';

/** How many members have each protocol. A name that a member lists twice counts once. */
export class ProtocolSupport {
  private readonly counts = new Map<string, number>();

  add(protocols: readonly MemberProtocol[]): void {
    this.change(protocols, 1);
  }

  remove(protocols: readonly MemberProtocol[]): void {
    this.change(protocols, -1);
  }

  countOf(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  private change(protocols: readonly MemberProtocol[], by: number): void {
    for (const name of new Set(protocols.map((protocol) => protocol.name))) {
      const count = this.countOf(name) + by;
      if (count === 0) this.counts.delete(name);
      else this.counts.set(name, count);
    }
  }
}

/** The protocol that the members choose, or null when no one has a protocol that all have. */
export function selectProtocol(members: ReadonlyMap<string, ClassicMember>, support: ProtocolSupport): string | null {
  const votes = new Map<string, number>();
  for (const member of members.values()) {
    const choice = member.protocols.find((protocol) => support.countOf(protocol.name) === members.size);
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  let selected: string | null = null;
  let most = 0;
  for (const name of javaHashOrder([...votes.keys()])) {
    const count = votes.get(name) ?? 0;
    if (count > most) {
      selected = name;
      most = count;
    }
  }
  return selected;
}

/**
 * I2 and I4: every member of the ISR and of the ELR, the leader included, holds all that any leader
 * ever called committed, acknowledged or gave to a consumer.
 * Members that are known to have lost their disk are excused until the controller knows it, too.
 */

import type { PartitionRegistration } from '../../../../../controller/metadata/partition-registration';

export interface MemberEnd {
  readonly nodeId: number;
  readonly endOffset: number;
}

/** Who lacks what, in a sentence; null when nobody does. `ends` has the members that are not excused. */
export function memberObjection(key: string, partition: PartitionRegistration, ends: readonly MemberEnd[], committedEnd: number): string | null {
  for (const { nodeId, endOffset } of ends) {
    if (endOffset >= committedEnd) continue;
    const role = nodeId === partition.leader ? 'I2 the leader' : 'I4 the member';
    const where = `isr [${partition.isr.join()}], elr [${partition.elr.join()}], leader epoch ${partition.leaderEpoch}`;
    return `${role} ${nodeId} of ${key} ends at ${endOffset}, and ${committedEnd} was committed (${where})`;
  }
  return null;
}

export function membersOf({ isr, elr }: PartitionRegistration): readonly number[] {
  return [...new Set([...isr, ...elr])];
}
